//! Builds a guest crate to an ELF.
//!
//! One guest and one toolchain make one image ID, whatever directory they are in: the names
//! of directories stay out of the program.

mod cargo;
mod error;
mod flags;
mod metadata;
mod stable;
mod toolchain;

use std::fs;
use std::path::{self, Path, PathBuf};

pub use error::BuildError;
pub use toolchain::{Toolchain, ToolchainKind};
use vouch_emulator::Program;
use vouch_verifier::ImageId;

use crate::image::image_id;
use metadata::Metadata;

/// The compiler's name of the machine.
pub const TARGET: &str = "riscv32im-unknown-none-elf";

/// How to build. The default is what a user wants.
#[derive(Clone, Debug, Default)]
pub struct BuildOptions {
    /// The toolchain; `None` takes what [`Toolchain::find`] finds.
    pub toolchain: Option<Toolchain>,
    /// Directory for cargo's files; `None` takes the guest's own.
    pub target_dir: Option<PathBuf>,
    /// Fail instead of changing the guest's `Cargo.lock`.
    pub locked: bool,
}

/// A guest, built.
#[derive(Clone, Debug)]
pub struct Built {
    /// The bytes of the ELF file.
    pub elf: Vec<u8>,
    /// The program in it.
    pub program: Program,
    /// The program's image ID.
    pub image_id: ImageId,
    /// What it was built with. Another compiler makes another program.
    pub toolchain: Toolchain,
}

/// Builds the guest crate in `guest_dir`, which must make one executable and depend on
/// `vouch-guest`. `log` gets what cargo says, line by line. Nothing is written except to the
/// target directory and, unless [`BuildOptions::locked`], to the guest's `Cargo.lock`.
///
/// # Errors
/// [`BuildError`], if there is no toolchain, the crate is no guest, does not compile, or
/// compiles to what the machine does not run.
pub fn build(
    guest_dir: &Path,
    options: &BuildOptions,
    log: &mut dyn FnMut(&str),
) -> Result<Built, BuildError> {
    let guest_dir = fs::canonicalize(guest_dir).map_err(|source| BuildError::File {
        action: "find",
        path: guest_dir.into(),
        source,
    })?;
    let toolchain = match &options.toolchain {
        Some(toolchain) => toolchain.clone(),
        None => Toolchain::find(&guest_dir)?,
    };
    let linker = toolchain.linker(&guest_dir)?;
    let metadata = Metadata::load(&toolchain, &guest_dir, options.locked, log)?;
    let target_dir = options
        .target_dir
        .as_ref()
        .unwrap_or(&metadata.target_directory);
    // Cargo runs in another directory than this process.
    let target_dir = &path::absolute(target_dir).map_err(|source| BuildError::File {
        action: "find",
        path: target_dir.into(),
        source,
    })?;
    let flags = flags::flags(&toolchain, &metadata, &guest_dir)?;
    let wrapper = stable::write_wrapper(target_dir)?;

    let mut command = toolchain.cargo_command(&guest_dir, "build", options.locked);
    command
        .args(["--release", "--message-format=json-render-diagnostics"])
        .args(["--target", TARGET, "--target-dir"])
        .arg(target_dir)
        .args(toolchain.library_args())
        .env("CARGO_TARGET_RISCV32IM_UNKNOWN_NONE_ELF_LINKER", linker)
        .env("CARGO_ENCODED_RUSTFLAGS", flags)
        .env("RUSTC_WRAPPER", wrapper.unwrap_or_default())
        .env("RUSTC_WORKSPACE_WRAPPER", "");
    let messages = cargo::run(command, log)?;
    let path = cargo::only_executable(&messages)?;

    let elf = fs::read(&path).map_err(|source| BuildError::File {
        action: "read",
        path,
        source,
    })?;
    let program = Program::from_elf(&elf)?;
    let image_id = image_id(&program);
    Ok(Built {
        elf,
        program,
        image_id,
        toolchain,
    })
}
