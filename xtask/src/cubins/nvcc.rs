//! NVIDIA's compiler: the machine's, or the one that is on PyPI.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};

use crate::compliance::tool;

const INSTALL: &str = "`cargo xtask cubins --fetch` gets one from PyPI, or $NVCC names one";
const INSTALL_PIP: &str = "install python3 and python3-pip, or CUDA 13 by other means";
/// Kernels run with every driver of the same major version, so this is the one that `vouch-gpu`
/// asks of the driver.
const MAJOR: u32 = 13;

/// A compiler of kernels.
pub struct Compiler {
    /// Where it is.
    pub path: PathBuf,
    /// As it says: `release 13.0, V13.0.88`.
    pub version: String,
}

impl Compiler {
    /// The compiler of PyPI, if it shall be `fetched` from there; or else `$NVCC`, that of the
    /// PATH, or that of PyPI if it is there already.
    ///
    /// # Errors
    /// There is none, it is of another version of CUDA, or it cannot be installed.
    pub fn find(root: &Path, fetched: bool) -> Result<Self> {
        let folder = root.join("target/tools/cuda");
        let installed = folder.join("nvidia/cu13/bin/nvcc");
        if fetched {
            fetch(&root.join("xtask/requirements-cuda.txt"), &folder)?;
            return Self::new(installed);
        }
        match std::env::var_os("NVCC") {
            Some(path) => Self::new(path.into()),
            None if in_path("nvcc") => Self::new("nvcc".into()),
            None => Self::new(installed),
        }
    }

    fn new(path: PathBuf) -> Result<Self> {
        let text = tool::version(&path.to_string_lossy(), INSTALL)?;
        let version = accepted(&text).with_context(|| path.display().to_string())?;
        Ok(Self { path, version })
    }
}

/// The version, if it is one of the right CUDA, in what `nvcc --version` prints.
fn accepted(text: &str) -> Result<String> {
    let (version, major) = release(text).context("it does not report its version")?;
    ensure!(
        major == MAJOR,
        "it is of CUDA {major}, expected {MAJOR}; {INSTALL}"
    );
    Ok(version.into())
}

/// `release 13.0, V13.0.88` and 13, of what `nvcc --version` prints.
fn release(text: &str) -> Option<(&str, u32)> {
    let line = text.lines().find(|line| line.contains("release "))?;
    let version = &line[line.find("release ")?..];
    let number = version.strip_prefix("release ")?;
    let (major, _) = number.split_once('.')?;
    Some((version.trim(), major.parse().ok()?))
}

fn in_path(program: &str) -> bool {
    let run = Command::new(program).arg("--version").output();
    !matches!(run, Err(error) if error.kind() == ErrorKind::NotFound)
}

/// Installs what `requirements` pins to `folder`, unless it is there.
fn fetch(requirements: &Path, folder: &Path) -> Result<()> {
    let pinned = fs::read(requirements)
        .with_context(|| format!("cannot read {}", requirements.display()))?;
    let done = folder.join("requirements.txt");
    if fs::read(&done).is_ok_and(|there| there == pinned) {
        return Ok(());
    }
    eprintln!("fetching NVIDIA's compiler");
    if folder.exists() {
        fs::remove_dir_all(folder)
            .with_context(|| format!("cannot remove {}", folder.display()))?;
    }
    let mut pip = Command::new("python3");
    pip.args(["-m", "pip", "install", "--quiet", "--no-deps"])
        .args(["--disable-pip-version-check", "--root-user-action=ignore"])
        .args(["--require-hashes", "--only-binary=:all:", "--requirement"])
        .arg(requirements)
        .arg("--target")
        .arg(folder);
    let output = tool::output(&mut pip, INSTALL_PIP)?;
    if !output.status.success() {
        bail!("pip install: {}; {INSTALL_PIP}", tool::complaint(&output));
    }
    // Last: what was interrupted is fetched again.
    fs::write(&done, pinned).with_context(|| format!("cannot write {}", done.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_compiler_tells_its_version() {
        let text = "nvcc: NVIDIA (R) Cuda compiler driver\n\
                    Cuda compilation tools, release 13.0, V13.0.88\n\
                    Build cuda_13.0.r13.0/compiler.36424714_0\n";
        assert_eq!(release(text), Some(("release 13.0, V13.0.88", 13)));
        assert_eq!(release("release x.0"), None);
        assert_eq!(release("gcc 12"), None);
    }

    #[test]
    fn a_compiler_of_another_version_is_refused() {
        let refused = |program: &str| {
            Compiler::new(program.into())
                .err()
                .map(|e| format!("{e:#}"))
        };
        let error = refused("true").unwrap_or_default();
        assert_eq!(error, "true: it does not report its version");
        let error = refused("/nowhere/nvcc").unwrap_or_default();
        assert!(error.contains(INSTALL), "{error}");
        let error = accepted("release 12.8, V12.8.93").expect_err("it is too old");
        assert_eq!(
            error.to_string(),
            format!("it is of CUDA 12, expected 13; {INSTALL}")
        );
    }
}
