//! Mutants that make up for what they break: a cell is changed, and the constraints that this
//! breaks are solved for other cells, as a cheating prover would.

use alloc::collections::BTreeSet;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use p3_field::{Field, PrimeCharacteristicRing, integers::QuotientMap};

use super::Verdict;
use super::lint::{Columns, symbolic};
use super::mutate::{Count, Mutation};
use crate::F;
use crate::gadget::{INV_2_5, INV_2_14, INV_2_15, INV_2_16};

/// Most cells that are solved for after the first change, and most attempts: near at hand
/// first, then further away.
const LIMITS: [(usize, usize); 2] = [(2, 200), (6, 700)];

/// A search from one change of one row.
struct Search<'a> {
    row: usize,
    honest: &'a Verdict,
    /// Columns of each constraint.
    columns: &'a [Vec<usize>],
    names: &'a [String],
    cells: &'a [F],
    limits: (usize, usize),
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
                let changes = changes(cells[column]).into_iter();
                for (change, limits) in changes.flat_map(|x| LIMITS.map(|limits| (x, limits))) {
                    let mut search = Search {
                        row,
                        honest: &honest,
                        columns: &columns,
                        names: &names,
                        cells: &cells,
                        limits,
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

    /// Solves a broken constraint for each of its cells that has not been changed: the first,
    /// or the one after it, in case the first is the one that keeps the attack out.
    fn repair(&mut self, search: &mut Search<'_>, changed: &mut Vec<usize>) {
        self.try_mutant(search, changed);
        let (repairs, attempts) = search.limits;
        if changed.len() > repairs {
            return;
        }
        let values = self.subject.constraints(search.row);
        let broken = (0..values.len()).filter(|&i| values[i] != F::ZERO);
        for constraint in broken.take(2).collect::<Vec<usize>>() {
            for &column in &search.columns[constraint] {
                if !changed.contains(&column) && search.attempts < attempts {
                    self.solve(search, changed, (constraint, values[constraint]), column);
                }
            }
        }
    }

    /// Solves a constraint, now of this value, for `column`, and goes on from there.
    fn solve(
        &mut self,
        search: &mut Search<'_>,
        changed: &mut Vec<usize>,
        (constraint, value): (usize, F),
        column: usize,
    ) {
        let own = *self.subject.cell(search.row, column);
        *self.subject.cell(search.row, column) = own + F::ONE;
        let slope = self.subject.constraints(search.row)[constraint] - value;
        if let Some(inverse) = slope.try_inverse() {
            *self.subject.cell(search.row, column) = own - value * inverse;
            let is_solved = self.subject.constraints(search.row)[constraint] == F::ZERO;
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
