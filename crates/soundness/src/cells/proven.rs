//! Wrong cells through prover and verifier.
//!
//! The lookup and Poseidon2 tables answer what the changed table asks, so that a proof is
//! refused for the rule that the cell breaks, not for a count that nobody corrected. It must be
//! refused by the step that looks at that rule, not for anything before.

use std::collections::{BTreeMap, BTreeSet};

use p3_matrix::Matrix;
use vouch_air::tables::Table;
use vouch_air::witness::{Trace, Traces, answer};
use vouch_prover::Prover;
use vouch_verifier::Profile;

use super::{Mutant, of_row};
use crate::cheat::Statement;
use crate::rules::Broken;
use crate::step::VerifierStep;
use crate::world::World;
use crate::{Effort, Outcome};

const COLUMNS: &str = "columns of which a mutant was proven";
const REFUSED: &str = "mutants whose proof is refused";

/// One mutant of every so-manieth column of every table: of each column in the long run.
///
/// A proof is made of the first world in which a rule notices the column.
pub fn run(effort: Effort, worlds: &[World]) -> Outcome {
    let mut outcome = Outcome::default();
    let prover = Prover::new(Profile::Fast100);
    for (i, table) in Table::ALL.into_iter().enumerate() {
        let every = effort.pick(40, 1);
        // Not the same column in every table, and at least one in each.
        let start = (7 * i % every).min(table.width() - 1);
        let columns = (start..table.width()).step_by(every).collect();
        of_table(&prover, table, columns, worlds, &mut outcome);
    }
    for world in worlds {
        let what = "executions whose honest tables are accepted";
        Statement::honest(world).tell(&prover, what, &mut outcome);
    }
    let columns = outcome.counted(COLUMNS);
    outcome.expect_at_least(REFUSED, columns.max(Table::ALL.len() as u64));
    outcome
}

/// One mutant of each of these columns of a table.
fn of_table(
    prover: &Prover,
    table: Table,
    mut columns: BTreeSet<usize>,
    worlds: &[World],
    outcome: &mut Outcome,
) {
    for world in worlds {
        let is_it = |trace: &Trace| trace.instance.table == table;
        let Some(place) = world.traces.tables.iter().position(is_it) else {
            continue;
        };
        if columns.is_empty() {
            break;
        }
        let noticed = noticed(&world.traces.tables[place]);
        columns.retain(|column| {
            let Some((mutant, broken)) = noticed.get(column) else {
                return true;
            };
            let statement = statement(world, place, mutant, broken);
            outcome.count(COLUMNS, 1);
            statement.tell_receipt(prover, REFUSED, outcome);
            false
        });
    }
    for column in columns {
        outcome.fail(format!("{}: no mutant of column {column}", table.name()));
    }
}

/// Of each column a change of one cell that some rule should notice.
fn noticed(trace: &Trace) -> BTreeMap<usize, (Mutant, Broken)> {
    let mut noticed = BTreeMap::new();
    for row in super::chosen_rows(trace, 16) {
        let (_, judged) = of_row(trace, row);
        for (mutant, broken) in judged {
            if let (&[(column, _)], false) = (&mutant.cells[..], broken.is_empty()) {
                noticed.entry(column).or_insert((mutant, broken));
            }
        }
        if noticed.len() == trace.matrix.width() {
            break;
        }
    }
    noticed
}

/// That a mutant of a world's table at `place`, which breaks these rules, happened.
pub fn statement<'a>(
    world: &'a World,
    place: usize,
    mutant: &Mutant,
    broken: &Broken,
) -> Statement<'a> {
    let mut traces = mutated(world, place, mutant);
    let table = traces.tables[place].instance.table;
    if !table.answers() {
        answer(&mut traces.tables);
    }
    let name = format!("{}: {mutant:?}", table.name());
    let refused_by = VerifierStep::expected(broken, &traces.tables);
    Statement::new(name, world, &world.segment, traces, refused_by)
}

/// The tables with a mutant in the one at `place`, all others as they are.
pub fn mutated(world: &World, place: usize, mutant: &Mutant) -> Traces {
    let mut traces = world.traces.clone();
    let trace = &mut traces.tables[place];
    let width = trace.matrix.width();
    for &(column, value) in &mutant.cells {
        trace.matrix.values[mutant.row * width + column] = value;
    }
    traces
}
