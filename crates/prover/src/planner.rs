//! What the proof of a segment will need, predicted while the segment is still being recorded.

use std::mem::size_of;

use vouch_air::machine::log_height;
use vouch_air::memory_tree::{LeafHashes, Node, Update};
use vouch_air::tables::Table;
use vouch_isa::accelerators::Accelerator;
use vouch_isa::event::{
    Access, Counts, Ecall, Fetch, Invocation, Leaf, Move, Refresh, Segment, Step,
};
use vouch_verifier::{Parameters, max_log_height};

use crate::cost::{layout, memory_bytes};

/// What a proof needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Needs {
    /// Committed base-field cells.
    pub cells: u64,
    /// Peak memory in bytes.
    pub memory_bytes: u64,
}

/// Predicts the cost of segments: never less than [`Cost`](crate::Cost) says once the tables are
/// filled, and little more for segments of more than `2^16` cycles.
#[derive(Clone, Debug)]
pub struct Planner {
    parameters: Parameters,
}

impl Planner {
    /// For proofs with `parameters`.
    pub const fn new(parameters: Parameters) -> Self {
        Self { parameters }
    }

    /// What the proof of a segment that holds `counts` needs at most; `None` if one of its tables
    /// would be taller than a proof may hold.
    pub fn predict(&self, counts: &Counts) -> Option<Needs> {
        let rows = Self::rows(counts);
        let (mut cells, mut tallest) = (0u64, 0);
        let degree = self.parameters.extension.degree();
        for (table, rows) in Table::ALL.into_iter().zip(rows) {
            if rows == 0 {
                continue;
            }
            let log_height = log_height(rows as usize);
            if log_height > max_log_height(table) {
                return None;
            }
            let columns = layout(table).0.committed_columns(degree) as u64;
            cells += columns << log_height;
            tallest = tallest.max(1 << log_height);
        }
        Some(Needs {
            cells,
            memory_bytes: memory_bytes(&self.parameters, cells, tallest),
        })
    }

    /// Whether cells for each instruction would be fewer if a segment that holds `counts` went on with
    /// the same mix of instructions, as far as `allowed` lets it.
    ///
    /// They are fewest just before a table doubles, so those are the places looked at: where each
    /// table is full for the first and the second time.
    pub fn gets_cheaper(&self, counts: &Counts, allowed: impl Fn(Needs) -> bool) -> bool {
        let Some(now) = self.predict(counts) else {
            return false;
        };
        let cycles = counts.cycles();
        let is_cheaper = |rows: u64, full: u64| {
            let then = self.predict(&counts.scaled(full, rows));
            then.filter(|then| allowed(*then))
                .is_some_and(|then| then.cells * rows < now.cells * full)
        };
        let full = |rows: u64| (rows > 0).then(|| (rows, 1u64 << log_height(rows as usize)));
        cycles == 0 || { Table::ALL.into_iter() }
            .filter_map(|table| full(table.rows(counts, 0)))
            .any(|(rows, full)| is_cheaper(rows, full) || is_cheaper(rows, 2 * full))
    }

    /// Rows by table, at most.
    fn rows(counts: &Counts) -> [u64; Table::ALL.len()] {
        // A row sends no fewer messages than it asks the lookup table.
        let questions = |table: Table| match table.rows(counts, 0) {
            0 => 0,
            rows => rows * layout(table).0.messages as u64,
        };
        let questions = Table::ALL.into_iter().map(questions).sum();
        Table::ALL.map(|table| table.rows(counts, questions))
    }
}

/// Memory that a recorded segment takes until its tables are filled, in bytes.
pub fn recorded_bytes(counts: &Counts) -> u64 {
    let &Counts {
        steps,
        ecalls,
        moves,
        accelerated,
        refreshes,
        fetches,
        leaves,
        nodes,
        journal,
        guest_bytes: _,
    } = counts;
    let size = |number: u64, bytes: usize| number * bytes as u64;
    let invoked = |(accelerator, calls): (Accelerator, u64)| {
        let words = accelerator.info().words as usize;
        size(calls, size_of::<Invocation>() + words * size_of::<Access>())
    };
    size(steps.iter().sum(), size_of::<Step>())
        + size(ecalls, size_of::<Ecall>())
        + size(moves, size_of::<Move>())
        + Accelerator::ALL
            .into_iter()
            .zip(accelerated)
            .map(invoked)
            .sum::<u64>()
        + size(refreshes, size_of::<Refresh>())
        + size(fetches, size_of::<Fetch>())
        + size(leaves, size_of::<Leaf>() + size_of::<LeafHashes>())
        + size(nodes, size_of::<Node>())
        + journal
}

/// What `segment`, which does `update` to the memory tree, holds; memory of the guest is left out.
pub fn counts(segment: &Segment, update: &Update) -> Counts {
    Counts {
        nodes: update.nodes.len() as u64,
        ..segment.counts()
    }
}
