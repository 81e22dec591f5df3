//! Events of tables that hold no instructions, and send something else.

use p3_field::{PrimeCharacteristicRing, integers::QuotientMap};
use vouch_air::F;
use vouch_air::campaigns::campaign;
use vouch_air::tables::Table;
use vouch_air::testkit::{Judge, Mutation, P};

use super::LIES;
use super::forge::Forge;
use crate::{Effort, Outcome};

/// What is added to a cell to make a lie.
pub(super) const STEPS_OF_A_CELL: [i64; 9] = [
    1,
    -1,
    2,
    256,
    -256,
    1 << 14,
    1 << 16,
    -(1 << 16),
    // 2^32, modulo p.
    (1 << 32) - 2 * P as i64,
];

/// Lies of a table's honest rows.
pub fn of_table(table: Table, effort: Effort) -> Outcome {
    let mut outcome = Outcome::default();
    outcome.count("tables of other events", 1);
    for mutation in campaign(table).mutations {
        let judge = mutation.judge;
        for row in rows(&mutation, effort) {
            let mut forge = Forge::new(mutation.subject.clone(), row);
            let honest = mutation.subject.row(row);
            outcome.add(of_row(&mut forge, &honest, judge, effort));
        }
    }
    outcome
}

/// The rows to lie about, which are no padding: in a quick run, a few of each kind.
fn rows(mutation: &Mutation, effort: Effort) -> Vec<usize> {
    let says = |row: &usize| !mutation.subject.verdict(*row).is_silent();
    let rows: Vec<usize> = mutation.singles.iter().copied().filter(says).collect();
    let step = rows.len().div_ceil(effort.pick(24, 100)).max(1);
    rows.into_iter().step_by(step).collect()
}

/// Lies of one row: one or two of the cells that it speaks of are changed.
fn of_row(forge: &mut Forge, honest: &[F], judge: Judge, effort: Effort) -> Outcome {
    let mut outcome = Outcome::default();
    let helpers = forge.helpers(honest);
    outcome.add(forge.rebuild(honest, &helpers));
    let spoken: Vec<usize> = (0..honest.len()).filter(|c| !helpers.contains(c)).collect();
    let changes = |&column: &usize| {
        let booleans = [F::ZERO, F::ONE].into_iter();
        let stepped = STEPS_OF_A_CELL
            .into_iter()
            .map(move |step| honest[column] + F::from_int(step));
        let values = stepped
            .chain(booleans)
            .filter(move |&value| value != honest[column]);
        values.map(move |value| (column, value))
    };
    let singles: Vec<(usize, F)> = spoken.iter().flat_map(changes).collect();
    let mut lies: Vec<Vec<(usize, F)>> = singles.iter().map(|&one| Vec::from([one])).collect();
    let pairs = singles.iter().enumerate().flat_map(|(i, &x)| {
        let others = singles[i + 1..].iter().filter(move |y| y.0 != x.0);
        others.map(move |&y| Vec::from([x, y]))
    });
    // Every so manieth pair, as many as there are singles in a quick run.
    let most = effort.pick(singles.len(), 40 * singles.len()).max(1);
    let all = pairs.clone().count();
    lies.extend(pairs.step_by(all.div_ceil(most).max(1)));
    for lie in lies {
        let mut start = honest.to_vec();
        lie.iter()
            .for_each(|&(column, value)| start[column] = value);
        let verdict = forge.verdict(&start);
        if !verdict.unbounded.is_empty() || judge(&verdict).is_ok() {
            outcome.count("wrong events that say nothing wrong", 1);
            continue;
        }
        outcome.count(LIES, 1);
        outcome.count("wrong statements that are of no instruction", 1);
        outcome.add(forge.attack(&start, &helpers, judge, effort));
    }
    outcome
}
