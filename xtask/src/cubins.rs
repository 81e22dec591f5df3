//! The kernels, compiled for GPUs. docs/gpu.md describes it.

mod compile;
mod nvcc;
mod ptxas;
mod report;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use clap::Args;
use vouch_gpu::{digest, sources};

use compile::{Outcome, Unit};
use nvcc::Compiler;
use report::Report;

/// Architectures of the GPUs that proofs are made on: A100, L4 and RTX 40, H100 and H200.
const ARCHITECTURES: [&str; 3] = ["sm_80", "sm_89", "sm_90"];

/// Of `cargo xtask cubins`.
#[derive(Debug, Args)]
pub struct CubinsArgs {
    /// Compile for these architectures, and remove the results for others
    #[arg(
        long,
        value_name = "SM",
        value_delimiter = ',',
        default_values = ARCHITECTURES,
        value_parser = architecture
    )]
    pub arch: Vec<String>,
    /// Use NVIDIA's compiler from PyPI, which is installed if necessary, instead of $NVCC or the nvcc in
    /// the PATH
    #[arg(long)]
    pub fetch: bool,
    /// Write the kernels to this folder instead of target/cuda
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Print the report as one JSON object on stdout; progress goes to stderr
    #[arg(long)]
    pub json: bool,
}

fn architecture(text: &str) -> Result<String, String> {
    let digits = text.strip_prefix("sm_").unwrap_or_default();
    match !digits.is_empty() && digits.bytes().all(|digit| digit.is_ascii_digit()) {
        true => Ok(text.into()),
        false => Err("expected sm_ and a number".into()),
    }
}

/// Compiles what has changed, and prints the report. Returns whether all compiles, and nothing
/// spills.
///
/// # Errors
/// There is no compiler, or a file cannot be written.
pub fn run(arguments: &CubinsArgs) -> Result<bool> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let compiler = Compiler::find(&root, arguments.fetch)?;
    let default = root.join("target/cuda");
    let out = arguments.out.as_ref().unwrap_or(&default);
    let report = build(&compiler, &arguments.arch, out)
        .with_context(|| format!("cannot compile kernels to {}", out.display()))?;
    match arguments.json {
        true => println!("{}", serde_json::to_string(&report)?),
        false => print!("{report}"),
    }
    for complaint in report.complaints() {
        eprintln!("{complaint}");
    }
    Ok(report.ok)
}

/// Brings the folder `out` up to date: the sources in `src`, a cubin for each of them and each
/// architecture, `sources.digest` once all are there, and `report.json`.
fn build(compiler: &Compiler, architectures: &[String], out: &Path) -> Result<Report> {
    let sources = sources();
    let digest = digest(&sources);
    compile::write_sources(&sources, &out.join("src"))?;
    let units = compile::units(&sources, architectures, &compiler.version);
    remove_others(out, &units)?;

    let before = Report::read(&out.join("report.json"));
    let mut report = Report::new(compiler.version.clone(), digest);
    for outcome in compile::all(compiler, &units, &before, out)? {
        match outcome {
            Outcome::Compiled(cubin) => report.cubins.push(cubin),
            Outcome::Failed(complaint) => report.errors.push(complaint),
        }
    }
    report.judge();
    let marker = out.join("sources.digest");
    match report.errors.is_empty() {
        true => fs::write(marker, format!("{}\n", report.sources))?,
        // Without it nothing takes them in: some are missing.
        false if marker.exists() => fs::remove_file(marker)?,
        false => {}
    }
    fs::write(
        out.join("report.json"),
        serde_json::to_string_pretty(&report)?,
    )?;
    Ok(report)
}

/// Removes the cubins of sources and architectures that are not asked for.
fn remove_others(out: &Path, units: &[Unit]) -> Result<()> {
    for entry in fs::read_dir(out)? {
        let path = entry?.path();
        let known = { units.iter().flat_map(Unit::files) }.any(|file| path.ends_with(file));
        if path.extension().is_some_and(|ending| ending == "cubin") && !known {
            fs::remove_file(path)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_architecture_is_named_as_the_compiler_names_it() {
        assert_eq!(architecture("sm_90").as_deref(), Ok("sm_90"));
        for wrong in ["", "90", "sm_", "sm_9o", "compute_90"] {
            assert!(architecture(wrong).is_err(), "{wrong}");
        }
    }
}
