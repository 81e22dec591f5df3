//! How fast this machine proves: small segments of the run are proven, and timed.

use std::ops::ControlFlow;
use std::thread;
use std::time::Instant;

use vouch_air::memory_tree::{MemoryTree, Update};
use vouch_emulator::{ExecuteError, Program};
use vouch_isa::event::Segment;
use vouch_prover::{Cost, claim, fill};

use super::ProveOptions;
use super::estimate::cut;
use super::plan::{CutPlan, Cuts};
use super::setup::Setup;
use crate::error::Error;

/// Cells of the segments that are timed, at most: what takes a tenth of a second on two cores.
const CELLS: u64 = 1 << 22;
/// Those of the first, which bears what a process does once.
const FEW_CELLS: u64 = 1 << 19;

/// Seconds of proving.
pub(super) struct Pace {
    /// What a process does once.
    begin: f64,
    /// A cell of the first segment, for which memory comes from the system.
    first: f64,
    /// A cell of the segments after it.
    next: f64,
}

/// The beginning of a run, to be proven several times.
struct Sample<'a> {
    program: &'a Program,
    segment: Segment,
    update: Update,
    cells: u64,
}

impl Pace {
    /// Proves the beginning of a run.
    pub fn measure(
        program: &Program,
        input: &[u8],
        options: &ProveOptions,
        setup: &Setup,
    ) -> Result<Self, Error> {
        let few = Sample::record(program, input, options, setup.cuts, FEW_CELLS)?;
        let begin = few.time(setup)? - few.time(setup)?;
        let sample = Sample::record(program, input, options, setup.cuts, CELLS)?;
        let cells = sample.cells as f64;
        Ok(Self {
            begin: begin.max(0.0),
            first: sample.time(setup)? / cells,
            next: sample.time(setup)? / cells,
        })
    }

    /// Seconds of proving segments with these cells on so many threads; to record them takes
    /// `record_seconds`.
    pub fn seconds(&self, cells: &[u64], record_seconds: f64, threads: usize) -> f64 {
        let all: u64 = cells.iter().sum();
        let first = cells.first().copied().unwrap_or(0);
        // The first segment is recorded before anything is proven, the others meanwhile, by a thread more
        // than there are cores.
        let before = record_seconds * first as f64 / all.max(1) as f64;
        let beside = (record_seconds - before) / threads as f64;
        self.begin + before + beside + self.first * first as f64 + self.next * (all - first) as f64
    }
}

impl<'a> Sample<'a> {
    /// The first segment of a run whose segments have so many cells at most.
    fn record(
        program: &'a Program,
        input: &[u8],
        options: &ProveOptions,
        cuts: Cuts,
        cells: u64,
    ) -> Result<Self, Error> {
        let small = Cuts {
            segment_cells: cells.min(cuts.segment_cells),
            ..cuts
        };
        let plan = CutPlan::new(options.profile, small)?;
        let mut found = Segment::default();
        let mut sink = |segment: &mut Segment| {
            found = core::mem::take(segment);
            ControlFlow::Break(())
        };
        let (limits, cancel) = (&options.limits, &options.cancel);
        let console = &mut |_, _: &[u8]| {};
        match cut(program, input, limits, &plan, cancel, console, &mut sink) {
            // By the sink.
            Ok(_) | Err(Error::Execute(ExecuteError::Cancelled)) => {}
            Err(error) => return Err(error),
        }
        let update = MemoryTree::new(program.image()).update(&found.leaves);
        let text = &program.image().text;
        let cost = Cost::predicted(&found, text, &update, &options.profile.parameters());
        Ok(Self {
            program,
            cells: cost.cells(),
            segment: found,
            update,
        })
    }

    /// Seconds that its proof takes if as many are made at once as will be.
    fn time(&self, setup: &Setup) -> Result<f64, Error> {
        let start = Instant::now();
        let at_once = setup.cuts.at_once;
        thread::scope(|scope| {
            let provers =
                (0..at_once).map(|_| scope.spawn(|| setup.pool.install(|| self.prove(setup))));
            let provers: Vec<_> = provers.collect();
            provers.into_iter().try_for_each(|prover| {
                prover
                    .join()
                    .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
            })
        })?;
        Ok(start.elapsed().as_secs_f64() / at_once as f64)
    }

    fn prove(&self, setup: &Setup) -> Result<(), Error> {
        let Self {
            segment, update, ..
        } = self;
        let text = &self.program.image().text;
        let traces = fill(segment, text, update);
        let claim = claim(segment, update.start_root, update.end_root);
        setup
            .prover
            .prove_traces(claim, segment.journal_start, text, traces)?;
        Ok(())
    }
}
