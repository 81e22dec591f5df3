//! Compares what a GPU computes with the CPU and with Plonky3, and measures it.
//!
//! It needs no network, no compiler and no files, so that it can be carried to a machine that has
//! nothing but a GPU. docs/gpu.md describes it.

mod ceilings;
mod check;
mod device;
mod end_to_end;
mod matrices;
mod measure;
mod memory;
#[path = "../../../tests/gpu/oracle.rs"]
mod oracle;
#[path = "../../../tests/gpu/packed.rs"]
mod packed;
mod packs;
mod phases;
mod proofs;
mod random;
mod report;
mod sanitizer;
mod sweep;
mod work;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Parser, ValueEnum};

use crate::check::{Check, CheckError};
use crate::measure::Clock;
use crate::report::Report;

/// Compare what a GPU computes with the CPU, and measure it.
///
/// Exit codes: 0 all is the same; 1 something differs or failed; 2 there is no GPU, or bad usage.
#[derive(Debug, Parser)]
#[command(name = "vouch-gpu-check", version)]
pub struct Options {
    /// What runs the kernels
    #[arg(long, value_enum, default_value_t = Kind::Cuda)]
    device: Kind,
    /// Write the report here, as JSON; after every step, as far as it is
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Small sizes: to try it out
    #[arg(long)]
    small: bool,
    /// Begin nothing after so many seconds; what is left out is named
    #[arg(long, default_value_t = 540)]
    seconds: u64,
    /// Do these steps only
    #[arg(long, value_enum, value_delimiter = ',', default_values_t = CheckStep::ALL)]
    steps: Vec<CheckStep>,
    /// Run the comparisons under compute-sanitizer, too, with small sizes: $COMPUTE_SANITIZER, or that
    /// of the PATH
    #[arg(long)]
    sanitize: bool,
    /// Use so many MiB of the device's memory, instead of all that is free
    #[arg(long, value_name = "MIB")]
    memory: Option<u64>,
    /// Leave out a kernel: to see that it is noticed
    #[arg(long, value_name = "KERNEL")]
    without: Option<String>,
    /// Keep the kernels here that are compiled for `--device shim`
    #[arg(long, value_name = "DIR")]
    kernels: Option<PathBuf>,
}

/// What runs the kernels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Kind {
    /// NVIDIA's first GPU of this machine.
    Cuda,
    /// The CPU in its place, if this was built with the feature `shim`.
    Shim,
}

/// What is done, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum CheckStep {
    /// How fast memory and arithmetic are.
    Ceilings,
    /// Operations on random matrices, compared with Plonky3.
    Matrices,
    /// Proofs, compared with the CPU after every operation.
    Proofs,
    /// Kernels by size.
    Sweep,
    /// The operations of a proof.
    Phases,
    /// Proofs of long runs, on the CPU and on the device.
    EndToEnd,
    /// The device's memory that segments take.
    Memory,
}

impl CheckStep {
    const ALL: [Self; 7] = [
        Self::Ceilings,
        Self::Matrices,
        Self::Proofs,
        Self::Sweep,
        Self::Phases,
        Self::EndToEnd,
        Self::Memory,
    ];
}

fn main() -> ExitCode {
    let options = Options::parse();
    match run(&options) {
        Ok(report) => {
            print!("{report}");
            ExitCode::from(u8::from(!report.ok))
        }
        Err(error) => {
            eprintln!("error: {error}");
            let object = serde_json::json!({ "error": error.to_string(), "status": 2 });
            let written = options
                .json
                .map(|path| std::fs::write(path, object.to_string()));
            if let Some(Err(error)) = written {
                eprintln!("error: {error}");
            }
            ExitCode::from(2)
        }
    }
}

fn run(options: &Options) -> Result<Report, CheckError> {
    let gpu = device::open(options)?;
    let clock = Clock::new(Duration::from_secs(options.seconds));
    let mut check = Check::new(&gpu, options.small, clock);
    for step in CheckStep::ALL {
        if !options.steps.contains(&step) {
            continue;
        }
        match step {
            CheckStep::Ceilings => ceilings::measure(&mut check),
            CheckStep::Matrices => matrices::compare(&mut check),
            CheckStep::Proofs => proofs::compare(&mut check),
            CheckStep::Sweep => sweep::measure(&mut check),
            CheckStep::Phases => phases::measure(&mut check),
            CheckStep::EndToEnd => end_to_end::measure(&mut check),
            CheckStep::Memory => memory::measure(&mut check),
        }
        check.write(options.json.as_deref())?;
    }
    if options.sanitize {
        sanitizer::run(&mut check);
    }
    check.report.is_finished = true;
    check.write(options.json.as_deref())?;
    Ok(check.report)
}
