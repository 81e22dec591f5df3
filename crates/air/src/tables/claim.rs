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
