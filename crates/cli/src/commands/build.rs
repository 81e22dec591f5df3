//! `vouch build`: from a guest crate to an ELF.

use serde_json::json;
use vouch_sdk::build::{self, BuildOptions};
use vouch_sdk::files;

use super::fields;
use crate::args::BuildArgs;
use crate::error::Error;
use crate::output::{Fields, Output};

/// Builds a guest and prints its image ID. What cargo says goes to stderr.
///
/// # Errors
/// The guest does not build, or its ELF cannot be written.
pub fn build(arguments: &BuildArgs, output: &Output) -> Result<Fields, Error> {
    if let Some(path) = &arguments.output {
        files::check_writable(path)?;
    }
    let options = BuildOptions::default();
    let built = build::build(&arguments.guest_dir, &options, &mut |line| output.log(line))?;
    if let Some(path) = &arguments.output {
        files::write(path, &built.elf)?;
    }
    output.say(built.image_id)?;
    Ok(fields([
        ("image_id", json!(built.image_id.to_string())),
        ("elf_bytes", json!(built.elf.len())),
        ("toolchain", json!(built.toolchain.version())),
    ]))
}
