//! What the journal table is put through.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use p3_field::PrimeCharacteristicRing;
use p3_field::integers::QuotientMap;
use p3_matrix::dense::RowMajorMatrix;

use crate::F;
use crate::machine::log_height;
use crate::table::TableType;
use crate::tables::journal::Journal;
use crate::tables::{Instance, Table};
use crate::testkit::{Campaign, Message, Mutation, Subject, TEXT, Verdict, cells};
use crate::witness::Trace;

const START: u32 = 100;
const BYTES: [u8; 5] = [0, 255, 1, 128, 7];

fn subject(bytes: &[u8]) -> Subject {
    let events = (0u32..)
        .zip(bytes)
        .map(|(i, &byte)| (F::from_int(START + i), byte));
    let rows = events.map(|event| Journal::<F>::row(&event, &TEXT));
    let mut values: Vec<F> = rows.flat_map(|row| cells(&row)).collect();
    values.resize(3 << log_height(bytes.len()), F::ZERO);
    Subject::of(Trace {
        instance: Instance::new(Table::Journal, START, bytes),
        public_values: Vec::new(),
        matrix: RowMajorMatrix::new(values, 3),
    })
}

fn judge(row: &Verdict) -> Result<(), String> {
    let is_known = |m: &Message| {
        let [index, byte] = m.fields[..] else {
            return false;
        };
        let known = index.checked_sub(START).and_then(|i| BYTES.get(i as usize));
        m.count == -1 && known.is_some_and(|&known| u32::from(known) == byte)
    };
    match row.sent.iter().all(is_known) {
        true => Ok(()),
        false => Err(format!("{row:?}")),
    }
}

pub(super) fn campaign() -> Campaign {
    let mutation = Mutation::new(subject(&BYTES), judge, &[]);
    Campaign::new(Table::Journal, Vec::from([mutation]), Vec::new())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bus::JOURNAL;

    #[test]
    fn known_answer() {
        let subject = subject(&BYTES);
        for (row, byte) in BYTES.into_iter().enumerate() {
            let fields = [START + row as u32, byte.into()];
            let verdict = subject.verdict(row);
            assert!(verdict.accepted());
            assert_eq!(verdict.sent, [Message::received(JOURNAL, &fields)]);
        }
        assert_eq!(subject.verdict(BYTES.len()), Verdict::default());
    }

    #[test]
    fn one_byte_and_none() {
        assert_eq!(subject(&[3]).verdict(0).sent.len(), 1);
        let empty = subject(&[]);
        let verdicts = (0..empty.height()).map(|row| empty.verdict(row));
        assert!({ verdicts }.all(|verdict| verdict.accepted() && verdict.is_silent()));
    }

    /// Every cell is the verifier's.
    #[test]
    fn mutants_are_rejected() {
        let (report, _) = campaign().run();
        assert_eq!((report.count.says_other, report.count.survived), (0, 0));
        campaign().assert();
    }
}
