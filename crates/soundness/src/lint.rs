//! The lint of the machine.
//!
//! What holds of the tables as they are written down, before anybody runs them: one width of
//! messages a bus, degrees as declared, every column used, a layout that changes only on
//! purpose. And two things on which the argument rests that counts cannot wrap: the sum of
//! heights times weights stays below `p`, and padding sends nothing.

mod bound;
mod layout;
mod padding;

use std::collections::BTreeSet;

use p3_air::symbolic::SymbolicExpr;
use p3_lookup::SymbolicInteraction;
use vouch_air::F;
use vouch_air::bus;
use vouch_air::tables::Table;
use vouch_air::testkit::lint::{Columns, symbolic};

use crate::{Effort, Outcome};

/// Highest degree of a constraint at the lowest rate in use.
const MAX_DEGREE: usize = 3;

/// Runs it: quick and long are the same.
pub fn run(_: Effort) -> Outcome {
    let mut outcome = Outcome::default();
    for table in Table::ALL {
        outcome.count("tables", 1);
        outcome.add(columns(table));
        outcome.add(degrees(table));
    }
    outcome.add(widths());
    outcome.add(bound::run());
    outcome.add(padding::run());
    outcome.add(layout::run());
    outcome
}

/// Every column is named by a constraint or a message.
fn columns(table: Table) -> Outcome {
    let mut outcome = Outcome::default();
    let symbolic = symbolic(table);
    let constraints = symbolic.base_constraints();
    let messages = symbolic.global_interactions();
    let of_message = |m: &SymbolicInteraction<F>| {
        let expressions = m.fields.iter().chain([&m.count]);
        expressions.flat_map(Columns::of).collect::<Vec<_>>()
    };
    let used: BTreeSet<usize> = constraints
        .iter()
        .flat_map(Columns::of)
        .chain(messages.iter().flat_map(of_message))
        .collect();
    outcome.count("columns", table.width() as u64);
    outcome.count("constraints", constraints.len() as u64);
    outcome.count("messages", messages.len() as u64);
    for (column, name) in table.column_names().iter().enumerate() {
        if !used.contains(&column) {
            outcome.fail(format!("{}: nothing uses {name}", table.name()));
        }
    }
    outcome
}

/// The degree of a table's constraints is at most 3 and the one that its file declares, and so
/// is that of LogUp's on any of its messages.
fn degrees(table: Table) -> Outcome {
    let mut outcome = Outcome::default();
    let (name, degree) = (table.name(), constraint_degree(table));
    let of_messages = message_degree(table);
    if degree > MAX_DEGREE || of_messages > MAX_DEGREE {
        outcome.fail(format!(
            "{name}: degree {degree}, of messages {of_messages}, expected at most {MAX_DEGREE}"
        ));
    }
    // Messages are packed until LogUp's constraints have the highest degree.
    let declared = match degree {
        MAX_DEGREE => format!("Degree {MAX_DEGREE}."),
        _ => format!("Degree {MAX_DEGREE} (LogUp)"),
    };
    let path = layout::air(&format!("src/tables/{name}.rs"));
    let source = std::fs::read_to_string(&path).unwrap_or_default();
    let statement = source.split("\nuse ").next().unwrap_or_default();
    if !statement.contains(&declared) {
        outcome.fail(format!("{path} should say: {declared}"));
    }
    outcome
}

fn constraint_degree(table: Table) -> usize {
    let constraints = symbolic(table).base_constraints();
    let degrees = constraints.iter().map(SymbolicExpr::degree_multiple);
    degrees.max().unwrap_or(0)
}

/// Degree of a LogUp constraint on one message of the table: `denominator * fraction = count`.
fn message_degree(table: Table) -> usize {
    let of = |m: &SymbolicInteraction<F>| {
        let fields = m.fields.iter().map(SymbolicExpr::degree_multiple);
        let denominator = fields.max().unwrap_or(0);
        (denominator + 1).max(m.count.degree_multiple())
    };
    let symbolic = symbolic(table);
    symbolic
        .global_interactions()
        .iter()
        .map(of)
        .max()
        .unwrap_or(0)
}

/// All messages of a bus have its width, or `[x]` would be `[0, x]`; every bus is used.
fn widths() -> Outcome {
    let mut outcome = Outcome::default();
    let mut used = BTreeSet::new();
    for table in Table::ALL {
        for message in symbolic(table).global_interactions() {
            let (name, got) = (&message.bus_name, message.fields.len());
            match bus::ALL.iter().find(|(known, _)| known == name) {
                Some(&(_, expected)) if expected == got => {}
                known => outcome.fail(format!(
                    "{}: {got} fields on bus {name}, expected {known:?}",
                    table.name()
                )),
            }
            used.insert(name.clone());
        }
    }
    outcome.count("buses", used.len() as u64);
    outcome.expect_at_least("buses", bus::ALL.len() as u64);
    outcome
}
