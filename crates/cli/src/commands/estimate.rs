//! `vouch run --estimate`: what a proof of the run would take.

use serde_json::json;
use vouch_sdk::{Estimate, Program, ProveOptions, default_max_memory, estimate, tenths};

use super::watch::Watch;
use super::{fields, run, warn_of_slow_build};
use crate::args::{ProfileName, RunArgs, RunProfile};
use crate::error::Error;
use crate::output::{Fields, Output};

/// Runs the guest, and says what a proof of the run would take.
///
/// # Errors
/// It faults or reaches a limit, or there is too little memory.
pub fn estimated(
    arguments: &RunArgs,
    program: &Program,
    input: &[u8],
    verbose: u8,
    output: &Output,
) -> Result<Estimate, Error> {
    let asked = &arguments.estimate;
    let name = match &arguments.profile {
        Some(RunProfile::Proof(name)) => *name,
        _ => ProfileName::Fast,
    };
    let options = ProveOptions {
        profile: name.at(asked.security),
        backend: asked.backend(),
        limits: run::limits(arguments.max_cycles),
        max_memory: asked.max_memory.or_else(|| Some(default_max_memory())),
        threads: asked.threads.map(usize::from),
        segment_cells: asked.segment_cells,
        ..ProveOptions::default()
    };
    warn_of_slow_build(&options.backend.device()?, output);
    let watch = Watch::new(options.limits.cycles, verbose);
    let mut print = output.console(false);
    let console = &mut |stream, bytes: &[u8]| watch.aside(|| print(stream, bytes));
    let estimate = estimate(program, input, &options, console, &mut |cycles| {
        watch.tell(cycles)
    });
    watch.end();
    Ok(estimate?)
}

/// Tells people.
///
/// # Errors
/// Stdout cannot be written to.
pub fn say(estimate: &Estimate, output: &Output) -> Result<(), Error> {
    let profile = estimate.profile;
    output.say(format_args!(
        "proof, by estimate     profile {} at {}, {:.1} provable bits, backend {}",
        profile.name(),
        profile.target_bits(),
        tenths(estimate.security_bits),
        estimate.backend
    ))?;
    output.say(format_args!(
        "cycles                 {}",
        estimate.run.cycles
    ))?;
    output.say(format_args!("segments               {}", estimate.segments))?;
    output.say(format_args!("committed cells        {}", estimate.cells))?;
    output.say(format_args!(
        "memory                 {} bytes",
        estimate.memory_bytes
    ))?;
    output.say(format_args!(
        "receipt                {} bytes, at most {}",
        estimate.receipt_bytes, estimate.most_receipt_bytes
    ))?;
    output.say(format_args!(
        "seconds to prove       {:.3}",
        estimate.prove_seconds
    ))
}

/// Tells programs. What `vouch prove --json` has goes by the same name.
pub fn json(estimate: &Estimate) -> Fields {
    let estimate = json!({
        "profile": estimate.profile.name(),
        "security_bits": tenths(estimate.security_bits),
        "backend": estimate.backend,
        "segments": estimate.segments,
        "committed_cells_total": estimate.cells,
        "estimated_memory_bytes": estimate.segment_memory_bytes,
        "memory_bytes": estimate.memory_bytes,
        "proof_bytes": estimate.receipt_bytes,
        "most_proof_bytes": estimate.most_receipt_bytes,
        "prove_seconds": estimate.prove_seconds,
    });
    fields([("estimate", estimate)])
}
