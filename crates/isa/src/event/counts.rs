//! How much of each kind a segment holds.

use crate::accelerators::{Accelerator, Operand};
use crate::call::Cost;
use crate::memory::{ECALL_TICKS, LEAF_WORDS, MEMORY_HEIGHT};
use crate::op::Family;

/// How much of each kind a segment holds: the heights of its tables, and with them what its
/// proof will need, follow from this.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Instructions by [`Family`].
    pub steps: [u64; Family::STEPS],
    /// ECALLs.
    pub ecalls: u64,
    /// Words moved by ECALLs.
    pub moves: u64,
    /// Calls by [`Accelerator`].
    pub accelerated: [u64; Accelerator::COUNT],
    /// Register refreshes.
    pub refreshes: u64,
    /// Different words executed.
    pub fetches: u64,
    /// Leaves of the memory tree touched.
    pub leaves: u64,
    /// Inner nodes above them.
    pub nodes: u64,
    /// Bytes appended to the journal.
    pub journal: u64,
    /// Memory of the guest in use so far, in bytes; no part of the segment, but of whoever records
    /// it.
    pub guest_bytes: u64,
}

impl Counts {
    /// As much of each kind.
    pub const fn of_each(count: u64) -> Self {
        Self {
            steps: [count; Family::STEPS],
            ecalls: count,
            moves: count,
            accelerated: [count; Accelerator::COUNT],
            refreshes: count,
            fetches: count,
            leaves: count,
            nodes: count,
            journal: count,
            guest_bytes: count,
        }
    }

    /// Instructions.
    pub fn cycles(&self) -> u64 {
        self.steps.iter().sum::<u64>() + self.ecalls
    }

    /// What there would be, rounded down, after `numerator / denominator` times as many instructions
    /// of the same mix, on the same code and memory.
    #[must_use]
    pub fn scaled(self, numerator: u64, denominator: u64) -> Self {
        let scale = |count: u64| count.saturating_mul(numerator) / denominator.max(1);
        let Self {
            steps,
            ecalls,
            moves,
            accelerated,
            refreshes,
            fetches,
            leaves,
            nodes,
            journal,
            guest_bytes,
        } = self;
        Self {
            steps: steps.map(scale),
            ecalls: scale(ecalls),
            moves: scale(moves),
            accelerated: accelerated.map(scale),
            refreshes: scale(refreshes),
            fetches,
            leaves,
            nodes,
            journal: scale(journal),
            guest_bytes,
        }
    }

    /// The most that there can be after `cycles` more instructions other than ECALLs, of which
    /// each accesses three registers, at most one word of memory and its own.
    #[must_use]
    pub fn after(self, cycles: u64) -> Self {
        let more = Self {
            steps: [cycles; Family::STEPS],
            refreshes: 3 * cycles,
            fetches: cycles,
            ..Self::default()
        };
        self.plus(more).touch(2 * cycles)
    }

    /// The most that there can be after an ECALL that costs so much.
    #[must_use]
    pub fn after_call(self, cost: Cost) -> Self {
        let Cost {
            words,
            journal,
            accelerator,
        } = cost;
        // Consecutive leaves have about as many nodes above them, and two paths to the root.
        let operands = accelerator.map_or([words, 0, 0, 0, 0], |accelerator| {
            accelerator.info().operands.map(Operand::words)
        });
        let leaves = operands.map(|words| u64::from(words).div_ceil(LEAF_WORDS as u64));
        let leaves = leaves.into_iter().sum();
        let buffers = operands.into_iter().filter(|words| *words > 0).count();
        let mut accelerated = [0; Accelerator::COUNT];
        if let Some(accelerator) = accelerator {
            accelerated[accelerator as usize] = 1;
        }
        let more = Self {
            ecalls: 1,
            moves: words.into(),
            accelerated,
            journal: journal.into(),
            refreshes: ECALL_TICKS.into(),
            fetches: 1,
            leaves,
            nodes: leaves,
            ..Self::default()
        };
        // Its own word, and both ends of each buffer.
        self.plus(more).touch(1 + 2 * buffers.max(1) as u64)
    }

    /// Both together.
    #[must_use]
    pub fn plus(self, more: Self) -> Self {
        let Self {
            steps,
            ecalls,
            moves,
            accelerated,
            refreshes,
            fetches,
            leaves,
            nodes,
            journal,
            guest_bytes,
        } = more;
        Self {
            steps: core::array::from_fn(|family| self.steps[family] + steps[family]),
            ecalls: self.ecalls + ecalls,
            moves: self.moves + moves,
            accelerated: core::array::from_fn(|i| self.accelerated[i] + accelerated[i]),
            refreshes: self.refreshes + refreshes,
            fetches: self.fetches + fetches,
            leaves: self.leaves + leaves,
            nodes: self.nodes + nodes,
            journal: self.journal + journal,
            guest_bytes: self.guest_bytes + guest_bytes,
        }
    }

    /// After `leaves` more, wherever they are.
    fn touch(mut self, leaves: u64) -> Self {
        self.leaves += leaves;
        self.nodes += leaves * u64::from(MEMORY_HEIGHT);
        self
    }
}
