//! MULH, MULHSU and MULHU (ISA manual, M extension): the high word of a product.
//!
//! Signed operands are sign-extended to 64 bits; the product modulo `2^64` then holds the
//! signed product's high word.
//!
//! - Given: state, and that the program holds the instruction at its pc.
//! - Proves: `rd := (rs1 * rs2) >> 32`, each operand signed or not.
//! - Assumes: the limbs of register values are 16 bits.
//! - Buses: state, program, memory, lookup. Degree 3 (LogUp). One row an instruction.

use core::ops::Range;

use p3_air::AirBuilder;
use p3_field::{PrimeCharacteristicRing, integers::QuotientMap};
use vouch_isa::{Family, Op, event::Step};

use crate::gadget::{self, WriteRegister};
use crate::instruction::{Execution, HeadR, Instruction, code};
use crate::product::{assert_carried, carries, extend, product_columns, product_numbers};
use crate::{Builder, F, Word};

crate::columns! {
    /// A row.
    pub struct MulHigh {
        /// What the instruction begins with.
        head: HeadR<T>,
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

impl Instruction for MulHigh<F> {
    const ID: u8 = 16;
    const NAME: &'static str = "mul_high";
    const FAMILY: Family = Family::MulHigh;
    type Columns<T: Copy> = MulHigh<T>;

    fn eval<B: Builder>(b: &mut B, c: &MulHigh<B::Var>) {
        b.rule("flags");
        let real = gadget::select(b, &[c.is_mulh, c.is_mulhsu, c.is_mulhu]);
        eval_signs(b, c);
        let [x, y] = [extend::<B>(c.a, c.a_sign), extend::<B>(c.b, c.b_sign)];
        let [p0, p1] = gadget::exs::<B, 2>(c.low);
        let [p2, p3] = gadget::exs::<B, 2>(c.high);
        let limbs = [p0, p1, p2.clone(), p3.clone()];
        b.rule("product");
        assert_carried(b, product_columns(&x, &y), limbs.clone(), &c.carry, &real);
        b.rule("limbs of the product");
        for limb in limbs {
            gadget::range16(b, limb, &real);
        }
        b.rule("operands are bytes");
        // Bytes, not just limbs: otherwise the columns could overflow the field.
        for bytes in [c.a, c.b] {
            gadget::bytes(b, bytes[0].into(), bytes[1].into(), &real);
            gadget::bytes(b, bytes[2].into(), bytes[3].into(), &real);
        }

        let code = c.is_mulh * code(Op::Mulh)
            + c.is_mulhsu * code(Op::Mulhsu)
            + c.is_mulhu * code(Op::Mulhu);
        let mut run = Execution::<B>::new(c.head.at, code, &real);
        run.read_rs1(b, c.head.rs1, gadget::word_of_bytes::<B>(c.a), c.rs1_ts);
        run.read_rs2(b, c.head.rs2, gadget::word_of_bytes::<B>(c.b), c.rs2_ts);
        run.write_rd(b, c.head.rd, &c.old, [p2, p3]);
        run.go_on(b);
    }

    fn row(e: &Step, _: &Range<u32>) -> MulHigh<F> {
        let extend = |value: u32, signed: bool| match signed {
            true => i64::from(value as i32) as u64,
            false => u64::from(value),
        };
        let a = extend(e.a, e.op != Op::Mulhu);
        let b = extend(e.b, e.op == Op::Mulh);
        let product = a.wrapping_mul(b);
        let limbs = core::array::from_fn(|k| (product >> (16 * k) & 0xffff) as i64);
        MulHigh {
            head: HeadR::new(e),
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
}

/// A sign is the top bit where the operand is signed, and 0 where it is not: with a free
/// sign, a product could be off by an operand.
fn eval_signs<B: Builder>(b: &mut B, c: &MulHigh<B::Var>) {
    let a_signed = c.is_mulh + c.is_mulhsu;
    b.rule("first sign");
    gadget::top_bit(
        b,
        gadget::join::<B>(c.a[2], c.a[3], 256),
        c.a_sign,
        &a_signed,
    );
    b.rule("first sign only if signed");
    b.when(c.a_sign).assert_one(a_signed);
    let b_signed: B::Expr = c.is_mulh.into();
    b.rule("second sign");
    gadget::top_bit(
        b,
        gadget::join::<B>(c.b[2], c.b[3], 256),
        c.b_sign,
        &b_signed,
    );
    b.rule("second sign only if signed");
    b.when(c.b_sign).assert_one(b_signed);
}
