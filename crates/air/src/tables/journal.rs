//! The journal: what the verifier knows that the segment wrote.
//!
//! - Given: the bytes and their indices, as periodic columns that the verifier computes from
//!   the claim.
//! - Proves: the segment wrote these bytes to the journal, and no others.
//! - Buses: journal. Degree 3 (LogUp). One row a byte.
//!
//! Interactions may not use periodic columns, so each is copied to a main column.

use alloc::vec::Vec;

use p3_field::{PrimeCharacteristicRing, integers::QuotientMap};

use crate::bus;
use crate::machine::log_height;
use crate::{Builder, F};

crate::columns! {
    /// Columns of [`super::Table::Journal`].
    pub struct Journal {
        /// Index of the byte; equal to the periodic column.
        index: T,
        /// The byte; equal to the periodic column.
        byte: T,
        /// The row is a byte; equal to the periodic column, so boolean.
        is_real: T,
    }
}

/// Constraints.
pub fn eval<B: Builder>(b: &mut B, c: &Journal<B::Var>) {
    let known: [B::Expr; 3] = core::array::from_fn(|i| b.periodic_values()[i].into());
    for (cell, known) in [c.index, c.byte, c.is_real].into_iter().zip(known) {
        b.assert_eq(cell, known);
    }
    bus::receive_journal(b, c.index.into(), c.byte.into(), c.is_real.into());
}

/// The rows of a segment's journal slice; `start` is the index of its first byte.
pub fn rows(start: u32, bytes: &[u8]) -> impl Iterator<Item = Journal<F>> {
    (0u32..).zip(bytes).map(move |(i, &byte)| Journal {
        index: F::from_int(start) + F::from_int(i),
        byte: F::from_int(byte),
        is_real: F::ONE,
    })
}

/// The same as periodic columns of the table's height.
pub fn periodic_columns(start: u32, bytes: &[u8]) -> Vec<Vec<F>> {
    let height = 1usize << log_height(bytes.len());
    let mut columns = [(); 3].map(|()| Vec::with_capacity(height));
    for row in rows(start, bytes) {
        for (column, cell) in columns.iter_mut().zip([row.index, row.byte, row.is_real]) {
            column.push(cell);
        }
    }
    for column in &mut columns {
        column.resize(height, F::ZERO);
    }
    columns.into()
}

#[cfg(any(test, feature = "testkit"))]
pub(crate) mod campaign {
    use alloc::format;
    use alloc::string::String;

    use p3_matrix::dense::RowMajorMatrix;

    use super::super::{Instance, Table};
    use super::*;
    use crate::testkit::{Campaign, Message, Mutation, Subject, Verdict, cells};
    use crate::witness::Trace;

    pub(super) const START: u32 = 100;
    pub(super) const BYTES: [u8; 5] = [0, 255, 1, 128, 7];

    pub(super) fn subject(bytes: &[u8]) -> Subject {
        let mut values: Vec<F> = rows(START, bytes).flat_map(|row| cells(&row)).collect();
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
        match row.said.iter().all(is_known) {
            true => Ok(()),
            false => Err(format!("{row:?}")),
        }
    }

    pub(crate) fn campaign() -> Campaign {
        let mutation = Mutation::new(subject(&BYTES), judge, &[]);
        Campaign::new(Table::Journal, Vec::from([mutation]), Vec::new())
    }
}

#[cfg(test)]
mod tests {
    use super::campaign::{BYTES, START, campaign, subject};
    use crate::bus::JOURNAL;
    use crate::testkit::{Message, Verdict};

    #[test]
    fn known_answer() {
        let subject = subject(&BYTES);
        for (row, byte) in BYTES.into_iter().enumerate() {
            let fields = [START + row as u32, byte.into()];
            let verdict = subject.verdict(row);
            assert!(verdict.accepted());
            assert_eq!(verdict.said, [Message::received(JOURNAL, &fields)]);
        }
        assert_eq!(subject.verdict(BYTES.len()), Verdict::default());
    }

    #[test]
    fn one_byte_and_none() {
        assert_eq!(subject(&[3]).verdict(0).said.len(), 1);
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
