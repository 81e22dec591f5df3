//! When each register cell was last accessed.

use vouch_isa::event::{Leaf, Refresh};
use vouch_isa::memory::{LEAF_WORDS, REGISTER_BASE, REGISTER_CELLS, REGISTER_WINDOW};

use crate::machine::Cells;

/// The register cells in the course of a segment.
pub(super) struct Registers {
    /// Last access, 0 if none.
    last_ts: [u32; 256],
    /// Values at the segment's start.
    initial: Cells,
}

impl Registers {
    pub fn new(cells: &Cells) -> Self {
        Self {
            last_ts: [0; 256],
            initial: *cells,
        }
    }

    /// An access to a cell that holds `value`: returns the timestamp of the access before,
    /// which is at most [`REGISTER_WINDOW`] ago, if need be because of a refresh.
    #[inline(always)]
    pub fn touch(&mut self, cell: u8, value: u32, ts: u32, refreshes: &mut Vec<Refresh>) -> u32 {
        let last = core::mem::replace(&mut self.last_ts[usize::from(cell)], ts);
        if ts - last > REGISTER_WINDOW {
            refresh(cell, value, last, ts, refreshes)
        } else {
            last
        }
    }

    /// Appends the leaves that the segment has touched, and starts the next one.
    pub fn take_leaves(&mut self, cells: &Cells, leaves: &mut Vec<Leaf>) {
        for first in (0..REGISTER_CELLS as usize).step_by(LEAF_WORDS) {
            let words = |from: &[u32; 256]| core::array::from_fn(|i| from[first + i]);
            let last_ts: [u32; LEAF_WORDS] = words(&self.last_ts);
            if last_ts != [0; LEAF_WORDS] {
                leaves.push(Leaf {
                    index: (REGISTER_BASE + first as u32) / LEAF_WORDS as u32,
                    initial: words(&self.initial),
                    last: words(cells),
                    last_ts,
                });
            }
        }
        *self = Self::new(cells);
    }
}

/// Refreshes a cell just before its access at `ts`.
#[cold]
#[inline(never)]
fn refresh(cell: u8, value: u32, from_ts: u32, ts: u32, refreshes: &mut Vec<Refresh>) -> u32 {
    let to_ts = ts - 1;
    refreshes.push(Refresh {
        cell,
        value,
        from_ts,
        to_ts,
    });
    to_ts
}
