//! One wrong cell.
//!
//! Every column of every table that an execution fills, in its first and last row, the first
//! of its padding and a number of others: the cell becomes something else, with pairs of
//! limbs the word becomes the one that is the same modulo p, and with pairs of bytes one of
//! them is none and the limb stays what it is. A rule must notice. What none
//! notices must be on the list of free cells, `crates/air/free-cells.txt`, or stand in a row
//! that sends nothing before and after.
//!
//! The columns are those that the tables say they have: none can be forgotten.

pub mod proven;

use std::collections::BTreeSet;

use p3_air::BaseAir;
use p3_field::{PrimeCharacteristicRing, PrimeField32, integers::QuotientMap};
use p3_matrix::Matrix;
use rayon::prelude::*;
use vouch_air::F;
use vouch_air::tables::Table;
use vouch_air::testkit::P;
use vouch_air::testkit::free::is_free;
use vouch_air::witness::Trace;

use crate::evaluate::{Evaluator, Sums};
use crate::random::Random;
use crate::rules::Broken;
use crate::world::{INPUT, ROUNDS_TO_REFRESH, World, everything};
use crate::{Effort, Outcome};

/// Runs it.
pub fn run(effort: Effort) -> Outcome {
    let rows = effort.pick(16, 200);
    let worlds = worlds(effort);
    let mut outcome = Outcome::default();
    let mut visited = BTreeSet::new();
    for world in &worlds {
        for trace in &world.traces.tables {
            visited.insert(trace.instance.table);
            outcome.add(every_column(trace, rows, &mut |_, _| {}));
        }
    }
    for table in Table::ALL {
        if !visited.contains(&table) {
            outcome.fail(format!("no execution fills table {}", table.name()));
        }
        outcome.count("columns", table.width() as u64);
    }
    outcome.add(proven::run(effort, &worlds));
    outcome
}

/// Executions of which the first fills every table but the lookup table, the second is cut
/// before it ends, and the third has the lookup table; in the long run, several.
pub fn worlds(effort: Effort) -> Vec<World> {
    let seeds = 0..effort.pick(1, 4) as u64;
    let world = |seed| World::new(&everything(seed, ROUNDS_TO_REFRESH, 400), INPUT);
    let cut = |seed| World::cut(&everything(seed, 0, 400), INPUT, 200 + seed);
    let long = |seed| World::new(&everything(seed, 0, 400), INPUT).long();
    seeds
        .flat_map(|seed| [world(seed), cut(seed), long(seed)])
        .collect()
}

/// One or two changed cells of one row.
#[derive(Clone, Debug)]
pub struct Mutant {
    /// The row.
    pub row: usize,
    /// The columns and what they become.
    pub cells: Vec<(usize, F)>,
}

/// Mutates every column of a table in up to `rows` rows and tells `visit` how.
pub fn every_column(
    trace: &Trace,
    rows: usize,
    visit: &mut (dyn FnMut(&Mutant, &Broken) + Send),
) -> Outcome {
    let rows = chosen_rows(trace, rows);
    let judged: Vec<(Outcome, Vec<(Mutant, Broken)>)> =
        rows.par_iter().map(|&row| of_row(trace, row)).collect();
    let mut outcome = Outcome::default();
    for (one, mutants) in judged {
        outcome.add(one);
        mutants
            .iter()
            .for_each(|(mutant, broken)| visit(mutant, broken));
    }
    outcome
}

/// The first row and the last, the first of padding, and others evenly spread.
fn chosen_rows(trace: &Trace, count: usize) -> Vec<usize> {
    let (width, height) = (trace.matrix.width(), trace.matrix.height());
    let row = |row: usize| &trace.matrix.values[row * width..][..width];
    let used = (0..height).rfind(|&i| row(i) != row(height - 1));
    let used = used.map_or(1, |last| last + 1);
    let spread = (0..used).step_by(used.div_ceil(count).max(1));
    let mut rows: Vec<usize> = spread.chain([0, used - 1, used, height - 1]).collect();
    rows.retain(|&row| row < height);
    rows.sort_unstable();
    rows.dedup();
    rows
}

/// The rows whose rules a change of `row` can break.
fn affected(trace: &Trace, row: usize) -> Vec<usize> {
    let height = trace.matrix.height();
    match trace.instance.main_next_row_columns().is_empty() {
        true => vec![row],
        false => vec![(row + height - 1) % height, row],
    }
}

fn of_row(trace: &Trace, row: usize) -> (Outcome, Vec<(Mutant, Broken)>) {
    let mut outcome = Outcome::default();
    let mut judged = Vec::new();
    let evaluator = Evaluator::default();
    let rows = affected(trace, row);
    let before = evaluator.sums(trace, &rows);
    let is_silent = evaluator.sums(trace, &[row]) == Sums::default();
    let names = trace.instance.table.column_names();
    let width = trace.matrix.width();
    let honest = &trace.matrix.values[row * width..][..width];
    let mut mutated = trace.clone();
    outcome.count("rows", 1);
    for mutant in mutants(trace, row) {
        for &(column, value) in &mutant.cells {
            mutated.matrix.values[row * width + column] = value;
        }
        let broken = evaluator.judge_rows(&mutated, &rows, &before);
        for &(column, _) in &mutant.cells {
            mutated.matrix.values[row * width + column] = honest[column];
        }
        let is_listed = |&(column, _): &(usize, F)| {
            let (table, public) = (trace.instance.table, &trace.public_values);
            is_free(table, &names[column], honest, public)
        };
        outcome.count("mutants", 1);
        match kind(&broken, is_silent, || mutant.cells.iter().all(is_listed)) {
            Some(kind) => outcome.count(kind, 1),
            None => outcome.fail(survivor(trace.instance.table, &names, &mutant)),
        }
        judged.push((mutant, broken));
    }
    (outcome, judged)
}

/// How a table breaks the rules with a mutant in it.
pub fn judge(trace: &Trace, mutant: &Mutant) -> Broken {
    let evaluator = Evaluator::default();
    let rows = affected(trace, mutant.row);
    let before = evaluator.sums(trace, &rows);
    let mut mutated = trace.clone();
    let width = mutated.matrix.width();
    for &(column, value) in &mutant.cells {
        mutated.matrix.values[mutant.row * width + column] = value;
    }
    evaluator.judge_rows(&mutated, &rows, &before)
}

/// What became of a mutant; `None` if it survives and should not.
fn kind(broken: &Broken, is_silent: bool, is_listed: impl Fn() -> bool) -> Option<&'static str> {
    match () {
        () if !broken.constraints.is_empty() => Some("mutants that break a constraint"),
        () if !broken.questions.is_empty() => Some("mutants that ask what is untrue"),
        () if !broken.buses.is_empty() => Some("mutants that unbalance a bus"),
        () if is_silent => Some("survivors in rows that say nothing"),
        () if is_listed() => Some("survivors on the list of free cells"),
        () => None,
    }
}

fn survivor(table: Table, names: &[String], mutant: &Mutant) -> String {
    let change = |&(column, value): &(usize, F)| format!("{} := {value}", names[column]);
    let changes: Vec<String> = mutant.cells.iter().map(change).collect();
    let name = table.name();
    format!(
        "{name}, row {}: {} survives",
        mutant.row,
        changes.join(", ")
    )
}

/// Every column of a row with several values, and words as the same modulo p.
fn mutants(trace: &Trace, row: usize) -> Vec<Mutant> {
    let (width, height) = (trace.matrix.width(), trace.matrix.height());
    let cell = |row: usize, column: usize| trace.matrix.values[row * width + column];
    let seed = (trace.instance.table as u64) << 40 | (row as u64) << 10;
    let mut all = Vec::new();
    for column in 0..width {
        let own = cell(row, column);
        let mut random = Random::new(seed | column as u64);
        let small = [0, 1, 2, 3, 255, 1 << 16].map(|x: u32| F::from_int(x));
        let near = [1, -1, 1 << 8, 1 << 16].map(|x: i32| own + F::from_int(x));
        let other = cell(random.below(height), column);
        let unlike = [other, -own, F::from_int(random.draw() >> 33)];
        let mut values = [&small[..], &near, &unlike].concat();
        values.sort();
        values.dedup();
        values.retain(|&value| value != own);
        all.extend(values.into_iter().map(|value| Mutant {
            row,
            cells: vec![(column, value)],
        }));
        if column + 1 < width {
            let pair = [own, cell(row, column + 1)];
            all.extend(aliases(pair).chain(no_bytes(pair)).map(|[lo, hi]| Mutant {
                row,
                cells: vec![(column, lo), (column + 1, hi)],
            }));
        }
    }
    all
}

/// Two cells that hold a limb of two bytes, as cells of which one is no byte and which make the same limb: the lower one
/// is 256 more, or the upper one no small number. Bits are bytes that no table makes a limb of in this way.
fn no_bytes([lo, hi]: [F; 2]) -> impl Iterator<Item = [F; 2]> {
    let [low, high] = [lo, hi].map(|x| x.as_canonical_u32());
    let are_bytes = low < 1 << 8 && high < 1 << 8 && low.max(high) > 1;
    let radix = F::from_int(256);
    let other = lo + F::from_int(if low == 0 { 1 } else { -1 });
    let others = [
        (high > 0).then(|| [lo + radix, hi - F::ONE]),
        Some([other, hi + (lo - other) / radix]),
    ];
    others.into_iter().flatten().filter(move |_| are_bytes)
}

/// Two cells that hold a word of two 16-bit limbs, as the limbs of the word p more or less.
fn aliases([lo, hi]: [F; 2]) -> impl Iterator<Item = [F; 2]> {
    let [lo, hi] = [lo, hi].map(|x| x.as_canonical_u32());
    let is_word = lo < 1 << 16 && hi < 1 << 16;
    let word = u64::from(lo) | u64::from(hi) << 16;
    let others = [word + u64::from(P), word.wrapping_sub(u64::from(P))];
    let is_other = move |&other: &u64| is_word && other < 1 << 32;
    let limbs = |other: u64| [F::from_int(other & 0xffff), F::from_int(other >> 16)];
    others.into_iter().filter(is_other).map(limbs)
}
