//! Mutants: rows with a few cells changed.
//!
//! A mutant is *rejected* if a constraint is not 0 or the row asks for a fact that is none.
//! A mutant that sends something else than the row did is caught by whoever does not receive what
//! he waits for, but only if what it sends is false: its messages are put before a [`Judge`],
//! who knows what the table may send. A mutant that sends the same is a *survivor*: its cells are
//! free, and must be on the list of [`super::free`].

use alloc::collections::BTreeSet;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::ops::AddAssign;

use p3_field::{PrimeCharacteristicRing, integers::QuotientMap};

use super::free::{FreeCell, free_cells};
use super::kills::{Harm, Kill, Kills, MAX_RULES, faults};
use super::numbers::Random;
use super::rows::cells;
use super::subject::Subject;
use super::verdict::Verdict;
use crate::F;
use crate::columns::Block;

/// What a table may send: an error if the messages of one row are consistent with what its
/// neighbours on the buses guarantee, and nevertheless state something untrue.
pub type Judge = fn(&Verdict) -> Result<(), String>;

/// What became of the mutants.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    /// A rule keeps them out.
    pub rejected: usize,
    /// They send something else, which is true.
    pub says_other: usize,
    /// They send the same.
    pub survived: usize,
}

impl AddAssign for Count {
    fn add_assign(&mut self, other: Self) {
        self.rejected += other.rejected;
        self.says_other += other.says_other;
        self.survived += other.survived;
    }
}

/// What came of a campaign.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// Mutants.
    pub count: Count,
    /// What must not be: an honest row that is rejected, a mutant that is accepted and does
    /// harm, a cell that is listed as free and is not.
    pub complaints: Vec<String>,
    /// Which rules keep the harmful mutants out.
    pub kills: Kills,
    /// Lines of the list of free cells that were needed.
    pub used: BTreeSet<usize>,
}

impl Report {
    /// Adds another report.
    pub fn merge(&mut self, other: Self) {
        self.count += other.count;
        self.complaints.extend(other.complaints);
        self.kills.merge(other.kills);
        self.used.extend(other.used);
    }
}

/// Mutants of one filled table.
pub struct Mutation {
    /// The table.
    pub subject: Subject,
    /// Who knows what it may send.
    pub judge: Judge,
    /// Rows of which each cell is changed.
    pub singles: Vec<usize>,
    /// Rows of which cells are changed two at a time, and what breaks is repaired.
    pub rows: Vec<usize>,
    /// Rows to be put in the place of others, each of which would do harm.
    pub attacks: Vec<(usize, Vec<F>)>,
    free: Vec<&'static FreeCell>,
    pub(super) report: Report,
}

/// What a limb of one column could lend to another.
const STEPS: [i64; 10] = [
    1,
    -1,
    1 << 5,
    1 << 8,
    -(1 << 8),
    1 << 14,
    -(1 << 14),
    1 << 15,
    1 << 16,
    -(1 << 16),
];

impl Mutation {
    /// Mutants of every row of `subject`; pairs and repaired mutants of `rows` and the last.
    pub fn new(subject: Subject, judge: Judge, rows: &[usize]) -> Self {
        // The last row is no event: it must not become half of one.
        let last = subject.height() - 1;
        let table = subject.table();
        Self {
            singles: (0..=last).collect(),
            rows: rows.iter().copied().chain([last]).collect(),
            subject,
            judge,
            attacks: Vec::new(),
            free: free_cells()
                .iter()
                .filter(|free| free.table == table)
                .collect(),
            report: Report::default(),
        }
    }

    /// Adds rows that would do harm, to be put in the place of row 1.
    pub fn with_attacks<C: Block<F>>(mut self, attacks: &[C]) -> Self {
        self.attacks
            .extend(attacks.iter().map(|row| (1, cells(row))));
        self
    }

    /// Runs all kinds of mutants.
    pub fn run(&mut self) -> Report {
        self.run_singles();
        self.run_pairs();
        self.run_repaired();
        self.run_flags();
        self.run_attacks();
        core::mem::take(&mut self.report)
    }

    /// Mutates every cell of every row.
    fn run_singles(&mut self) {
        let names = self.subject.table().column_names();
        for row in self.singles.clone() {
            let honest = self.honest(row);
            let cells = self.subject.row(row);
            for (column, name) in names.iter().enumerate() {
                let mut survives = false;
                for value in self.values(row, column) {
                    *self.subject.cell(row, column) = value;
                    let mutant = self.subject.verdict_within(row, MAX_RULES);
                    let what = || format!("row {row}: {name} := {value}, was {}", cells[column]);
                    survives |= self.observe((&honest, &cells), &mutant, &[column], what);
                }
                *self.subject.cell(row, column) = cells[column];
                let is_listed = self.free(column, &cells, false).is_some();
                if !honest.is_silent() && !survives && is_listed {
                    self.complain(format!("row {row}: {name} is listed, and does not survive"));
                }
            }
        }
    }

    /// Mutates every pair of cells, so that one makes up for the other.
    fn run_pairs(&mut self) {
        let names = self.subject.table().column_names();
        for row in self.rows.clone() {
            let honest = self.honest(row);
            let cells = self.subject.row(row);
            let width = cells.len();
            let pairs = (0..width).flat_map(|i| (i + 1..width).map(move |j| (i, j)));
            for (i, j) in pairs {
                for x in steps(cells[i]) {
                    *self.subject.cell(row, i) = x;
                    for y in steps(cells[j]) {
                        *self.subject.cell(row, j) = y;
                        let mutant = self.subject.verdict_within(row, MAX_RULES);
                        let what = || {
                            let (a, b) = (&names[i], &names[j]);
                            let (was_a, was_b) = (cells[i], cells[j]);
                            format!("row {row}: {a} := {x}, {b} := {y}, were {was_a} and {was_b}")
                        };
                        self.observe((&honest, &cells), &mutant, &[i, j], what);
                    }
                    *self.subject.cell(row, j) = cells[j];
                }
                *self.subject.cell(row, i) = cells[i];
            }
        }
    }

    /// Puts the attacks in their places.
    fn run_attacks(&mut self) {
        for (i, (row, attack)) in core::mem::take(&mut self.attacks).into_iter().enumerate() {
            let before = self.subject.set_row(row, &attack);
            let mutant = self.subject.verdict(row);
            self.subject.set_row(row, &before);
            let harm = self.harm(&mutant);
            self.report.count.rejected += usize::from(!mutant.accepted());
            match (harm, faults(&mutant)) {
                (Some(_), None) if mutant.accepted() => {
                    self.complain(format!("attack {i} is accepted: {:?}", mutant.sent));
                }
                (Some(harm), Some(faults)) => self.report.kills.add(Kill {
                    harm,
                    place: mutant.place,
                    faults,
                }),
                (Some(_), None) => self.complain(format!("attack {i} breaks too many rules")),
                (None, _) => self.complain(format!("attack {i} does no harm: {mutant:?}")),
            }
        }
    }

    pub(super) fn honest(&mut self, row: usize) -> Verdict {
        let honest = self.subject.verdict(row);
        if !honest.accepted() || !honest.unbounded.is_empty() {
            self.complain(format!("row {row} is honest: {honest:?}"));
        }
        if let Err(error) = (self.judge)(&honest) {
            self.complain(format!("row {row} is true: {error}"));
        }
        honest
    }

    /// The harm that a row would do by what it sends.
    fn harm(&self, mutant: &Verdict) -> Option<Harm> {
        if !mutant.unbounded.is_empty() {
            return Some(Harm::Unbounded);
        }
        (self.judge)(mutant).is_err().then_some(Harm::Untrue)
    }

    /// Counts a mutant of a row, given its verdict and cells before; whether it survives.
    pub(super) fn observe(
        &mut self,
        (honest, cells): (&Verdict, &[F]),
        mutant: &Verdict,
        changed: &[usize],
        what: impl Fn() -> String,
    ) -> bool {
        let is_same = mutant.sent == honest.sent && mutant.unbounded.is_empty();
        if !mutant.accepted() {
            self.report.count.rejected += 1;
            self.note_kill((honest, cells), mutant, changed, is_same);
            return false;
        }
        if is_same {
            self.report.count.survived += 1;
            if !honest.is_silent() && !self.are_free(changed, cells) {
                self.complain(format!("survives: {}", what()));
            }
            return true;
        }
        self.report.count.says_other += 1;
        if let Some(harm) = self.harm(mutant) {
            self.complain(format!("{harm:?}: {}: {:?}", what(), mutant.sent));
        }
        false
    }

    /// Notes what keeps a mutant out, if it would do harm.
    fn note_kill(
        &mut self,
        (honest, cells): (&Verdict, &[F]),
        mutant: &Verdict,
        changed: &[usize],
        is_same: bool,
    ) {
        let place = mutant.place;
        let Some(faults) = faults(mutant).filter(|it| self.report.kills.wants(place, it)) else {
            return;
        };
        let survives = || is_same && !honest.is_silent() && !self.may_change(changed, cells);
        let harm = self.harm(mutant);
        if let Some(harm) = harm.or_else(|| survives().then_some(Harm::Survives)) {
            let kill = Kill {
                harm,
                place,
                faults,
            };
            self.report.kills.add(kill);
        }
    }

    pub(super) fn complain(&mut self, complaint: String) {
        let name = self.subject.table().name();
        self.report.complaints.push(format!("{name}: {complaint}"));
    }

    /// The line that lists the cell, on its own or as one of several that change.
    fn free(&self, column: usize, cells: &[F], together: bool) -> Option<usize> {
        let public = &self.subject.trace.public_values;
        let mut listed = self.free.iter().filter(|free| free.column == column);
        let found = listed.find(|free| free.applies(cells, public, together));
        found.map(|free| free.line)
    }

    fn may_change(&self, changed: &[usize], cells: &[F]) -> bool {
        let together = changed.len() > 1;
        let is_free = |&column: &usize| self.free(column, cells, together).is_some();
        changed.iter().all(is_free)
    }

    /// Whether all of these cells are listed, which uses the lines that list them.
    fn are_free(&mut self, changed: &[usize], cells: &[F]) -> bool {
        let together = changed.len() > 1;
        let lines = changed
            .iter()
            .map(|&column| self.free(column, cells, together));
        let lines: Option<Vec<usize>> = lines.collect();
        self.report.used.extend(lines.iter().flatten());
        lines.is_some()
    }

    /// Values for a cell other than its own.
    fn values(&mut self, row: usize, column: usize) -> Vec<F> {
        let own = *self.subject.cell(row, column);
        let mut random = Random((row as u64) << 32 | column as u64);
        let height = self.subject.height();
        let others = (1..4).map(|i| self.subject.row((row + i) % height)[column]);
        let mut values: Vec<F> = others.collect();
        values.extend([0, 1, 2, 3, 255, 256].map(|x: u32| F::from_int(x)));
        values.extend([own + own, -own, random.element(), random.element()]);
        // 2^32 more is the same word, p apart from it as an integer.
        let far = F::from_int(1u64 << 32);
        values.extend([own + far, own - far]);
        values.extend(steps(own));
        values.sort();
        values.dedup();
        values.retain(|&value| value != own);
        values
    }
}

/// The values that are a step away; of a boolean also what is no boolean on the other side.
fn steps(own: F) -> Vec<F> {
    let mut values: Vec<F> = STEPS.iter().map(|&step| own + F::from_int(step)).collect();
    match own {
        F::ZERO => values.push(F::TWO),
        F::ONE => values.push(F::NEG_ONE),
        _ => {}
    }
    values
}
