//! SLL, SRL, SRA and their immediate forms (ISA manual, 2.4).
//!
//! A shift by `8q + r` is done in two parts. Each byte is multiplied by `2^r` (left) or
//! `2^(8-r)` (right), which splits it into a low byte and a high byte; neighbours' parts add
//! up to the bytes shifted by `r`. Those are then routed `q` places.
//!
//! - Given: state, and that the program holds the instruction at its pc.
//! - Proves: `rd := rs1` shifted by the low 5 bits of `rs2` or the immediate.
//! - Assumes: the limbs of register values and immediates are 16 bits.
//! - Buses: state, program, memory, lookup. Degree 3. One row an instruction.

use core::ops::Range;

use p3_air::AirBuilder;
use p3_field::{PrimeCharacteristicRing, integers::QuotientMap};
use vouch_isa::{Family, Op, event::Step};

use crate::gadget::{self, ReadRegister, WriteRegister};
use crate::instruction::{self, Execution, HeadR, IMMEDIATE, Instruction, code};
use crate::{Builder, F, Word};

crate::columns! {
    /// A row.
    pub struct Shift {
        /// What the instruction begins with.
        head: HeadR<T>,
        /// Bytes of the first operand; bytes by lookup, pinned as limbs by the memory bus.
        a: [T; 4],
        /// Timestamp of the previous access to `rs1`.
        rs1_ts: T,
        /// Second operand; in immediate forms its low limb is pinned by the program, the
        /// rest is free.
        b: ReadRegister<T>,
        /// Bits of `r`; boolean.
        r: [T; 3],
        /// Left shift by `q` bytes, one column a `q`; boolean, at most one of these eight.
        left: [T; 4],
        /// Right shift by `q` bytes.
        right: [T; 4],
        /// `2^r`
        power: T,
        /// What the bytes are multiplied by: `2^r` or `2^(8-r)`.
        factor: T,
        /// Low byte of each product; byte by lookup.
        low: [T; 4],
        /// High byte of each product; byte by lookup.
        high: [T; 4],
        /// The shift is arithmetic; boolean.
        is_sra: T,
        /// Top bit of the first operand if the shift is arithmetic, else 0.
        sign: T,
        /// Result; determined.
        c: Word<T>,
        /// What the result replaces.
        old: WriteRegister<T>,
        /// The second operand is the immediate; boolean.
        is_imm: T,
    }
}

fn sum<B: Builder>(flags: [B::Var; 4]) -> B::Expr {
    flags.into_iter().map(Into::into).sum()
}

impl Instruction for Shift<F> {
    const ID: u8 = 7;
    const NAME: &'static str = "shift";
    const FAMILY: Family = Family::Shift;
    type Columns<T: Copy> = Shift<T>;

    fn eval<B: Builder>(b: &mut B, c: &Shift<B::Var>) {
        let [l0, l1, l2, l3] = c.left;
        let [r0, r1, r2, r3] = c.right;
        b.rule("flags");
        let real = gadget::select(b, &[l0, l1, l2, l3, r0, r1, r2, r3]);
        let reads_rs2 = instruction::immediate_form(b, c.is_imm, &real);
        let (is_left, is_right) = (sum::<B>(c.left), sum::<B>(c.right));
        b.rule("arithmetic is boolean");
        b.assert_bool(c.is_sra);
        b.rule("arithmetic only to the right");
        b.when(c.is_sra).assert_one(is_right.clone());

        eval_amount(b, c, &real);
        eval_products(b, c, &is_left, &is_right, &real);
        eval_sign(b, c);
        eval_result(b, c);

        let code = is_left * code(Op::Sll)
            + (is_right - c.is_sra) * code(Op::Srl)
            + c.is_sra * code(Op::Sra)
            + c.is_imm * F::from_int(IMMEDIATE);
        let mut run = Execution::<B>::new(c.head.at, code, &real);
        run.read_rs1(b, c.head.rs1, gadget::word_of_bytes::<B>(c.a), c.rs1_ts);
        let y = gadget::exs::<B, 2>(c.b.value);
        run.read_rs2_if(b, c.head.rs2, y, c.b.prev_ts, &reads_rs2);
        run.write_rd(b, c.head.rd, &c.old, gadget::exs::<B, 2>(c.c));
        run.decoded.x = c.b.value[0] * c.is_imm;
        run.go_on(b);
    }

    fn row(e: &Step, _: &Range<u32>) -> Shift<F> {
        let op = e.op.register_form();
        let (q, r) = (e.b as usize >> 3 & 3, e.b & 7);
        let is_left = op == Op::Sll;
        let factor = if is_left { 1 << r } else { 256 >> r };
        let products = e.a.to_le_bytes().map(|byte| u32::from(byte) * factor);
        let one_hot = |on: bool| core::array::from_fn(|i| F::from_bool(on && i == q));
        Shift {
            head: HeadR::new(e),
            a: gadget::word_bytes(e.a),
            rs1_ts: F::from_int(e.rs1_ts),
            b: ReadRegister::new(e.b, e.rs2_ts),
            r: core::array::from_fn(|i| F::from_int(r >> i & 1)),
            left: one_hot(is_left),
            right: one_hot(!is_left),
            power: F::from_int(1u32 << r),
            factor: F::from_int(factor),
            low: products.map(|p| F::from_int(p & 0xff)),
            high: products.map(|p| F::from_int(p >> 8)),
            is_sra: F::from_bool(op == Op::Sra),
            sign: F::from_bool(op == Op::Sra && e.a >> 31 == 1),
            c: gadget::word(e.c),
            old: WriteRegister::new(e.rd_prev, e.rd_ts),
            is_imm: F::from_bool(e.op != op),
        }
    }

    // A row that is no instruction: its empty product is still a power of two.
    fn padding(row: &mut Shift<F>) {
        row.power = F::ONE;
    }
}

/// `8q + r` is the second operand modulo 32: what is left is `32 k` with `k < 2^16`, so no
/// other amount has the same low limb.
fn eval_amount<B: Builder>(b: &mut B, c: &Shift<B::Var>, real: &B::Expr) {
    b.rule("bits of the amount are boolean");
    b.assert_bools(c.r);
    let q = (1u32..4)
        .map(|q| (c.left[q as usize] + c.right[q as usize]) * F::from_int(8 * q))
        .sum::<B::Expr>();
    let amount = q + c.r[0] + c.r[1] * F::from_int(2) + c.r[2] * F::from_int(4);
    b.rule("amount");
    gadget::range16(b, (c.b.value[0] - amount) * gadget::INV_2_5, real);
}

/// `byte * factor = low + 256 * high` with `factor <= 256`: both sides are below `2^16`, so
/// the two bytes are determined.
fn eval_products<B: Builder>(
    b: &mut B,
    c: &Shift<B::Var>,
    is_left: &B::Expr,
    is_right: &B::Expr,
    real: &B::Expr,
) {
    let [r0, r1, r2] = c.r;
    let one = B::Expr::ONE;
    let power =
        (one.clone() + r0) * (one.clone() + r1 * F::from_int(3)) * (one + r2 * F::from_int(15));
    b.rule("power");
    b.assert_eq(c.power, power);
    b.rule("factor to the left");
    b.when(is_left.clone()).assert_eq(c.factor, c.power);
    b.rule("factor to the right");
    b.when(is_right.clone())
        .assert_eq(c.factor * c.power, F::from_int(256));
    for i in 0..4 {
        b.rule("products");
        b.assert_eq(
            c.a[i] * c.factor,
            gadget::join::<B>(c.low[i], c.high[i], 256),
        );
        b.rule("products are bytes");
        gadget::bytes(b, c.low[i].into(), c.high[i].into(), real);
    }
    b.rule("operand is bytes");
    for pair in [[c.a[0], c.a[1]], [c.a[2], c.a[3]]] {
        gadget::bytes(b, pair[0].into(), pair[1].into(), real);
    }
}

/// Without it, an arithmetic shift could be filled with whatever sign suits.
fn eval_sign<B: Builder>(b: &mut B, c: &Shift<B::Var>) {
    b.rule("sign only if arithmetic");
    b.when(c.sign).assert_one(c.is_sra);
    b.rule("sign");
    gadget::top_bit(
        b,
        gadget::join::<B>(c.a[2], c.a[3], 256),
        c.sign,
        &c.is_sra.into(),
    );
}

/// Adds neighbours' parts and routes the bytes. The parts of one byte do not overlap, so the
/// sums are bytes and the result's limbs 16 bits.
fn eval_result<B: Builder>(b: &mut B, c: &Shift<B::Var>) {
    let zero = B::Expr::ZERO;
    let shifted_left: [B::Expr; 4] = core::array::from_fn(|i| match i {
        0 => c.low[0].into(),
        _ => c.low[i] + c.high[i - 1],
    });
    let shifted_right: [B::Expr; 4] = core::array::from_fn(|i| match i {
        3 => c.high[3] + c.sign * (gadget::constant::<B>(256) - c.factor),
        _ => c.high[i] + c.low[i + 1],
    });
    let fill = c.sign * F::from_int(255);
    let byte = |i: usize| -> B::Expr {
        (0..4)
            .map(|q| {
                let from_left = if i >= q {
                    shifted_left[i - q].clone()
                } else {
                    zero.clone()
                };
                let from_right = if i + q < 4 {
                    shifted_right[i + q].clone()
                } else {
                    fill.clone()
                };
                from_left * c.left[q] + from_right * c.right[q]
            })
            .sum()
    };
    b.rule("result");
    for limb in 0..2 {
        b.assert_eq(
            c.c[limb],
            byte(2 * limb) + byte(2 * limb + 1) * F::from_int(256),
        );
    }
}
