//! From a program and its input to a receipt.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::time::Instant;

use rayon::{ThreadPool, ThreadPoolBuilder};
use tracing::info_span;
use vouch_air::memory_tree::MemoryTree;
use vouch_emulator::{Execution, Limits, Program, SegmentLimits, Stream, record};
use vouch_prover::{ProveError, Prover, SegmentProof, memory_bytes};
use vouch_verifier::{Claim, MAX_RECEIPT_BYTES, Profile, Receipt, SegmentReceipt, security};

use crate::error::Error;
use crate::stats::{Stats, peak_rss_bytes};
use crate::verify::on_all_threads;
use crate::{execute, image_id, verifier};

/// Memory that a proof may take unless [`ProveOptions::max_memory`] says otherwise, in bytes.
pub const DEFAULT_MAX_MEMORY: u64 = 4 << 30;

/// Fewest cycles that a segment is cut down to for want of memory.
const LEAST_CYCLES: u64 = 1 << 14;

/// More bytes than a segment takes in a receipt beside its proof and its journal.
const SEGMENT_BYTES: usize = 128;

/// How to prove.
#[derive(Clone, Debug)]
pub struct ProveOptions {
    /// The parameters of the proof.
    pub profile: Profile,
    /// Bounds on the run.
    pub limits: Limits,
    /// Memory that proving a segment may take, in bytes, by an estimate made beforehand; `None`
    /// for no bound. Segments are cut so that they fit.
    pub max_memory: Option<u64>,
    /// Threads; `None` for as many as there are cores.
    pub threads: Option<usize>,
    /// Proves runs that exit with another code than 0, too. Without it they are
    /// [`Error::GuestExit`].
    pub allow_nonzero_exit: bool,
}

impl Default for ProveOptions {
    fn default() -> Self {
        Self {
            profile: Profile::Fast100,
            limits: Limits::default(),
            max_memory: Some(DEFAULT_MAX_MEMORY),
            threads: None,
            allow_nonzero_exit: false,
        }
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

/// How far a proof has come. It falls back to 0 if the segments turn out too large for the
/// memory and are cut anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Instructions in the segments proven so far.
    pub cycles: u64,
    /// Instructions of the run.
    pub total_cycles: u64,
    /// Segments proven so far.
    pub segments: usize,
}

/// Runs `program` on `input`, proves the run, and verifies the receipt before handing it out.
/// What the guest prints is thrown away.
///
/// # Errors
/// The guest faults, reaches a limit or exits with another code than 0; the proof needs too
/// much memory; or the prover fails.
pub fn prove(program: &Program, input: &[u8], options: &ProveOptions) -> Result<Proven, Error> {
    prove_with(program, input, options, &mut |_, _| {}, &mut |_| {})
}

/// As [`prove`]. `console` gets what the guest prints, once; `progress` is called after each
/// segment.
///
/// # Errors
/// As [`prove`].
pub fn prove_with(
    program: &Program,
    input: &[u8],
    options: &ProveOptions,
    console: &mut dyn FnMut(Stream, &[u8]),
    progress: &mut (dyn FnMut(Progress) + Send),
) -> Result<Proven, Error> {
    // Nothing is proven of a run that fails, and running is far cheaper than proving.
    let start = Instant::now();
    let run = execute(program, input, &options.limits, console)?;
    let execute_seconds = start.elapsed().as_secs_f64();
    if run.exit_code != 0 && !options.allow_nonzero_exit {
        return Err(Error::GuestExit(run));
    }

    let start = Instant::now();
    let pool = options.threads.map(thread_pool).transpose()?;
    let mut job = Job {
        program,
        input,
        options,
        total_cycles: run.cycles,
        progress,
    };
    let Segments {
        receipts,
        cells,
        rows,
        estimated_memory_bytes,
    } = match &pool {
        Some(pool) => pool.install(|| job.segments()),
        None => job.segments(),
    }?;
    let prove_seconds = start.elapsed().as_secs_f64();

    let image = program.image();
    let receipt = Receipt {
        profile: options.profile,
        entry: image.entry,
        text: image.text.clone(),
        segments: receipts,
    };
    let bytes = receipt.to_bytes();
    let (claim, verify_seconds) = match &pool {
        Some(pool) => pool.install(|| self_check(program, &bytes, &run)),
        None => self_check(program, &bytes, &run),
    }?;
    let stats = Stats {
        profile: options.profile,
        security_bits: security(options.profile).bits(),
        cycles: run.cycles,
        segments: receipt.segments.len(),
        execute_seconds,
        prove_seconds,
        verify_seconds,
        proof_bytes: bytes.len(),
        estimated_memory_bytes,
        peak_rss_bytes: peak_rss_bytes(),
        cells,
        rows,
    };
    Ok(Proven {
        receipt,
        claim,
        stats,
    })
}

fn thread_pool(threads: usize) -> Result<ThreadPool, Error> {
    let pool = ThreadPoolBuilder::new().num_threads(threads).build();
    pool.map_err(|error| Error::Threads {
        threads,
        reason: error.to_string(),
    })
}

/// A prover with a bug must not hand out what others will refuse. Returns what the receipt in
/// `bytes` proves, and the seconds that verifying it took.
fn self_check(program: &Program, bytes: &[u8], run: &Execution) -> Result<(Claim, f64), Error> {
    let receipt = Receipt::from_bytes(bytes).map_err(|e| Error::SelfCheck(e.into()))?;
    let verifier = verifier(receipt.profile)?;
    let id = image_id(program);
    let start = Instant::now();
    let claim = info_span!("verify")
        .in_scope(|| on_all_threads(verifier, &receipt, &id))
        .map_err(Error::SelfCheck)?;
    let seconds = start.elapsed().as_secs_f64();
    if (claim.exit_code, &claim.journal) != (run.exit_code, &run.journal) {
        return Err(Error::Diverged {
            expected: run.exit_code,
            got: claim.exit_code,
        });
    }
    Ok((claim, seconds))
}

/// A run to be proven.
struct Job<'a> {
    program: &'a Program,
    input: &'a [u8],
    options: &'a ProveOptions,
    total_cycles: u64,
    progress: &'a mut (dyn FnMut(Progress) + Send),
}

/// The segments of a run, proven.
#[derive(Default)]
struct Segments {
    receipts: Vec<SegmentReceipt>,
    cells: BTreeMap<&'static str, u64>,
    rows: BTreeMap<&'static str, u64>,
    /// Of the largest segment.
    estimated_memory_bytes: u64,
}

impl Job<'_> {
    /// Proves the run in segments as large as the memory allows.
    fn segments(&mut self) -> Result<Segments, Error> {
        let _span = info_span!("segments").entered();
        let mut cycles = self.first_guess();
        loop {
            match self.segments_of(cycles) {
                Err(Error::Prove(ProveError::Memory { .. } | ProveError::Height { .. }))
                    if cycles > LEAST_CYCLES =>
                {
                    // No larger than needed to cut this run at least in two.
                    cycles = (cycles / 2).min(self.total_cycles.next_power_of_two() / 2);
                    cycles = cycles.max(LEAST_CYCLES);
                }
                result => return result,
            }
        }
    }

    /// Cycles a segment that should fit the memory, a power of two.
    fn first_guess(&self) -> u64 {
        let most = SegmentLimits::default().cycles;
        let limit = self.options.max_memory.unwrap_or(u64::MAX);
        let parameters = self.options.profile.parameters();
        // Ordinary programs have 100 cells a cycle, and half a row of the tallest table.
        let bytes = |cycles| memory_bytes(&parameters, 100 * cycles, cycles / 2);
        let mut cycles = most;
        while cycles > LEAST_CYCLES && bytes(cycles) > limit {
            cycles /= 2;
        }
        cycles
    }

    /// Proves the run in segments of at most `cycles` cycles.
    fn segments_of(&mut self, cycles: u64) -> Result<Segments, Error> {
        let image = self.program.image();
        let limits = SegmentLimits {
            cycles,
            ..SegmentLimits::default()
        };
        let prover = Prover::new(self.options.profile)
            .max_memory(self.options.max_memory.unwrap_or(u64::MAX));
        let mut tree = MemoryTree::new(image);
        let mut segments = Segments::default();
        let mut done = 0;
        let mut failure = None;
        // A phase of its own, which proving a segment interrupts.
        let phase = info_span!(target: "vouch::phase", "record");
        let mut recording = Some(phase.enter());
        let recorded = record(
            self.program,
            self.input,
            &self.options.limits,
            &limits,
            &mut |_, _| {},
            // The segment stays with the recorder, which fills its memory anew.
            &mut |segment| {
                recording = None;
                let proof = prover.prove_segment(segment, &image.text, &mut tree);
                recording = Some(phase.enter());
                done += segment.cycles;
                match proof
                    .map_err(Error::from)
                    .and_then(|proof| segments.push(proof))
                {
                    Ok(()) => {
                        (self.progress)(Progress {
                            cycles: done,
                            total_cycles: self.total_cycles,
                            segments: segments.receipts.len(),
                        });
                        ControlFlow::Continue(())
                    }
                    Err(error) => {
                        failure = Some(error);
                        ControlFlow::Break(())
                    }
                }
            },
        );
        drop(recording);
        match failure {
            Some(error) => Err(error),
            None => {
                recorded?;
                Ok(segments)
            }
        }
    }
}

impl Segments {
    /// Adds a proof, unless the receipt would become larger than any that is read.
    fn push(&mut self, proof: SegmentProof) -> Result<(), Error> {
        for table in &proof.cost.tables {
            let name = table.table.name();
            *self.cells.entry(name).or_default() += table.cells();
            *self.rows.entry(name).or_default() += table.rows as u64;
        }
        let estimate = proof.cost.memory_bytes();
        self.estimated_memory_bytes = self.estimated_memory_bytes.max(estimate);
        self.receipts.push(proof.receipt);
        let size = |segment: &SegmentReceipt| {
            SEGMENT_BYTES + segment.proof.len() + segment.claim.journal.len()
        };
        let bytes: usize = self.receipts.iter().map(size).sum();
        if bytes > MAX_RECEIPT_BYTES {
            return Err(Error::ReceiptSize {
                limit: MAX_RECEIPT_BYTES,
                segments: self.receipts.len(),
            });
        }
        Ok(())
    }
}
