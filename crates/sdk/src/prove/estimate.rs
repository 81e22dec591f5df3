//! What a proof would take, from a run that is recorded and not proven.

use std::ops::ControlFlow;
use std::time::Instant;

use vouch_air::memory_tree::MemoryTree;
use vouch_emulator::{Execution, Limits, Program, SegmentLimits, Stream, record};
use vouch_isa::event::Segment;
use vouch_prover::{Cancel, Cost, ProveError, counts};
use vouch_verifier::{HEADER_BYTES, Profile, SEGMENT_BYTES, security};

use super::ProveOptions;
use super::pace::Pace;
use super::plan::{CutPlan, guest_memory};
use super::setup::Setup;
use crate::error::Error;

/// What the proof of a run would take on this machine.
#[derive(Clone, Debug)]
pub struct Estimate {
    /// The run.
    pub run: Execution,
    /// The profile of the proof.
    pub profile: Profile,
    /// What would compute it: `cpu` or `cuda`.
    pub backend: &'static str,
    /// Provable security of the profile, in bits.
    pub security_bits: f64,
    /// Segments that the run is cut into. Exact.
    pub segments: usize,
    /// Committed base-field cells of all tables and segments. Exact.
    pub cells: u64,
    /// Memory for the proof of the largest segment, in bytes: what
    /// [`Stats::estimated_memory_bytes`](crate::Stats) will be.
    pub segment_memory_bytes: u64,
    /// Memory for all that is held at once, in bytes, by the estimate that [`ProveOptions::max_memory`] bounds: what
    /// [`Stats::memory_bytes`](crate::Stats) will be. The receipt comes on top.
    pub memory_bytes: u64,
    /// Length of the receipt in bytes, on average over the places that queries may be at, which the proof itself
    /// decides: within two percent.
    pub receipt_bytes: usize,
    /// Length of the receipt in bytes, at most.
    pub most_receipt_bytes: usize,
    /// Seconds of recording and proving, as [`Stats::prove_seconds`](crate::Stats) counts them, if the machine
    /// is as busy then as it was now.
    pub prove_seconds: f64,
}

/// Runs `program` on `input`, and tells what the proof of the run would take with `options`.
///
/// The run is recorded and cut as [`prove`](crate::prove()) cuts it, one segment being held at a time; a few small
/// segments of it are proven to see how fast this machine is. The guest may exit with any code. `console` gets
/// what it prints; `watch` is told after every segment how many instructions have been executed, and returns
/// `Break` to end the run.
///
/// # Errors
/// The guest faults or reaches a limit, the proof would need too much memory, or `watch` or
/// [`ProveOptions::cancel`] ended the run.
pub fn estimate(
    program: &Program,
    input: &[u8],
    options: &ProveOptions,
    console: &mut dyn FnMut(Stream, &[u8]),
    watch: &mut dyn FnMut(u64) -> ControlFlow<()>,
) -> Result<Estimate, Error> {
    match estimate_all(program, input, options, console, watch) {
        Err(Error::Prove(ProveError::Cancelled)) => Err(Error::Cancelled { segments: 0 }),
        result => result,
    }
}

fn estimate_all(
    program: &Program,
    input: &[u8],
    options: &ProveOptions,
    console: &mut dyn FnMut(Stream, &[u8]),
    watch: &mut dyn FnMut(u64) -> ControlFlow<()>,
) -> Result<Estimate, Error> {
    let setup = Setup::new(options, 1)?;
    let plan = CutPlan::asked_for(options.profile, setup.cuts)?;
    let mut estimator = Estimator::new(program, options.profile);
    let mut cycles = 0;
    let start = Instant::now();
    let mut beside = 0.0;
    let mut sink = |segment: &mut Segment| {
        let recorded = Instant::now();
        setup.pool.install(|| estimator.add(segment, &plan));
        cycles += segment.cycles;
        beside += recorded.elapsed().as_secs_f64();
        watch(cycles)
    };
    let (limits, cancel) = (&options.limits, &options.cancel);
    let run = cut(program, input, limits, &plan, cancel, console, &mut sink)?;
    let record_seconds = start.elapsed().as_secs_f64() - beside;
    let pace = Pace::measure(program, input, options, &setup)?;
    let threads = setup.pool.current_num_threads();
    Ok(Estimate {
        profile: options.profile,
        backend: setup.prover.backend().name(),
        security_bits: security(options.profile).bits(),
        segments: estimator.cells.len(),
        cells: estimator.cells.iter().sum(),
        segment_memory_bytes: estimator.segment_memory,
        memory_bytes: estimator.memory + guest_memory(run.touched_memory_bytes),
        receipt_bytes: HEADER_BYTES + estimator.receipt_bytes,
        most_receipt_bytes: HEADER_BYTES + estimator.most_receipt_bytes,
        prove_seconds: pace.seconds(&estimator.cells, record_seconds, threads),
        run,
    })
}

/// Records a run, cut where `plan` cuts it. `sink` gets the segments; it ends the run with `Break`, which is
/// [`ExecuteError::Cancelled`](vouch_emulator::ExecuteError).
///
/// # Errors
/// The run fails, `cancel` says so, or there is too little memory.
pub(super) fn cut(
    program: &Program,
    input: &[u8],
    limits: &Limits,
    plan: &CutPlan,
    cancel: &Cancel,
    console: &mut dyn FnMut(Stream, &[u8]),
    sink: &mut dyn FnMut(&mut Segment) -> ControlFlow<()>,
) -> Result<Execution, Error> {
    let segment_limits = SegmentLimits {
        goes_on: &|now, then| plan.goes_on(now, then),
        ..SegmentLimits::default()
    };
    let mut failure = None;
    let mut sink = |segment: &mut Segment| match cancel.check().and_then(|()| plan.check()) {
        Ok(()) => sink(segment),
        Err(error) => {
            failure = Some(error);
            ControlFlow::Break(())
        }
    };
    let run = record(program, input, limits, &segment_limits, console, &mut sink);
    match failure {
        Some(error) => Err(error.into()),
        None => Ok(run?),
    }
}

/// Adds up what segments take.
struct Estimator<'p> {
    program: &'p Program,
    profile: Profile,
    tree: MemoryTree,
    /// Committed cells of each segment.
    cells: Vec<u64>,
    segment_memory: u64,
    /// For all that is held at once, but for the guest's memory.
    memory: u64,
    receipt_bytes: usize,
    most_receipt_bytes: usize,
}

impl<'p> Estimator<'p> {
    fn new(program: &'p Program, profile: Profile) -> Self {
        Self {
            program,
            profile,
            tree: MemoryTree::new(program.image()),
            cells: Vec::new(),
            segment_memory: 0,
            memory: 0,
            receipt_bytes: 0,
            most_receipt_bytes: 0,
        }
    }

    /// The next segment.
    fn add(&mut self, segment: &Segment, plan: &CutPlan) {
        let update = self.tree.update(&segment.leaves);
        let text = &self.program.image().text;
        let cost = Cost::predicted(segment, text, &update, &self.profile.parameters());
        self.cells.push(cost.cells());
        self.segment_memory = self.segment_memory.max(cost.memory_bytes());
        let memory = plan.memory(cost.memory_bytes(), &counts(segment, &update));
        self.memory = self.memory.max(memory);
        let (bytes, beside) = (cost.proof_bytes(), SEGMENT_BYTES + segment.journal.len());
        self.receipt_bytes += beside + bytes.expected;
        self.most_receipt_bytes += beside + bytes.most;
    }
}
