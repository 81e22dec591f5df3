//! How a run is cut into segments, and how many of them are proven at once.

use std::sync::atomic::{AtomicU64, Ordering};

use serde::{Deserialize, Serialize};
use vouch_isa::accelerators::Accelerator;
use vouch_isa::event::Counts;
use vouch_prover::{Needs, Planner, ProveError, recorded_bytes};
use vouch_verifier::Profile;

use crate::error::Error;

/// Memory that a proof may take at most unless [`ProveOptions::max_memory`](crate::ProveOptions)
/// says otherwise, in bytes.
const DEFAULT_MAX_MEMORY: u64 = 4 << 30;

/// Bytes held for each byte of the guest's memory: what it holds, while it is executed and while it
/// is recorded; the time of each word's last access; the hashes of its leaves and of the nodes
/// above them; what is left goes to page tables and rounding.
const BYTES_A_GUEST_BYTE: u64 = 6;

/// What the allocator keeps of memory that was freed: one part in so many, as measured (docs/benchmarks.md).
const ALLOCATOR_SHARE: u64 = 8;

/// Cells that a segment commits to by default, at most: about a million cycles. Larger segments are
/// proven no faster, smaller ones make larger receipts (docs/decisions/0009).
pub const DEFAULT_SEGMENT_CELLS: u64 = 1 << 26;

/// Memory for a guest that has so many bytes in use, in bytes.
pub(super) const fn guest_memory(bytes: u64) -> u64 {
    BYTES_A_GUEST_BYTE * bytes
}

/// Threads that a single proof makes good use of.
const THREADS_A_SEGMENT: usize = 8;

/// Segments at once if a device proves: while it proves one, the tables of the next are filled.
pub(super) const AT_ONCE_ON_A_DEVICE: usize = 2;

/// What the smallest segments hold that are worth proving. Few call accelerators, and the more there are, the more
/// cells would a call of each commit to.
const LEAST: Counts = Counts {
    ecalls: 1,
    accelerated: [0; Accelerator::COUNT],
    fetches: 256,
    nodes: 512,
    guest_bytes: 0,
    ..Counts::of_each(64)
};

/// Memory that a proof may take by default, in bytes: 4 GiB, or half of what this machine, or the
/// container that the process runs in, has, if that is less.
pub fn default_max_memory() -> u64 {
    let mut system = sysinfo::System::new();
    system.refresh_memory();
    let contained = system.cgroup_limits().map(|limits| limits.total_memory);
    let present = contained.unwrap_or(u64::MAX).min(system.total_memory());
    match present {
        // The system does not tell.
        0 => DEFAULT_MAX_MEMORY,
        _ => DEFAULT_MAX_MEMORY.min(present / 2),
    }
}

/// Where a run is cut. The cuts depend on this, the program and its input, and on nothing else.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Cuts {
    /// Memory for all segments that are proven at once, in bytes.
    pub max_memory: u64,
    /// Segments proven at once.
    pub at_once: usize,
    /// Cells that a segment commits to, at most.
    pub segment_cells: u64,
    /// Memory of the device for one segment, in bytes, if it is not the CPU's.
    #[serde(default)]
    pub device_memory: Option<u64>,
}

/// Segments that the CPU proves at once on so many threads.
pub(super) fn segments_at_once(threads: usize) -> usize {
    threads.div_ceil(THREADS_A_SEGMENT)
}

/// Says whether a segment may hold so much.
pub(super) struct CutPlan {
    planner: Planner,
    cuts: Cuts,
    /// Cells of the smallest segments: no segment is cut for having less.
    least_cells: u64,
    /// Memory that the smallest segments would need, once that is more than there is; else 0.
    lacking: AtomicU64,
}

impl CutPlan {
    /// # Errors
    /// [`ProveError::Memory`] if there is too little even for small segments.
    pub fn new(profile: Profile, cuts: Cuts) -> Result<Self, ProveError> {
        let planner = Planner::new(profile.parameters());
        let plan = Self {
            least_cells: planner.predict(&LEAST).map_or(0, |needs| needs.cells),
            planner,
            cuts,
            lacking: AtomicU64::new(0),
        };
        plan.fits(&LEAST);
        plan.check()?;
        Ok(plan)
    }

    /// As [`Self::new`], for cuts that somebody asked for.
    ///
    /// # Errors
    /// [`Error::SegmentCells`] as well, if even the smallest segments commit to more cells.
    pub fn asked_for(profile: Profile, cuts: Cuts) -> Result<Self, Error> {
        let plan = Self::new(profile, cuts)?;
        match (plan.least_cells, cuts.segment_cells) {
            (least, got) if got < least => Err(Error::SegmentCells { least, got }),
            _ => Ok(plan),
        }
    }

    /// Whether a segment that holds `now` should go on until it holds `then`: if that fits, and either
    /// commits to no more cells or to fewer for each instruction in the end.
    pub fn goes_on(&self, now: &Counts, then: &Counts) -> bool {
        if !self.fits(then) {
            return false;
        }
        let cells = |counts| self.planner.predict(counts).map(|needs| needs.cells);
        cells(now) == cells(then)
            || self
                .planner
                .gets_cheaper(now, |needs| self.allows(needs, now))
    }

    /// Whether a segment that holds `counts` is not too large.
    fn fits(&self, counts: &Counts) -> bool {
        let Some(needs) = self.planner.predict(counts) else {
            return false;
        };
        if self.allows(needs, counts) {
            return true;
        }
        // The guest may have taken so much that nothing more would ever fit.
        let least = Counts {
            guest_bytes: counts.guest_bytes,
            ..LEAST
        };
        let needed = { self.planner.predict(&least) }
            .map_or(u64::MAX, |needs| self.memory(needs.memory_bytes, &least));
        if needed > self.cuts.max_memory {
            self.lacking.store(needed, Ordering::Relaxed);
        }
        false
    }

    fn allows(&self, needs: Needs, counts: &Counts) -> bool {
        self.memory(needs.memory_bytes, counts) <= self.cuts.max_memory
            && needs.cells <= self.cuts.segment_cells.max(self.least_cells)
            && { self.cuts.device_memory }.is_none_or(|memory| needs.memory_bytes <= memory)
    }

    /// # Errors
    /// [`ProveError::Memory`] if something did not fit because not even small segments do.
    pub fn check(&self) -> Result<(), ProveError> {
        match self.lacking.load(Ordering::Relaxed) {
            0 => Ok(()),
            needed => Err(ProveError::Memory {
                needed,
                limit: self.cuts.max_memory,
            }),
        }
    }

    /// Memory in bytes for as many segments at once as there are, if each holds `counts` and its proof needs
    /// `proof` bytes.
    pub fn memory(&self, proof: u64, counts: &Counts) -> u64 {
        let proofs = proof.saturating_mul(self.cuts.at_once as u64);
        // One more waits, recorded, for its turn; lists that grow have up to twice the room that
        // they use.
        let beside = 2 * recorded_bytes(counts) + guest_memory(counts.guest_bytes);
        proofs
            .saturating_add(proofs / ALLOCATOR_SHARE)
            .saturating_add(beside)
    }
}
