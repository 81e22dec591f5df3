//! Tests of the division table.

use alloc::vec::Vec;

use p3_field::PrimeField32;
use vouch_isa::Family;

use super::super::Table;
use super::*;
use crate::columns::Block;
use crate::testkit::mutate::{Free, Spare};
use crate::testkit::steps::Case;
use crate::testkit::suite::Suite;
use crate::testkit::{Verdict, cells, verdict, zeros};

const FREE: &[Free] = &[Free::new(
    "quotient_sign",
    |row| {
        let row = DivRem::of(row);
        row.by_zero * (row.is_div + row.is_rem) == F::ONE
    },
    "0 times the quotient is 0 whatever its sign; its bytes are those of all ones",
)];

fn suite() -> Suite {
    Suite::new(
        Table::DivRem,
        Family::DivRem,
        |e| cells(&row(e)),
        zeros::<DivRem<F>>,
        FREE,
    )
}

#[test]
fn honest_rows_are_accepted() {
    suite().honest();
}

#[test]
fn random_operands_are_accepted() {
    suite().random();
}

#[test]
fn mutants_are_rejected() {
    suite().mutants(&[
        Spare::constraints(
            [5, 6],
            "as in `mul_high`, where they are needed; no attack on a division is found",
        ),
        Spare::constraints([8, 9, 13, 14, 21], "see the tests of single rules"),
        Spare::constraints([12], "13 and 14, and the slack if the remainder is 0"),
    ]);
}

#[test]
fn accesses_out_of_order_are_rejected() {
    suite().order();
}

#[test]
fn wrong_results_are_rejected() {
    suite().wrong_results();
}

/// What a cheating prover says of a division.
#[derive(Clone, Copy, Debug)]
struct Forgery {
    quotient: u32,
    remainder: u32,
    /// Signs of dividend, divisor, quotient and remainder.
    signs: [bool; 4],
    by_zero: bool,
}

impl Forgery {
    const fn unsigned(quotient: u32, remainder: u32) -> Self {
        Self {
            quotient,
            remainder,
            signs: [false; 4],
            by_zero: false,
        }
    }

    const fn signed(quotient: i32, remainder: i32, a: i32, b: i32) -> Self {
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

fn heard(op: Op, a: u32, b: u32, forgery: Forgery) -> Verdict {
    verdict(Table::DivRem, &cells(&forged(op, a, b, forgery)))
}

/// The message that holds the high limb of the slack.
const SLACK: usize = 13;

#[test]
fn derived_columns_are_honest() {
    for (a, b) in [
        (7, 2),
        (7, -2),
        (-7, 2),
        (-7, -2),
        (i32::MIN, 3),
        (5, i32::MIN),
        (0, 1),
    ] {
        let honest = Forgery::signed(a / b, a % b, a, b);
        for op in [Op::Div, Op::Rem] {
            let verdict = heard(op, a as u32, b as u32, honest);
            assert!(verdict.accepted(), "{a} / {b}: {verdict:?}");
        }
    }
}

/// A quotient off by some, the remainder made to fit: `|remainder| = |b|` included.
#[test]
fn quotient_off_by_some_is_rejected() {
    for (a, b) in [
        (7u32, 2u32),
        (6, 2),
        (0, 1),
        (u32::MAX, 0xffff),
        (0x8000_0000, 0x8000_0000),
    ] {
        for off in [1, 2, 0x1_0000] {
            let (quotient, remainder) = ((a / b).wrapping_sub(off), a % b + off.wrapping_mul(b));
            let verdict = heard(Op::Divu, a, b, Forgery::unsigned(quotient, remainder));
            assert!(!verdict.accepted(), "{a} / {b}, off by {off}: {verdict:?}");
        }
    }
    let verdict = heard(Op::Divu, 6, 2, Forgery::unsigned(2, 2));
    assert!(
        verdict.broken.is_empty() && verdict.untrue_at == [SLACK],
        "{verdict:?}"
    );
    for (a, b) in [(7, 2), (-7, 2), (7, -2), (-7, -2), (6, -3), (i32::MIN, 7)] {
        for off in [1, -1] {
            let forgery = Forgery::signed(a / b + off, a % b - off * b, a, b);
            for op in [Op::Div, Op::Rem] {
                let verdict = heard(op, a as u32, b as u32, forgery);
                assert!(!verdict.accepted(), "{a} / {b}, off by {off}: {verdict:?}");
            }
        }
    }
}

/// `-7 = 2 * -4 + 1`, and `-2^17 = 3 * -2^16 + 2^16`, with |remainder| < |b|.
#[test]
fn remainder_of_the_wrong_sign_is_rejected() {
    for (rule, a, b, quotient, remainder) in [
        (13, -7, 2, -4, 1),
        (14, -0x2_0000, 0x3_0000, -1, 0x1_0000),
        (13, 7 - 0x1_0000, 0x1_0000, -1, 7),
    ] {
        let forgery = Forgery::signed(quotient, remainder, a, b);
        for op in [Op::Div, Op::Rem] {
            let verdict = heard(op, a as u32, b as u32, forgery);
            assert_eq!(verdict.broken, [rule], "{a} / {b}");
            assert!(verdict.untrue.is_empty());
        }
    }
}

/// `-1 / 2` is 0 if the dividend is signed.
#[test]
fn sign_in_an_unsigned_division_is_rejected() {
    let forgery = Forgery::signed(0, -1, -1, 2);
    let verdict = heard(Op::Divu, u32::MAX, 2, forgery);
    assert_eq!(
        (verdict.broken, verdict.untrue),
        (Vec::from([9]), Vec::new())
    );
}

#[test]
fn division_by_zero_has_one_result() {
    for op in [Op::Div, Op::Divu, Op::Rem, Op::Remu] {
        for (a, quotient) in [(7, 0), (7, 1), (0, 0), (7, 0xffff_fffe), (7, 0x00ff_ffff)] {
            for by_zero in [false, true] {
                let forgery = Forgery {
                    by_zero,
                    ..Forgery::unsigned(quotient, a)
                };
                let verdict = heard(op, a, 0, forgery);
                assert!(!verdict.accepted(), "{a} {} 0: {verdict:?}", op.info().name);
            }
        }
        // Another remainder than the dividend breaks the identity.
        let forgery = Forgery {
            by_zero: true,
            ..Forgery::unsigned(u32::MAX, 6)
        };
        assert!(!heard(op, 7, 0, forgery).accepted());
    }
}

/// By claiming a division by zero, a prover would be rid of the bound on the remainder.
#[test]
fn division_by_another_number_is_not_by_zero() {
    let forgery = Forgery {
        by_zero: true,
        ..Forgery::unsigned(u32::MAX, 0)
    };
    let (a, b) = (u32::MAX, 1);
    let verdict = heard(Op::Divu, a, b, forgery);
    assert_eq!(
        (verdict.broken, verdict.untrue),
        (Vec::from([21]), Vec::new())
    );
}

/// `2^-16` as a sign adds 30721 to two limbs of the remainder: `MIN / MIN` would be another
/// number than 1.
#[test]
fn sign_of_the_remainder_is_boolean() {
    let min = 1u32 << 31;
    let quotient = 1 + 2 * 30_721 * 65_537u64;
    assert!(quotient < 1 << 33, "33 bits and a sign");
    let mut row = forged(
        Op::Div,
        min,
        min,
        Forgery {
            quotient: quotient as u32,
            remainder: 0,
            signs: [true, true, quotient >> 32 == 1, false],
            by_zero: false,
        },
    );
    row.remainder_sign = gadget::INV_2_16;
    let verdict = verdict(Table::DivRem, &cells(&derived(row)));
    assert_eq!(
        (verdict.broken, verdict.untrue),
        (Vec::from([8]), Vec::new())
    );
}
