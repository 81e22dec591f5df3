//! Mutants: rows with one or two cells changed.
//!
//! A mutant is *rejected* if a constraint is not 0 or the row asks for a fact that is none.
//! A mutant that says something else than the row did is caught by whoever does not hear what
//! he waits for, but only if what it says is false: its messages are put before a [`Judge`],
//! who knows what the table may say. A mutant that says the same is a *survivor*: its cell is
//! free, and must be on the table's list.

use alloc::collections::BTreeSet;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use p3_field::{PrimeCharacteristicRing, integers::QuotientMap};
use p3_lookup::SymbolicInteraction;

use super::lint::symbolic;
use super::{Random, Subject, Verdict};
use crate::F;
use crate::bus::{LOOKUP, POSEIDON2};

/// What a table may say: an error if the messages of one row are consistent with what its
/// neighbours on the buses guarantee, and nevertheless state something untrue.
pub(crate) type Judge = fn(&Verdict) -> Result<(), String>;

/// A cell that may hold anything in some rows.
pub(crate) struct Free {
    /// Name of the column.
    pub column: &'static str,
    /// In which rows.
    pub when: fn(&[F]) -> bool,
    /// Why that does no harm.
    pub reason: &'static str,
}

impl Free {
    pub const fn new(column: &'static str, when: fn(&[F]) -> bool, reason: &'static str) -> Self {
        Self {
            column,
            when,
            reason,
        }
    }
}

/// Something that a row must fulfil, by its place in the table's constraints or messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Rule {
    Constraint(usize),
    Question(usize),
}

/// What became of the mutants.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Count {
    pub rejected: usize,
    pub says_other: usize,
    pub survived: usize,
}

/// One campaign on one table.
pub(crate) struct Mutation<'a> {
    pub subject: Subject,
    pub judge: Judge,
    pub free: &'a [Free],
    /// Rules that some mutant shows to be needed.
    needed: BTreeSet<Rule>,
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

impl<'a> Mutation<'a> {
    pub fn new(subject: Subject, judge: Judge, free: &'a [Free]) -> Self {
        Self {
            subject,
            judge,
            free,
            needed: BTreeSet::new(),
        }
    }

    /// Everything: single cells of all rows, pairs of cells of `rows`, and whether each rule
    /// was needed.
    ///
    /// # Panics
    /// As the parts.
    pub fn run_all(mut self, rows: &[usize], spare: &[(Rule, &str)]) {
        self.run();
        self.run_pairs(rows);
        self.score(spare);
    }

    /// Scores the mutants: for each rule there is one that only this rule keeps out. Without
    /// the rule, these tests would fail. `spare` lists the exceptions with their reasons.
    ///
    /// # Panics
    /// If the rules that no mutant needs are not those listed.
    pub fn score(&self, spare: &[(Rule, &str)]) {
        let symbolic = symbolic(self.subject.table());
        let constraints = (0..symbolic.base_constraints().len()).map(Rule::Constraint);
        let messages = symbolic.global_interactions().iter().enumerate();
        let is_question = |m: &SymbolicInteraction<F>| {
            m.count_weight > 0 && [LOOKUP, POSEIDON2].contains(&m.bus_name.as_str())
        };
        let questions = messages.filter(|(_, m)| is_question(m));
        let all: BTreeSet<Rule> = constraints
            .chain(questions.map(|(i, _)| Rule::Question(i)))
            .collect();
        let listed: BTreeSet<Rule> = spare.iter().map(|(rule, _)| *rule).collect();
        let not_needed: BTreeSet<Rule> = all.difference(&self.needed).copied().collect();
        assert_eq!(not_needed, listed, "{}", self.subject.table().name());
    }

    /// Mutates every cell of every row.
    ///
    /// # Panics
    /// If an honest row is rejected, a mutant states something untrue, a survivor is not
    /// listed, or a listed cell does not survive.
    pub fn run(&mut self) -> Count {
        let mut count = Count::default();
        let mut complaints = Vec::new();
        for row in 0..self.subject.height() {
            let honest = self.honest(row);
            let cells = self.subject.row(row);
            let names = self.subject.table().column_names();
            for (column, name) in names.iter().enumerate() {
                let mut survives = false;
                for value in self.values(row, column) {
                    *self.subject.cell(row, column) = value;
                    let mutant = self.subject.hear(row, true);
                    let what = || format!("row {row}: {name} := {value}, was {}", cells[column]);
                    survives |= self.count(&honest, &mutant, what, &mut count, &mut complaints);
                }
                *self.subject.cell(row, column) = cells[column];
                let is_listed = self.is_free(name, &cells);
                if !honest.is_silent() && survives != is_listed {
                    complaints.push(format!(
                        "row {row}: {name} survives: {survives}, is listed: {is_listed}"
                    ));
                }
            }
        }
        self.report(&complaints);
        assert!(count.rejected > 0, "no mutant was rejected: {count:?}");
        count
    }

    /// Mutates every pair of cells of `rows`, so that one makes up for the other.
    ///
    /// # Panics
    /// As [`Self::run`]; a pair may survive if both cells are free.
    pub fn run_pairs(&mut self, rows: &[usize]) -> Count {
        let mut count = Count::default();
        let mut complaints = Vec::new();
        let names = self.subject.table().column_names();
        for &row in rows {
            let honest = self.honest(row);
            let cells = self.subject.row(row);
            let width = cells.len();
            let pairs = (0..width).flat_map(|i| (i + 1..width).map(move |j| (i, j)));
            for (i, j) in pairs {
                let both_free = self.is_free(&names[i], &cells) && self.is_free(&names[j], &cells);
                for x in steps(cells[i]) {
                    *self.subject.cell(row, i) = x;
                    for y in steps(cells[j]) {
                        *self.subject.cell(row, j) = y;
                        let mutant = self.subject.hear(row, true);
                        let what = || {
                            let (a, b) = (&names[i], &names[j]);
                            format!("row {row}: {a} := {x}, {b} := {y}, were {} and {}", cells[i], cells[j])
                        };
                        let survives =
                            self.count(&honest, &mutant, what, &mut count, &mut complaints);
                        if survives && !both_free && !honest.is_silent() {
                            complaints.push(format!("survives: {}", what()));
                        }
                    }
                    *self.subject.cell(row, j) = cells[j];
                }
                *self.subject.cell(row, i) = cells[i];
            }
        }
        self.report(&complaints);
        count
    }

    fn honest(&self, row: usize) -> Verdict {
        let honest = self.subject.verdict(row);
        let name = self.subject.table().name();
        assert!(honest.accepted(), "{name}, row {row} is honest: {honest:?}");
        assert_eq!((self.judge)(&honest), Ok(()), "{name}, row {row}");
        honest
    }

    /// A rule that alone keeps out a mutant which would do harm is needed.
    fn credit(&mut self, honest: &Verdict, mutant: &Verdict) {
        let rule = match (mutant.broken.as_slice(), mutant.untrue_at.as_slice()) {
            (&[constraint], []) => Rule::Constraint(constraint),
            ([], &[message]) => Rule::Question(message),
            _ => return,
        };
        let survives = mutant.said == honest.said && !honest.is_silent();
        if !self.needed.contains(&rule) && (survives || (self.judge)(mutant).is_err()) {
            self.needed.insert(rule);
        }
    }

    /// Whether the mutant survives.
    fn count(
        &mut self,
        honest: &Verdict,
        mutant: &Verdict,
        what: impl Fn() -> String,
        count: &mut Count,
        complaints: &mut Vec<String>,
    ) -> bool {
        if !mutant.accepted() {
            count.rejected += 1;
            self.credit(honest, mutant);
            return false;
        }
        if !mutant.unbounded.is_empty() {
            complaints.push(format!("multiplicity: {}: {:?}", what(), mutant.unbounded));
        }
        if mutant.said == honest.said {
            count.survived += 1;
            return true;
        }
        count.says_other += 1;
        if let Err(error) = (self.judge)(mutant) {
            complaints.push(format!("untrue: {}: {error}", what()));
        }
        false
    }

    fn report(&self, complaints: &[String]) {
        let name = self.subject.table().name();
        let shown = &complaints[..complaints.len().min(40)];
        let all = complaints.len();
        assert!(all == 0, "{name}: {all} complaints\n{}", shown.join("\n"));
    }

    fn is_free(&self, name: &str, cells: &[F]) -> bool {
        let mut listed = self.free.iter().filter(|free| free.column == name);
        listed.any(|free| {
            assert!(!free.reason.is_empty(), "{name} has a reason");
            (free.when)(cells)
        })
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

/// The values that are a step away, and the other one of a boolean.
fn steps(own: F) -> Vec<F> {
    let mut values: Vec<F> = STEPS.iter().map(|&step| own + F::from_int(step)).collect();
    if own == F::ZERO || own == F::ONE {
        values.push(F::ONE - own);
    }
    values.dedup();
    values
}
