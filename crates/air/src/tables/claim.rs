//! The claim: where the segment starts and ends.
//!
//! - Given: the public values of [`crate::machine::PublicValues`].
//! - Proves: the machine runs from the start state to the end state, or to `exit` with the
//!   exit code; memory and registers go from the start root to the end root.
//! - Buses: state, exit, merkle, poseidon2. Degree 3 (LogUp). One row.

use p3_air::AirBuilder;
use p3_air::WindowAccess;
use p3_field::{PrimeCharacteristicRing, integers::QuotientMap};
use vouch_isa::memory::{FIRST_TIMESTAMP, MEMORY_HEIGHT, REGISTER_BASE, REGISTER_HEIGHT};

use crate::bus;
use crate::columns::Block;
use crate::gadget;
use crate::machine::PublicValues;
use crate::memory_tree::Roots;
use crate::{Builder, Digest, F};

crate::columns! {
    /// Columns of [`super::Table::Claim`].
    pub struct Claim {
        /// The row is the claim: the first is, no other; boolean.
        is_real: T,
        /// Timestamp at the end; pinned by the state bus unless the segment exits.
        end_ts: T,
        /// Roots of memory and registers at the start; pinned by poseidon2.
        memory_initial: Digest<T>,
        /// Root of the registers at the start; poseidon2.
        registers_initial: Digest<T>,
        /// Roots of memory and registers at the end; pinned by the merkle bus.
        memory_last: Digest<T>,
        /// Root of the registers at the end; merkle.
        registers_last: Digest<T>,
    }
}

/// Index of the register tree's root among the nodes of its height.
const REGISTER_ROOT: u32 = (REGISTER_BASE >> 3) >> REGISTER_HEIGHT;

/// Constraints.
pub fn eval<B: Builder>(b: &mut B, c: &Claim<B::Var>) {
    let public = PublicValues::<B::PublicVar>::of(b.public_values());
    eval_one_row(b, c);
    let real: B::Expr = c.is_real.into();

    let exits = real.clone() * public.halted.into();
    let goes_on = real.clone() - exits.clone();
    let first = gadget::constant::<B>(FIRST_TIMESTAMP);
    bus::send_state(b, public.start_pc.into(), first, real.clone());
    bus::receive_state(b, public.end_pc.into(), c.end_ts.into(), goes_on);
    bus::receive_exit(b, public.exit_code.map(Into::into), exits);

    let join = |memory: Digest<B::Var>, registers: Digest<B::Var>| -> [B::Expr; 16] {
        core::array::from_fn(|i| match i {
            0..8 => memory[i].into(),
            _ => registers[i - 8].into(),
        })
    };
    let initial = join(c.memory_initial, c.registers_initial);
    let last = join(c.memory_last, c.registers_last);
    bus::ask_poseidon2(b, initial, public.start_root.map(Into::into), real.clone());
    bus::ask_poseidon2(b, last, public.end_root.map(Into::into), real.clone());

    let trees = [
        (MEMORY_HEIGHT, 0, c.memory_initial, c.memory_last),
        (
            REGISTER_HEIGHT,
            REGISTER_ROOT,
            c.registers_initial,
            c.registers_last,
        ),
    ];
    for (height, index, initial, last) in trees {
        let [height, index] = [height, index].map(gadget::constant::<B>);
        let [initial, last] = [initial, last].map(gadget::exs::<B, 8>);
        bus::send_node(b, height, index, initial, last, real.clone());
    }
}

/// The first row is the claim and no other row is: a second one could start a second run.
fn eval_one_row<B: Builder>(b: &mut B, c: &Claim<B::Var>) {
    let next = b.main().next_slice()[0];
    b.when_first_row().assert_one(c.is_real);
    b.when_transition().assert_zero(next);
    b.assert_bool(c.is_real);
}

/// The row of a segment.
pub fn row(end_ts: u32, initial: &Roots, last: &Roots) -> Claim<F> {
    Claim {
        is_real: F::ONE,
        end_ts: F::from_int(end_ts),
        memory_initial: initial.memory,
        registers_initial: initial.registers,
        memory_last: last.memory,
        registers_last: last.registers,
    }
}

#[cfg(any(test, feature = "testkit"))]
pub(crate) mod campaign {
    use alloc::format;
    use alloc::string::String;
    use alloc::vec::Vec;

    use super::super::Table;
    use super::*;
    use crate::bus::{EXIT, MERKLE, STATE};
    use crate::machine::table_values;
    use crate::testkit::score::Spare;
    use crate::testkit::verdict::Place;
    use crate::testkit::{
        Campaign, Judge, Message, Mutation, Subject, TEXT, Verdict, compression, zeros,
    };

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

    pub(super) fn subject(halted: bool) -> Subject {
        let row = row(1000, &roots(1), &roots(3));
        let mut subject = Subject::new(Table::Claim, &[row], zeros);
        subject.trace.public_values = table_values(Table::Claim, &public(halted), &TEXT);
        subject
    }

    fn node(height: u32, index: u32, [initial, last]: [Digest<F>; 2]) -> Message {
        let head = [height, index].map(F::from_int);
        Message::new(MERKLE, &[head.as_slice(), &initial, &last].concat(), 1)
    }

    /// What the claim says of a run that ends at `end_ts`.
    pub(super) fn expected(halted: bool, end_ts: u32) -> Vec<Message> {
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
        let end_ts = row.said.get(1).map_or(0, |end| end.fields[1]);
        let is_true = match row.place {
            Place::First => row.said == expected(halted, end_ts),
            _ => row.said.is_empty(),
        };
        if is_true {
            Ok(())
        } else {
            Err(format!("{row:?}"))
        }
    }

    pub(crate) fn campaign() -> Campaign {
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
}

#[cfg(test)]
mod tests {
    use super::campaign::{campaign, expected, subject};
    use super::*;

    #[test]
    fn known_answer() {
        for halted in [false, true] {
            let verdict = subject(halted).verdict(0);
            assert!(verdict.accepted());
            assert_eq!(verdict.said, expected(halted, 1000));
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
