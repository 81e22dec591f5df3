//! What the shift table is put through.

use p3_field::PrimeCharacteristicRing;
use p3_field::integers::QuotientMap;
use vouch_isa::Op;
use vouch_isa::event::Step;

use crate::F;
use crate::gadget::{self, ReadRegister};
use crate::instruction::Instruction;
use crate::tables::shift::Shift;
use crate::testkit::steps::Case;
use crate::testkit::{Campaign, Suite, TEXT};

fn row(e: &Step) -> Shift<F> {
    Shift::<F>::row(e, &TEXT)
}

fn suite() -> Suite {
    Suite::of::<Shift<F>>()
        .attacks(AMOUNTS.map(forged))
        .attacks(LENDERS.map(|(word, bytes)| lent(word, bytes)))
        .attacks(SHIFTS.map(|(is_left, places)| three_at_once(is_left, places)))
}

/// Bits of an amount that are none: an amount of 2 as twice the lowest bit multiplies by 3.
const AMOUNTS: [[u32; 3]; 3] = [[2, 0, 0], [0, 2, 0], [0, 0, 2]];

/// A left shift by less than 8 whose bits of the amount are as given, all else derived.
fn forged(r: [u32; 3]) -> Shift<F> {
    let honest = row(&Case::new(Op::Sll, 0x0102_0304, 0).step());
    let [b0, b1, b2] = r;
    let power = (1 + b0) * (1 + 3 * b1) * (1 + 15 * b2);
    let products = [4, 3, 2, 1].map(|byte| byte * power);
    let shifted = products
        .into_iter()
        .rev()
        .fold(0u32, |word, product| (word << 8) + product);
    Shift {
        b: ReadRegister::new(b0 + 2 * b1 + 4 * b2, 69_000),
        r: r.map(F::from_int),
        power: F::from_int(power),
        factor: F::from_int(power),
        low: products.map(|p| F::from_int(p & 0xff)),
        high: products.map(|p| F::from_int(p >> 8)),
        c: gadget::word(shifted),
        ..honest
    }
}

/// A word, and the same in bytes of which one is lent by the one above it.
const LENDERS: [(u32, [u32; 4]); 2] = [
    (0x0000_0204, [256 + 4, 2 - 1, 0, 0]),
    (0x0204_0000, [0, 0, 256 + 4, 2 - 1]),
];

/// A right shift by 9 or 25 that drops the byte with what it was lent: 0 instead of 1.
fn lent(word: u32, bytes: [u32; 4]) -> Shift<F> {
    let amount = word.ilog2();
    let honest = row(&Case::new(Op::Srl, word, amount).step());
    let products = bytes.map(|byte| byte << (8 - amount % 8));
    Shift {
        a: bytes.map(F::from_int),
        low: products.map(|p| F::from_int(p & 0xff)),
        high: products.map(|p| F::from_int(p >> 8)),
        c: [F::ZERO; 2],
        ..honest
    }
}

/// Places of which two count once each, and the last -1 times, to the left or not.
const SHIFTS: [(bool, [usize; 3]); 6] = [
    (true, [1, 2, 0]),
    (true, [0, 2, 1]),
    (true, [0, 3, 2]),
    (false, [1, 2, 0]),
    (false, [0, 3, 2]),
    (false, [0, 1, 3]),
];

/// A shift of `0x8091_a2b3` by several places at once.
fn three_at_once(is_left: bool, [x, y, minus]: [usize; 3]) -> Shift<F> {
    let (op, a) = (if is_left { Op::Sll } else { Op::Srl }, 0x8091_a2b3u32);
    let mut row = row(&Case::new(op, a, 8 * ((x + y + 4 - minus) % 4) as u32).step());
    let mut places = [F::ZERO; 4];
    row.c = [F::ZERO; 2];
    for (place, sign) in [(x, F::ONE), (y, F::ONE), (minus, F::NEG_ONE)] {
        places[place] += sign;
        let shifted = if is_left {
            a << (8 * place)
        } else {
            a >> (8 * place)
        };
        let [lo, hi] = gadget::word(shifted);
        row.c = [row.c[0] + sign * lo, row.c[1] + sign * hi];
    }
    *(if is_left {
        &mut row.left
    } else {
        &mut row.right
    }) = places;
    row
}

pub(super) fn campaign() -> Campaign {
    suite().campaign()
}

#[cfg(test)]
mod tests {
    use alloc::format;

    use super::*;
    use crate::tables::Table;
    use crate::testkit::{cells, verdict};

    #[test]
    fn passes_its_suite() {
        suite().assert();
    }

    #[test]
    fn bits_of_the_amount_are_bits() {
        let honest = verdict(Table::Shift, &cells(&forged([0, 1, 0])));
        assert!(honest.accepted(), "{honest:?}");
        for (bit, r) in AMOUNTS.into_iter().enumerate() {
            let verdict = verdict(Table::Shift, &cells(&forged(r)));
            let rule = format!("bits of the amount are boolean.{bit}");
            assert_eq!(verdict.broken_rules(), [rule], "{r:?}");
        }
    }

    #[test]
    fn bytes_of_the_operand_are_bytes() {
        for (pair, (word, bytes)) in LENDERS.into_iter().enumerate() {
            let verdict = verdict(Table::Shift, &cells(&lent(word, bytes)));
            let rule = format!("operand is bytes.{pair}");
            assert_eq!(verdict.broken_rules(), [rule], "{bytes:?}");
        }
    }
}
