//! AND, OR, XOR and their immediate forms (ISA manual, 2.4).
//!
//! - Given: state, and that the program holds the instruction at its pc.
//! - Proves: `rd := rs1 op (rs2 or immediate)`, bit by bit.
//! - Assumes: the limbs of register values and immediates are 16 bits.
//! - Buses: state, program, memory, lookup. Degree 3 (LogUp). One row an instruction.

use p3_air::AirBuilder;
use p3_field::{PrimeCharacteristicRing, integers::QuotientMap};
use vouch_isa::{Op, event::Step};

use super::program::{IMMEDIATE, code};
use crate::bus::{self, Decoded, Fact};
use crate::gadget::{self, WriteRegister};
use crate::{Builder, F, Word};

crate::columns! {
    /// Columns of [`super::Table::Bitwise`].
    pub struct Bitwise {
        /// Word index of the instruction; pinned by state and program.
        pc: T,
        /// Its timestamp; pinned by state.
        ts: T,
        /// Register cells; pinned by the program (`rs2` is 0 in immediate forms).
        rd: T,
        /// Register cell read first; pinned by the program.
        rs1: T,
        /// Register cell read second; pinned by the program.
        rs2: T,
        /// Bytes of the first operand; bytes by lookup, pinned as limbs by the memory bus.
        a: [T; 4],
        /// Bytes of the second, likewise; as limbs pinned by the memory bus or the program.
        b: [T; 4],
        /// `a & b`; lookup.
        and: [T; 4],
        /// Result; determined by the bytes.
        c: Word<T>,
        /// Timestamps of the previous accesses to `rs1` and `rs2`.
        rs1_ts: T,
        /// Timestamp of the previous access to `rs2`.
        rs2_ts: T,
        /// What the result replaces.
        old: WriteRegister<T>,
        /// Which instruction; boolean, at most one.
        is_and: T,
        /// The instruction is OR; boolean.
        is_or: T,
        /// The instruction is XOR; boolean.
        is_xor: T,
        /// The second operand is the immediate; boolean.
        is_imm: T,
    }
}

/// Constraints.
pub fn eval<B: Builder>(b: &mut B, c: &Bitwise<B::Var>) {
    let real = gadget::select(b, &[c.is_and, c.is_or, c.is_xor]);
    b.assert_bool(c.is_imm);
    // An immediate form that is no instruction would read rs2 a negative number of times.
    b.when(c.is_imm).assert_one(real.clone());
    let reads_rs2 = real.clone() - c.is_imm;

    // The lookup pins the bytes and their conjunction; x | y and x ^ y follow from
    // x + y = (x & y) + (x | y) and x ^ y = (x | y) - (x & y).
    let result: [B::Expr; 4] = core::array::from_fn(|i| {
        let [x, y, and] = [c.a[i], c.b[i], c.and[i]];
        bus::ask_lookup(b, Fact::And, [x.into(), y.into(), and.into()], real.clone());
        let or = x + y - and;
        c.is_and * and + c.is_or * or.clone() + c.is_xor * (or - and)
    });
    let [r0, r1, r2, r3] = result;
    b.assert_eq(c.c[0], r0 + r1 * F::from_int(256));
    b.assert_eq(c.c[1], r2 + r3 * F::from_int(256));

    let (x, y) = (
        gadget::word_of_bytes::<B>(c.a),
        gadget::word_of_bytes::<B>(c.b),
    );
    gadget::read_rs1(b, c.rs1, x, c.rs1_ts, c.ts, &real);
    gadget::read_rs2(b, c.rs2, y.clone(), c.rs2_ts, c.ts, &reads_rs2);
    gadget::write_rd(b, c.rd, &c.old, gadget::exs::<B, 2>(c.c), c.ts, &real);
    let [y_lo, y_hi] = y;
    let decoded = Decoded {
        pc: c.pc.into(),
        code: c.is_and * code(Op::And)
            + c.is_or * code(Op::Or)
            + c.is_xor * code(Op::Xor)
            + c.is_imm * F::from_int(IMMEDIATE),
        rd: c.rd.into(),
        rs1: c.rs1.into(),
        rs2: c.rs2.into(),
        x: y_lo * c.is_imm,
        y: y_hi * c.is_imm,
        z: B::Expr::ZERO,
    };
    gadget::execute(b, decoded, c.ts, c.pc + F::ONE, &real);
}

/// The row of an instruction.
pub fn row(e: &Step) -> Bitwise<F> {
    let op = e.op.register_form();
    Bitwise {
        pc: F::from_int(e.pc),
        ts: F::from_int(e.ts),
        rd: F::from_int(e.rd),
        rs1: F::from_int(e.rs1),
        rs2: F::from_int(e.rs2),
        a: gadget::word_bytes(e.a),
        b: gadget::word_bytes(e.b),
        and: gadget::word_bytes(e.a & e.b),
        c: gadget::word(e.c),
        rs1_ts: F::from_int(e.rs1_ts),
        rs2_ts: F::from_int(e.rs2_ts),
        old: WriteRegister::new(e.rd_prev, e.rd_ts),
        is_and: F::from_bool(op == Op::And),
        is_or: F::from_bool(op == Op::Or),
        is_xor: F::from_bool(op == Op::Xor),
        is_imm: F::from_bool(e.op != op),
    }
}

#[cfg(any(test, feature = "testkit"))]
pub(crate) mod campaign {
    use vouch_isa::Family;

    use super::super::Table;
    use super::*;
    use crate::testkit::score::Spare;
    use crate::testkit::{Suite, cells, zeros};

    pub(crate) fn suite() -> Suite {
        Suite::new(
            Table::Bitwise,
            Family::Bitwise,
            |e| cells(&row(e)),
            zeros::<Bitwise<F>>,
        )
        .spare(Spare::implied(
            [2],
            "the other flags and the sum are boolean: -1 beside AND and OR gives the number of \
                 EBREAK, which no program answers; -1 beside one of them a row that says nothing",
        ))
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn passes_its_suite() {
        super::campaign::suite().assert();
    }
}
