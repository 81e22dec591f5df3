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
    /// The cell is free only if others change with it.
    pub together: bool,
}

impl Free {
    pub const fn new(column: &'static str, when: fn(&[F]) -> bool, reason: &'static str) -> Self {
        Self {
            column,
            when,
            reason,
            together: false,
        }
    }

    /// A cell that may change together with others in every row.
    pub const fn together(column: &'static str, reason: &'static str) -> Self {
        Self {
            together: true,
            ..Self::new(column, |_| true, reason)
        }
    }
}

/// Something that a row must fulfil, by its place in the table's constraints or messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Rule {
    Constraint(usize),
    Question(usize),
}

/// Rules that the mutants of a table do not need.
pub(crate) struct Spare {
    pub rules: Vec<Rule>,
    pub reason: &'static str,
}

impl Spare {
    pub fn constraints(indices: impl IntoIterator<Item = usize>, reason: &'static str) -> Self {
        let rules = indices.into_iter().map(Rule::Constraint).collect();
        Self { rules, reason }
    }

    pub fn question(message: usize, reason: &'static str) -> Self {
        let rules = Vec::from([Rule::Question(message)]);
        Self { rules, reason }
    }

    /// The first constraints of a table with `flags` of which one is set.
    pub fn flags(flags: usize) -> Self {
        Self::constraints(
            0..=flags,
            "`select`: the flags and their sum hold each other; its own test",
        )
    }
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
    pub(super) needed: BTreeSet<Rule>,
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
    pub fn run_all(mut self, rows: &[usize], spare: &[Spare]) {
        self.run();
        let mut rows = rows.to_vec();
        // The last row is no event: it must not become half of one.
        rows.push(self.subject.height() - 1);
        self.run_pairs(&rows);
        self.run_repaired(&rows);
        self.score(spare);
    }

    /// Scores the mutants: for each rule there is one that only this rule keeps out. Without
    /// the rule, these tests would fail.
    ///
    /// # Panics
    /// If no mutant needs a rule that is not listed, or all rules of an entry are needed.
    pub fn score(&self, spare: &[Spare]) {
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
        let mut not_needed: BTreeSet<Rule> = all.difference(&self.needed).copied().collect();
        let name = self.subject.table().name();
        for Spare { rules, reason } in spare {
            let before = not_needed.len();
            not_needed.retain(|rule| !rules.contains(rule));
            assert!(
                not_needed.len() < before,
                "{name}: {rules:?} are needed, not {reason}"
            );
        }
        assert!(
            not_needed.is_empty(),
            "{name}: no mutant needs {not_needed:?}"
        );
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
                let is_listed = self.is_free(name, &cells, false);
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
                let both_free = [i, j]
                    .iter()
                    .all(|&k| self.is_free(&names[k], &cells, true));
                for x in steps(cells[i]) {
                    *self.subject.cell(row, i) = x;
                    for y in steps(cells[j]) {
                        *self.subject.cell(row, j) = y;
                        let mutant = self.subject.hear(row, true);
                        let what = || {
                            let (a, b) = (&names[i], &names[j]);
                            format!(
                                "row {row}: {a} := {x}, {b} := {y}, were {} and {}",
                                cells[i], cells[j]
                            )
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

    pub(super) fn honest(&self, row: usize) -> Verdict {
        let honest = self.subject.verdict(row);
        let name = self.subject.table().name();
        assert!(honest.accepted(), "{name}, row {row} is honest: {honest:?}");
        assert_eq!((self.judge)(&honest), Ok(()), "{name}, row {row}");
        honest
    }

    /// A rule that alone keeps out a mutant which would do harm is needed.
    pub(super) fn credit(&mut self, honest: &Verdict, mutant: &Verdict) {
        let rule = match (mutant.broken.as_slice(), mutant.untrue_at.as_slice()) {
            (&[constraint], []) => Rule::Constraint(constraint),
            ([], &[message]) => Rule::Question(message),
            _ => return,
        };
        let survives = mutant.said == honest.said && !honest.is_silent();
        let harms = || !mutant.unbounded.is_empty() || (self.judge)(mutant).is_err();
        if !self.needed.contains(&rule) && (survives || harms()) {
            self.needed.insert(rule);
        }
    }

    /// Whether the mutant survives.
    pub(super) fn count(
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

    pub(super) fn report(&self, complaints: &[String]) {
        let name = self.subject.table().name();
        let shown = &complaints[..complaints.len().min(40)];
        let all = complaints.len();
        assert!(all == 0, "{name}: {all} complaints\n{}", shown.join("\n"));
    }

    /// Whether the cell is listed, on its own or as one of several that change.
    pub(super) fn is_free(&self, name: &str, cells: &[F], together: bool) -> bool {
        let mut listed = self.free.iter().filter(|free| free.column == name);
        listed.any(|free| {
            assert!(!free.reason.is_empty(), "{name} has a reason");
            (free.when)(cells) && (together || !free.together)
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
