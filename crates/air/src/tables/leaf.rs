//! Leaves of the memory tree: where every touched cell starts and ends.
//!
//! - Given: the hashes of the leaf at the start and at the end of the segment.
//! - Proves: its cells hold the words of the first at timestamp 0, and the words of the
//!   second after their last access. A cell that is never accessed keeps its word.
//! - Assumes: the words of the first hash are 16-bit limbs: true of an image, and of any
//!   segment's end, since whoever writes a cell checks.
//! - Buses: merkle, poseidon2, memory. Degree 3 (LogUp). One row a leaf.

use p3_field::{PrimeCharacteristicRing, integers::QuotientMap};
use vouch_isa::event::Leaf as Event;
use vouch_isa::memory::LEAF_WORDS;

use crate::bus;
use crate::gadget;
use crate::memory_tree::{LeafHashes, leaf_cells};
use crate::{Builder, Digest, F};

crate::columns! {
    /// Columns of [`super::Table::Leaf`].
    pub struct Leaf {
        /// Index of the leaf; pinned by the merkle bus.
        index: T,
        /// Limbs of its words at the start; pinned by the hash.
        initial: [T; 16],
        /// Limbs of its words at the end; pinned by the memory bus.
        last: [T; 16],
        /// Timestamp of each word's last access; pinned by the memory bus.
        last_ts: [T; 8],
        /// Hash at the start; pinned by the merkle bus.
        initial_hash: Digest<T>,
        /// Hash at the end; poseidon2.
        last_hash: Digest<T>,
        /// The row is a leaf; boolean.
        is_real: T,
    }
}

/// Constraints.
pub fn eval<B: Builder>(b: &mut B, c: &Leaf<B::Var>) {
    let real = gadget::select(b, &[c.is_real]);
    let [initial_hash, last_hash] = [c.initial_hash, c.last_hash].map(gadget::exs::<B, 8>);
    bus::ask_poseidon2(
        b,
        gadget::exs::<B, 16>(c.initial),
        initial_hash.clone(),
        real.clone(),
    );
    bus::ask_poseidon2(
        b,
        gadget::exs::<B, 16>(c.last),
        last_hash.clone(),
        real.clone(),
    );
    let (height, index) = (B::Expr::ZERO, c.index.into());
    bus::receive_node(b, height, index, initial_hash, last_hash, real.clone());

    for i in 0..LEAF_WORDS {
        let cell = c.index * F::from_int(LEAF_WORDS as u32) + F::from_int(i as u32);
        let word = |limbs: [B::Var; 16]| [limbs[2 * i].into(), limbs[2 * i + 1].into()];
        bus::send_cell(
            b,
            cell.clone(),
            word(c.initial),
            B::Expr::ZERO,
            real.clone(),
        );
        bus::receive_cell(b, cell, word(c.last), c.last_ts[i].into(), real.clone());
    }
}

/// The row of a leaf.
pub fn row(e: &Event, hashes: &LeafHashes) -> Leaf<F> {
    Leaf {
        index: F::from_int(e.index),
        initial: leaf_cells(&e.initial),
        last: leaf_cells(&e.last),
        last_ts: e.last_ts.map(F::from_int),
        initial_hash: hashes.initial,
        last_hash: hashes.last,
        is_real: F::ONE,
    }
}

#[cfg(any(test, feature = "testkit"))]
pub(crate) mod campaign {
    use alloc::format;
    use alloc::string::String;
    use alloc::vec::Vec;

    use super::super::Table;
    use super::*;
    use crate::bus::MERKLE;
    use crate::testkit::score::Spare;
    use crate::testkit::{Campaign, Mutation, Subject, Verdict, compression, zeros};

    pub(super) const EVENT: Event = Event {
        index: 0x123,
        initial: [
            0,
            1,
            u32::MAX,
            0x8000_0000,
            0xffff,
            0x1_0000,
            0x7800_0001,
            7,
        ],
        last: [
            0,
            2,
            u32::MAX,
            0x8000_0000,
            0xffff,
            0x1_0000,
            0x7800_0001,
            9,
        ],
        last_ts: [0, 1, 0, 1 << 29, 5, 6, 7, 8],
    };

    pub(super) fn honest(e: &Event) -> Leaf<F> {
        let hash = |words| compression().compress(leaf_cells(words));
        let (initial, last) = (hash(&e.initial), hash(&e.last));
        row(e, &LeafHashes { initial, last })
    }

    /// The hashes are those of what the cells held first and last.
    pub(super) fn judge(row: &Verdict) -> Result<(), String> {
        if row.said.is_empty() {
            return Ok(());
        }
        let error = || Err(format!("{:?}", row.said));
        let Some((node, accesses)) = row.said.split_first() else {
            return error();
        };
        let (height, index) = (node.fields[0], node.fields[1]);
        let mut is_true = node.bus == MERKLE && node.count == -1 && height == 0;
        let mut limbs: [Vec<F>; 2] = Default::default();
        for (i, access) in accesses.iter().enumerate() {
            let (cell, is_last) = (u64::from(index) * 8 + i as u64 / 2, i % 2);
            let &[got, lo, hi, ts] = access.fields.as_slice() else {
                return error();
            };
            is_true &= F::from_int(got) == F::from_int(cell);
            is_true &= access.count == 1 - 2 * is_last as i64;
            is_true &= is_last == 1 || ts == 0;
            limbs[is_last].extend([lo, hi].map(F::from_int));
        }
        let [initial, last] = limbs.map(<[F; 16]>::try_from);
        let (Ok(initial), Ok(last)) = (initial, last) else {
            return error();
        };
        let hashes = [initial, last].map(|limbs| compression().compress(limbs));
        let known: Vec<F> = node.fields[2..].iter().map(|&x| F::from_int(x)).collect();
        if is_true && known == hashes.concat() {
            return Ok(());
        }
        error()
    }

    pub(crate) fn campaign() -> Campaign {
        let registers = Event {
            index: 1 << 27,
            ..EVENT
        };
        let rows = [honest(&EVENT), honest(&registers)];
        let mutation = Mutation::new(Subject::new(Table::Leaf, &rows, zeros), judge, &[0]);
        let spare = Vec::from([Spare::one_flag()]);
        Campaign::new(Table::Leaf, Vec::from([mutation]), spare)
    }
}

#[cfg(test)]
mod tests {
    use super::super::Table;
    use super::campaign::{EVENT, campaign, honest, judge};
    use super::*;
    use crate::bus::MEMORY;
    use crate::testkit::{Message, cells, verdict};

    #[test]
    fn known_answer() {
        let verdict = verdict(Table::Leaf, &cells(&honest(&EVENT)));
        assert!(verdict.accepted());
        assert_eq!(judge(&verdict), Ok(()));
        assert_eq!(verdict.said.len(), 17);
        let second = [
            Message::sent(MEMORY, &[0x919, 1, 0, 0]),
            Message::received(MEMORY, &[0x919, 2, 0, 1]),
        ];
        assert_eq!(verdict.said[3..5], second);
        assert_eq!(verdict.asked.len(), 2, "two compressions");
    }

    /// A leaf that hashes other words than its cells held is rejected.
    #[test]
    fn wrong_hash_is_rejected() {
        let other = honest(&Event {
            initial: [1; 8],
            ..EVENT
        });
        for wrong in [
            Leaf {
                initial_hash: other.initial_hash,
                ..honest(&EVENT)
            },
            Leaf {
                last_hash: other.initial_hash,
                ..honest(&EVENT)
            },
        ] {
            let verdict = verdict(Table::Leaf, &cells(&wrong));
            assert_eq!((verdict.broken.len(), verdict.untrue.len()), (0, 1));
        }
    }

    #[test]
    fn mutants_are_rejected() {
        campaign().assert();
    }
}
