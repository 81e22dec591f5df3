//! Ranges and byte operations, as in [`super::lookup`], for executions that ask for few: a row
//! for each 16-bit number that is asked about, which the row shows by its bits.
//!
//! - Proves: each answer is a fact of [`crate::bus::Fact`].
//! - Buses: lookup (provides). Degree 3 (LogUp). One row a number.
//!
//! `2^16` rows, of which a short execution asks for a few hundred, would be nearly all of its
//! proof.

use p3_field::{PrimeCharacteristicRing, integers::QuotientMap};

use super::lookup::{Lookup, provide};
use crate::{Builder, F};

crate::columns! {
    /// Columns of [`super::Table::Facts`].
    pub struct Facts {
        /// Bits of the number, least significant first; boolean.
        bits: [T; 16],
        /// Conjunction of its bytes; pinned by a constraint.
        and: T,
        /// How often each fact is asked for. Free: the bus balances only if they are right.
        counts: Lookup<T>,
    }
}

/// The number of some bits, least significant first.
fn number<B: Builder>(bits: &[B::Var]) -> B::Expr {
    let weighted = (0..)
        .zip(bits)
        .map(|(i, &bit)| bit * F::from_int(1u32 << i));
    weighted.sum()
}

/// Constraints.
pub fn eval<B: Builder>(b: &mut B, c: &Facts<B::Var>) {
    for bit in c.bits {
        b.assert_bool(bit);
    }
    let (low, high) = c.bits.split_at(8);
    let both = (0..).zip(low.iter().zip(high));
    let and: B::Expr = { both }
        .map(|(i, (&x, &y))| x * y * F::from_int(1u32 << i))
        .sum();
    b.assert_eq(c.and, and);
    // A number of more than 14 bits is none of 14 bits.
    for bit in &c.bits[14..] {
        b.assert_zero(c.counts.range14 * *bit);
    }
    let (low, high) = (number::<B>(low), number::<B>(high));
    let range14 = number::<B>(&c.bits);
    provide(b, [low, high, c.and.into(), range14], &c.counts);
}

/// The row of a number, and how often each of its facts is asked for.
pub fn row(number: u16, counts: Lookup<F>) -> Facts<F> {
    Facts {
        bits: core::array::from_fn(|i| F::from_bool(number >> i & 1 == 1)),
        and: F::from_int(number & 0xff & number >> 8),
        counts,
    }
}

#[cfg(any(test, feature = "testkit"))]
pub(crate) mod campaign {
    use alloc::format;
    use alloc::string::String;
    use alloc::vec::Vec;

    use super::super::Table;
    use super::*;
    use crate::testkit::{Campaign, Mutation, Subject, Verdict, zeros};

    /// Numbers at the bounds of what is asked about them, each with facts of its own.
    pub(super) const NUMBERS: [u16; 10] = [
        0, 1, 0x3fff, 0x4000, 0x8000, 0xffff, 0x00ff, 0xff00, 0x5a3c, 0x1234,
    ];

    pub(super) fn counts(number: u16) -> Lookup<F> {
        Lookup {
            range16: F::from_int(1 + u32::from(number & 3)),
            range14: F::from_int(u32::from(number < 1 << 14) * 7),
            bytes: F::from_int(number & 1),
            and: F::TWO,
        }
    }

    /// All answers are facts, however often they are given.
    fn judge(row: &Verdict) -> Result<(), String> {
        match row.said.iter().all(|answer| answer.is_true() == Some(true)) {
            true => Ok(()),
            false => Err(format!("{row:?}")),
        }
    }

    pub(crate) fn campaign() -> Campaign {
        let rows = NUMBERS.map(|number| row(number, counts(number)));
        let subject = Subject::new(Table::Facts, &rows, zeros);
        let all: Vec<usize> = (0..NUMBERS.len()).collect();
        let mutation = Mutation::new(subject, judge, &all);
        Campaign::new(Table::Facts, Vec::from([mutation]), Vec::new())
    }
}

#[cfg(test)]
mod tests {
    use super::campaign::{NUMBERS, campaign, counts};
    use super::*;
    use crate::columns::Block;
    use crate::testkit::{Subject, zeros};

    /// Each number answers as its row of the lookup table would.
    #[test]
    fn answers_as_the_lookup_table() {
        let rows = NUMBERS.map(|number| row(number, counts(number)));
        let subject = Subject::new(super::super::Table::Facts, &rows, zeros);
        for (i, number) in NUMBERS.into_iter().enumerate() {
            let verdict = subject.verdict(i);
            assert!(verdict.accepted(), "{number}: {verdict:?}");
            let known = super::super::lookup::campaign::subject(counts(number));
            assert_eq!(verdict.said, known.verdict(number.into()).said, "{number}");
        }
    }

    /// Except that a number of more than 14 bits does not answer for its low 14 bits.
    #[test]
    fn no_number_of_14_bits_is_larger() {
        for (number, is_one) in [(0x3fff, true), (0x4000, false), (0x8000, false)] {
            let mut counts = Lookup::splat(F::ZERO);
            counts.range14 = F::ONE;
            let subject = Subject::new(super::super::Table::Facts, &[row(number, counts)], zeros);
            assert_eq!(subject.verdict(0).accepted(), is_one, "{number:#x}");
        }
    }

    #[test]
    fn passes_its_campaign() {
        campaign().assert();
    }
}
