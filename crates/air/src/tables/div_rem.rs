//! DIV, DIVU, REM and REMU (ISA manual, M extension).
//!
//! With the operands, quotient and remainder read as integers (signed or not),
//! `quotient * b + remainder = a`, `|remainder| < |b|`, and the remainder has the sign of
//! `a` or is 0: by the division theorem there is one such pair. Division by zero is a case
//! of its own; it cannot hide, because no remainder is smaller than 0.
//!
//! The quotient's sign is a column and not its top bit: in `MIN / -1` the quotient is
//! `+2^31`, whose top bit is set.
//!
//! - Given: state, and that the program holds the instruction at its pc.
//! - Proves: `rd :=` quotient or remainder.
//! - Assumes: the limbs of register values are 16 bits.
//! - Buses: state, program, memory, lookup. Degree 3 (LogUp). One row an instruction.

use core::ops::Range;

use p3_air::AirBuilder;
use p3_field::{PrimeCharacteristicRing, integers::QuotientMap};
use vouch_isa::{Family, Op, alu, event::Step};

use crate::gadget::{self, ReadRegister, WriteRegister};
use crate::instruction::{Execution, HeadR, Instruction, code};
use crate::product::{assert_carried, carries, extend, product_columns, product_numbers};
use crate::{Builder, F, Word};

crate::columns! {
    /// A row.
    pub struct DivRem {
        /// What the instruction begins with.
        head: HeadR<T>,
        /// Dividend.
        a: ReadRegister<T>,
        /// Bytes of the divisor; bytes by lookup, pinned as limbs by the memory bus.
        b: [T; 4],
        /// Timestamp of the previous access to `rs2`.
        rs2_ts: T,
        /// Bytes of the quotient; bytes by lookup.
        quotient: [T; 4],
        /// Remainder; range16 each.
        remainder: Word<T>,
        /// The integer is negative; boolean, 0 in unsigned instructions.
        a_sign: T,
        /// The second operand is negative, likewise.
        b_sign: T,
        /// The quotient is negative, likewise.
        quotient_sign: T,
        /// The remainder is negative, likewise.
        remainder_sign: T,
        /// The divisor is 0; boolean.
        by_zero: T,
        /// Carries of `quotient * b + remainder = a`; range14.
        carry: [T; 4],
        /// Limbs of `|b| - |remainder| - 1`; range16 unless the divisor is 0.
        slack: Word<T>,
        /// Carry between them, -2 to 1; range14 after adding 2.
        slack_carry: T,
        /// Result; determined.
        c: Word<T>,
        /// What the result replaces.
        old: WriteRegister<T>,
        /// Which instruction; boolean, at most one.
        is_div: T,
        /// The instruction is DIVU; boolean.
        is_divu: T,
        /// The instruction is REM; boolean.
        is_rem: T,
        /// The instruction is REMU; boolean.
        is_remu: T,
    }
}

impl Instruction for DivRem<F> {
    const ID: u8 = 17;
    const NAME: &'static str = "div_rem";
    const FAMILY: Family = Family::DivRem;
    type Columns<T: Copy> = DivRem<T>;

    fn eval<B: Builder>(b: &mut B, c: &DivRem<B::Var>) {
        b.rule("flags");
        let real = gadget::select(b, &[c.is_div, c.is_divu, c.is_rem, c.is_remu]);
        b.rule("divisor and quotient are bytes");
        for bytes in [c.b, c.quotient] {
            gadget::bytes(b, bytes[0].into(), bytes[1].into(), &real);
            gadget::bytes(b, bytes[2].into(), bytes[3].into(), &real);
        }
        let remainder = gadget::exs::<B, 2>(c.remainder);
        b.rule("limbs of the remainder");
        gadget::range_word(b, remainder.clone(), &real);

        eval_signs(b, c);
        eval_identity(b, c, &real);
        eval_by_zero(b, c, &real);
        eval_slack(b, c, &real);

        let quotient = gadget::word_of_bytes::<B>(c.quotient);
        b.rule("result");
        for (i, (q, r)) in quotient.into_iter().zip(remainder).enumerate() {
            b.assert_eq(
                c.c[i],
                (c.is_div + c.is_divu) * q + (c.is_rem + c.is_remu) * r,
            );
        }

        let x = gadget::exs::<B, 2>(c.a.value);
        let code = c.is_div * code(Op::Div)
            + c.is_divu * code(Op::Divu)
            + c.is_rem * code(Op::Rem)
            + c.is_remu * code(Op::Remu);
        let mut run = Execution::<B>::new(c.head.at, code, &real);
        run.read_rs1(b, c.head.rs1, x, c.a.prev_ts);
        run.read_rs2(b, c.head.rs2, gadget::word_of_bytes::<B>(c.b), c.rs2_ts);
        run.write_rd(b, c.head.rd, &c.old, gadget::exs::<B, 2>(c.c));
        run.go_on(b);
    }

    fn row(e: &Step, _: &Range<u32>) -> DivRem<F> {
        let is_signed = matches!(e.op, Op::Div | Op::Rem);
        let (div, rem) = match is_signed {
            true => (Op::Div, Op::Rem),
            false => (Op::Divu, Op::Remu),
        };
        let (quotient, remainder) = (alu(div, e.a, e.b), alu(rem, e.a, e.b));
        let negative = |value: u32| is_signed && (value as i32) < 0;
        let (a_sign, b_sign) = (negative(e.a), negative(e.b));
        let quotient_sign = is_signed && a_sign != b_sign && quotient != 0;
        let remainder_sign = a_sign && remainder != 0;

        let extend =
            |value: u32, sign: bool| u64::from(value) | (u64::from(sign) * (0xffff_ffff << 32));
        let limbs = |value: u64| core::array::from_fn(|k| (value >> (16 * k) & 0xffff) as i64);
        let mut sums: [i64; 4] =
            product_numbers(extend(quotient, quotient_sign), extend(e.b, b_sign));
        let remainder_limbs: [i64; 4] = limbs(extend(remainder, remainder_sign));
        for (sum, limb) in sums.iter_mut().zip(remainder_limbs) {
            *sum += limb;
        }

        let absolute = |value: u32, sign: bool, shift: u32| {
            let limb = i64::from(value >> shift & 0xffff);
            if sign { -limb } else { limb }
        };
        let lo = absolute(e.b, b_sign, 0) - absolute(remainder, remainder_sign, 0) - 1;
        let hi = absolute(e.b, b_sign, 16) - absolute(remainder, remainder_sign, 16)
            + ((i64::from(b_sign) - i64::from(remainder_sign)) << 16);
        let slack_carry = lo >> 16;
        DivRem {
            head: HeadR::new(e),
            a: ReadRegister::new(e.a, e.rs1_ts),
            b: gadget::word_bytes(e.b),
            rs2_ts: F::from_int(e.rs2_ts),
            quotient: gadget::word_bytes(quotient),
            remainder: gadget::word(remainder),
            a_sign: F::from_bool(a_sign),
            b_sign: F::from_bool(b_sign),
            quotient_sign: F::from_bool(quotient_sign),
            remainder_sign: F::from_bool(remainder_sign),
            by_zero: F::from_bool(e.b == 0),
            carry: carries(sums, limbs(extend(e.a, a_sign))),
            slack: [F::from_int(lo & 0xffff), F::from_int(hi + slack_carry)],
            slack_carry: F::from_int(slack_carry),
            c: gadget::word(e.c),
            old: WriteRegister::new(e.rd_prev, e.rd_ts),
            is_div: F::from_bool(e.op == Op::Div),
            is_divu: F::from_bool(e.op == Op::Divu),
            is_rem: F::from_bool(e.op == Op::Rem),
            is_remu: F::from_bool(e.op == Op::Remu),
        }
    }
}

/// Signs of `a` and `b` are their top bits; the remainder's is that of `a`, unless it is 0.
fn eval_signs<B: Builder>(b: &mut B, c: &DivRem<B::Var>) {
    let is_signed = c.is_div + c.is_rem;
    b.rule("sign of the dividend");
    gadget::top_bit(b, c.a.value[1].into(), c.a_sign, &is_signed);
    b.rule("sign of the divisor");
    gadget::top_bit(
        b,
        gadget::join::<B>(c.b[2], c.b[3], 256),
        c.b_sign,
        &is_signed,
    );
    b.rule("sign of the quotient is boolean");
    b.assert_bool(c.quotient_sign);
    b.rule("sign of the remainder is boolean");
    b.assert_bool(c.remainder_sign);
    b.rule("signs only in signed divisions");
    for sign in [c.a_sign, c.b_sign, c.quotient_sign] {
        b.when(sign).assert_one(is_signed.clone());
    }
    b.rule("remainder is negative only if the dividend is");
    b.when(c.remainder_sign).assert_one(c.a_sign);
    b.rule("remainder that is not 0 has the sign of the dividend");
    for limb in c.remainder {
        b.when(limb).assert_eq(c.remainder_sign, c.a_sign);
    }
}

/// `quotient * b + remainder = a` modulo `2^64`. The integers differ by less than `2^64`, so
/// they are equal.
fn eval_identity<B: Builder>(b: &mut B, c: &DivRem<B::Var>, real: &B::Expr) {
    let q = extend::<B>(c.quotient, c.quotient_sign);
    let d = extend::<B>(c.b, c.b_sign);
    let widen = |[lo, hi]: Word<B::Var>, sign: B::Var| -> [B::Expr; 4] {
        let extension = sign * F::from_int(0xffff);
        [lo.into(), hi.into(), extension.clone(), extension]
    };
    let mut sums = product_columns(&q, &d);
    for (sum, limb) in sums.iter_mut().zip(widen(c.remainder, c.remainder_sign)) {
        *sum += limb;
    }
    b.rule("identity");
    assert_carried(b, sums, widen(c.a.value, c.a_sign), &c.carry, real);
}

/// Division by zero gives all ones; the identity makes the remainder the dividend.
/// Sums of bytes say it all: four bytes cannot add up to 0 or 1020 in another way.
fn eval_by_zero<B: Builder>(b: &mut B, c: &DivRem<B::Var>, real: &B::Expr) {
    let sum = |bytes: [B::Var; 4]| -> B::Expr { bytes.into_iter().map(Into::into).sum() };
    b.rule("by zero is boolean");
    b.assert_bool(c.by_zero);
    b.rule("by zero only in an instruction");
    b.when(c.by_zero).assert_one(real.clone());
    b.rule("by zero means a divisor of 0");
    b.when(c.by_zero).assert_zero(sum(c.b));
    b.rule("by zero gives all ones");
    b.when(c.by_zero)
        .assert_eq(sum(c.quotient), F::from_int(4 * 0xff));
}

/// `|b| - |remainder| - 1` has two 16-bit limbs: it is not negative.
fn eval_slack<B: Builder>(b: &mut B, c: &DivRem<B::Var>, real: &B::Expr) {
    let unit = |sign: B::Var| B::Expr::ONE - sign * F::TWO;
    let (of_b, of_r) = (unit(c.b_sign), unit(c.remainder_sign));
    let [b_lo, b_hi] = gadget::word_of_bytes::<B>(c.b);
    let [r_lo, r_hi] = gadget::exs::<B, 2>(c.remainder);
    let lo = of_b.clone() * b_lo - of_r.clone() * r_lo - real.clone();
    let hi = of_b * b_hi - of_r * r_hi + (c.b_sign - c.remainder_sign) * F::from_int(1 << 16);
    b.rule("slack of the remainder");
    b.assert_eq(lo, c.slack[0] + c.slack_carry * F::from_int(1 << 16));
    b.assert_eq(hi + c.slack_carry, c.slack[1]);
    let count = real.clone() - c.by_zero;
    b.rule("limbs of the slack");
    gadget::range_word(b, gadget::exs::<B, 2>(c.slack), &count);
    b.rule("carry of the slack is 14 bits");
    gadget::range14(b, c.slack_carry + F::TWO, &count);
}
