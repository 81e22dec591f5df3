//! A cheating prover for one row: given what the row shall send, it looks for helper cells with
//! which all rules hold.

use std::collections::BTreeSet;

use p3_field::{Field, PrimeCharacteristicRing, PrimeField32, integers::QuotientMap};
use vouch_air::F;
use vouch_air::testkit::lint::{Columns, symbolic};
use vouch_air::testkit::verdict::is_fact;
use vouch_air::testkit::{Judge, Message, Subject, Verdict};

use super::{REBUILT, SEARCHES, STEPS, WIPED};
use crate::{Effort, Outcome};

/// Most cells that are solved for one after the other.
const DEPTH: usize = 24;

/// Rows tried to find a row again that is wiped out.
const REBUILD: usize = 300;

/// One row of a table, its cells at the prover's disposal.
pub struct Forge {
    subject: Subject,
    row: usize,
    /// Columns of each constraint.
    constraints: Vec<Vec<usize>>,
    /// Columns of each message's fields.
    messages: Vec<Vec<usize>>,
}

/// Two columns and what is added to them.
pub type Steps = [(usize, F); 2];

/// A search.
struct Search<'a> {
    /// What the row shall send.
    sent: &'a [Message],
    /// Columns that may be solved for.
    helpers: &'a [usize],
    /// Rows that may still be tried.
    budget: usize,
    /// Changed cells that have been tried.
    tried: BTreeSet<Vec<(usize, u32)>>,
    /// The row that breaks the fewest rules, and how many.
    closest: Option<(usize, Vec<F>)>,
}

/// What a search came by.
struct Found {
    /// A row that is accepted.
    row: Option<Vec<F>>,
    /// The row that breaks the fewest rules; none if the first one sends what no row may.
    closest: Option<Vec<F>>,
    /// Rows tried.
    steps: usize,
}

/// A rule that does not hold.
#[derive(Clone, Copy)]
enum Fault {
    Constraint(usize),
    Question(usize),
}

impl Forge {
    /// Takes over row `row` of a table.
    pub fn new(subject: Subject, row: usize) -> Self {
        let symbolic = symbolic(subject.table());
        let constraints = symbolic.base_constraints();
        let messages = symbolic.global_interactions().iter();
        let fields = messages.map(|message| {
            let columns: BTreeSet<usize> = message.fields.iter().flat_map(Columns::of).collect();
            columns.into_iter().collect()
        });
        Self {
            constraints: constraints.iter().map(Columns::of).collect(),
            messages: fields.collect(),
            subject,
            row,
        }
    }

    /// What the row does with these cells.
    pub fn verdict(&mut self, cells: &[F]) -> Verdict {
        self.subject.set_row(self.row, cells);
        self.subject.verdict(self.row)
    }

    /// Whether the row with some cells changed sends what it does with `cells`.
    fn stays(&mut self, cells: &[F], steps: &[(usize, F)]) -> bool {
        let start = self.verdict(cells);
        let mut cells = cells.to_vec();
        for &(column, step) in steps {
            cells[column] += step;
        }
        let verdict = self.verdict(&cells);
        verdict.sent == start.sent && verdict.unbounded == start.unbounded
    }

    /// The columns that what the row sends does not depend on.
    pub fn helpers(&mut self, cells: &[F]) -> Vec<usize> {
        let columns = 0..cells.len();
        columns
            .filter(|&column| self.stays(cells, &[(column, F::ONE)]))
            .collect()
    }

    /// Steps of two other columns that it does not depend on either: what a limb lends another,
    /// one flag in the place of the other.
    pub fn lent(&mut self, cells: &[F], helpers: &[usize]) -> Vec<Steps> {
        const LENT: [(i64, i64); 6] = [
            (256, -1),
            (-256, 1),
            (1 << 14, -1),
            (-(1 << 14), 1),
            (1, -1),
            (-1, 1),
        ];
        let mut lent = Vec::new();
        let others: Vec<usize> = (0..cells.len()).filter(|c| !helpers.contains(c)).collect();
        for (i, &x) in others.iter().enumerate() {
            for &y in &others[i + 1..] {
                let steps = LENT.map(|(a, b)| [(x, F::from_int(a)), (y, F::from_int(b))]);
                lent.extend(steps.into_iter().filter(|steps| self.stays(cells, steps)));
            }
        }
        lent
    }

    /// Searches from a row that lies: whatever is found must be the truth to the judge.
    pub fn attack(
        &mut self,
        start: &[F],
        helpers: &[usize],
        judge: Judge,
        effort: Effort,
    ) -> Outcome {
        let mut outcome = Outcome::default();
        let (found, steps) = self.search(start, helpers, effort.pick(60, 150));
        outcome.count(SEARCHES, 1);
        outcome.count(STEPS, steps as u64 + 1);
        if let Some(row) = found {
            let verdict = self.verdict(&row);
            if judge(&verdict).is_err() {
                outcome.fail(format!("accepted: {:?}: {row:?}", verdict.sent));
            }
        }
        outcome
    }

    /// Searches, from `cells` on and in no more than `budget` steps, for a row that is accepted
    /// and sends the same; it, if there is one, and the steps that were taken.
    pub fn search(
        &mut self,
        cells: &[F],
        helpers: &[usize],
        budget: usize,
    ) -> (Option<Vec<F>>, usize) {
        let found = self.search_closest(cells, helpers, budget);
        (found.row, found.steps)
    }

    /// The row that breaks the fewest rules of those that such a search comes by; the one to start
    /// from if it promises what no table allows.
    pub fn closest(&mut self, cells: &[F], helpers: &[usize], budget: usize) -> Vec<F> {
        let found = self.search_closest(cells, helpers, budget);
        let closest = found.row.or(found.closest);
        closest.unwrap_or_else(|| cells.to_vec())
    }

    fn search_closest(&mut self, cells: &[F], helpers: &[usize], budget: usize) -> Found {
        let start = self.verdict(cells);
        let mut search = Search {
            sent: &start.sent,
            helpers,
            budget,
            tried: BTreeSet::new(),
            closest: None,
        };
        let is_found = self.repair(&mut search, &start, &mut Vec::new());
        Found {
            row: is_found.then(|| self.subject.row(self.row)),
            closest: search.closest.map(|(_, row)| row),
            steps: budget - search.budget,
        }
    }

    /// Whether the search is any good: an honest row, its helper cells wiped out, is found again.
    pub fn rebuild(&mut self, honest: &[F], helpers: &[usize]) -> Outcome {
        let mut outcome = Outcome::default();
        let mut wiped = honest.to_vec();
        helpers.iter().for_each(|&column| wiped[column] = F::ZERO);
        let verdict = self.verdict(&wiped);
        if !verdict.accepted() {
            let (found, _) = self.search(&wiped, helpers, REBUILD);
            outcome.count(WIPED, 1);
            outcome.count(REBUILT, found.is_some().into());
        }
        outcome
    }

    /// Makes rules that do not hold hold, those with the fewest helper cells first, by way of each
    /// of these.
    fn repair(&mut self, search: &mut Search<'_>, now: &Verdict, changed: &mut Vec<usize>) -> bool {
        if now.sent != search.sent || !now.unbounded.is_empty() {
            return false;
        }
        if now.accepted() {
            return true;
        }
        let faults = now.broken.len() + now.untrue.len();
        if search
            .closest
            .as_ref()
            .is_none_or(|(least, _)| faults < *least)
        {
            search.closest = Some((faults, self.subject.row(self.row)));
        }
        if changed.len() == DEPTH {
            return false;
        }
        let constraints = now.broken.iter().map(|&i| Fault::Constraint(i));
        let questions = now.untrue_at.iter().map(|&i| Fault::Question(i));
        let may_change = |c: &usize| search.helpers.contains(c) && !changed.contains(c);
        let of = |fault: Fault| -> (Fault, Vec<usize>) {
            let columns = match fault {
                Fault::Constraint(i) => &self.constraints[i],
                Fault::Question(i) => &self.messages[i],
            };
            (fault, columns.iter().copied().filter(may_change).collect())
        };
        let mut faults: Vec<_> = constraints.chain(questions).map(of).collect();
        // What has been changed stays: a rule with nothing else to change cannot hold any more.
        if faults.iter().any(|(_, columns)| columns.is_empty()) {
            return false;
        }
        faults.sort_by_key(|(_, columns)| columns.len());
        let solvable = faults.into_iter().take(2);
        for (fault, columns) in solvable {
            for column in columns {
                if self.solve(search, now, changed, (fault, column)) {
                    return true;
                }
            }
        }
        false
    }

    /// Goes on from each value of a cell that may make the rule hold.
    fn solve(
        &mut self,
        search: &mut Search<'_>,
        now: &Verdict,
        changed: &mut Vec<usize>,
        (fault, column): (Fault, usize),
    ) -> bool {
        let own = *self.subject.cell(self.row, column);
        changed.push(column);
        for value in self.candidates(now, fault, column, own) {
            *self.subject.cell(self.row, column) = value;
            if search.budget == 0 || !search.tried.insert(self.key(changed)) {
                continue;
            }
            search.budget -= 1;
            let then = self.subject.verdict(self.row);
            let holds = match fault {
                Fault::Constraint(i) => !then.broken.contains(&i),
                Fault::Question(i) => !then.untrue_at.contains(&i),
            };
            if holds && self.repair(search, &then, changed) {
                return true;
            }
        }
        *self.subject.cell(self.row, column) = own;
        changed.pop();
        false
    }

    fn key(&mut self, changed: &[usize]) -> Vec<(usize, u32)> {
        let of = |&column: &usize| {
            let value = self.subject.cell(self.row, column).as_canonical_u32();
            (column, value)
        };
        let mut key: Vec<_> = changed.iter().map(of).collect();
        key.sort_unstable();
        key
    }

    /// Values of a cell with which a rule may hold: the roots of a constraint, what puts a field
    /// in its range.
    fn candidates(&mut self, now: &Verdict, fault: Fault, column: usize, own: F) -> Vec<F> {
        let mut after = |more: u32| {
            *self.subject.cell(self.row, column) = own + F::from_int(more);
            self.subject.verdict(self.row)
        };
        let mut values = match fault {
            Fault::Constraint(i) => {
                let later = [1, 2, 3].map(|more| constraint(&after(more), i));
                let roots = roots(constraint(now, i), later).into_iter();
                roots.map(|root| own + root).collect()
            }
            Fault::Question(i) => match (question(now, i), question(&after(1), i)) {
                (Some(now), Some(next)) => in_range(own, &now.fields, &next.fields),
                // A step further, and it is true.
                _ => Vec::from([own + F::ONE]),
            },
        };
        values.retain(|&value| value != own);
        values
    }
}

/// Where a polynomial of degree 1 to 3 with these values at 0 and at 1, 2 and 3 may be 0. Of
/// those of degree 2 and 3, which are of carries, borrows and booleans, the roots lie at known
/// distances around their middle.
fn roots(at_0: F, [at_1, at_2, at_3]: [F; 3]) -> Vec<F> {
    const APART: [u32; 5] = [1, 1 << 5, 1 << 14, 1 << 15, 1 << 16];
    let slope = at_1 - at_0;
    let second = at_2 - at_1.double() + at_0;
    let third = at_3 - at_2 * F::from_int(3) + at_1 * F::from_int(3) - at_0;
    let around = |middle: F, scale: F| {
        let distances = APART
            .into_iter()
            .map(move |apart| scale * F::from_int(apart));
        distances.flat_map(move |apart| [middle - apart, middle + apart])
    };
    let half = F::TWO.inverse();
    if let Some(inverse) = third.try_inverse() {
        // Newton's form: the mean of the roots is 1 less a third of the quotient of the
        // coefficients of `x (x - 1)` and `x (x - 1) (x - 2)`.
        let middle = F::ONE - second * inverse;
        return [middle].into_iter().chain(around(middle, F::ONE)).collect();
    }
    if let Some(inverse) = second.try_inverse() {
        let middle = half - slope * inverse;
        return around(middle, half).collect();
    }
    let root = slope.try_inverse().map(|inverse| -at_0 * inverse);
    root.into_iter().collect()
}

fn constraint(verdict: &Verdict, index: usize) -> F {
    let mut broken = verdict.broken.iter().zip(&verdict.broken_values);
    let found = broken.find(|(broken, _)| **broken == index);
    found.map_or(F::ZERO, |(_, value)| *value)
}

fn question(verdict: &Verdict, index: usize) -> Option<&Message> {
    let place = verdict.untrue_at.iter().position(|&i| i == index)?;
    verdict.untrue.get(place)
}

/// Values of a cell that put the fields of a question where they may be, given the fields now
/// and with one more in the cell.
fn in_range(own: F, now: &[u32], next: &[u32]) -> Vec<F> {
    let mut values = Vec::new();
    let &[fact, x, y, z] = now else {
        return values;
    };
    for (i, (&field, &next)) in now.iter().zip(next).enumerate() {
        let field = F::from_int(field);
        let Some(inverse) = (F::from_int(next) - field).try_inverse() else {
            continue;
        };
        let targets = [
            0,
            1,
            255,
            (1 << 14) - 1,
            (1 << 16) - 1,
            x & y,
            now[i] & 0xffff,
            now[i] & 0xff,
        ];
        for target in targets {
            let mut fields = [x, y, z];
            let Some(cell) = i.checked_sub(1).and_then(|i| fields.get_mut(i)) else {
                continue;
            };
            *cell = target;
            if is_fact(fact, fields) {
                values.push(own + (F::from_int(target) - field) * inverse);
            }
        }
    }
    values
}
