//! Padding sends nothing: every message of every row beyond the events is sent 0 times.

use std::collections::BTreeSet;

use vouch_air::bus::{LOOKUP, POSEIDON2};
use vouch_air::tables::Table;
use vouch_air::testkit::Subject;
use vouch_isa::event::Counts;

use crate::Outcome;
use crate::world::{INPUT, ROUNDS_TO_REFRESH, World, everything};

/// Looks at all rows of an execution that fills every table.
pub fn run() -> Outcome {
    let mut outcome = Outcome::default();
    let world = World::new(&everything(0, ROUNDS_TO_REFRESH, 300), INPUT);
    // Nor is any row of the lookup table padding, which only long executions have.
    for table in world.missing() {
        if table != Table::Lookup {
            outcome.fail(format!("no execution fills table {}", table.name()));
        }
    }
    for trace in &world.traces.tables {
        let subject = Subject::of(trace.clone());
        let (table, height) = (subject.table(), subject.height());
        // It has no padding.
        if table == Table::Lookup {
            continue;
        }
        let events = events(table, &world);
        if events == height {
            outcome.fail(format!("{}: no row is padding", table.name()));
        }
        for row in 0..height {
            let verdict = subject.verdict(row);
            let is_padding = row >= events;
            if !verdict.accepted() || verdict.is_silent() != is_padding {
                let what = if is_padding { "padding" } else { "an event" };
                outcome.fail(format!("{}, row {row}, {what}: {verdict:?}", table.name()));
            }
            let what = if is_padding {
                "rows of padding"
            } else {
                "rows of events"
            };
            outcome.count(what, 1);
        }
        outcome.count("tables with padding", 1);
    }
    // The lookup table has none.
    outcome.expect_at_least("tables with padding", Table::ALL.len() as u64 - 1);
    outcome
}

/// Rows of a table that are not padding.
fn events(table: Table, world: &World) -> usize {
    // Of answers, the planner only knows how many there are at most.
    match table {
        Table::Facts => return numbers(world),
        Table::Poseidon2 => return compressions(world),
        _ => {}
    }
    let update = world.tree.clone().update(&world.segment.leaves);
    let counts = Counts {
        nodes: update.nodes.len() as u64,
        ..world.segment.counts()
    };
    table.rows(&counts, 0) as usize
}

/// Different compressions that the execution asks for.
fn compressions(world: &World) -> usize {
    questions(world, POSEIDON2).len()
}

/// Different numbers that the execution asks something about.
fn numbers(world: &World) -> usize {
    let questions = questions(world, LOOKUP);
    let numbers = questions.iter().map(|fields| fields[1] + (fields[2] << 8));
    numbers.collect::<BTreeSet<_>>().len()
}

/// What the tables ask on a bus.
fn questions(world: &World, bus: &str) -> BTreeSet<Vec<u32>> {
    let tables = { world.traces.tables.iter() }.filter(|trace| !trace.instance.table.answers());
    let asked = tables.flat_map(|trace| {
        let subject = Subject::of(trace.clone());
        (0..subject.height()).flat_map(move |row| subject.verdict(row).asked)
    });
    let asked = asked.filter(|question| question.bus == bus);
    asked.map(|question| question.fields).collect()
}
