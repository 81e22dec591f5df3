//! What the claim table is put through.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use p3_field::PrimeCharacteristicRing;
use p3_field::integers::QuotientMap;

use crate::bus::{EXIT, MERKLE, STATE};
use crate::machine::PublicValues;
use crate::memory_tree::Roots;
use crate::table::TableType;
use crate::tables::Table;
use crate::tables::claim::{Claim, Run};
use crate::testkit::score::Spare;
use crate::testkit::verdict::Place;
use crate::testkit::{Campaign, Judge, Message, Mutation, Subject, TEXT, Verdict, compression};
use crate::{Digest, F, gadget};

fn digest(seed: u32) -> Digest<F> {
    compression().compress([F::from_int(seed); 16])
}

fn roots(seed: u32) -> Roots {
    Roots {
        memory: digest(seed),
        registers: digest(seed + 1),
    }
}

fn public(halted: bool) -> PublicValues<F> {
    let join = |roots: Roots| compression().join(roots.memory, roots.registers);
    PublicValues {
        start_pc: F::from_int(0x5000),
        end_pc: F::from_int(if halted { 0 } else { 0x6000 }),
        halted: F::from_bool(halted),
        exit_code: gadget::word(if halted { 0x1_0007 } else { 0 }),
        start_root: join(roots(1)),
        end_root: join(roots(3)),
    }
}

fn subject(halted: bool) -> Subject {
    let run = Run {
        end_ts: 1000,
        initial: roots(1),
        last: roots(3),
    };
    let row = Claim::<F>::row(&run, &TEXT);
    let mut subject = Subject::new::<Claim<F>>(&[row]);
    subject.trace.public_values = Table::Claim.values(&public(halted), &TEXT);
    subject
}

fn node(height: u32, index: u32, [initial, last]: [Digest<F>; 2]) -> Message {
    let head = [height, index].map(F::from_int);
    Message::new(MERKLE, &[head.as_slice(), &initial, &last].concat(), 1)
}

/// What the claim sends of a run that ends at `end_ts`.
fn expected(halted: bool, end_ts: u32) -> Vec<Message> {
    let end = match halted {
        true => Message::received(EXIT, &[7, 1]),
        false => Message::received(STATE, &[0x6000, end_ts]),
    };
    let (initial, last) = (roots(1), roots(3));
    alloc::vec![
        Message::sent(STATE, &[0x5000, 1]),
        end,
        node(27, 0, [initial.memory, last.memory]),
        // Register leaves follow the 2^27 of memory; their root is 3 levels up.
        node(3, 1 << 24, [initial.registers, last.registers]),
    ]
}

/// The first row is the claim: a second one would start a second run, none at all would
/// prove nothing.
fn judge(row: &Verdict, halted: bool) -> Result<(), String> {
    let end_ts = row.sent.get(1).map_or(0, |end| end.fields[1]);
    let is_true = match row.place {
        Place::First => row.sent == expected(halted, end_ts),
        _ => row.sent.is_empty(),
    };
    if is_true {
        Ok(())
    } else {
        Err(format!("{row:?}"))
    }
}

pub(super) fn campaign() -> Campaign {
    let judges: [Judge; 2] = [|row| judge(row, false), |row| judge(row, true)];
    let mutation = |halted: bool| {
        let subject = subject(halted);
        let (claim, none) = (subject.row(0), subject.row(1));
        let mut mutation = Mutation::new(subject, judges[usize::from(halted)], &[0, 1]);
        mutation.attacks = Vec::from([(1, claim), (0, none)]);
        mutation
    };
    let spare = Spare::implied([2], "the first row is set, and no other");
    let mutations = [false, true].map(mutation).into();
    Campaign::new(Table::Claim, mutations, Vec::from([spare]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_answer() {
        for halted in [false, true] {
            let verdict = subject(halted).verdict(0);
            assert!(verdict.accepted());
            assert_eq!(verdict.sent, expected(halted, 1000));
            assert_eq!(verdict.asked.len(), 2, "two compressions");
        }
    }

    #[test]
    fn there_is_one_claim() {
        let mut twice = subject(true);
        twice.set_row(1, &twice.row(0));
        assert_eq!(twice.verdict(1).broken, [1], "on the row before");
        let mut none = subject(true);
        *none.cell(0, 0) = F::ZERO;
        assert_eq!(none.verdict(0).broken, [0]);
    }

    #[test]
    fn mutants_are_rejected() {
        campaign().assert();
    }
}
