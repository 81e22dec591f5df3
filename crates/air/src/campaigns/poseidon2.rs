//! What the poseidon2 table is put through.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::borrow::Borrow;

use p3_field::PrimeCharacteristicRing;
use p3_field::integers::QuotientMap;
use vouch_isa::testing::SplitMix;

use crate::F;
use crate::tables::poseidon2::{Cols, HALF_FULL_ROUNDS, PERMUTATION_COLUMNS, WIDTH, trace};
use crate::tables::{Instance, Table};
use crate::testkit::lint::{Columns, symbolic};
use crate::testkit::{Campaign, Mutation, P, Subject, Verdict, element};
use crate::witness::Trace;

fn subject(inputs: &[([F; WIDTH], u32)], log_height: usize) -> Subject {
    Subject::of(Trace {
        instance: Instance::new(Table::Poseidon2, 0, &[]),
        public_values: Vec::new(),
        matrix: trace(inputs, log_height),
    })
}

fn inputs() -> Vec<([F; WIDTH], u32)> {
    let mut random = SplitMix(7);
    let edges = [0, 1, P - 1].map(|x| [F::from_int(x); WIDTH]);
    let others = [(); 3].map(|()| [(); WIDTH].map(|()| element(&mut random)));
    let all = edges.into_iter().chain(others);
    all.zip(1..).collect()
}

/// All answers are compressions, however often they are given.
fn judge(row: &Verdict) -> Result<(), String> {
    match row.sent.iter().all(|answer| answer.is_true() == Some(true)) {
        true => Ok(()),
        false => Err(format!("{row:?}")),
    }
}

/// Row 1 with one step of the permutation wrong, and the steps behind it right: for each
/// constraint, the last of its cells is off by one, and those of later constraints are
/// solved for. The last 16 are the outputs.
fn wrong_steps(mut subject: Subject) -> Vec<Vec<F>> {
    let constraints = symbolic(Table::Poseidon2).base_constraints();
    let steps = constraints.iter().map(|step| Columns::of(step).pop());
    let cells: Vec<usize> = steps.map(|cell| cell.expect("each has cells")).collect();
    let honest = subject.row(1);
    let mut rows = Vec::new();
    for (wrong, &cell) in cells.iter().enumerate() {
        *subject.cell(1, cell) += F::ONE;
        for (step, &cell) in cells.iter().enumerate().skip(wrong + 1) {
            let value = subject.constraints(1)[step];
            // A step is a cell less what it should be, or the other way round.
            *subject.cell(1, cell) += F::ONE;
            let slope = subject.constraints(1)[step] - value;
            *subject.cell(1, cell) -= value * slope + F::ONE;
        }
        rows.push(subject.set_row(1, &honest));
    }
    rows
}

/// Permutations of the ones with one step wrong, and the steps behind it right: input, output, and the
/// columns.
pub(super) fn wrong_permutations() -> Vec<([F; WIDTH], [F; WIDTH], Vec<F>)> {
    let rows = wrong_steps(subject(&inputs(), 3)).into_iter();
    let of_row = |row: Vec<F>| {
        let permutation = row[..PERMUTATION_COLUMNS].to_vec();
        let cols: &Cols<F> = permutation.as_slice().borrow();
        let output = cols.ending_full_rounds[HALF_FULL_ROUNDS - 1].post;
        (cols.inputs, output, permutation)
    };
    rows.map(of_row).collect()
}

pub(super) fn campaign() -> Campaign {
    let subject = subject(&inputs(), 3);
    let mut attacks = wrong_steps(subject.clone());
    // The last eight of the outputs are no part of the answer.
    attacks.truncate(attacks.len() - 8);
    let mut mutation = Mutation::new(subject, judge, &[]);
    // Pairs of 299 cells are too many.
    mutation.rows.clear();
    mutation.attacks = attacks.into_iter().map(|row| (1, row)).collect();
    Campaign::new(Table::Poseidon2, Vec::from([mutation]), Vec::new())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bus::POSEIDON2;
    use crate::columns::Block;
    use crate::table::TableType;
    use crate::tables::poseidon2::Poseidon2;
    use crate::testkit::{Message, TEXT, cells, compression};

    /// Rows answer with what the compression of the memory tree computes.
    #[test]
    fn known_answers() {
        let subject = subject(&inputs(), 3);
        for (row, (input, count)) in inputs().into_iter().enumerate() {
            let output = compression().compress(input);
            let fields = [input.as_slice(), &output].concat();
            let verdict = subject.verdict(row);
            assert!(verdict.accepted());
            let answer = Message::new(POSEIDON2, &fields, -i64::from(count));
            assert_eq!(verdict.sent, [answer]);
        }
        for row in 6..8 {
            let verdict = subject.verdict(row);
            assert!(
                verdict.accepted() && verdict.is_silent(),
                "padding is silent"
            );
        }
    }

    /// One by one, rows and padding are what all of them are at once.
    #[test]
    fn rows_are_filled_alike() {
        let subject = subject(&inputs(), 3);
        let rows = inputs()
            .into_iter()
            .map(|event| Poseidon2::<F>::row(&event, &TEXT));
        for (i, row) in rows.enumerate() {
            assert_eq!(cells(&row), subject.row(i));
        }
        let mut padding = Poseidon2::splat(F::ZERO);
        Poseidon2::<F>::padding(&mut padding);
        assert_eq!(cells(&padding), subject.row(7));
    }

    #[test]
    fn empty_trace_is_silent() {
        let subject = subject(&[], 2);
        for row in 0..4 {
            let verdict = subject.verdict(row);
            assert!(verdict.accepted() && verdict.is_silent());
        }
    }

    #[test]
    fn mutants_are_rejected() {
        let (report, _) = campaign().run();
        assert_eq!(report.count.survived, 0);
        // Only the number of answers is free to say other things.
        let rows = 8;
        assert!(report.count.says_other <= rows * 30, "{:?}", report.count);
        campaign().assert();
    }
}
