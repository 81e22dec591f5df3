//! Ranges and byte operations: one fixed table of `2^16` rows.
//!
//! Row `r` holds the bytes of `r`, their conjunction and `r mod 2^14` as preprocessed
//! columns, which the verifying key commits to.
//!
//! - Proves: each answer is a fact of [`crate::bus::Fact`].
//! - Buses: lookup (provides). Degree 3 (LogUp).

use p3_air::WindowAccess;
use p3_field::{PrimeCharacteristicRing, integers::QuotientMap};
use p3_matrix::dense::RowMajorMatrix;

use crate::bus::{self, Fact};
use crate::columns::Block;
use crate::{Builder, F};

/// Rows of the table, log2.
pub const LOG_HEIGHT: usize = 16;

crate::columns! {
    /// Columns of [`super::Table::Lookup`]: how often each fact of a row is asked for. Free:
    /// the bus balances only if they are right.
    pub struct Lookup {
        /// [`Fact::Range16`]
        range16: T,
        /// [`Fact::Range14`]
        range14: T,
        /// [`Fact::Bytes`]
        bytes: T,
        /// [`Fact::And`]
        and: T,
    }
}

crate::columns! {
    /// Preprocessed columns.
    pub struct Fixed {
        /// Low byte of the row number.
        low: T,
        /// High byte of the row number.
        high: T,
        /// Their conjunction.
        and: T,
        /// The row number modulo `2^14`.
        range14: T,
    }
}

/// Constraints.
pub fn eval<B: Builder>(b: &mut B, c: &Lookup<B::Var>) {
    let fixed = Fixed::of(b.preprocessed().current_slice());
    let known = [fixed.low, fixed.high, fixed.and, fixed.range14].map(Into::into);
    provide(b, known, c);
}

/// Provides the facts about a number, given its bytes, their conjunction, and a number of 14
/// bits.
pub(super) fn provide<B: Builder>(
    b: &mut B,
    [low, high, and, range14]: [B::Expr; 4],
    c: &Lookup<B::Var>,
) {
    let zero = B::Expr::ZERO;
    let number = low.clone() + high.clone() * F::from_int(256);
    let facts: [(Fact, [B::Expr; 3], B::Var); 4] = [
        (
            Fact::Range16,
            [number, zero.clone(), zero.clone()],
            c.range16,
        ),
        (
            Fact::Range14,
            [range14, zero.clone(), zero.clone()],
            c.range14,
        ),
        (Fact::Bytes, [low.clone(), high.clone(), zero], c.bytes),
        (Fact::And, [low, high, and], c.and),
    ];
    for (fact, fields, count) in facts {
        bus::provide_lookup(b, fact, fields, count.into());
    }
}

/// The preprocessed columns: `2^16` rows of [`Fixed`].
pub fn fixed() -> RowMajorMatrix<F> {
    let mut matrix = RowMajorMatrix::new(
        F::zero_vec(crate::columns::width::<F, Fixed<F>>() << LOG_HEIGHT),
        crate::columns::width::<F, Fixed<F>>(),
    );
    for (r, cells) in (0u32..).zip(matrix.rows_mut()) {
        let (low, high) = (r & 0xff, r >> 8);
        let row = Fixed {
            low: F::from_int(low),
            high: F::from_int(high),
            and: F::from_int(low & high),
            range14: F::from_int(r & 0x3fff),
        };
        row.put(&mut cells.iter_mut());
    }
    matrix
}

#[cfg(any(test, feature = "testkit"))]
pub(crate) mod campaign {
    use alloc::format;
    use alloc::string::String;
    use alloc::vec::Vec;

    use super::super::{Instance, Table};
    use super::*;
    use crate::testkit::{Campaign, Mutation, Subject, Verdict, cells};
    use crate::witness::Trace;

    pub(in super::super) fn subject(counts: Lookup<F>) -> Subject {
        Subject::of(Trace {
            instance: Instance::new(Table::Lookup, 0, &[]),
            public_values: Vec::new(),
            matrix: RowMajorMatrix::new(cells(&counts).repeat(1 << LOG_HEIGHT), 4),
        })
    }

    /// All answers are facts, however often they are given.
    fn judge(row: &Verdict) -> Result<(), String> {
        match row.said.iter().all(|answer| answer.is_true() == Some(true)) {
            true => Ok(()),
            false => Err(format!("{row:?}")),
        }
    }

    /// There are no rules, and nothing can be said that is not true.
    pub(crate) fn campaign() -> Campaign {
        let counts = Lookup {
            range16: F::from_int(3),
            range14: F::ZERO,
            bytes: F::ONE,
            and: F::TWO,
        };
        let mut mutation = Mutation::new(subject(counts), judge, &[0, 1, 0x1234]);
        mutation.singles = mutation.rows.clone();
        Campaign::new(Table::Lookup, Vec::from([mutation]), Vec::new())
    }
}

#[cfg(test)]
mod tests {
    use alloc::collections::BTreeSet;

    use super::campaign::{campaign, subject};
    use super::*;
    use crate::bus::LOOKUP;

    /// Every row answers with facts, and every fact has its row.
    #[test]
    fn facts_are_all_there_and_true() {
        let subject = subject(Lookup::splat(F::ONE));
        let mut facts = BTreeSet::new();
        for row in 0..subject.height() {
            let verdict = subject.verdict(row);
            assert!(verdict.accepted(), "row {row}: {verdict:?}");
            assert_eq!(verdict.said.len(), 4);
            for message in verdict.said {
                assert_eq!((message.bus, message.count), (LOOKUP, -1));
                assert_eq!(message.is_true(), Some(true));
                facts.insert(message.fields);
            }
        }
        let of = |fact: Fact| facts.iter().filter(|f| f[0] == fact as u32).count();
        let counts = [Fact::Range16, Fact::Range14, Fact::Bytes, Fact::And].map(of);
        assert_eq!(counts, [1 << 16, 1 << 14, 1 << 16, 1 << 16]);
    }

    /// The number of answers is what the columns say: to change one is to answer otherwise.
    #[test]
    fn mutants_answer_otherwise() {
        let (report, _) = campaign().run();
        assert!(report.count.says_other > 0);
        assert_eq!((report.count.rejected, report.count.survived), (0, 0));
        campaign().assert();
    }
}
