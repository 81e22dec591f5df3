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
use crate::world::World;
use crate::{Effort, Outcome};

/// One mutant of every so-manieth column of every table: of each column in the long run.
///
/// A proof is made of the first world that has the table; the others show which columns it
/// does not use at all.
pub fn run(effort: Effort, worlds: &[World]) -> Outcome {
    let mut outcome = Outcome::default();
    for (i, table) in Table::ALL.into_iter().enumerate() {
        let has_it = |trace: &Trace| trace.instance.table == table;
        let found = worlds.iter().find_map(|world| {
            let place = world.traces.tables.iter().position(has_it)?;
            Some((world, place))
        });
        let Some((world, place)) = found else {
            outcome.fail(format!("no execution fills table {}", table.name()));
            continue;
        };
        let every = effort.pick(40, 1);
        // Not the same column in every table, and at least one in each.
        let start = (7 * i % every).min(table.width() - 1);
        let columns = (start..table.width()).step_by(every);
        outcome.add(of_columns(columns, world, place, worlds));
    }
    for world in worlds
        .iter()
        .filter(|world| world.segment.exit_code.is_some())
    {
        match is_mutant_accepted(world, world.traces.clone()) {
            Some(true) => outcome.count("executions whose honest tables are accepted", 1),
            _ => outcome.fail("honest tables are not accepted"),
        }
    }
    let columns = outcome.counted("columns of which a mutant was proven");
    // The question is what the verifier refuses, not what the prover will not prove.
    outcome.expect_at_least("mutants whose proof is refused", columns);
    outcome
}

/// One mutant of each of these columns of the table at `place`.
fn of_columns(
    columns: impl Iterator<Item = usize>,
    world: &World,
    place: usize,
    worlds: &[World],
) -> Outcome {
    let mut outcome = Outcome::default();
    let trace = &world.traces.tables[place];
    let table = trace.instance.table;
    let noticed = noticed(trace);
    for column in columns {
        let Some(mutant) = noticed.get(&column) else {
            match worlds.iter().any(|other| is_noticed(other, table, column)) {
                true => outcome.count("columns that only segments without an exit use", 1),
                false => outcome.fail(format!("{}: no mutant of column {column}", table.name())),
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
    if !traces.tables[place].instance.table.answers() {
        answer(&mut traces.tables);
    }
    traces
}
