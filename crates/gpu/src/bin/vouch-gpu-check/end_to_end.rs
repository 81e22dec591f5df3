//! Proofs of real runs, on the CPU and on the device.

use std::time::Instant;

use vouch_air::memory_tree::MemoryTree;
use vouch_air::witness::Traces;
use vouch_emulator::testing::segments;
use vouch_emulator::{Program, SegmentLimits};
use vouch_gpu::{Gpu, on};
use vouch_prover::{Cancel, Cost, Job, Planner, ProveError, Prover, SegmentProof, claim, fill};
use vouch_verifier::{Profile, SegmentClaim};

use crate::check::{Check, CheckError, same};
use crate::measure::median;
use crate::proofs::label;
use crate::report::Run;

const FIBONACCI: &[u8] = include_bytes!("../../../../../guest-programs/prebuilt/fibonacci.elf");
const COMMITMENT: &[u8] = include_bytes!("../../../../../guest-programs/prebuilt/commitment.elf");
/// Cycles of a step of the Fibonacci guest.
const CYCLES_A_STEP: u32 = 5;
/// Committed cells of a segment, at most.
const CELLS: u64 = 1 << 26;
/// Proofs on the device of which the median counts, after one that warms it up.
const PROOFS: usize = 3;

/// Measures them.
pub fn measure(check: &mut Check) {
    let cycles = match check.small {
        true => vec![1 << 10],
        false => vec![1 << 20, 1 << 22],
    };
    for profile in Profile::ALL {
        let name = format!("four hashes, {}", label(profile));
        let run = check.measure(&name, |gpu| {
            let recorded = Recorded::new("commitment", COMMITMENT, &[7; 128], profile)?;
            prove(gpu, profile, &recorded)
        });
        check.report.end_to_end.extend(run);
    }
    for profile in [Profile::Fast100, Profile::Fast128] {
        for &cycles in &cycles {
            let name = format!("{cycles} cycles of Fibonacci, {}", label(profile));
            let run = check.measure(&name, |gpu| {
                prove(gpu, profile, &fibonacci(profile, cycles)?)
            });
            check.report.end_to_end.extend(run);
        }
    }
}

/// A run of the Fibonacci guest of about so many cycles.
///
/// # Errors
/// [`CheckError::Execute`].
pub fn fibonacci(profile: Profile, cycles: u32) -> Result<Recorded, CheckError> {
    let steps = cycles / CYCLES_A_STEP;
    Recorded::new("fibonacci", FIBONACCI, &steps.to_le_bytes(), profile)
}

/// A run with its tables.
pub struct Recorded {
    guest: &'static str,
    cycles: u64,
    text: core::ops::Range<u32>,
    /// Its segments, in order.
    pub segments: Vec<Segment>,
    fill_seconds: f64,
}

/// A segment of a run.
pub struct Segment {
    claim: SegmentClaim,
    journal_start: u32,
    /// Its filled tables.
    pub traces: Traces,
}

impl Segment {
    /// Its proof, yet to be made, by any transcript.
    pub fn job(&self) -> Job {
        Job {
            seed: Vec::new(),
            traces: self.traces.clone(),
            cancel: Cancel::default(),
        }
    }
}

impl Recorded {
    fn new(
        guest: &'static str,
        elf: &[u8],
        input: &[u8],
        profile: Profile,
    ) -> Result<Self, CheckError> {
        let program = Program::from_elf(elf).expect("a prebuilt guest");
        let planner = Planner::new(profile.parameters());
        let fits = |needs: vouch_prover::Needs| needs.cells <= CELLS;
        let limits = SegmentLimits {
            goes_on: &|_, then| planner.predict(then).is_some_and(fits),
            ..SegmentLimits::default()
        };
        let (run, recorded) = segments(&program, input, &limits)?;
        let image = program.image();
        let mut memory = MemoryTree::new(image);
        let start = Instant::now();
        let filled = recorded.iter().map(|segment| {
            let update = memory.update(&segment.leaves);
            Segment {
                traces: fill(segment, &image.text, &update),
                claim: claim(segment, update.start_root, update.end_root),
                journal_start: segment.journal_start,
            }
        });
        let filled = filled.collect();
        Ok(Self {
            guest,
            cycles: run.cycles,
            text: image.text.clone(),
            segments: filled,
            fill_seconds: start.elapsed().as_secs_f64(),
        })
    }

    /// The proofs of all segments, and the seconds that they took.
    fn prove(&self, prover: &Prover) -> Result<(Vec<Vec<u8>>, f64), ProveError> {
        let (mut proofs, mut seconds) = (Vec::new(), 0.0);
        for segment in &self.segments {
            let (claim, traces) = (segment.claim.clone(), segment.traces.clone());
            let start = Instant::now();
            let proof = prover.prove_traces(claim, segment.journal_start, &self.text, traces);
            seconds += start.elapsed().as_secs_f64();
            let SegmentProof { receipt, .. } = proof?;
            proofs.push(receipt.proof);
        }
        Ok((proofs, seconds))
    }
}

fn prove(gpu: &Gpu, profile: Profile, recorded: &Recorded) -> Result<Run, CheckError> {
    let (expected, cpu_seconds) = recorded.prove(&Prover::new(profile))?;
    gpu.take_peak();
    let prover = Prover::with_backend(on(gpu, profile));
    let mut times = Vec::new();
    for _ in 0..=PROOFS {
        let (proofs, seconds) = recorded.prove(&prover)?;
        same(&proofs, &expected, || "the proofs".into())?;
        times.push(seconds);
    }
    let first_seconds = times.remove(0);
    let seconds = median(times);
    let cost = |segment: &Segment| Cost::new(&segment.traces, &profile.parameters()).cells();
    Ok(Run {
        guest: recorded.guest,
        profile: label(profile),
        cycles: recorded.cycles,
        segments: recorded.segments.len(),
        cells: recorded.segments.iter().map(cost).sum(),
        fill_seconds: recorded.fill_seconds,
        cpu_seconds,
        first_seconds,
        seconds,
        cycles_a_second: recorded.cycles as f64 / seconds,
        proof_bytes: expected.iter().map(Vec::len).sum(),
        peak_bytes: gpu.take_peak(),
    })
}
