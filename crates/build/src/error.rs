//! What can go wrong in a build.

use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;

use thiserror::Error;
use vouch_emulator::ElfError;

use super::{Missing, Target};

/// Why there is no ELF.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum BuildError {
    /// Nothing here compiles for the machine.
    #[error(
        "expected a Rust toolchain for {target}, got {}; any one of these installs it:\n  \
         rustup target add {target}\n  \
         rustup component add rust-src\n  \
         apt-get install --no-install-recommends rustc-web cargo-web rust-web-src",
        active.as_deref().map_or_else(
            || "no rustc at all".into(),
            |version| format!("{version} with neither the target's library nor rust-src"),
        ),
        target = Target::Bare.triple(),
    )]
    NoToolchain {
        /// What the active toolchain calls itself, if there is one.
        active: Option<String>,
    },
    /// The guest wants the standard library, whose sources no toolchain here has.
    #[error(
        "expected a Rust toolchain with the library's sources, since the guest turns on the feature std of \
         vouch-guest, got {active} without them; either of these installs them:\n  \
         rustup component add rust-src\n  \
         apt-get install --no-install-recommends rustc-web cargo-web rust-web-src"
    )]
    NoLibrarySource {
        /// What the active toolchain calls itself.
        active: String,
    },
    /// There is no Debian toolchain, which was asked for.
    #[error(
        "expected Debian's Rust with its sources; to install it: \
         apt-get install --no-install-recommends rustc-web cargo-web rust-web-src"
    )]
    NoDebian,
    /// The toolchain has no linker for the machine, nor is one in the path.
    #[error(
        "expected the linker LLD, got neither a toolchain's rust-lld nor rust-lld or ld.lld \
         in the path; to install it: apt-get install lld"
    )]
    NoLinker,
    /// It is no directory with a manifest that describes a package.
    #[error("{}: expected a directory with a Cargo.toml that has a [package]", dir.display())]
    NotACrate {
        /// The directory.
        dir: PathBuf,
    },
    /// Cargo cannot build there.
    #[error("{}: expected a path in UTF-8, which cargo needs", path.display())]
    NotUnicode {
        /// The directory of the guest, or of cargo's files.
        path: PathBuf,
    },
    /// The crate is no guest.
    #[error("{}: expected a crate that depends on vouch-guest", dir.display())]
    NotAGuest {
        /// The crate's directory.
        dir: PathBuf,
    },
    /// The crate does not make exactly one executable.
    #[error("expected a crate with one executable, got {}: {}", found.len(), found.join(", "))]
    Executables {
        /// Their names.
        found: Vec<String>,
    },
    /// A program could not be started.
    #[error("cannot run {program}: {source}")]
    Run {
        /// The program.
        program: String,
        /// What the system says.
        source: io::Error,
    },
    /// Cargo failed.
    #[error("cargo {action} failed, {status}:\n{stderr}")]
    Cargo {
        /// `build` or `metadata`.
        action: String,
        /// How it ended.
        status: ExitStatus,
        /// The last lines that it wrote to stderr.
        stderr: String,
        /// What the guest wants and does not have, if the compiler says so.
        missing: Option<Missing>,
    },
    /// Cargo said something unexpected.
    #[error("cannot parse cargo's output: {0}")]
    Message(#[from] serde_json::Error),
    /// A file could not be found, read or written.
    #[error("cannot {action} {}: {source}", path.display())]
    File {
        /// `find`, `read`, `write` or `lock`.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The guest compiled to a program that the machine does not run.
    #[error(transparent)]
    Elf(#[from] ElfError),
}

impl BuildError {
    /// What to do about it, if the message does not say.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Cargo { missing, .. } => missing.map(|missing| missing.to_string()),
            Self::NotACrate { dir } | Self::NotAGuest { dir } => {
                let guest = guest_of_project(dir)?;
                Some(format!(
                    "its guest is a crate of its own: vouch build {}",
                    guest.display()
                ))
            }
            _ => None,
        }
    }

    /// What the system says of `action` on `path`.
    pub(super) fn file(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::File {
            action,
            path: path.into(),
            source,
        }
    }
}

/// The guest's crate, if `dir` is that of a project as `vouch new` makes them, or that of its host.
fn guest_of_project(dir: &Path) -> Option<PathBuf> {
    let mut places = [Some(dir), dir.parent()].into_iter().flatten();
    places.find_map(|place| {
        let guest = place.join("guest");
        (guest != dir && guest.join("Cargo.toml").is_file()).then_some(guest)
    })
}
