//! The claim: where the segment starts and ends.
//!
//! - Given: the public values of [`crate::machine::PublicValues`].
//! - Proves: the machine runs from the start state to the end state, or to `exit` with the
//!   exit code; memory and registers go from the start root to the end root.
//! - Buses: state, exit, merkle, poseidon2. Degree 3 (LogUp). One row.

use alloc::borrow::Cow;
use alloc::vec::Vec;
use core::ops::Range;

use p3_air::{AirBuilder, WindowAccess};
use p3_field::{PrimeCharacteristicRing, integers::QuotientMap};
use vouch_isa::event::Counts;
use vouch_isa::memory::{FIRST_TIMESTAMP, MEMORY_HEIGHT, REGISTER_BASE, REGISTER_HEIGHT};

use crate::bus;
use crate::columns::Block;
use crate::gadget;
use crate::machine::PublicValues;
use crate::memory_tree::Roots;
use crate::table::{Context, Public, TableType};
use crate::{Builder, Digest, F};

crate::columns! {
    /// A row.
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

/// What a segment does as a whole.
#[derive(Clone, Copy, Debug)]
pub struct Run {
    /// Timestamp after the last instruction.
    pub end_ts: u32,
    /// Roots at the start.
    pub initial: Roots,
    /// Roots at the end.
    pub last: Roots,
}

/// Index of the register tree's root among the nodes of its height.
const REGISTER_ROOT: u32 = (REGISTER_BASE >> 3) >> REGISTER_HEIGHT;

impl TableType for Claim<F> {
    const ID: u8 = 0;
    const NAME: &'static str = "claim";
    const PUBLIC: Public = Public::Claim;
    const IS_REQUIRED: bool = true;
    const NEXT_ROW: &'static [usize] = &[0];
    type Columns<T: Copy> = Claim<T>;
    type Event<'a> = Run;

    fn rows(_: &Counts, _: u64) -> u64 {
        1
    }

    fn events<'a>(cx: &Context<'a>) -> Cow<'a, [Run]> {
        Cow::Owned(Vec::from([Run {
            end_ts: cx.segment.end_ts,
            initial: cx.update.initial,
            last: cx.update.last,
        }]))
    }

    fn eval<B: Builder>(b: &mut B, c: &Claim<B::Var>) {
        let public = PublicValues::<B::PublicVar>::of(b.public_values());
        eval_one_row(b, c);
        let real: B::Expr = c.is_real.into();

        let exits = real.clone() * public.halted.into();
        let goes_on = real.clone() - exits.clone();
        let first = gadget::constant::<B>(FIRST_TIMESTAMP);
        b.rule("state at the start");
        bus::send_state(b, public.start_pc.into(), first, real.clone());
        b.rule("state at the end");
        bus::receive_state(b, public.end_pc.into(), c.end_ts.into(), goes_on);
        b.rule("exit code");
        bus::receive_exit(b, public.exit_code.map(Into::into), exits);

        let join = |memory: Digest<B::Var>, registers: Digest<B::Var>| -> [B::Expr; 16] {
            core::array::from_fn(|i| match i {
                0..8 => memory[i].into(),
                _ => registers[i - 8].into(),
            })
        };
        let initial = join(c.memory_initial, c.registers_initial);
        let last = join(c.memory_last, c.registers_last);
        b.rule("root at the start");
        bus::ask_poseidon2(b, initial, public.start_root.map(Into::into), real.clone());
        b.rule("root at the end");
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
        b.rule("roots of memory and registers");
        for (height, index, initial, last) in trees {
            let [height, index] = [height, index].map(gadget::constant::<B>);
            let [initial, last] = [initial, last].map(gadget::exs::<B, 8>);
            bus::send_node(b, height, index, initial, last, real.clone());
        }
    }

    fn row(e: &Run, _: &Range<u32>) -> Claim<F> {
        Claim {
            is_real: F::ONE,
            end_ts: F::from_int(e.end_ts),
            memory_initial: e.initial.memory,
            registers_initial: e.initial.registers,
            memory_last: e.last.memory,
            registers_last: e.last.registers,
        }
    }
}

/// The first row is the claim and no other row is: a second one could start a second run.
fn eval_one_row<B: Builder>(b: &mut B, c: &Claim<B::Var>) {
    let next = b.main().next_slice()[0];
    b.rule("first row is the claim");
    b.when_first_row().assert_one(c.is_real);
    b.rule("no other row is the claim");
    b.when_transition().assert_zero(next);
    b.rule("claim is boolean");
    b.assert_bool(c.is_real);
}
