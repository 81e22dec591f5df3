//! What the div_rem table is put through.

use alloc::vec::Vec;

use p3_field::integers::QuotientMap;
use p3_field::{PrimeCharacteristicRing, PrimeField32};
use vouch_isa::Op;
use vouch_isa::event::Step;

use crate::instruction::Instruction;
use crate::product::product_columns;
use crate::tables::div_rem::DivRem;
use crate::testkit::score::Spare;
use crate::testkit::steps::Case;
use crate::testkit::{Campaign, Suite, TEXT};
use crate::{F, Word, gadget};

fn row(e: &Step) -> DivRem<F> {
    DivRem::<F>::row(e, &TEXT)
}

fn suite() -> Suite {
    Suite::of::<DivRem<F>>()
        .attacks(attacks().into_iter().map(|(_, row)| row))
        .spare(Spare::implied(
            ["remainder is negative only if the dividend is"],
            "the sign of a remainder that is not 0, and the slack if it is 0",
        ))
}

/// What a cheating prover says of a division.
#[derive(Clone, Copy, Debug)]
struct Forgery {
    pub quotient: u32,
    pub remainder: u32,
    /// Signs of dividend, divisor, quotient and remainder.
    pub signs: [bool; 4],
    pub by_zero: bool,
}

impl Forgery {
    pub const fn unsigned(quotient: u32, remainder: u32) -> Self {
        Self {
            quotient,
            remainder,
            signs: [false; 4],
            by_zero: false,
        }
    }

    pub const fn signed(quotient: i32, remainder: i32, a: i32, b: i32) -> Self {
        Self {
            quotient: quotient as u32,
            remainder: remainder as u32,
            signs: [a < 0, b < 0, quotient < 0, remainder < 0],
            by_zero: false,
        }
    }
}

/// The row of a forgery, every helper column derived from it.
fn forged(op: Op, a: u32, b: u32, forgery: Forgery) -> DivRem<F> {
    let Forgery {
        quotient,
        remainder,
        signs,
        by_zero,
    } = forgery;
    let is_div = matches!(op, Op::Div | Op::Divu);
    let flags = signs.map(F::from_bool);
    let row = DivRem {
        quotient: gadget::word_bytes(quotient),
        remainder: gadget::word(remainder),
        a_sign: flags[0],
        b_sign: flags[1],
        quotient_sign: flags[2],
        remainder_sign: flags[3],
        by_zero: F::from_bool(by_zero),
        c: gadget::word(if is_div { quotient } else { remainder }),
        ..row(&Case::new(op, a, b).step())
    };
    derived(row)
}

/// The row with carries and slack solved for.
fn derived(mut row: DivRem<F>) -> DivRem<F> {
    let extended = |bytes: [F; 4], sign: F| -> [F; 8] {
        let top = sign * F::from_int(0xff);
        core::array::from_fn(|i| bytes.get(i).copied().unwrap_or(top))
    };
    let limbs = |[lo, hi]: Word<F>, sign: F| {
        [
            lo,
            hi,
            sign * F::from_int(0xffff),
            sign * F::from_int(0xffff),
        ]
    };
    let sums: [F; 4] = product_columns(
        &extended(row.quotient, row.quotient_sign),
        &extended(row.b, row.b_sign),
    );
    let (r, a) = (
        limbs(row.remainder, row.remainder_sign),
        limbs(row.a.value, row.a_sign),
    );
    let mut carry = F::ZERO;
    for k in 0..4 {
        carry = (sums[k] + r[k] + carry - a[k]) * gadget::INV_2_16;
        row.carry[k] = carry;
    }
    let unit = |sign: F| F::ONE - sign.double();
    let byte = F::from_int(256);
    let b = [row.b[0] + row.b[1] * byte, row.b[2] + row.b[3] * byte];
    let difference =
        |i: usize| unit(row.b_sign) * b[i] - unit(row.remainder_sign) * row.remainder[i];
    let lo = difference(0) - F::ONE;
    // Of the four carries there may be, the one that leaves 16 bits.
    let low_limb = |carry: &i32| (lo - F::from_int(carry << 16)).as_canonical_u32() < 1 << 16;
    row.slack_carry = F::from_int((-2..2).find(low_limb).unwrap_or(0));
    let shift = F::from_int(1 << 16);
    row.slack[0] = lo - row.slack_carry * shift;
    row.slack[1] = difference(1) + (row.b_sign - row.remainder_sign) * shift + row.slack_carry;
    row
}

/// Rows that would do harm, and the rule that keeps them out.
fn attacks() -> Vec<(&'static str, DivRem<F>)> {
    let unsigned =
        |a, b, quotient, remainder| forged(Op::Divu, a, b, Forgery::unsigned(quotient, remainder));
    let mut attacks = Vec::from([
        ("sign of the dividend, is boolean", sign_of_the_dividend()),
        ("sign of the divisor, is boolean", sign_of_the_divisor()),
        ("sign of the remainder is boolean", sign_of_the_remainder()),
        // -1 / 2 is 0 if the dividend is signed.
        (
            "signs only in signed divisions.0",
            forged(Op::Divu, u32::MAX, 2, Forgery::signed(0, -1, -1, 2)),
        ),
        ("by zero means a divisor of 0", not_by_zero()),
        // With a carry that is a share of 2^-16, -30720, the product may be 30720 * 2^32 + 2^16
        // too large, and as much again one limb further up.
        (
            "identity, carries are 14 bits.1",
            unsigned(7 + (5 << 16), 1 << 16, 6 + (30_720 << 16), 7),
        ),
        (
            "identity, carries are 14 bits.2",
            unsigned(5, 1 << 31, 2 + (30_720 << 17), 5),
        ),
    ]);
    // The remainder has the wrong sign: -7 = 2 * -4 + 1, and -2^17 = 3 * -2^16 + 2^16, with
    // |remainder| < |b|.
    let [low, high] = [
        "remainder that is not 0 has the sign of the dividend.0",
        "remainder that is not 0 has the sign of the dividend.1",
    ];
    for (rule, a, b, quotient, remainder) in [
        (low, -7, 2, -4, 1),
        (high, -0x2_0000, 0x3_0000, -1, 0x1_0000),
        (low, 7 - 0x1_0000, 0x1_0000, -1, 7),
    ] {
        let forgery = Forgery::signed(quotient, remainder, a, b);
        let of = |op| (rule, forged(op, a as u32, b as u32, forgery));
        attacks.extend([Op::Div, Op::Rem].map(of));
    }
    attacks
}

/// By claiming a division by zero, a prover would be rid of the bound on the remainder:
/// `-7 = -1 * 2 - 5`.
fn not_by_zero() -> DivRem<F> {
    let forgery = Forgery {
        by_zero: true,
        ..Forgery::signed(-1, -5, -7, 2)
    };
    forged(Op::Div, -7i32 as u32, 2, forgery)
}

/// `MIN / MIN` with a quotient of `1 + 2 * 30721 * 65537` or its negative: as a sign, `2^-16`
/// adds 30721 to two limbs of what it extends.
fn off_by_a_sign(is_negative: bool) -> DivRem<F> {
    let (min, quotient) = (1u32 << 31, 1 + 2 * 30_721 * 65_537i64);
    let quotient = if is_negative { -quotient } else { quotient };
    let sign = is_negative || quotient >> 32 == 1;
    let forgery = Forgery {
        quotient: quotient as u32,
        remainder: 0,
        signs: [true, true, sign, false],
        by_zero: false,
    };
    forged(Op::Div, min, min, forgery)
}

fn sign_of_the_dividend() -> DivRem<F> {
    derived(DivRem {
        a_sign: gadget::INV_2_16,
        ..off_by_a_sign(true)
    })
}

fn sign_of_the_remainder() -> DivRem<F> {
    derived(DivRem {
        remainder_sign: gadget::INV_2_16,
        ..off_by_a_sign(false)
    })
}

/// `5 / 1 = 0`, the remainder 5: with a sign of `-15855 * 2^-16`, the "absolute value" of 1 is
/// large.
fn sign_of_the_divisor() -> DivRem<F> {
    let honest = forged(Op::Div, 5, 1, Forgery::unsigned(0, 5));
    let carry = F::from_int(15_855);
    let b_sign = -carry * gadget::INV_2_16;
    let low = -b_sign.double() - honest.remainder[0];
    DivRem {
        b_sign,
        slack: [low - carry * F::from_int(1 << 16), F::ZERO],
        slack_carry: carry,
        ..honest
    }
}

pub(super) fn campaign() -> Campaign {
    suite().campaign()
}

#[cfg(test)]
mod tests;
