//! Chores of this repository: `cargo xtask`.
#![forbid(unsafe_code)]

mod compliance;
mod cubins;
mod encoding;
mod gpu_check;
mod package;
mod soundness;
mod sweep;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::compliance::ComplianceArgs;
use crate::cubins::CubinsArgs;
use crate::encoding::EncodingArgs;
use crate::gpu_check::GpuCheckArgs;
use crate::package::PackageArgs;
use crate::soundness::SoundnessArgs;
use crate::sweep::SweepArgs;

/// Chores of this repository.
///
/// Exit codes: 0 yes; 1 the answer is no; 2 bad usage or input, or a missing tool.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the official RISC-V compliance suites
    Compliance(ComplianceArgs),
    /// Compile the kernels for GPUs, and check that none spills registers
    Cubins(CubinsArgs),
    /// Count what typed input and output cost guests, in several encodings
    Encoding(EncodingArgs),
    /// Pack the program that compares and measures on a GPU, for a machine without Rust
    GpuCheck(GpuCheckArgs),
    /// Make the packages that users depend on, and check that they compile and build guests
    Package(PackageArgs),
    /// Try to make the verifier accept a lie
    Soundness(SoundnessArgs),
    /// Compare the parameters that reach a number of provable bits
    Sweep(SweepArgs),
}

fn main() -> ExitCode {
    let (result, json) = match Cli::parse().command {
        Command::Compliance(arguments) => (compliance::run(&arguments), arguments.json),
        Command::Cubins(arguments) => (cubins::run(&arguments), arguments.json),
        Command::Encoding(arguments) => (encoding::run(&arguments), arguments.json),
        Command::GpuCheck(arguments) => (gpu_check::run(&arguments), arguments.json),
        Command::Package(arguments) => (package::run(&arguments), arguments.json),
        Command::Soundness(arguments) => (soundness::run(&arguments), arguments.json),
        Command::Sweep(arguments) => (sweep::run(&arguments), arguments.json),
    };
    match result {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(error) => {
            eprintln!("error: {error:#}");
            if json {
                let object = serde_json::json!({ "error": format!("{error:#}"), "status": 2 });
                println!("{object}");
            }
            ExitCode::from(2)
        }
    }
}
