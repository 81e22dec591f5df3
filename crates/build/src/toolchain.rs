//! Which compiler builds a guest.

use std::env;
use std::ffi::OsStr;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::{BuildError, Target, environment};

/// Where Debian's packages put their programs.
const DEBIAN_BIN: &str = "/usr/bin";

/// How a toolchain comes by the library for the machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ToolchainKind {
    /// The active toolchain has it compiled: a plain stable build.
    Installed,
    /// The active toolchain has its sources, which cargo compiles.
    Source,
    /// Debian's toolchain, which is not the active one, has its sources.
    Debian,
}

/// A compiler that can build for the machine.
#[derive(Clone, Debug)]
pub struct Toolchain {
    kind: ToolchainKind,
    rustc: PathBuf,
    cargo: PathBuf,
    sysroot: PathBuf,
    version: String,
}

impl fmt::Display for Toolchain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let library = match self.kind {
            ToolchainKind::Installed => "installed library",
            ToolchainKind::Source => "library from rust-src",
            ToolchainKind::Debian => "Debian's, library from source",
        };
        write!(f, "{} ({library})", self.version)
    }
}

impl Toolchain {
    /// The first of: the active toolchain in `dir`, if it has the library for the machine; the
    /// same, if it has the library's sources; Debian's.
    ///
    /// # Errors
    /// [`BuildError::NoToolchain`], which says what to install.
    pub fn find(dir: &Path) -> Result<Self, BuildError> {
        let (rustc, cargo) = (Path::new("rustc"), Path::new("cargo"));
        if let Some(active) = Self::probe(rustc, cargo, dir) {
            return Ok(active);
        }
        Self::debian().map_err(|_| BuildError::NoToolchain {
            active: print(rustc, dir, &["--version"]),
        })
    }

    /// Debian's toolchain, whichever is active. The guests of this repository were built with
    /// its version 1.96.
    ///
    /// # Errors
    /// [`BuildError::NoDebian`], if it is not installed.
    pub fn debian() -> Result<Self, BuildError> {
        let bin = Path::new(DEBIAN_BIN);
        match Self::probe(&bin.join("rustc"), &bin.join("cargo"), bin) {
            Some(found) if found.kind == ToolchainKind::Source => Ok(Self {
                kind: ToolchainKind::Debian,
                ..found
            }),
            _ => Err(BuildError::NoDebian),
        }
    }

    /// This toolchain, if it can build for `target` when it can build guests at all; else
    /// Debian's. None has the standard library compiled.
    ///
    /// # Errors
    /// [`BuildError::NoLibrarySource`], which says what to install.
    pub(super) fn for_target(self, target: Target) -> Result<Self, BuildError> {
        match (target, self.kind) {
            (Target::Std, ToolchainKind::Installed) if holds_source(&self.sysroot) => Ok(Self {
                kind: ToolchainKind::Source,
                ..self
            }),
            (Target::Std, ToolchainKind::Installed) => {
                let active = self.version;
                Self::debian().map_err(|_| BuildError::NoLibrarySource { active })
            }
            _ => Ok(self),
        }
    }

    /// The active one, whatever it can build for.
    #[cfg(test)]
    pub(super) fn active() -> Self {
        Self {
            kind: ToolchainKind::Installed,
            rustc: "rustc".into(),
            cargo: "cargo".into(),
            sysroot: PathBuf::new(),
            version: "rustc 9".into(),
        }
    }

    /// How it comes by the library.
    pub fn kind(&self) -> ToolchainKind {
        self.kind
    }

    /// What the compiler calls itself: `rustc 1.96.0 (...)`.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// This compiler, if it can build for the machine. It runs in `dir`, where rustup looks
    /// for overrides.
    fn probe(rustc: &Path, cargo: &Path, dir: &Path) -> Option<Self> {
        let sysroot = PathBuf::from(print(rustc, dir, &["--print", "sysroot"])?);
        let library = print(
            rustc,
            dir,
            &[
                "--print",
                "target-libdir",
                "--target",
                Target::Bare.triple(),
            ],
        )?;
        let kind = if holds_core(Path::new(&library)) {
            ToolchainKind::Installed
        } else if holds_source(&sysroot) {
            ToolchainKind::Source
        } else {
            return None;
        };
        Some(Self {
            kind,
            rustc: rustc.into(),
            // Not every compiler comes with one.
            cargo: print(cargo, dir, &["--version"]).map(|_| cargo.into())?,
            sysroot,
            version: print(rustc, dir, &["--version"])?,
        })
    }

    /// Where the library's sources are, or would be.
    pub(super) fn source(&self) -> PathBuf {
        source(&self.sysroot)
    }

    /// The linker: this toolchain's, the active one's, or one in the path.
    pub(super) fn linker(&self, dir: &Path) -> Result<PathBuf, BuildError> {
        let own = [&*self.rustc, Path::new("rustc")]
            .into_iter()
            .filter_map(|rustc| {
                let library = PathBuf::from(print(rustc, dir, &["--print", "target-libdir"])?);
                Some(library.parent()?.join("bin").join(executable("rust-lld")))
            });
        let path = env::var_os("PATH").unwrap_or_default();
        let in_path = env::split_paths(&path)
            .flat_map(|bin| ["rust-lld", "ld.lld"].map(|name| bin.join(executable(name))));
        own.chain(in_path)
            .find(|linker| linker.is_file())
            .ok_or(BuildError::NoLinker)
    }

    /// `cargo <action>` on the crate in `dir`, with no compiler flags, whatever the environment
    /// and cargo's configuration say: they would change the program. Nothing of another cargo that this one
    /// runs in comes through to it, see [`environment`].
    pub(super) fn cargo_command(&self, dir: &Path, action: &str, locked: bool) -> Command {
        let mut command = Command::new(&self.cargo);
        environment::clear(&mut command);
        command
            .arg(action)
            .arg("--manifest-path")
            .arg(dir.join("Cargo.toml"))
            .args(locked.then_some("--locked"))
            .env("RUSTC", &self.rustc)
            .env("CARGO_ENCODED_RUSTFLAGS", "")
            // Empty is none; without these, configuration would name some.
            .env("RUSTC_WRAPPER", "")
            .env("RUSTC_WORKSPACE_WRAPPER", "")
            .current_dir(dir);
        if self.kind != ToolchainKind::Installed {
            // Compiling the library takes unstable options of a stable compiler.
            command.env("RUSTC_BOOTSTRAP", "1");
        }
        command
    }

    /// What tells cargo to compile the library, if it has to.
    pub(super) fn library_args(&self, target: Target) -> Vec<String> {
        match self.kind {
            ToolchainKind::Installed => Vec::new(),
            ToolchainKind::Source | ToolchainKind::Debian => vec![
                format!("-Zbuild-std={}", target.library()),
                "-Zbuild-std-features=compiler-builtins-mem".to_owned(),
            ],
        }
    }
}

fn source(sysroot: &Path) -> PathBuf {
    sysroot.join("lib/rustlib/src/rust")
}

fn holds_source(sysroot: &Path) -> bool {
    source(sysroot).join("library/core/src/lib.rs").is_file()
}

fn holds_core(library: &Path) -> bool {
    let Ok(entries) = fs::read_dir(library) else {
        return false;
    };
    entries.filter_map(Result::ok).any(|entry| {
        entry.file_name().to_string_lossy().starts_with("libcore-")
            && entry.path().extension() == Some(OsStr::new("rlib"))
    })
}

fn executable(name: &str) -> String {
    format!("{name}{}", env::consts::EXE_SUFFIX)
}

/// What a program prints, if it can be run and succeeds.
fn print(program: &Path, dir: &Path, args: &[&str]) -> Option<String> {
    let mut command = Command::new(program);
    command.args(args).current_dir(dir).stdin(Stdio::null());
    let output = command
        .output()
        .ok()
        .filter(|output| output.status.success())?;
    Some(String::from_utf8(output.stdout).ok()?.trim_end().to_owned())
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    /// Writes a program. Another process does, so that none that this one starts meanwhile
    /// keeps the file open for writing: it could not be run then.
    fn script(path: &Path, body: &str) {
        let write = r#"printf '#!/bin/sh\n%s' "$2" >"$1" && chmod 755 "$1""#;
        let mut sh = Command::new("sh");
        let status = sh.args(["-c", write, "sh"]).arg(path).arg(body).status();
        assert!(status.expect("sh runs").success());
    }

    fn touch(path: &Path) {
        fs::create_dir_all(path.parent().expect("a parent")).expect("a directory");
        fs::write(path, "").expect("a file");
    }

    #[test]
    fn a_compiled_library_comes_before_its_sources() {
        let dir = tempfile::tempdir().expect("a directory");
        let dir = dir.path();
        let (rustc, cargo) = (dir.join("rustc"), dir.join("cargo"));
        let kind = || Toolchain::probe(&rustc, &cargo, dir).map(|found| found.kind());
        assert_eq!(kind(), None, "there is no compiler");
        let answers = format!(
            "case \"$*\" in\n'--print sysroot') echo '{0}' ;;\n\
             '--print target-libdir --target {1}') echo '{0}/lib' ;;\n\
             '--version') echo 'rustc 9' ;;\n*) exit 1 ;;\nesac\n",
            dir.display(),
            Target::Bare.triple(),
        );
        script(&rustc, &answers);
        script(&cargo, "echo cargo 9");
        assert_eq!(kind(), None, "there is no library");
        touch(&dir.join("lib/rustlib/src/rust/library/core/src/lib.rs"));
        assert_eq!(kind(), Some(ToolchainKind::Source));
        touch(&dir.join("lib/libcore-12ab.rmeta"));
        assert_eq!(kind(), Some(ToolchainKind::Source));
        touch(&dir.join("lib/libcore-12ab.rlib"));
        assert_eq!(kind(), Some(ToolchainKind::Installed));
        let found = Toolchain::probe(&rustc, &cargo, dir).expect("a toolchain");
        assert_eq!(found.to_string(), "rustc 9 (installed library)");
        assert!(found.library_args(Target::Bare).is_empty());
        let with_std = found.for_target(Target::Std).expect("it has the sources");
        assert_eq!(with_std.kind(), ToolchainKind::Source);
        let library = with_std.library_args(Target::Std);
        assert_eq!(library[0], "-Zbuild-std=std,panic_abort");
        script(&cargo, "exit 1");
        assert_eq!(kind(), None, "there is no cargo");
    }

    #[test]
    fn the_standard_library_needs_sources() {
        let dir = tempfile::tempdir().expect("a directory");
        let bare = Toolchain {
            sysroot: dir.path().into(),
            ..Toolchain::active()
        };
        let without = bare.clone().for_target(Target::Bare).expect("it has core");
        assert_eq!(without.kind(), ToolchainKind::Installed);
        match (bare.for_target(Target::Std), Toolchain::debian()) {
            (Ok(found), Ok(_)) => assert_eq!(found.kind(), ToolchainKind::Debian),
            (Err(error), Err(_)) => {
                let error = error.to_string();
                assert!(error.contains("got rustc 9 without"), "{error}");
                assert!(error.contains("rustup component add rust-src"), "{error}");
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_error_says_what_to_install() {
        let error = |active| BuildError::NoToolchain { active }.to_string();
        let nothing = error(None);
        for way in [
            "rustup target add",
            "rustup component add rust-src",
            "apt-get install",
        ] {
            assert!(nothing.contains(way), "{nothing}");
        }
        assert!(nothing.contains("got no rustc at all"), "{nothing}");
        let bare = error(Some("rustc 9".into()));
        assert!(bare.contains("got rustc 9 with neither"), "{bare}");
    }
}
