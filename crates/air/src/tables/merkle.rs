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

use p3_air::AirBuilder;
use p3_field::{PrimeCharacteristicRing, integers::QuotientMap};

use crate::bus;
use crate::gadget;
use crate::memory_tree::Node;
use crate::{Builder, Digest, F};

crate::columns! {
    /// Columns of [`super::Table::Merkle`].
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

/// Constraints.
pub fn eval<B: Builder>(b: &mut B, c: &Merkle<B::Var>) {
    let real = gadget::select(b, &[c.is_real]);
    let [initial, last] = [c.initial, c.last].map(gadget::exs::<B, 8>);
    bus::ask_poseidon2(
        b,
        pair::<B>(c.left_initial, c.right_initial),
        initial.clone(),
        real.clone(),
    );
    bus::ask_poseidon2(
        b,
        pair::<B>(c.left_last, c.right_last),
        last.clone(),
        real.clone(),
    );
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
        b.assert_bool(touched);
        b.when(touched).assert_one(real.clone());
        for (before, after) in initial.into_iter().zip(last) {
            b.when(B::Expr::ONE - touched).assert_eq(before, after);
        }
        let index = c.index.into().double() + F::from_int(side as u32);
        let [initial, last] = [initial, last].map(gadget::exs::<B, 8>);
        bus::send_node(b, c.height - F::ONE, index, initial, last, touched.into());
    }
}

/// The row of a node.
pub fn row(node: &Node) -> Merkle<F> {
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

#[cfg(any(test, feature = "testkit"))]
pub(crate) mod campaign {
    use alloc::format;
    use alloc::string::String;
    use alloc::vec::Vec;

    use super::super::Table;
    use super::*;
    use crate::memory_tree::Child;
    use crate::testkit::score::Spare;
    use crate::testkit::{Campaign, Message, Mutation, Subject, Verdict, compression, zeros};

    fn digest(seed: u32) -> Digest<F> {
        compression().compress([F::from_int(seed); 16])
    }

    /// A node over children that are touched or not.
    pub(super) fn node(touched: [bool; 2]) -> Node {
        let child = |side: u32| {
            let initial = digest(side);
            let touched = touched[side as usize];
            let last = if touched { digest(10 + side) } else { initial };
            Child {
                initial,
                last,
                touched,
            }
        };
        let children = [child(0), child(1)];
        let [left, right] = &children;
        Node {
            height: 27,
            index: 0x55,
            initial: compression().join(left.initial, right.initial),
            last: compression().join(left.last, right.last),
            children,
        }
    }

    /// Each child is passed on with the hashes that make up the node's, or does not change.
    fn judge(row: &Verdict) -> Result<(), String> {
        if row.said.is_empty() {
            return Ok(());
        }
        let error = || Err(format!("{row:?}"));
        let ([before, after], [node, passed @ ..]) = (&row.asked[..], &row.said[..]) else {
            return error();
        };
        let (before, after) = (&before.fields, &after.fields);
        let hashes: Vec<u32> = [&before[16..], &after[16..]].concat();
        let mut is_true = node.fields[2..] == hashes && node.count == -1;
        let mut passed = passed.iter().peekable();
        for side in 0..2 {
            let child = [&before[8 * side..][..8], &after[8 * side..][..8]];
            let index = F::from_int(node.fields[1]).double() + F::from_int(side as u32);
            let height = F::from_int(node.fields[0]) - F::ONE;
            let is_this = |m: &&Message| {
                m.count == 1
                    && F::from_int(m.fields[0]) == height
                    && F::from_int(m.fields[1]) == index
                    && m.fields[2..] == child.concat()
            };
            let is_passed = passed.next_if(|m| is_this(m)).is_some();
            is_true &= is_passed || child[0] == child[1];
        }
        match is_true && passed.next().is_none() {
            true => Ok(()),
            false => error(),
        }
    }

    /// A child that is not touched and changes, in one element of its hash.
    pub(super) fn changed(side: usize, element: usize) -> Node {
        let mut changed = node([false, false]);
        changed.children[side].last[element] += F::ONE;
        let [left, right] = &changed.children;
        changed.last = compression().join(left.last, right.last);
        changed
    }

    pub(crate) fn campaign() -> Campaign {
        let rows = [[true, true], [false, true], [true, false], [false, false]];
        let subject = Subject::new(Table::Merkle, &rows.map(|r| row(&node(r))), zeros);
        let elements = (0..16).map(|i| row(&changed(i / 8, i % 8)));
        let attacks: Vec<_> = elements.collect();
        let mutation = Mutation::new(subject, judge, &[1]).with_attacks(&attacks);
        let spare = Vec::from([Spare::one_flag()]);
        Campaign::new(Table::Merkle, Vec::from([mutation]), spare)
    }
}

#[cfg(test)]
mod tests {
    use super::super::Table;
    use super::campaign::{campaign, changed, node};
    use super::*;
    use crate::bus::MERKLE;
    use crate::testkit::{Message, cells, verdict};

    #[test]
    fn known_answer() {
        let node = node([true, false]);
        let verdict = verdict(Table::Merkle, &cells(&row(&node)));
        assert!(verdict.accepted());
        assert_eq!(verdict.asked.len(), 2, "two compressions");
        let hashes = [node.children[0].initial, node.children[0].last].concat();
        let head = [26, 0xaa].map(|x: u32| F::from_int(x));
        let fields = [head.as_slice(), &hashes].concat();
        let left = Message::new(MERKLE, &fields, 1);
        assert_eq!(verdict.said.len(), 2);
        assert_eq!(verdict.said[1], left);
    }

    /// What is not touched may not change, in no element of its hash.
    #[test]
    fn untouched_child_that_changes_is_rejected() {
        for (side, first) in [(0, 4), (1, 14)] {
            for element in 0..8 {
                let changed = row(&changed(side, element));
                let verdict = verdict(Table::Merkle, &cells(&changed));
                assert_eq!(verdict.broken, [first + element]);
                assert!(verdict.untrue.is_empty());
            }
        }
    }

    #[test]
    fn mutants_are_rejected() {
        campaign().assert();
    }
}
