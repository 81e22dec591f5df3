//! From a program and its input to a receipt.

mod backend;
mod estimate;
mod pace;
mod pipeline;
mod plan;
mod progress;
mod setup;
mod work_folder;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Instant;

use tracing::{info_span, warn};
use vouch_emulator::{Execution, Limits, Program, Stream};
use vouch_prover::{Cancel, ProveError, SegmentProof};
use vouch_verifier::{
    Claim, HEADER_BYTES, ImageId, MAX_RECEIPT_BYTES, Profile, Receipt, SegmentReceipt, Verifier,
    security,
};

use crate::error::Error;
use crate::stats::{Stats, peak_rss_bytes};
use crate::vectors::{SlowBuild, Vectors};
use crate::verify::on_all_threads;
use crate::{image_id, verifier};

use pipeline::Pipeline;
use plan::{CutPlan, guest_memory};
use progress::Teller;
use setup::Setup;
use work_folder::{WorkFolder, WorkJob};

pub use backend::{Backend, Device};
pub use estimate::{Estimate, estimate};
pub use plan::{DEFAULT_SEGMENT_CELLS, default_max_memory};
pub use progress::Progress;

/// How to prove.
#[derive(Clone, Debug)]
pub struct ProveOptions {
    /// The parameters of the proof.
    pub profile: Profile,
    /// What computes it.
    pub backend: Backend,
    /// Bounds on the run.
    pub limits: Limits,
    /// Memory that proving may take, in bytes, by estimates made beforehand; `None` for no bound.
    /// Segments are cut so that all that are proven at once fit. The receipt itself comes on top: 1
    /// to 2 MB a segment with the profile `fast`.
    pub max_memory: Option<u64>,
    /// Threads to prove with; `None` for as many as there are cores. One more executes and records.
    pub threads: Option<usize>,
    /// Base-field cells that a segment should commit to, at most. More make fewer segments and a
    /// smaller receipt, and need more memory; a cycle takes 60 to 110. Fewer than the smallest segments
    /// commit to are [`Error::SegmentCells`].
    pub segment_cells: u64,
    /// Proves runs that exit with another code than 0, too, whichever it is. Without it they are
    /// [`Error::GuestExit`].
    pub allow_nonzero_exit: bool,
    /// Exit codes beside 0 that are proven without [`Self::allow_nonzero_exit`].
    pub allowed_exits: Vec<u32>,
    /// A folder that keeps proven segments, so that a proof that was stopped goes on where it was.
    /// It is made if it is not there. It says as much about the input as the receipt does.
    pub work_folder: Option<PathBuf>,
    /// Ends the proof with [`Error::Cancelled`], within a second or two.
    pub cancel: Cancel,
}

impl Default for ProveOptions {
    fn default() -> Self {
        Self {
            profile: Profile::Fast100,
            backend: Backend::Auto,
            limits: Limits::default(),
            max_memory: Some(default_max_memory()),
            threads: None,
            segment_cells: DEFAULT_SEGMENT_CELLS,
            allow_nonzero_exit: false,
            allowed_exits: Vec::new(),
            work_folder: None,
            cancel: Cancel::default(),
        }
    }
}

impl ProveOptions {
    /// Whether a run that exits with this code is proven.
    pub fn allows_exit(&self, code: u32) -> bool {
        code == 0 || self.allow_nonzero_exit || self.allowed_exits.contains(&code)
    }
}

/// A proven run.
#[derive(Clone, Debug)]
pub struct Proven {
    /// What to hand to others.
    pub receipt: Receipt,
    /// What it proves; the receipt has been verified.
    pub claim: Claim,
    /// What it cost.
    pub stats: Stats,
}

impl Proven {
    /// Why this took longer than it had to, if the CPU proved it in a build that leaves vector instructions
    /// of the processor unused.
    pub fn slow_build(&self) -> Option<SlowBuild> {
        let on_cpu = self.stats.backend == Backend::Cpu.name();
        on_cpu.then(|| Vectors::of_this_build().unused()).flatten()
    }
}

/// Runs `program` on `input`, proves the run, and verifies the receipt before handing it out.
/// What the guest prints is thrown away, the message of a panic included: [`prove_with`] with
/// [`print_console`](crate::print_console) shows it.
///
/// Segments are proven while the guest still runs, so that the memory needed does not depend on how
/// long it does.
///
/// # Errors
/// The guest faults, reaches a limit or exits with another code than 0; the proof needs too
/// much memory, or is cancelled; the work folder cannot be used; or the prover fails.
pub fn prove(program: &Program, input: &[u8], options: &ProveOptions) -> Result<Proven, Error> {
    prove_with(program, input, options, &mut |_, _| {}, &mut |_| {})
}

/// As [`prove`]. `console` gets what the guest prints, once ([`print_console`](crate::print_console)
/// prints it); `progress` is called, on the caller's
/// thread, whenever there is something new.
///
/// ```
/// use std::sync::mpsc::channel;
/// use vouch_sdk::{Error, Input, Program, ProveOptions, guests, prove_with};
///
/// let (sender, progress) = channel();
/// let program = Program::from_elf(guests::FIBONACCI)?;
/// let input = Input::new().word(10_000);
/// let options = ProveOptions {
///     segment_cells: 4_000_000,
///     ..ProveOptions::default()
/// };
/// let cancel = options.cancel.clone(); // for another thread to call `cancel.cancel()`
/// let proven = prove_with(&program, &input, &options, &mut |_, _| {}, &mut |step| {
///     // Nobody listens any more? Then there is no use in going on.
///     if sender.send(step.clone()).is_err() {
///         cancel.cancel();
///     }
/// })?;
/// let last = progress.try_iter().last().expect("segments were proven");
/// assert_eq!(last.proven_segments, proven.receipt.segments.len());
/// # Ok::<(), Error>(())
/// ```
///
/// # Errors
/// As [`prove`].
pub fn prove_with(
    program: &Program,
    input: &[u8],
    options: &ProveOptions,
    console: &mut dyn FnMut(Stream, &[u8]),
    progress: &mut dyn FnMut(&Progress),
) -> Result<Proven, Error> {
    // What the guest printed when it was run before is not printed again.
    let mut printed = 0;
    in_smaller_parts(|parts| {
        let mut prints = 0;
        let mut console = |stream: Stream, bytes: &[u8]| {
            prints += 1;
            if prints > printed {
                printed = prints;
                console(stream, bytes);
            }
        };
        prove_within(program, input, options, parts, &mut console, progress)
    })
}

/// Parts of a device's memory, of which a segment takes one, at most.
const MOST_PARTS: u64 = 64;

/// Tries with ever smaller parts of a device's memory if more turns out to be needed than was
/// estimated.
fn in_smaller_parts<T>(mut attempt: impl FnMut(u64) -> Result<T, Error>) -> Result<T, Error> {
    let mut parts = 1;
    loop {
        match attempt(parts) {
            Err(Error::Prove(error @ ProveError::DeviceMemory { .. })) if parts < MOST_PARTS => {
                warn!(%error, "proving again, in smaller segments");
                parts *= 2;
            }
            result => return result,
        }
    }
}

/// Proves in segments that take one of so many parts of the device's memory by estimate.
fn prove_within(
    program: &Program,
    input: &[u8],
    options: &ProveOptions,
    parts: u64,
    console: &mut dyn FnMut(Stream, &[u8]),
    progress: &mut dyn FnMut(&Progress),
) -> Result<Proven, Error> {
    let id = image_id(program);
    let Setup {
        pool,
        prover,
        mut cuts,
    } = Setup::new(options, parts)?;
    let max_memory = cuts.max_memory;
    let mut folder = None;
    if let Some(path) = &options.work_folder {
        let job = WorkJob::new(id.to_string(), input, options.profile, cuts);
        let (found, found_cuts) = WorkFolder::open(path, options.profile, &job, parts > 1)?;
        (folder, cuts) = (Some(found), found_cuts);
    }
    let stop = Cancel::default();
    let pipeline = Pipeline {
        program,
        input,
        options,
        cuts,
        plan: CutPlan::asked_for(options.profile, cuts)?,
        folder,
        prover: prover.max_memory(max_memory).cancelled_by(stop.clone()),
        verifier: verifier(options.profile)?,
        pool: &pool,
        stop,
    };
    let proven = pipeline.run(console, &mut Teller::new(progress))?;
    let (run, segments) = (proven.run, proven.segments);

    let image = program.image();
    let receipt = Receipt {
        profile: options.profile,
        entry: image.entry,
        text: image.text.clone(),
        segments: segments.receipts,
    };
    let start = Instant::now();
    let claim = pool.install(|| self_check(pipeline.verifier, &receipt, &id, &run))?;
    let verify_seconds = start.elapsed().as_secs_f64();
    let stats = Stats {
        profile: options.profile,
        backend: pipeline.prover.backend().name(),
        security_bits: security(options.profile).bits(),
        cycles: run.cycles,
        segments: receipt.segments.len(),
        reused_segments: segments.reused,
        execute_seconds: proven.execute_seconds,
        prove_seconds: proven.prove_seconds,
        verify_seconds,
        proof_bytes: receipt.encoded_len(),
        estimated_memory_bytes: segments.estimated_memory_bytes,
        memory_bytes: segments.memory_bytes + guest_memory(run.touched_memory_bytes),
        peak_rss_bytes: peak_rss_bytes(),
        cells: segments.cells,
        rows: segments.rows,
    };
    Ok(Proven {
        receipt,
        claim,
        stats,
    })
}

/// A prover with a bug must not hand out what others will refuse. Returns what `receipt` proves.
fn self_check(
    verifier: &Verifier,
    receipt: &Receipt,
    id: &ImageId,
    run: &Execution,
) -> Result<Claim, Error> {
    let claim = info_span!("verify")
        .in_scope(|| on_all_threads(verifier, receipt, id))
        .map_err(Error::SelfCheck)?;
    if (claim.exit_code, &claim.journal) != (run.exit_code, &run.journal) {
        return Err(Error::Diverged {
            expected: run.exit_code,
            got: claim.exit_code,
        });
    }
    Ok(claim)
}

/// The segments of a run, proven.
#[derive(Default)]
struct Segments {
    receipts: Vec<SegmentReceipt>,
    /// Those that lay in the work folder.
    reused: usize,
    cells: BTreeMap<&'static str, u64>,
    rows: BTreeMap<&'static str, u64>,
    /// Of the largest segment.
    estimated_memory_bytes: u64,
    /// For all that was held at once, but for the guest's memory, by estimate.
    memory_bytes: u64,
    /// Of the receipt so far, but for its header.
    bytes: usize,
}

impl Segments {
    /// Adds the next proof, which took so much memory by estimate, unless the receipt would become
    /// larger than any that is read.
    fn push(&mut self, proof: SegmentProof, memory_bytes: u64) -> Result<(), Error> {
        self.memory_bytes = self.memory_bytes.max(memory_bytes);
        for table in &proof.cost.tables {
            let name = table.table.name();
            *self.cells.entry(name).or_default() += table.cells();
            *self.rows.entry(name).or_default() += table.rows as u64;
        }
        let estimate = proof.cost.memory_bytes();
        self.estimated_memory_bytes = self.estimated_memory_bytes.max(estimate);
        self.bytes += proof.receipt.encoded_len();
        self.receipts.push(proof.receipt);
        if HEADER_BYTES + self.bytes > MAX_RECEIPT_BYTES {
            return Err(Error::ReceiptSize {
                limit: MAX_RECEIPT_BYTES,
                segments: self.receipts.len(),
            });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn full() -> Error {
        ProveError::DeviceMemory {
            needed: 3,
            free: 1,
            total: 2,
        }
        .into()
    }

    #[test]
    fn a_full_device_gets_smaller_segments() {
        let mut tried = Vec::new();
        let done = in_smaller_parts(|parts| {
            tried.push(parts);
            match parts {
                8 => Ok(()),
                _ => Err(full()),
            }
        });
        assert!(done.is_ok());
        assert_eq!(tried, [1, 2, 4, 8]);
    }

    #[test]
    fn other_failures_are_not_tried_again() {
        let count = |error: fn() -> Error| {
            let mut tried = 0;
            let result: Result<(), _> = in_smaller_parts(|_| {
                tried += 1;
                Err(error())
            });
            (tried, result.expect_err("it always fails").to_string())
        };
        assert_eq!(count(full), (7, full().to_string()));
        let cancelled = || ProveError::Cancelled.into();
        assert_eq!(count(cancelled), (1, cancelled().to_string()));
    }
}
