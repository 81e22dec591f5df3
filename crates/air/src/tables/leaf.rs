//! Leaves of the memory tree: where every touched cell starts and ends.
//!
//! - Given: the hashes of the leaf at the start and at the end of the segment.
//! - Proves: its cells hold the words of the first at timestamp 0, and the words of the
//!   second after their last access. A cell that is never accessed keeps its word.
//! - Assumes: the words of the first hash are 16-bit limbs: true of an image, and of any
//!   segment's end, since whoever writes a cell checks.
//! - Buses: merkle, poseidon2, memory. Degree 3 (LogUp). One row a leaf.

use alloc::borrow::Cow;
use core::ops::Range;

use p3_field::{PrimeCharacteristicRing, integers::QuotientMap};
use vouch_isa::event::{Counts, Leaf as Event};
use vouch_isa::memory::LEAF_WORDS;

use crate::bus;
use crate::gadget;
use crate::memory_tree::{LeafHashes, leaf_cells};
use crate::table::{Context, TableType};
use crate::{Builder, Digest, F};

crate::columns! {
    /// A row.
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

impl TableType for Leaf<F> {
    const ID: u8 = 21;
    const NAME: &'static str = "leaf";
    const IS_REQUIRED: bool = true;
    type Columns<T: Copy> = Leaf<T>;
    type Event<'a> = (&'a Event, &'a LeafHashes);

    fn rows(counts: &Counts, _: u64) -> u64 {
        counts.leaves
    }

    fn events<'a>(cx: &Context<'a>) -> Cow<'a, [Self::Event<'a>]> {
        let leaves = cx.segment.leaves.iter().zip(&cx.update.leaves);
        Cow::Owned(leaves.collect())
    }

    fn eval<B: Builder>(b: &mut B, c: &Leaf<B::Var>) {
        b.rule("flags");
        let real = gadget::select(b, &[c.is_real]);
        let [initial_hash, last_hash] = [c.initial_hash, c.last_hash].map(gadget::exs::<B, 8>);
        b.rule("hash at the start");
        bus::ask_poseidon2(
            b,
            gadget::exs::<B, 16>(c.initial),
            initial_hash.clone(),
            real.clone(),
        );
        b.rule("hash at the end");
        bus::ask_poseidon2(
            b,
            gadget::exs::<B, 16>(c.last),
            last_hash.clone(),
            real.clone(),
        );
        let (height, index) = (B::Expr::ZERO, c.index.into());
        b.rule("node");
        bus::receive_node(b, height, index, initial_hash, last_hash, real.clone());

        for i in 0..LEAF_WORDS {
            let cell = c.index * F::from_int(LEAF_WORDS as u32) + F::from_int(i as u32);
            let word = |limbs: [B::Var; 16]| [limbs[2 * i].into(), limbs[2 * i + 1].into()];
            b.rule("words at the start");
            bus::send_cell(
                b,
                cell.clone(),
                word(c.initial),
                B::Expr::ZERO,
                real.clone(),
            );
            b.rule("words at the end");
            bus::receive_cell(b, cell, word(c.last), c.last_ts[i].into(), real.clone());
        }
    }

    fn row((e, hashes): &Self::Event<'_>, _: &Range<u32>) -> Leaf<F> {
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
}
