//! The device's memory that segments take, against the estimate that they are cut by.

use vouch_gpu::{Gpu, on};
use vouch_prover::Cost;
use vouch_verifier::Profile;

use crate::check::{Check, CheckError};
use crate::end_to_end::fibonacci;
use crate::proofs::label;
use crate::report::SegmentMemory;

/// Cycles of the runs whose first segments are proven, log2.
const LOG_CYCLES: [u32; 5] = [12, 14, 16, 18, 20];
/// The same of small sizes.
const SMALL: [u32; 1] = [10];

/// Measures it, in all profiles.
pub fn measure(check: &mut Check) {
    let sizes = match check.small {
        true => &SMALL[..],
        false => &LOG_CYCLES,
    };
    for &log_cycles in sizes {
        for profile in Profile::ALL {
            let name = format!("memory, 2^{log_cycles} cycles, {}", label(profile));
            let memory = check.measure(&name, |gpu| memory(gpu, profile, log_cycles));
            check.report.memory.extend(memory.flatten());
        }
    }
}

/// That of the first segment of a run.
fn memory(
    gpu: &Gpu,
    profile: Profile,
    log_cycles: u32,
) -> Result<Option<SegmentMemory>, CheckError> {
    let run = fibonacci(profile, 1 << log_cycles)?;
    let Some(segment) = run.segments.first() else {
        return Ok(None);
    };
    let cost = Cost::new(&segment.traces, &profile.parameters());
    let backend = on(gpu, profile);
    // What is kept for other proofs, and the lookup table's columns, are there before.
    backend.prove(segment.job())?;
    gpu.take_peak();
    backend.prove(segment.job())?;
    Ok(Some(SegmentMemory {
        profile: label(profile),
        log_cycles,
        cells: cost.cells(),
        estimated_bytes: cost.memory_bytes(),
        peak_bytes: gpu.take_peak(),
    }))
}
