//! `cargo xtask gpu-check`: packs the program that compares and measures on a GPU, so that it can be
//! carried to a machine that has no Rust. docs/gpu.md describes it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};
use clap::Args;

use crate::compliance::tool;

const PROGRAM: &str = "vouch-gpu-check";
/// What the folder says of itself.
const README: &str = "\
Compares what this machine's NVIDIA GPU computes with its CPU, and measures it, in ten minutes:

    ./vouch-gpu-check --json report.json --sanitize

It needs a driver of CUDA 13.0 or later, glibc and a processor of x86-64, and nothing else.
Exit codes: 0 all is the same; 1 something differs or failed; 2 there is no GPU, or bad usage.
";

/// Of `cargo xtask gpu-check`.
#[derive(Debug, Args)]
pub struct GpuCheckArgs {
    /// Put the program here
    #[arg(long, value_name = "DIR")]
    pub pack: PathBuf,
    /// The processor that it is compiled for: that of the machine with the GPU may be another one
    #[arg(long, value_name = "CPU", default_value = "x86-64-v3")]
    pub target_cpu: String,
    /// Print the report as one JSON object on stdout; progress goes to stderr
    #[arg(long)]
    pub json: bool,
}

/// Builds the program and packs it. The kernels are compiled already: `cargo xtask cubins`.
///
/// # Errors
/// It does not compile, or a file cannot be written.
pub fn run(arguments: &GpuCheckArgs) -> Result<bool> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let target = root.join("target/gpu-check");
    let mut build = build(&arguments.target_cpu, &target, commit(&root));
    let status = build.current_dir(&root).status();
    let status = status.context("cannot run cargo")?;
    ensure!(status.success(), "{PROGRAM} does not compile: {status}");
    let program = target.join("release").join(PROGRAM);
    let bytes = pack(&program, &arguments.pack)
        .with_context(|| format!("cannot pack {}", arguments.pack.display()))?;
    let packed = arguments.pack.join(PROGRAM);
    match arguments.json {
        true => println!(
            "{}",
            serde_json::json!({ "program": packed, "bytes": bytes })
        ),
        false => println!("{}: {bytes} bytes", packed.display()),
    }
    Ok(true)
}

/// Compiles it with the kernels inside and without symbols. In a folder of its own, since all else
/// is compiled for this machine's processor.
fn build(target_cpu: &str, target: &Path, commit: Option<String>) -> Command {
    let mut command = Command::new(env!("CARGO"));
    command
        .args(["build", "--release", "--package", "vouch-gpu"])
        .args(["--bin", PROGRAM, "--features", "check,cuda"])
        .args(["--config", "profile.release.strip=true"])
        .arg("--target-dir")
        .arg(target)
        .env("RUSTFLAGS", format!("-Ctarget-cpu={target_cpu}"))
        .env_remove("CARGO_ENCODED_RUSTFLAGS");
    if let Some(commit) = commit {
        command.env("VOUCH_COMMIT", commit);
    }
    command
}

/// The commit that is checked out, if git knows it; with a mark if files have changed since.
fn commit(root: &Path) -> Option<String> {
    let mut git = Command::new("git");
    git.args([
        "describe",
        "--always",
        "--dirty",
        "--abbrev=12",
        "--exclude=*",
    ]);
    let output = tool::output(git.current_dir(root), "install git").ok()?;
    let text = String::from_utf8_lossy(&output.stdout).trim().to_string();
    (output.status.success() && !text.is_empty()).then_some(text)
}

/// Copies the program to a folder, with what it says of itself. Returns the program's size.
fn pack(program: &Path, folder: &Path) -> Result<u64> {
    if !program.is_file() {
        bail!("{} was not built", program.display());
    }
    fs::create_dir_all(folder)?;
    fs::write(folder.join("README"), README)?;
    Ok(fs::copy(program, folder.join(PROGRAM))?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_built_for_the_processor_that_is_named() {
        let command = build("x86-64-v3", Path::new("there"), Some("abc".into()));
        let value = |name: &str| {
            let mut set = command.get_envs();
            let (_, value) = set.find(|(key, _)| *key == name)?;
            value?.to_str()
        };
        assert_eq!(value("RUSTFLAGS"), Some("-Ctarget-cpu=x86-64-v3"));
        assert_eq!(value("VOUCH_COMMIT"), Some("abc"));
        assert_eq!(value("CARGO_ENCODED_RUSTFLAGS"), None);
    }

    #[test]
    fn the_program_is_packed_with_its_readme() {
        let folder = tempfile::tempdir().expect("a folder");
        let (built, packed) = (folder.path().join("built"), folder.path().join("a/b"));
        assert!(pack(&built, &packed).is_err());
        fs::write(&built, "program").expect("a file");
        assert_eq!(pack(&built, &packed).expect("it is packed"), 7);
        let read = |name: &str| fs::read_to_string(packed.join(name)).expect("it is there");
        assert_eq!(read(PROGRAM), "program");
        assert!(read("README").contains(PROGRAM));
    }
}
