//! Tests of the div_rem table.

use super::*;
use crate::tables::Table;
use crate::testkit::{Verdict, cells, verdict};

#[test]
fn passes_its_suite() {
    suite().assert();
}

fn evaluated(op: Op, a: u32, b: u32, forgery: Forgery) -> Verdict {
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
            let verdict = evaluated(op, a as u32, b as u32, honest);
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
            let verdict = evaluated(Op::Divu, a, b, Forgery::unsigned(quotient, remainder));
            assert!(!verdict.accepted(), "{a} / {b}, off by {off}: {verdict:?}");
        }
    }
    let verdict = evaluated(Op::Divu, 6, 2, Forgery::unsigned(2, 2));
    assert!(
        verdict.broken.is_empty() && verdict.untrue_at == [SLACK],
        "{verdict:?}"
    );
    for (a, b) in [(7, 2), (-7, 2), (7, -2), (-7, -2), (6, -3), (i32::MIN, 7)] {
        for off in [1, -1] {
            let forgery = Forgery::signed(a / b + off, a % b - off * b, a, b);
            for op in [Op::Div, Op::Rem] {
                let verdict = evaluated(op, a as u32, b as u32, forgery);
                assert!(!verdict.accepted(), "{a} / {b}, off by {off}: {verdict:?}");
            }
        }
    }
}

/// Each is kept out by one rule.
#[test]
fn attacks_are_rejected() {
    for (rule, row) in attacks() {
        let verdict = verdict(Table::DivRem, &cells(&row));
        let broken = verdict.broken.iter().copied().map(Rule::Constraint);
        let untrue = verdict.untrue_at.iter().copied().map(Rule::Question);
        assert!(broken.chain(untrue).eq([rule]), "{rule:?}: {verdict:?}");
    }
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
                let verdict = evaluated(op, a, 0, forgery);
                assert!(!verdict.accepted(), "{a} {} 0: {verdict:?}", op.info().name);
            }
        }
        // Another remainder than the dividend breaks the identity.
        let forgery = Forgery {
            by_zero: true,
            ..Forgery::unsigned(u32::MAX, 6)
        };
        assert!(!evaluated(op, 7, 0, forgery).accepted());
    }
}
