//! What the merkle table is put through.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use p3_field::PrimeCharacteristicRing;
use p3_field::integers::QuotientMap;

use crate::memory_tree::{Child, Node};
use crate::table::TableType;
use crate::tables::Table;
use crate::tables::merkle::Merkle;
use crate::testkit::score::Spare;
use crate::testkit::{Campaign, Message, Mutation, Subject, TEXT, Verdict, compression};
use crate::{Digest, F};

fn row(node: &Node) -> Merkle<F> {
    Merkle::<F>::row(node, &TEXT)
}

fn digest(seed: u32) -> Digest<F> {
    compression().compress([F::from_int(seed); 16])
}

/// A node over children that are touched or not.
fn node(touched: [bool; 2]) -> Node {
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
    if row.sent.is_empty() {
        return Ok(());
    }
    let error = || Err(format!("{row:?}"));
    let ([before, after], [node, passed @ ..]) = (&row.asked[..], &row.sent[..]) else {
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
fn changed(side: usize, element: usize) -> Node {
    let mut changed = node([false, false]);
    changed.children[side].last[element] += F::ONE;
    let [left, right] = &changed.children;
    changed.last = compression().join(left.last, right.last);
    changed
}

pub(super) fn campaign() -> Campaign {
    let rows = [[true, true], [false, true], [true, false], [false, false]];
    let subject = Subject::new::<Merkle<F>>(&rows.map(|r| row(&node(r))));
    let elements = (0..16).map(|i| row(&changed(i / 8, i % 8)));
    let attacks: Vec<_> = elements.collect();
    let mutation = Mutation::new(subject, judge, &[1]).with_attacks(&attacks);
    let spare = Vec::from([Spare::one_flag()]);
    Campaign::new(Table::Merkle, Vec::from([mutation]), spare)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bus::MERKLE;
    use crate::testkit::{cells, verdict};

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
        assert_eq!(verdict.sent.len(), 2);
        assert_eq!(verdict.sent[1], left);
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
