//! Mutants that make up for what they break: a cell is changed, and the constraints that this
//! breaks are solved for other cells, as a cheating prover would.

use alloc::collections::BTreeSet;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use p3_field::{Field, PrimeCharacteristicRing, integers::QuotientMap};

use super::lint::{Columns, symbolic};
use super::mutate::{Count, Mutation};
use super::Verdict;
use crate::F;
use crate::gadget::{INV_2_5, INV_2_14, INV_2_15, INV_2_16};

/// Most cells that are solved for after the first change.
const MAX_REPAIRS: usize = 4;
/// Most attempts after one change.
const MAX_ATTEMPTS: usize = 400;

/// A search from one change of one row.
struct Search<'a> {
    row: usize,
    honest: &'a Verdict,
    /// Columns of each constraint.
    columns: &'a [Vec<usize>],
    names: &'a [String],
    cells: &'a [F],
    attempts: usize,
    /// Sets of changed cells that have been tried.
    tried: BTreeSet<Vec<usize>>,
    count: Count,
    complaints: Vec<String>,
}

impl Mutation<'_> {
    /// Changes each cell of `rows` and repairs what breaks.
    ///
    /// # Panics
    /// As [`Self::run`]; what survives may have changed free cells only.
    pub fn run_repaired(&mut self, rows: &[usize]) {
        let constraints = symbolic(self.subject.table()).base_constraints();
        let columns: Vec<Vec<usize>> = constraints.iter().map(Columns::of).collect();
        let names = self.subject.table().column_names();
        let mut complaints = Vec::new();
        for &row in rows {
            let honest = self.honest(row);
            let cells = self.subject.row(row);
            for column in 0..cells.len() {
                for change in changes(cells[column]) {
                    let mut search = Search {
                        row,
                        honest: &honest,
                        columns: &columns,
                        names: &names,
                        cells: &cells,
                        attempts: 0,
                        tried: BTreeSet::new(),
                        count: Count::default(),
                        complaints: Vec::new(),
                    };
                    *self.subject.cell(row, column) = change;
                    self.repair(&mut search, &mut Vec::from([column]));
                    *self.subject.cell(row, column) = cells[column];
                    complaints.extend(search.complaints);
                }
            }
        }
        self.report(&complaints);
    }

    /// Solves the first broken constraint for each of its cells that has not been changed.
    fn repair(&mut self, search: &mut Search<'_>, changed: &mut Vec<usize>) {
        self.try_mutant(search, changed);
        let values = self.subject.constraints(search.row);
        let broken = values.iter().position(|&value| value != F::ZERO);
        let Some(broken) = broken.filter(|_| changed.len() <= MAX_REPAIRS) else {
            return;
        };
        for &column in &search.columns[broken] {
            if changed.contains(&column) || search.attempts >= MAX_ATTEMPTS {
                continue;
            }
            let own = *self.subject.cell(search.row, column);
            *self.subject.cell(search.row, column) = own + F::ONE;
            let slope = self.subject.constraints(search.row)[broken] - values[broken];
            if let Some(inverse) = slope.try_inverse() {
                *self.subject.cell(search.row, column) = own - values[broken] * inverse;
                let is_solved = self.subject.constraints(search.row)[broken] == F::ZERO;
                changed.push(column);
                let mut key = changed.clone();
                key.sort_unstable();
                if is_solved && search.tried.insert(key) {
                    search.attempts += 1;
                    self.repair(search, changed);
                }
                changed.pop();
            }
            *self.subject.cell(search.row, column) = own;
        }
    }

    fn try_mutant(&mut self, search: &mut Search<'_>, changed: &[usize]) {
        let Search { row, honest, .. } = *search;
        let mutant = self.subject.hear(row, true);
        let now = self.subject.row(row);
        let what = || {
            let change = |&column: &usize| {
                let (name, was) = (&search.names[column], search.cells[column]);
                format!("{name} := {}, was {was}", now[column])
            };
            let all: Vec<String> = changed.iter().map(change).collect();
            format!("row {row}: {}", all.join("; "))
        };
        let (count, complaints) = (&mut search.count, &mut search.complaints);
        let survives = self.count(honest, &mutant, what, count, complaints);
        let is_free = |&column: &usize| self.is_free(&search.names[column], search.cells, true);
        if survives && !honest.is_silent() && !changed.iter().all(is_free) {
            search.complaints.push(format!("survives: {}", what()));
        }
    }
}

/// What a cell is changed to: a step, the other boolean, a carry's share.
fn changes(own: F) -> Vec<F> {
    let mut changes = Vec::from([own + F::ONE, own - F::ONE, own + F::from_int(1 << 16)]);
    if own == F::ZERO || own == F::ONE {
        changes.push(F::ONE - own);
    }
    // What a carry or a borrow is divided by.
    for inverse in [INV_2_16, INV_2_15, INV_2_14, INV_2_5] {
        changes.extend([own + inverse, own - inverse]);
    }
    changes.dedup();
    changes
}
