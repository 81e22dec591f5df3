//! What the lookup table is put through.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use p3_field::PrimeCharacteristicRing;
use p3_field::integers::QuotientMap;
use p3_matrix::dense::RowMajorMatrix;

use crate::F;
use crate::tables::lookup::{LOG_HEIGHT, Lookup};
use crate::tables::{Instance, Table};
use crate::testkit::{Campaign, Mutation, Subject, Verdict, cells};
use crate::witness::Trace;

pub(super) fn subject(counts: Lookup<F>) -> Subject {
    Subject::of(Trace {
        instance: Instance::new(Table::Lookup, 0, &[]),
        public_values: Vec::new(),
        matrix: RowMajorMatrix::new(cells(&counts).repeat(1 << LOG_HEIGHT), 4),
    })
}

/// All answers are facts, however often they are given.
fn judge(row: &Verdict) -> Result<(), String> {
    match row.sent.iter().all(|answer| answer.is_true() == Some(true)) {
        true => Ok(()),
        false => Err(format!("{row:?}")),
    }
}

/// There are no rules, and nothing can be sent that is not true.
pub(super) fn campaign() -> Campaign {
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

#[cfg(test)]
mod tests {
    use alloc::collections::BTreeSet;

    use super::*;
    use crate::bus::{Fact, LOOKUP};
    use crate::columns::Block;

    /// Every row answers with facts, and every fact has its row.
    #[test]
    fn facts_are_all_there_and_true() {
        let subject = subject(Lookup::splat(F::ONE));
        let mut facts = BTreeSet::new();
        for row in 0..subject.height() {
            let verdict = subject.verdict(row);
            assert!(verdict.accepted(), "row {row}: {verdict:?}");
            assert_eq!(verdict.sent.len(), 4);
            for message in verdict.sent {
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
