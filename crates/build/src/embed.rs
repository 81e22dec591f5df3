//! Guests as constants of the program that proves them.

use std::collections::BTreeMap;
use std::env;
use std::fmt::Write;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use thiserror::Error;

use super::sources::{LOCK, MANIFEST};
use super::{BuildError, BuildOptions, Built, build};

/// What a program includes.
const CONSTANTS: &str = "vouch_guests.rs";

/// Builds one guest in a build script, and writes its program and image ID as constants.
///
/// This is all of a `build.rs`, for a guest in the folder `guest` of the package:
///
/// ```no_run
/// vouch_build::embed("guest");
/// ```
///
/// The program then includes the constants, named after the guest's package, here `my-guest`:
///
/// ```ignore
/// include!(concat!(env!("OUT_DIR"), "/vouch_guests.rs"));
/// // pub const MY_GUEST_ELF: &[u8]
/// // pub const MY_GUEST_ID: [u8; 32]
/// ```
///
/// Cargo runs the script again when a local file that the guest is built from changes: sources of its own and of
/// path dependencies, manifests, its `Cargo.lock`. What goes wrong is told to cargo, which ends the build.
pub fn embed(guest_dir: impl Into<PathBuf>) {
    Embed::new().guest(guest_dir).run();
}

/// As [`embed`], for several guests or with options.
#[derive(Clone, Debug, Default)]
#[must_use = "nothing is built before `run`"]
pub struct Embed {
    guests: Vec<PathBuf>,
    options: BuildOptions,
}

impl Embed {
    /// No guest yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// One more guest: the directory of its crate, relative to the package that the build script belongs to.
    pub fn guest(mut self, dir: impl Into<PathBuf>) -> Self {
        self.guests.push(dir.into());
        self
    }

    /// How to build all of them.
    pub fn options(mut self, options: BuildOptions) -> Self {
        self.options = options;
        self
    }

    /// Builds them, writes the constants to `vouch_guests.rs` in `OUT_DIR`, and tells cargo what they depend on and what
    /// [`Built::warnings`] says, or what went wrong.
    pub fn run(self) {
        if let Err(error) = self.try_run() {
            let hint = error.hint().map(|hint| format!("hint: {hint}"));
            for line in error.to_string().lines().chain(hint.as_deref()) {
                println!("cargo::error={line}");
            }
        }
    }

    fn try_run(&self) -> Result<(), EmbedError> {
        let out_dir = env::var_os("OUT_DIR").ok_or(EmbedError::NoBuildScript)?;
        for source in self.write(Path::new(&out_dir))? {
            println!("cargo::rerun-if-changed={}", source.display());
        }
        Ok(())
    }

    /// Returns what all guests were built from.
    fn write(&self, out_dir: &Path) -> Result<Vec<PathBuf>, EmbedError> {
        let (mut constants, mut sources) = (BTreeMap::new(), Vec::new());
        for dir in &self.guests {
            let before = SystemTime::now();
            let built = self.build(dir)?;
            for warning in &built.warnings {
                println!("cargo::warning=guest {}: {warning}", dir.display());
            }
            age_lock(&built.sources, before).map_err(|source| EmbedError::Age {
                dir: dir.clone(),
                source,
            })?;
            let name = constant_name(&built.package);
            let file = format!("{}.elf", built.package);
            put(&out_dir.join(&file), &built.elf)?;
            let text = constants_of(&name, &file, &built);
            if constants.insert(name.clone(), text).is_some() {
                return Err(EmbedError::SameName { name });
            }
            sources.extend(built.sources);
        }
        let text: String = constants.into_values().collect();
        put(&out_dir.join(CONSTANTS), text.as_bytes())?;
        Ok(sources)
    }

    fn build(&self, dir: &Path) -> Result<Built, EmbedError> {
        // Cargo shows what a build script writes to stderr if it fails, or with -vv.
        build(dir, &self.options, &mut |line| eprintln!("{line}")).map_err(|source| {
            EmbedError::Build {
                dir: dir.into(),
                source,
            }
        })
    }
}

/// Why there are no constants.
#[derive(Debug, Error)]
enum EmbedError {
    #[error("expected a build script, for which cargo sets OUT_DIR, got no such variable")]
    NoBuildScript,
    #[error("guest {}: {source}", dir.display())]
    Build { dir: PathBuf, source: BuildError },
    #[error("expected guests whose packages have different names, got two for {name}_ELF")]
    SameName { name: String },
    #[error("guest {}: cannot set the modification time of {LOCK}: {source}", dir.display())]
    Age { dir: PathBuf, source: io::Error },
    #[error("cannot write {}: {source}", path.display())]
    Write { path: PathBuf, source: io::Error },
}

impl EmbedError {
    fn hint(&self) -> Option<String> {
        match self {
            Self::Build { source, .. } => source.hint(),
            _ => None,
        }
    }
}

/// Makes a lock file that the build wrote as old as the newest manifest that it was made from. To cargo, a file that
/// is newer than the start of the build script has changed since: the next build would run all again.
fn age_lock(sources: &[PathBuf], before: SystemTime) -> io::Result<()> {
    let named = |name| sources.iter().filter(move |path| path.ends_with(name));
    let modified = |path: &PathBuf| fs::metadata(path)?.modified();
    for lock in named(LOCK) {
        if modified(lock)? < before {
            continue;
        }
        let times = named(MANIFEST).map(modified);
        if let Some(newest) = times.collect::<io::Result<Vec<_>>>()?.into_iter().max() {
            File::options()
                .write(true)
                .open(lock)?
                .set_modified(newest)?;
        }
    }
    Ok(())
}

fn put(path: &Path, bytes: &[u8]) -> Result<(), EmbedError> {
    fs::write(path, bytes).map_err(|source| EmbedError::Write {
        path: path.into(),
        source,
    })
}

/// `MY_GUEST` for the package `my-guest`.
fn constant_name(package: &str) -> String {
    package.replace('-', "_").to_uppercase()
}

/// The items of one guest, whose ELF lies beside them in `file`.
fn constants_of(name: &str, file: &str, built: &Built) -> String {
    let (package, toolchain) = (&built.package, built.toolchain.version());
    let mut text = String::new();
    // A String takes all that is written.
    let _ = write!(
        text,
        "/// The program of the guest `{package}`, an ELF, built by {toolchain}.\n\
         pub const {name}_ELF: &[u8] = include_bytes!({file:?});\n\
         /// The image ID of the guest `{package}`.\n\
         pub const {name}_ID: [u8; 32] = {:?};\n",
        built.image_id.0
    );
    text
}
