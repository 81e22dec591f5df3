//! From a test's assembly to an ELF, with our headers and linker script.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use sha2::{Digest, Sha256};

use super::check::Failure;
use super::suite::{Family, Test};
use super::{Paths, Sources, tool};

const GCC: &str = "riscv64-unknown-elf-gcc";
const INSTALL_GCC: &str = "install gcc-riscv64-unknown-elf";

/// `TEST_CASE_1` is the only condition in these suites of riscv-arch-test. The warnings are of
/// shifts in branches that are not taken.
const FLAGS: [&str; 9] = [
    "-march=rv32im",
    "-mabi=ilp32",
    "-nostdlib",
    "-nostartfiles",
    "-static",
    "-DTEST_CASE_1=True",
    "-Wa,--no-warn",
    "-Wl,--build-id=none",
    "-Wl,--fatal-warnings",
];

/// What riscv-arch-test is told from version 3.10 on; earlier ones take no notice.
const ARCH_TEST_FLAGS: [&str; 1] = ["-DXLEN=32"];

/// Assembles tests, each only once: the ELFs of all that they depend on are kept.
#[derive(Debug)]
pub struct Assembler {
    env: PathBuf,
    riscv_tests_headers: PathBuf,
    arch_test_headers: PathBuf,
    /// Its name is a digest of all that the ELFs depend on.
    elfs: PathBuf,
}

impl Assembler {
    /// Finds the compiler.
    ///
    /// # Errors
    /// There is none, or a file cannot be read or written.
    pub fn new(paths: &Paths, sources: &Sources) -> Result<Self> {
        let mut digest = Sha256::new();
        digest.update(tool::version(GCC, INSTALL_GCC)?);
        digest.update(FLAGS.join(" "));
        digest.update(ARCH_TEST_FLAGS.join(" "));
        let ours = ["env", "must-fail"].map(|part| paths.harness.join(part));
        let theirs = [Family::RiscvTests, Family::ArchTest].map(|family| sources.parts(family));
        for folder in ours.into_iter().chain(theirs.into_iter().flatten()) {
            absorb(&mut digest, &folder)?;
        }
        let digest = hex::encode(digest.finalize());
        let elfs = paths.cache.join("elf").join(digest);
        fs::create_dir_all(&elfs).with_context(|| format!("cannot create {}", elfs.display()))?;
        Ok(Self {
            env: paths.harness.join("env"),
            riscv_tests_headers: sources.headers(Family::RiscvTests),
            arch_test_headers: sources.headers(Family::ArchTest),
            elfs,
        })
    }

    /// The ELF of a test; or why there is none, which is the test's failure.
    ///
    /// # Errors
    /// Files cannot be written, or the compiler cannot be run.
    pub fn elf(&self, test: &Test) -> Result<Result<PathBuf, Failure>> {
        let suite = test.suite.name().replace('/', "-");
        let elf = self.elfs.join(format!("{suite}-{}.elf", test.name));
        if elf.exists() {
            return Ok(Ok(elf));
        }
        // Whole or not at all: a run may be cut short.
        let partial = tempfile::tempdir_in(&self.elfs).context("cannot create a folder")?;
        let new = partial.path().join("new.elf");
        let output = tool::output(&mut self.command(test, &new), INSTALL_GCC)?;
        if !output.status.success() {
            return Ok(Err(Failure::Assemble(tool::complaint(&output))));
        }
        fs::rename(&new, &elf).with_context(|| format!("cannot create {}", elf.display()))?;
        Ok(Ok(elf))
    }

    fn command(&self, test: &Test, elf: &Path) -> Command {
        let (headers, flags): (_, &[_]) = match test.suite.family() {
            Family::RiscvTests => (&self.riscv_tests_headers, &[]),
            Family::ArchTest => (&self.arch_test_headers, &ARCH_TEST_FLAGS),
        };
        let mut gcc = Command::new(GCC);
        gcc.args(FLAGS)
            .args(flags)
            .arg("-I")
            .arg(&self.env)
            .arg("-I")
            .arg(headers)
            .arg("-T")
            .arg(self.env.join("link.ld"))
            .arg(&test.path)
            .arg("-o")
            .arg(elf);
        gcc
    }
}

/// Absorbs all files below a folder, each with its path and length.
fn absorb(digest: &mut Sha256, folder: &Path) -> Result<()> {
    let mut files = Vec::new();
    list(folder, &mut files).with_context(|| format!("cannot read {}", folder.display()))?;
    files.sort();
    for file in files {
        let Ok(name) = file.strip_prefix(folder) else {
            bail!("{} is not below {}", file.display(), folder.display());
        };
        let bytes = fs::read(&file).with_context(|| format!("cannot read {}", file.display()))?;
        digest.update(name.as_os_str().as_encoded_bytes());
        digest.update([0]);
        digest.update((bytes.len() as u64).to_le_bytes());
        digest.update(&bytes);
    }
    Ok(())
}

fn list(folder: &Path, files: &mut Vec<PathBuf>) -> std::io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        match path.is_dir() {
            true => list(&path, files)?,
            false => files.push(path),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digest_sees_every_file() {
        let folder = tempfile::tempdir().expect("a folder");
        let digest = || {
            let mut digest = Sha256::new();
            absorb(&mut digest, folder.path()).expect("readable");
            digest.finalize()
        };
        let empty = digest();
        fs::create_dir(folder.path().join("src")).expect("a folder");
        assert_eq!(digest(), empty);
        let file = folder.path().join("src/add.S");
        fs::write(&file, "add").expect("a file");
        let with_add = digest();
        assert_ne!(with_add, empty);
        fs::write(&file, "sub").expect("a file");
        assert_ne!(digest(), with_add);
        fs::write(&file, "add").expect("a file");
        assert_eq!(digest(), with_add);
        fs::rename(&file, folder.path().join("src/sub.S")).expect("another name");
        assert_ne!(digest(), with_add);
    }
}
