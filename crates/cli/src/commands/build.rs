//! `vouch build`: from a guest crate to an ELF.

use std::fs::{self, File};
use std::io::Read;
use std::path::Path;

use serde_json::json;
use vouch_sdk::build::{self, BuildOptions, Product};

use super::fields;
use crate::args::BuildArgs;
use crate::error::Error;
use crate::output::{Fields, Output};
use crate::places::Places;

/// Builds a guest and prints its image ID. What cargo says goes to stderr.
///
/// # Errors
/// The guest does not build, or its ELF cannot be written.
pub fn build(arguments: &BuildArgs, output: &Output) -> Result<Fields, Error> {
    if let Some(path) = &arguments.output {
        check_output(path, &arguments.guest_dir)?;
    }
    let options = BuildOptions {
        scopes: arguments.scopes,
        features: arguments.features.clone(),
        ..BuildOptions::default()
    };
    let built = build::build(&arguments.guest_dir, &options, &mut |line| output.log(line))?;
    if let Some(path) = &arguments.output {
        output.write(path, &built.elf)?;
    }
    for warning in &built.warnings {
        output.log(&format!("warning: {warning}"));
    }
    output.say(built.image_id)?;
    Ok(fields([
        ("image_id", json!(built.image_id.to_string())),
        ("elf_bytes", json!(built.elf.len())),
        ("toolchain", json!(built.toolchain.version())),
        ("warnings", json!(strings(&built.warnings))),
    ]))
}

fn strings(warnings: &[Product]) -> Vec<String> {
    warnings.iter().map(Product::to_string).collect()
}

/// A file of the guest's crate may be replaced if it is an ELF: the others are what is built from.
fn check_output(path: &Path, guest_dir: &Path) -> Result<(), Error> {
    Places::default().writes("--output", path)?;
    let is_elf = || -> std::io::Result<bool> {
        let mut start = Vec::new();
        File::open(path)?.take(4).read_to_end(&mut start)?;
        Ok(start == b"\x7fELF")
    };
    let is_source = match (fs::canonicalize(path), fs::canonicalize(guest_dir)) {
        (Ok(file), Ok(dir)) => {
            file.is_file() && file.starts_with(dir) && !is_elf().unwrap_or(false)
        }
        // Nothing is there yet, or nothing to build.
        _ => false,
    };
    match is_source {
        false => Ok(()),
        true => Err(Error::SameFile {
            output: "--output",
            other: "those that the guest is built from",
            path: path.into(),
        }),
    }
}
