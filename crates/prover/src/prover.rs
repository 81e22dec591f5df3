//! From the events of a segment to its proof.

use core::ops::Range;

use p3_matrix::Matrix;
use p3_util::log2_strict_usize;
use tracing::{info_span, instrument};
use vouch_air::memory_tree::{MemoryTree, Update};
use vouch_air::witness::{Traces, fill_tables};
use vouch_air::{Digest, F};
use vouch_isa::event::Segment;
use vouch_verifier::{
    MACHINE_DIGEST, Profile, SegmentClaim, SegmentReceipt, TableSet, max_log_height,
};

use crate::backend::{Backend, Job};
use crate::cancel::Cancel;
use crate::cost::Cost;
use crate::cpu::Cpu;
use crate::error::ProveError;

/// The tables of `segment`, which does `update` to the memory tree; `text` is the executable range
/// in word indices.
pub fn fill(segment: &Segment, text: &Range<u32>, update: &Update) -> Traces {
    info_span!(target: "vouch::phase", "fill").in_scope(|| fill_tables(segment, text, update))
}

/// What the proof of `segment` says, given the roots of memory and registers around it.
pub fn claim(segment: &Segment, start_root: Digest<F>, end_root: Digest<F>) -> SegmentClaim {
    SegmentClaim {
        start_pc: segment.start_pc,
        end_pc: match segment.exit_code {
            Some(_) => 0,
            None => segment.end_pc,
        },
        start_root,
        end_root,
        exit_code: segment.exit_code,
        journal: segment.journal.clone(),
    }
}

/// A proven segment.
#[derive(Clone, Debug)]
pub struct SegmentProof {
    /// For the receipt.
    pub receipt: SegmentReceipt,
    /// What it cost.
    pub cost: Cost,
}

/// Proves segments with one set of parameters.
pub struct Prover {
    backend: Box<dyn Backend>,
    max_memory: u64,
    cancel: Cancel,
}

impl Prover {
    /// A prover on the CPU without a limit on memory.
    pub fn new(profile: Profile) -> Self {
        Self::with_backend(Box::new(Cpu::new(profile)))
    }

    /// A prover on `backend`.
    pub fn with_backend(backend: Box<dyn Backend>) -> Self {
        Self {
            backend,
            max_memory: u64::MAX,
            cancel: Cancel::default(),
        }
    }

    /// Ends its proofs with [`ProveError::Cancelled`] once `cancel` says so.
    #[must_use]
    pub fn cancelled_by(mut self, cancel: Cancel) -> Self {
        self.cancel = cancel;
        self
    }

    /// Refuses to prove what would need more than `bytes` of memory.
    #[must_use]
    pub fn max_memory(mut self, bytes: u64) -> Self {
        self.max_memory = bytes;
        self
    }

    /// What computes its proofs.
    pub fn backend(&self) -> &dyn Backend {
        &*self.backend
    }

    /// The profile of its proofs.
    pub fn profile(&self) -> Profile {
        self.backend.profile()
    }

    /// Proves `segment` of a program whose executable range is `text` (word indices), and
    /// moves `tree`, which is where the segment starts, to its end.
    ///
    /// # Errors
    /// [`ProveError`] if the segment is too large, or the backend fails.
    #[instrument(skip_all, fields(cycles = segment.cycles))]
    pub fn prove_segment(
        &self,
        segment: &Segment,
        text: &Range<u32>,
        tree: &mut MemoryTree,
    ) -> Result<SegmentProof, ProveError> {
        let update = tree.update(&segment.leaves);
        let traces = fill(segment, text, &update);
        self.prove_traces(
            claim(segment, update.start_root, update.end_root),
            segment.journal_start,
            text,
            traces,
        )
    }

    /// The proof of `claim`, which is about the segment that `traces` were [filled](fill()) from;
    /// `journal_start` bytes of journal lie before it.
    ///
    /// # Errors
    /// [`ProveError`] if the tables are too large, the backend fails, or the proof is cancelled.
    pub fn prove_traces(
        &self,
        claim: SegmentClaim,
        journal_start: u32,
        text: &Range<u32>,
        traces: Traces,
    ) -> Result<SegmentProof, ProveError> {
        let cost = Cost::new(&traces, &self.profile().parameters());
        self.check(&traces, &cost)?;
        let tables = TableSet::new(traces.tables.iter().map(|trace| trace.instance.table));
        let number = self.profile().number();
        let seed = claim.seed(&MACHINE_DIGEST, number, text, journal_start, tables);
        let job = Job {
            seed,
            traces,
            cancel: self.cancel.clone(),
        };
        let proof = info_span!("prove").in_scope(|| self.backend.prove(job))?;
        Ok(SegmentProof {
            receipt: SegmentReceipt {
                claim,
                tables,
                proof,
            },
            cost,
        })
    }

    /// The segment fits a proof, and the proof fits the memory.
    fn check(&self, traces: &Traces, cost: &Cost) -> Result<(), ProveError> {
        for trace in &traces.tables {
            let table = trace.instance.table;
            let (max, got) = (
                max_log_height(table),
                log2_strict_usize(trace.matrix.height()),
            );
            if got > max {
                return Err(ProveError::Height { table, max, got });
            }
        }
        let needed = cost.memory_bytes();
        if needed > self.max_memory {
            return Err(ProveError::Memory {
                needed,
                limit: self.max_memory,
            });
        }
        Ok(())
    }
}
