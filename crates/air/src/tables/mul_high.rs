//! MULH, MULHSU and MULHU (ISA manual, M extension): the high word of a product.
//!
//! Signed operands are sign-extended to 64 bits; the product modulo `2^64` then holds the
//! signed product's high word.
//!
//! - Given: state, and that the program holds the instruction at its pc.
//! - Proves: `rd := (rs1 * rs2) >> 32`, each operand signed or not.
//! - Assumes: the limbs of register values are 16 bits.
//! - Buses: state, program, memory, lookup. Degree 3 (LogUp). One row an instruction.

use p3_air::AirBuilder;
use p3_field::{PrimeCharacteristicRing, integers::QuotientMap};
use vouch_isa::{Op, event::Step};

use super::mul::{assert_carried, carries, product_columns, product_numbers};
use super::program::code;
use crate::bus::Decoded;
use crate::gadget::{self, WriteRegister};
use crate::{Builder, F, Word};

crate::columns! {
    /// Columns of [`super::Table::MulHigh`].
    pub struct MulHigh {
        /// Word index of the instruction; pinned by state and program.
        pc: T,
        /// Its timestamp; pinned by state.
        ts: T,
        /// Register cells; pinned by the program.
        rd: T,
        /// Register cell read first; pinned by the program.
        rs1: T,
        /// Register cell read second; pinned by the program.
        rs2: T,
        /// Bytes of the operands; bytes by lookup, pinned as limbs by the memory bus.
        a: [T; 4],
        /// Second operand, likewise.
        b: [T; 4],
        /// Timestamps of the previous accesses to `rs1` and `rs2`.
        rs1_ts: T,
        /// Timestamp of the previous access to `rs2`.
        rs2_ts: T,
        /// The operand is negative (and read as signed); boolean.
        a_sign: T,
        /// The second operand is negative, likewise.
        b_sign: T,
        /// Low word of the product; range16 each.
        low: Word<T>,
        /// High word: the result; range16 each.
        high: Word<T>,
        /// Carries out of the four limbs; range14.
        carry: [T; 4],
        /// What the result replaces.
        old: WriteRegister<T>,
        /// Which instruction; boolean, at most one.
        is_mulh: T,
        /// The instruction is MULHSU; boolean.
        is_mulhsu: T,
        /// The instruction is MULHU; boolean.
        is_mulhu: T,
    }
}

/// A word's bytes followed by four of its sign.
pub(super) fn extend<B: Builder>(bytes: [B::Var; 4], sign: B::Var) -> [B::Expr; 8] {
    let extension = sign * F::from_int(0xff);
    core::array::from_fn(|i| match i {
        0..4 => bytes[i].into(),
        _ => extension.clone(),
    })
}

/// Constraints.
pub fn eval<B: Builder>(b: &mut B, c: &MulHigh<B::Var>) {
    let real = gadget::select(b, &[c.is_mulh, c.is_mulhsu, c.is_mulhu]);
    eval_signs(b, c);
    let [x, y] = [extend::<B>(c.a, c.a_sign), extend::<B>(c.b, c.b_sign)];
    let [p0, p1] = gadget::exs::<B, 2>(c.low);
    let [p2, p3] = gadget::exs::<B, 2>(c.high);
    let limbs = [p0, p1, p2.clone(), p3.clone()];
    assert_carried(b, product_columns(&x, &y), limbs.clone(), &c.carry, &real);
    for limb in limbs {
        gadget::range16(b, limb, &real);
    }
    // Bytes, not just limbs: otherwise the columns could overflow the field.
    for bytes in [c.a, c.b] {
        gadget::bytes(b, bytes[0].into(), bytes[1].into(), &real);
        gadget::bytes(b, bytes[2].into(), bytes[3].into(), &real);
    }

    gadget::read_rs1(
        b,
        c.rs1,
        gadget::word_of_bytes::<B>(c.a),
        c.rs1_ts,
        c.ts,
        &real,
    );
    gadget::read_rs2(
        b,
        c.rs2,
        gadget::word_of_bytes::<B>(c.b),
        c.rs2_ts,
        c.ts,
        &real,
    );
    gadget::write_rd(b, c.rd, &c.old, [p2, p3], c.ts, &real);
    let decoded = Decoded {
        pc: c.pc.into(),
        code: c.is_mulh * code(Op::Mulh)
            + c.is_mulhsu * code(Op::Mulhsu)
            + c.is_mulhu * code(Op::Mulhu),
        rd: c.rd.into(),
        rs1: c.rs1.into(),
        rs2: c.rs2.into(),
        x: B::Expr::ZERO,
        y: B::Expr::ZERO,
        z: B::Expr::ZERO,
    };
    gadget::execute(b, decoded, c.ts, c.pc + F::ONE, &real);
}

/// A sign is the top bit where the operand is signed, and 0 where it is not: with a free
/// sign, a product could be off by an operand.
fn eval_signs<B: Builder>(b: &mut B, c: &MulHigh<B::Var>) {
    let a_signed = c.is_mulh + c.is_mulhsu;
    gadget::top_bit(
        b,
        gadget::join::<B>(c.a[2], c.a[3], 256),
        c.a_sign,
        &a_signed,
    );
    b.when(c.a_sign).assert_one(a_signed);
    let b_signed: B::Expr = c.is_mulh.into();
    gadget::top_bit(
        b,
        gadget::join::<B>(c.b[2], c.b[3], 256),
        c.b_sign,
        &b_signed,
    );
    b.when(c.b_sign).assert_one(b_signed);
}

/// The row of an instruction.
pub fn row(e: &Step) -> MulHigh<F> {
    let extend = |value: u32, signed: bool| match signed {
        true => i64::from(value as i32) as u64,
        false => u64::from(value),
    };
    let a = extend(e.a, e.op != Op::Mulhu);
    let b = extend(e.b, e.op == Op::Mulh);
    let product = a.wrapping_mul(b);
    let limbs = core::array::from_fn(|k| (product >> (16 * k) & 0xffff) as i64);
    MulHigh {
        pc: F::from_int(e.pc),
        ts: F::from_int(e.ts),
        rd: F::from_int(e.rd),
        rs1: F::from_int(e.rs1),
        rs2: F::from_int(e.rs2),
        a: gadget::word_bytes(e.a),
        b: gadget::word_bytes(e.b),
        rs1_ts: F::from_int(e.rs1_ts),
        rs2_ts: F::from_int(e.rs2_ts),
        a_sign: F::from_int(a >> 63),
        b_sign: F::from_int(b >> 63),
        low: gadget::word(product as u32),
        high: gadget::word((product >> 32) as u32),
        carry: carries(product_numbers(a, b), limbs),
        old: WriteRegister::new(e.rd_prev, e.rd_ts),
        is_mulh: F::from_bool(e.op == Op::Mulh),
        is_mulhsu: F::from_bool(e.op == Op::Mulhsu),
        is_mulhu: F::from_bool(e.op == Op::Mulhu),
    }
}

#[cfg(any(test, feature = "testkit"))]
pub(crate) mod campaign {
    use vouch_isa::Family;

    use super::super::Table;
    use super::*;
    use crate::testkit::{Suite, cells, zeros};

    pub(crate) fn suite() -> Suite {
        Suite::new(
            Table::MulHigh,
            Family::MulHigh,
            |e| cells(&row(e)),
            zeros::<MulHigh<F>>,
        )
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn passes_its_suite() {
        super::campaign::suite().assert();
    }
}
