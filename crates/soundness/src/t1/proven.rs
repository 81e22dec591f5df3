//! Wrong cells through prover and verifier.
//!
//! The lookup and Poseidon2 tables answer what the changed table asks, so that a proof is
//! refused for the rule that the cell breaks, not for a count that nobody corrected.

use std::collections::BTreeMap;

use p3_matrix::Matrix;
use vouch_air::tables::Table;
use vouch_air::witness::{Trace, Traces, answer};

use super::{Mutant, of_row};
use crate::cheat::is_mutant_accepted;
use crate::evaluate::is_answering;
use crate::world::World;
use crate::{Effort, Outcome};

/// One mutant of every so-manieth column of every table: of each column in the long run.
///
/// A proof is made of `world`; `others` show which columns it does not use at all.
pub fn run(effort: Effort, world: &World, others: &[World]) -> Outcome {
    let every = effort.pick(40, 1);
    let mut outcome = Outcome::default();
    match is_mutant_accepted(world, world.traces.clone()) {
        Some(true) => {}
        _ => outcome.fail("the honest tables are not accepted"),
    }
    for (place, trace) in world.traces.tables.iter().enumerate() {
        let table = trace.instance.table;
        let noticed = noticed(trace);
        // Not the same column in every table, and at least one in each.
        let start = (7 * place % every).min(table.width() - 1);
        for column in (start..table.width()).step_by(every) {
            let Some(mutant) = noticed.get(&column) else {
                match others.iter().any(|other| is_noticed(other, table, column)) {
                    true => outcome.count("columns that only segments without an exit use", 1),
                    false => {
                        outcome.fail(format!("{}: no mutant of column {column}", table.name()))
                    }
                }
                continue;
            };
            outcome.count("columns of which a mutant was proven", 1);
            match is_mutant_accepted(world, mutated(world, place, mutant)) {
                Some(false) => outcome.count("mutants whose proof is refused", 1),
                Some(true) => outcome.fail(format!("{}: {mutant:?} is accepted", table.name())),
                None => outcome.count("mutants that cannot be proven", 1),
            }
        }
    }
    let columns = outcome.counted("columns of which a mutant was proven");
    // The question is what the verifier refuses, not what the prover will not prove.
    outcome.expect_at_least("mutants whose proof is refused", columns);
    outcome
}

/// Of each column a change of one cell that some rule should notice.
fn noticed(trace: &Trace) -> BTreeMap<usize, Mutant> {
    let mut noticed = BTreeMap::new();
    for row in super::chosen_rows(trace, 16) {
        let (_, judged) = of_row(trace, row);
        for (mutant, broken) in judged {
            if let (&[(column, _)], false) = (&mutant.cells[..], broken.is_empty()) {
                noticed.entry(column).or_insert(mutant);
            }
        }
        if noticed.len() == trace.matrix.width() {
            break;
        }
    }
    noticed
}

fn is_noticed(world: &World, table: Table, column: usize) -> bool {
    let mut tables = world.traces.tables.iter();
    let trace = tables.find(|trace| trace.instance.table == table);
    trace.is_some_and(|trace| noticed(trace).contains_key(&column))
}

/// The tables with a mutant in the one at `place`.
fn mutated(world: &World, place: usize, mutant: &Mutant) -> Traces {
    let mut traces = world.traces.clone();
    let change = |trace: &mut Trace| {
        let width = trace.matrix.width();
        for &(column, value) in &mutant.cells {
            trace.matrix.values[mutant.row * width + column] = value;
        }
    };
    change(&mut traces.tables[place]);
    if !is_answering(traces.tables[place].instance.table) {
        answer(&mut traces.tables);
    }
    traces
}
