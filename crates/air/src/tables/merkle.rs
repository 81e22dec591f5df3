//! Inner nodes of the memory tree on the way to touched leaves.
//!
//! - Given: the hashes of a node at the start and at the end of the segment.
//! - Proves: they are the compressions of its children's. A child is passed on, or its two
//!   hashes are equal: what is not touched does not change.
//! - Buses: merkle, poseidon2. Degree 3 (LogUp). One row a node.
//!
//! A node is received once because it is sent once: by its parent, or by the claim table if
//! it is a root. Heights count down, so a path that goes past the leaves never ends; one that
//! ends above them ends in a child that does not change.

use alloc::borrow::Cow;
use core::ops::Range;

use p3_air::AirBuilder;
use p3_field::{PrimeCharacteristicRing, integers::QuotientMap};
use vouch_isa::event::Counts;

use crate::bus;
use crate::gadget;
use crate::memory_tree::Node;
use crate::table::{Context, TableType};
use crate::{Builder, Digest, F};

crate::columns! {
    /// A row.
    pub struct Merkle {
        /// Height above the leaves; pinned by the merkle bus.
        height: T,
        /// Index among the nodes of this height; pinned by the merkle bus.
        index: T,
        /// Hashes at the start: of the node, pinned by the merkle bus, and of its children,
        /// pinned by poseidon2.
        initial: Digest<T>,
        /// Hash of the left child at the start; poseidon2.
        left_initial: Digest<T>,
        /// Hash of the right child at the start; poseidon2.
        right_initial: Digest<T>,
        /// Hashes at the end, likewise.
        last: Digest<T>,
        /// Hash of the left child at the end; poseidon2.
        left_last: Digest<T>,
        /// Hash of the right child at the end; poseidon2.
        right_last: Digest<T>,
        /// The child is passed on; boolean.
        left_touched: T,
        /// The right child is passed on; boolean.
        right_touched: T,
        /// The row is a node; boolean.
        is_real: T,
    }
}

fn pair<B: Builder>(left: Digest<B::Var>, right: Digest<B::Var>) -> [B::Expr; 16] {
    core::array::from_fn(|i| match i {
        0..8 => left[i].into(),
        _ => right[i - 8].into(),
    })
}

impl TableType for Merkle<F> {
    const ID: u8 = 22;
    const NAME: &'static str = "merkle";
    const IS_REQUIRED: bool = true;
    type Columns<T: Copy> = Merkle<T>;
    type Event<'a> = Node;

    fn rows(counts: &Counts, _: u64) -> u64 {
        counts.nodes
    }

    fn events<'a>(cx: &Context<'a>) -> Cow<'a, [Node]> {
        Cow::Borrowed(&cx.update.nodes)
    }

    fn eval<B: Builder>(b: &mut B, c: &Merkle<B::Var>) {
        b.rule("flags");
        let real = gadget::select(b, &[c.is_real]);
        let [initial, last] = [c.initial, c.last].map(gadget::exs::<B, 8>);
        b.rule("hash at the start");
        bus::ask_poseidon2(
            b,
            pair::<B>(c.left_initial, c.right_initial),
            initial.clone(),
            real.clone(),
        );
        b.rule("hash at the end");
        bus::ask_poseidon2(
            b,
            pair::<B>(c.left_last, c.right_last),
            last.clone(),
            real.clone(),
        );
        b.rule("node");
        bus::receive_node(
            b,
            c.height.into(),
            c.index.into(),
            initial,
            last,
            real.clone(),
        );

        let children = [
            (c.left_touched, c.left_initial, c.left_last),
            (c.right_touched, c.right_initial, c.right_last),
        ];
        for (side, (touched, initial, last)) in children.into_iter().enumerate() {
            b.rule("touched is boolean");
            b.assert_bool(touched);
            b.rule("touched only in a node");
            b.when(touched).assert_one(real.clone());
            b.rule("untouched child stays");
            for (before, after) in initial.into_iter().zip(last) {
                b.when(B::Expr::ONE - touched).assert_eq(before, after);
            }
            let index = c.index.into().double() + F::from_int(side as u32);
            let [initial, last] = [initial, last].map(gadget::exs::<B, 8>);
            b.rule("child");
            bus::send_node(b, c.height - F::ONE, index, initial, last, touched.into());
        }
    }

    fn row(node: &Node, _: &Range<u32>) -> Merkle<F> {
        let [left, right] = &node.children;
        Merkle {
            height: F::from_int(node.height),
            index: F::from_int(node.index),
            initial: node.initial,
            left_initial: left.initial,
            right_initial: right.initial,
            last: node.last,
            left_last: left.last,
            right_last: right.last,
            left_touched: F::from_bool(left.touched),
            right_touched: F::from_bool(right.touched),
            is_real: F::ONE,
        }
    }
}
