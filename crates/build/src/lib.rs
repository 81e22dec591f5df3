//! Builds guest crates to ELFs.
//!
//! [`embed`] is what a `build.rs` calls, to have a guest in the program that proves it; [`build`] is below it. In a build
//! script neither its cargo's locks nor its environment reach the guest's.
//!
//! One guest and one toolchain make one image ID, whatever directory they are in: the names
//! of directories stay out of the program.
#![forbid(unsafe_code)]

mod cargo;
mod embed;
mod environment;
mod error;
mod flags;
mod library;
mod lock;
mod metadata;
mod missing;
mod owners;
mod products;
mod sources;
mod stable;
mod target;
mod toolchain;

use std::fs;
use std::path::{self, Path, PathBuf};
use std::process::Command;

pub use embed::{Embed, embed};
pub use error::BuildError;
pub use missing::Missing;
pub use products::Product;
pub use target::Target;
pub use toolchain::{Toolchain, ToolchainKind};
use vouch_air::ImageId;
use vouch_emulator::Program;

use metadata::Metadata;

/// Where guests are built in a target directory. A cargo that runs a build script, which builds a guest, has
/// locked the target directory until that is done: the guest's cargo would wait for it, and it for the guest's.
const OWN_DIR: &str = "vouch";

/// How to build. The default is what a user wants.
#[derive(Clone, Debug, Default)]
pub struct BuildOptions {
    /// The toolchain; `None` takes what [`Toolchain::find`] finds.
    pub toolchain: Option<Toolchain>,
    /// Directory for cargo's files; `None` takes `vouch` in the guest's target directory
    /// (`CARGO_TARGET_DIR` included). In a build script, not the directory that its own cargo builds in:
    /// each would wait for the other.
    pub target_dir: Option<PathBuf>,
    /// Fail instead of changing the guest's `Cargo.lock`.
    pub locked: bool,
    /// Mark the scopes that the guest names with `vouch_guest::cycle_scope!`. That makes another program, to be
    /// looked at.
    pub scopes: bool,
    /// Features of the guest's crate to turn on, besides those that are on by default.
    pub features: Vec<String>,
}

impl BuildOptions {
    /// What cargo is given for [`Self::features`].
    fn feature_args(&self) -> impl Iterator<Item = &str> {
        { self.features.iter() }.flat_map(|feature| ["--features", feature])
    }
}

/// A guest, built.
#[derive(Clone, Debug)]
pub struct Built {
    /// The name of the guest's package.
    pub package: String,
    /// The bytes of the ELF file.
    pub elf: Vec<u8>,
    /// The program in it.
    pub program: Program,
    /// The program's image ID.
    pub image_id: ImageId,
    /// What it was built with. Another compiler makes another program.
    pub toolchain: Toolchain,
    /// What the compiler may have got wrong in it; empty where that cannot be known (on systems without `sh`).
    pub warnings: Vec<Product>,
    /// The files that it was built from and that may change: local sources, manifests, the lock file and the
    /// linker script. What comes from registries and git is named in the lock file.
    pub sources: Vec<PathBuf>,
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
    let guest_dir = fs::canonicalize(guest_dir).map_err(BuildError::file("find", guest_dir))?;
    check_unicode(&guest_dir)?;
    if !guest_dir.is_dir() {
        return Err(BuildError::NotACrate { dir: guest_dir });
    }
    let toolchain = match &options.toolchain {
        Some(toolchain) => toolchain.clone(),
        None => Toolchain::find(&guest_dir)?,
    };
    let metadata = Metadata::load(&toolchain, &guest_dir, options, log)?;
    let (guest, runtime) = metadata.guest_and_runtime(&guest_dir)?;
    let target = Target::of(&toolchain, &guest_dir, options, log)?;
    let toolchain = toolchain.for_target(target)?;
    let linker = toolchain.linker(&guest_dir)?;
    let target_dir = match &options.target_dir {
        Some(dir) => dir.clone(),
        None => metadata.target_directory.join(OWN_DIR),
    };
    // Cargo runs in another directory than this process.
    let target_dir = &path::absolute(&target_dir).map_err(BuildError::file("find", &target_dir))?;
    check_unicode(target_dir)?;
    // Until all that was made has been read.
    let _alone = lock::lock(target_dir, log)?;
    let library = match target {
        Target::Bare => None,
        Target::Std => library::prepare(&toolchain, target_dir)?,
    };
    let flags = flags::flags(
        &toolchain,
        target,
        &metadata,
        guest,
        runtime,
        library.as_deref(),
        options.scopes,
    );
    let wrapper = stable::write_wrapper(target_dir)?;

    let mut command = toolchain.cargo_command(&guest_dir, "build", options.locked);
    command
        .args(["--release", "--message-format=json-render-diagnostics"])
        .args(options.feature_args())
        .args(["--target", target.triple(), "--target-dir"])
        .arg(target_dir)
        .args(toolchain.library_args(target))
        .env(target.variable("LINKER"), linker)
        .env("CARGO_ENCODED_RUSTFLAGS", flags)
        .env("CARGO_BUILD_BUILD_DIR", target_dir)
        .env("RUSTC_WRAPPER", wrapper.unwrap_or_default())
        .env(stable::LIBRARY, library.unwrap_or_default());
    owners::claim(target_dir, &metadata, |ids| {
        let mut clean = toolchain.cargo_command(&guest_dir, "clean", options.locked);
        clean
            .args(["--quiet", "--release", "--target", target.triple()])
            .arg("--target-dir")
            .arg(target_dir)
            .args(ids.iter().flat_map(|id| ["--package", id]))
            .env("CARGO_BUILD_BUILD_DIR", target_dir);
        cargo::run(clean, log).map(drop)
    })?;
    let messages = compile(command, target, log)?;
    let path = cargo::only_executable(&messages)?;

    let sources = sources::find(&path, &metadata, runtime, &toolchain, target_dir)?;
    let elf = fs::read(&path).map_err(BuildError::file("read", &path))?;
    let warnings = products::find(&path, &elf).map_err(BuildError::file("read", &path))?;
    let program = Program::from_elf(&elf)?;
    let image_id = ImageId::of(program.image());
    Ok(Built {
        package: guest.name.clone(),
        elf,
        program,
        image_id,
        toolchain,
        warnings,
        sources,
    })
}

/// Runs the cargo that compiles the guest. Its error says what `target` lacks, if that is the reason.
fn compile(
    command: Command,
    target: Target,
    log: &mut dyn FnMut(&str),
) -> Result<String, BuildError> {
    let mut found = None;
    let mut watch = |line: &str| {
        found = found.or_else(|| Missing::of(line));
        log(line);
    };
    cargo::run(command, &mut watch).map_err(|error| match error {
        BuildError::Cargo {
            action,
            status,
            stderr,
            ..
        } => BuildError::Cargo {
            action,
            status,
            stderr,
            missing: found.filter(|_| target == Target::Bare),
        },
        other => other,
    })
}

/// Cargo takes flags and says paths in UTF-8 only.
fn check_unicode(path: &Path) -> Result<(), BuildError> {
    match path.to_str() {
        Some(_) => Ok(()),
        None => Err(BuildError::NotUnicode { path: path.into() }),
    }
}
