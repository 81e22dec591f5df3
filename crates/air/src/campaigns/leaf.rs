//! What the leaf table is put through.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use p3_field::integers::QuotientMap;
use vouch_isa::event::Leaf as Event;

use crate::F;
use crate::bus::MERKLE;
use crate::memory_tree::{LeafHashes, leaf_cells};
use crate::table::TableType;
use crate::tables::Table;
use crate::tables::leaf::Leaf;
use crate::testkit::score::Spare;
use crate::testkit::{Campaign, Mutation, Subject, TEXT, Verdict, compression};

const EVENT: Event = Event {
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

fn honest(e: &Event) -> Leaf<F> {
    let hash = |words| compression().compress(leaf_cells(words));
    let (initial, last) = (hash(&e.initial), hash(&e.last));
    Leaf::<F>::row(&(e, &LeafHashes { initial, last }), &TEXT)
}

/// The hashes are those of what the cells held first and last.
fn judge(row: &Verdict) -> Result<(), String> {
    if row.sent.is_empty() {
        return Ok(());
    }
    let error = || Err(format!("{:?}", row.sent));
    let Some((node, accesses)) = row.sent.split_first() else {
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

pub(super) fn campaign() -> Campaign {
    let registers = Event {
        index: 1 << 27,
        ..EVENT
    };
    let rows = [honest(&EVENT), honest(&registers)];
    let mutation = Mutation::new(Subject::new::<Leaf<F>>(&rows), judge, &[0]);
    let spare = Vec::from([Spare::one_flag()]);
    Campaign::new(Table::Leaf, Vec::from([mutation]), spare)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bus::MEMORY;
    use crate::testkit::{Message, cells, verdict};

    #[test]
    fn known_answer() {
        let verdict = verdict(Table::Leaf, &cells(&honest(&EVENT)));
        assert!(verdict.accepted());
        assert_eq!(judge(&verdict), Ok(()));
        assert_eq!(verdict.sent.len(), 17);
        let second = [
            Message::sent(MEMORY, &[0x919, 1, 0, 0]),
            Message::received(MEMORY, &[0x919, 2, 0, 1]),
        ];
        assert_eq!(verdict.sent[3..5], second);
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
