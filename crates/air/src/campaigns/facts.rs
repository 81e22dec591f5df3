//! What the facts table is put through.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use p3_field::PrimeCharacteristicRing;
use p3_field::integers::QuotientMap;

use crate::F;
use crate::table::TableType;
use crate::tables::Table;
use crate::tables::facts::Facts;
use crate::tables::lookup::Lookup;
use crate::testkit::{Campaign, Mutation, Subject, TEXT, Verdict};

fn row(number: u16, counts: Lookup<F>) -> Facts<F> {
    Facts::<F>::row(&(number, counts), &TEXT)
}

/// Numbers at the bounds of what is asked about them, each with facts of its own.
const NUMBERS: [u16; 10] = [
    0, 1, 0x3fff, 0x4000, 0x8000, 0xffff, 0x00ff, 0xff00, 0x5a3c, 0x1234,
];

fn counts(number: u16) -> Lookup<F> {
    Lookup {
        range16: F::from_int(1 + u32::from(number & 3)),
        range14: F::from_int(u32::from(number < 1 << 14) * 7),
        bytes: F::from_int(number & 1),
        and: F::TWO,
    }
}

/// All answers are facts, however often they are given.
fn judge(row: &Verdict) -> Result<(), String> {
    match row.sent.iter().all(|answer| answer.is_true() == Some(true)) {
        true => Ok(()),
        false => Err(format!("{row:?}")),
    }
}

pub(super) fn campaign() -> Campaign {
    let rows = NUMBERS.map(|number| row(number, counts(number)));
    let subject = Subject::new::<Facts<F>>(&rows);
    let all: Vec<usize> = (0..NUMBERS.len()).collect();
    let mutation = Mutation::new(subject, judge, &all);
    Campaign::new(Table::Facts, Vec::from([mutation]), Vec::new())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::columns::Block;

    /// Each number answers as its row of the lookup table would.
    #[test]
    fn answers_as_the_lookup_table() {
        let rows = NUMBERS.map(|number| row(number, counts(number)));
        let subject = Subject::new::<Facts<F>>(&rows);
        for (i, number) in NUMBERS.into_iter().enumerate() {
            let verdict = subject.verdict(i);
            assert!(verdict.accepted(), "{number}: {verdict:?}");
            let known = crate::campaigns::lookup::subject(counts(number));
            assert_eq!(verdict.sent, known.verdict(number.into()).sent, "{number}");
        }
    }

    /// Except that a number of more than 14 bits does not answer for its low 14 bits.
    #[test]
    fn no_number_of_14_bits_is_larger() {
        for (number, is_one) in [(0x3fff, true), (0x4000, false), (0x8000, false)] {
            let mut counts = Lookup::splat(F::ZERO);
            counts.range14 = F::ONE;
            let subject = Subject::new::<Facts<F>>(&[row(number, counts)]);
            assert_eq!(subject.verdict(0).accepted(), is_one, "{number:#x}");
        }
    }

    #[test]
    fn passes_its_campaign() {
        campaign().assert();
    }
}
