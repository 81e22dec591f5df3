//! Mutants that make up for what they break: cells are changed, and the constraints that this
//! breaks are solved for other cells, as a cheating prover would.

use alloc::collections::BTreeSet;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use p3_field::{Field, PrimeCharacteristicRing, integers::QuotientMap};

use super::kills::MAX_RULES;
use super::lint::{Columns, symbolic};
use super::mutate::Mutation;
use super::verdict::Verdict;
use crate::F;
use crate::gadget::{INV_2_5, INV_2_14, INV_2_15, INV_2_16};

/// Most cells that are solved for after the first change, and most attempts: near at hand
/// first, then further away.
const LIMITS: [(usize, usize); 2] = [(2, 200), (6, 1000)];
/// Cells of a row beyond which there are fewer attempts from each.
const USUAL_WIDTH: usize = 30;
/// The limits after flags are changed.
const FLAG_LIMITS: (usize, usize) = (4, 80);

/// A search from some changes of one row.
struct Search<'a> {
    row: usize,
    honest: &'a Verdict,
    /// Columns of each constraint.
    columns: &'a [Vec<usize>],
    names: &'a [String],
    cells: &'a [F],
    /// Cells that may still be solved for.
    repairs: usize,
    /// Attempts that may still be made.
    attempts: usize,
    /// Sets of changed cells that have been tried.
    tried: BTreeSet<Vec<usize>>,
}

impl Mutation {
    /// Columns of each constraint.
    fn constraint_columns(&self) -> Vec<Vec<usize>> {
        let constraints = symbolic(self.subject.table()).base_constraints();
        constraints.iter().map(Columns::of).collect()
    }

    /// Changes each cell and repairs what breaks.
    pub(super) fn run_repaired(&mut self) {
        let columns = self.constraint_columns();
        let width = self.subject.table().width().max(USUAL_WIDTH);
        for row in self.rows.clone() {
            for column in 0..self.subject.row(row).len() {
                let own = *self.subject.cell(row, column);
                let changes = changes(own).into_iter().map(|x| [(column, x)]);
                for (repairs, attempts) in LIMITS {
                    let limits = (repairs, attempts * USUAL_WIDTH / width);
                    self.search(row, &columns, changes.clone(), limits);
                }
            }
        }
    }

    /// Sets flags of which one at most should be set to what they should not be: each to a
    /// value of its own, so that one of the rules of `gadget::select` is broken or two.
    pub(super) fn run_flags(&mut self) {
        let columns = self.constraint_columns();
        for (place, flags) in flag_groups(&columns) {
            let rules = place..=place + flags.len();
            for row in self.rows.clone() {
                let cells = self.subject.row(row);
                let choices: Vec<Vec<(usize, F)>> = flag_choices(&flags)
                    .into_iter()
                    .filter(|choice| {
                        for &(column, value) in choice {
                            *self.subject.cell(row, column) = value;
                        }
                        let values = self.subject.constraints(row);
                        let broken = rules.clone().filter(|&i| values[i] != F::ZERO);
                        (1..=2).contains(&broken.count())
                    })
                    .collect();
                self.subject.set_row(row, &cells);
                self.search(row, &columns, choices.into_iter(), FLAG_LIMITS);
            }
        }
    }

    /// Searches from each of `starts`, which are cells and what they are changed to.
    fn search<S: AsRef<[(usize, F)]>>(
        &mut self,
        row: usize,
        columns: &[Vec<usize>],
        starts: impl Iterator<Item = S>,
        (repairs, attempts): (usize, usize),
    ) {
        let honest = self.honest(row);
        let names = self.subject.table().column_names();
        let cells = self.subject.row(row);
        for start in starts {
            let mut search = Search {
                row,
                honest: &honest,
                columns,
                names: &names,
                cells: &cells,
                repairs,
                attempts,
                tried: BTreeSet::new(),
            };
            let mut changed = Vec::new();
            for &(column, value) in start.as_ref() {
                *self.subject.cell(row, column) = value;
                changed.push(column);
            }
            self.repair(&mut search, &mut changed);
            self.subject.set_row(row, &cells);
        }
    }

    /// Solves a broken constraint for each of its cells that has not been changed: the first
    /// constraint, or the one after it, in case the first is the one that keeps the attack out.
    fn repair(&mut self, search: &mut Search<'_>, changed: &mut Vec<usize>) {
        self.try_mutant(search, changed);
        if search.repairs == 0 {
            return;
        }
        let values = self.subject.constraints(search.row);
        let broken = (0..values.len()).filter(|&i| values[i] != F::ZERO);
        let solvable = |&i: &usize| search.columns[i].iter().any(|c| !changed.contains(c));
        for constraint in broken.filter(solvable).take(2).collect::<Vec<usize>>() {
            for &column in &search.columns[constraint] {
                if !changed.contains(&column) && search.attempts > 0 {
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
        let mut key = changed.clone();
        key.push(column);
        key.sort_unstable();
        if search.tried.contains(&key) {
            return;
        }
        search.attempts -= 1;
        let own = *self.subject.cell(search.row, column);
        *self.subject.cell(search.row, column) = own + F::ONE;
        let slope = self.subject.constraints(search.row)[constraint] - value;
        if let Some(inverse) = slope.try_inverse() {
            *self.subject.cell(search.row, column) = own - value * inverse;
            if self.subject.constraints(search.row)[constraint] == F::ZERO {
                search.tried.insert(key);
                search.repairs -= 1;
                changed.push(column);
                self.repair(search, changed);
                changed.pop();
                search.repairs += 1;
            }
        }
        *self.subject.cell(search.row, column) = own;
    }

    fn try_mutant(&mut self, search: &Search<'_>, changed: &[usize]) {
        let &Search {
            row, honest, cells, ..
        } = search;
        let mutant = self.subject.verdict_within(row, MAX_RULES);
        let now = self.subject.row(row);
        let what = || {
            let change = |&column: &usize| {
                let (name, was) = (&search.names[column], cells[column]);
                format!("{name} := {}, was {was}", now[column])
            };
            let all: Vec<String> = changed.iter().map(change).collect();
            format!("row {row}: {}", all.join("; "))
        };
        let changed = changed
            .iter()
            .filter(|&&column| now[column] != cells[column]);
        let changed: Vec<usize> = changed.copied().collect();
        self.observe((honest, cells), &mutant, &changed, what);
    }
}

/// Flags of which `gadget::select` allows one at most: its first constraint, and their columns.
fn flag_groups(columns: &[Vec<usize>]) -> Vec<(usize, Vec<usize>)> {
    let group = |sum: usize| {
        let flags = &columns[sum];
        let place = sum.checked_sub(flags.len())?;
        let mut alone = columns[place..sum].concat();
        alone.sort_unstable();
        (alone == *flags).then(|| (place, flags.clone()))
    };
    (0..columns.len()).filter_map(group).collect()
}

/// What flags are set to: up to three of them to -1, 1 or 2, only one if they are many.
fn flag_choices(flags: &[usize]) -> Vec<Vec<(usize, F)>> {
    let most = if flags.len() > 8 { 1 } else { 3 };
    let mut choices: Vec<Vec<(usize, F)>> = Vec::from([Vec::new()]);
    for &flag in flags {
        let mut more = Vec::new();
        for choice in choices {
            let set = choice.iter().filter(|(_, value)| *value != F::ZERO).count();
            let values: &[i32] = if set < most { &[0, -1, 1, 2] } else { &[0] };
            for &value in values {
                let with = choice.iter().copied().chain([(flag, F::from_int(value))]);
                more.push(with.collect());
            }
        }
        choices = more;
    }
    choices
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tables::Table;

    /// The flags of the instruction and of the offset, each with the first of its constraints.
    #[test]
    fn flags_are_found() {
        let constraints = symbolic(Table::LoadSub).base_constraints();
        let columns: Vec<Vec<usize>> = constraints.iter().map(Columns::of).collect();
        let names = Table::LoadSub.column_names();
        let groups = flag_groups(&columns).into_iter().map(|(place, flags)| {
            let names = flags.into_iter().map(|flag| names[flag].clone());
            (place, names.collect::<Vec<_>>())
        });
        let of = |names: [&str; 4]| names.map(String::from).to_vec();
        let expected = [
            (0, of(["is_lb", "is_lbu", "is_lh", "is_lhu"])),
            (5, of(["offset[0]", "offset[1]", "offset[2]", "offset[3]"])),
        ];
        assert!(groups.eq(expected));
    }

    #[test]
    fn three_flags_are_chosen_at_most() {
        let choices = flag_choices(&[0, 1, 2, 3]);
        // All of four values each, less those of which none is 0.
        assert_eq!(choices.len(), 4usize.pow(4) - 3usize.pow(4));
        let many: Vec<usize> = (0..47).collect();
        assert_eq!(flag_choices(&many).len(), 1 + 3 * 47);
    }
}
