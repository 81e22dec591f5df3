//! Takes in the kernels that `cargo xtask cubins` compiled, if the feature `cuda` is on.

use std::env;
use std::fmt::Write;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Names the folder of the kernels, if it is another one than the task's.
const FOLDER: &str = "VOUCH_CUBINS";

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    if env::var_os("CARGO_FEATURE_CUDA").is_none() {
        return;
    }
    println!("cargo::rerun-if-env-changed={FOLDER}");
    let folder = folder();
    println!("cargo::rerun-if-changed={}", folder.display());
    if let Err(reason) = write(&folder) {
        let folder = folder.display();
        println!("cargo::error=no compiled kernels in {folder}: {reason}");
        println!("cargo::error=make them with `cargo xtask cubins`; --fetch downloads a compiler");
    }
}

fn folder() -> PathBuf {
    let crate_folder = env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default();
    let default = Path::new(&crate_folder).join("../../target/cuda");
    env::var_os(FOLDER).map_or(default, PathBuf::from)
}

/// Writes `cubins.rs`: the kernels as `CUBINS`, and the digest of their sources as `SOURCES`.
fn write(folder: &Path) -> io::Result<()> {
    let digest = fs::read_to_string(folder.join("sources.digest"))?;
    let mut cubins = cubins(&folder.canonicalize()?)?;
    if cubins.is_empty() {
        return Err(io::Error::other("there are none"));
    }
    cubins.sort();
    let mut text = String::new();
    let mut line = |line: String| {
        writeln!(text, "{line}").map_err(|_| io::Error::other("a line that cannot be written"))
    };
    line("/// The kernels, by architecture.".into())?;
    line("pub const CUBINS: &[Cubin] = &[".into())?;
    for (architecture, path) in cubins {
        line(format!(
            "    Cubin {{ architecture: {architecture}, image: &Aligned(*include_bytes!({path:?})) }},"
        ))?;
    }
    line("];".into())?;
    line("/// `digest` of the sources that they were compiled from.".into())?;
    line(format!("pub const SOURCES: &str = {:?};", digest.trim()))?;
    let out = env::var_os("OUT_DIR").ok_or_else(|| io::Error::other("no OUT_DIR"))?;
    fs::write(Path::new(&out).join("cubins.rs"), text)
}

/// The files `name.sm_XY.cubin` of a folder, with XY.
fn cubins(folder: &Path) -> io::Result<Vec<(u32, PathBuf)>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str());
        let architecture = name
            .and_then(|name| name.strip_suffix(".cubin"))
            .and_then(|name| name.rsplit_once(".sm_"))
            .and_then(|(_, architecture)| architecture.parse().ok());
        if let Some(architecture) = architecture {
            println!("cargo::rerun-if-changed={}", path.display());
            found.push((architecture, path));
        }
    }
    Ok(found)
}
