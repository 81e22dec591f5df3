//! Is the suite any good?
//!
//! Every rule is taken away or weakened, one at a time, and every bug of a list is put in. Of
//! the mutants that `cells`, `compound` and `faults` try, one must then be accepted, which they would report. No
//! machine is built without the rule: a mutant is known by the rules that it breaks, and a
//! machine in which all of these are weak enough accepts it.
//!
//! A message that has a receiver needs no mutant: without it, honest executions do not balance
//! and cannot be proven. That, too, is tried for each.

mod bugs;
mod evidence;
mod machine;
mod weaken;

use std::collections::BTreeSet;

use vouch_air::tables::Table;
use vouch_air::testkit::kills;

use crate::evaluate::Evaluator;
use crate::rules::Rule;
use crate::world::World;
use crate::{Effort, Outcome, cells};
pub use bugs::{BUGS, Bug};
use evidence::{Breach, Evidence, Spare};
use machine::Rules;
use weaken::{Part, Without};

/// Share of the weakened machines that must be caught, in percent.
const SHARE: u64 = 95;

/// Runs it.
pub fn run(effort: Effort) -> Outcome {
    let mut outcome = Outcome::default();
    let worlds = cells::worlds(Effort::Quick);
    let (evidence, spare, complaints) = evidence::collect(&worlds, effort);
    complaints
        .into_iter()
        .for_each(|complaint| outcome.fail(complaint));
    outcome.count(
        "sets of rules that keep a mutant out",
        evidence.sets.len() as u64,
    );
    let rules = machine::rules();
    outcome.add(weakened(&rules, &evidence, &spare));
    outcome.add(groups(&spare, &evidence));
    outcome.add(paired_messages(&rules, &worlds));
    outcome.add(known_bugs(&rules, &evidence));
    outcome
}

/// Every rule weakened in every way.
fn weakened(rules: &[Rules], evidence: &Evidence, spare: &[Spare]) -> Outcome {
    let mut outcome = Outcome::default();
    let of_tables = rules.iter().flat_map(weaken::of_table);
    let all: Vec<Without> = of_tables.chain(weaken::of_buses()).collect();
    for weakening in &all {
        outcome.count("weakened machines", 1);
        if weakening.is_caught(rules, evidence) {
            outcome.count("weakened machines: caught", 1);
        } else if let Some(why) = listed(*weakening, spare) {
            outcome.count(&format!("weakened machines: {why}"), 1);
        } else {
            outcome.count("weakened machines: not caught", 1);
            outcome.note(format!("not caught: {}", describe(*weakening, rules)));
        }
    }
    let caught = outcome.counted("weakened machines: caught");
    let missed = outcome.counted("weakened machines: not caught");
    let percent = 100 * caught / (caught + missed).max(1);
    outcome.count("percent caught of those that differ", percent);
    outcome.expect_at_least("percent caught of those that differ", SHARE);
    outcome
}

/// Why a weaker machine accepts no more than the machine.
fn listed(weakening: Without, spare: &[Spare]) -> Option<&'static str> {
    let (table, rule) = match weakening {
        Without::Constraint(table, i) => (table, kills::Rule::Constraint(i)),
        Without::Question(table, i) | Without::Part(table, i, _) => {
            (table, kills::Rule::Question(i))
        }
        _ => return None,
    };
    let is_first = matches!(weakening, Without::Part(.., Part::First));
    let is_about = |spare: &&Spare| {
        spare.table == table && spare.rules.contains(&rule) && (is_first || !spare.is_first_operand)
    };
    let found = spare.iter().find(is_about)?;
    Some(match found.is_implied {
        true => "the same machine, as other rules imply this one",
        false => "the same machine, as the rest of its group implies this one",
    })
}

fn describe(weakening: Without, rules: &[Rules]) -> String {
    let of = |table: Table| &rules[table as usize];
    let question = |table, i: usize, part: String| {
        let columns = of(table).messages[i].columns.join(" ");
        format!("{}{part}: {columns}", Rule::Question(table, i))
    };
    match weakening {
        Without::Constraint(table, i) => {
            let columns = of(table).constraints[i].join(" ");
            format!("{}: {columns}", Rule::Constraint(table, i))
        }
        Without::Question(table, i) => question(table, i, String::new()),
        Without::Part(table, i, part) => question(table, i, format!(", {part:?}")),
        Without::Element(table, i, n) => question(table, i, format!(", field {n}")),
        Without::Field(bus, field) => {
            format!("part {field} of bus {}", vouch_air::bus::ALL[bus].0)
        }
    }
}

/// Groups of rules of which each follows from the others: without all of them at once.
fn groups(spare: &[Spare], evidence: &Evidence) -> Outcome {
    let mut outcome = Outcome::default();
    for spare in spare.iter().filter(|spare| !spare.is_implied) {
        let table = spare.table;
        let is_of_group = |breach: &Breach| {
            let rule = match *breach {
                Breach::Constraint(of, i) if of == table => kills::Rule::Constraint(i),
                Breach::Question(of, i, _) if of == table => kills::Rule::Question(i),
                _ => return false,
            };
            spare.rules.contains(&rule)
        };
        outcome.count("groups of rules", 1);
        match evidence.is_caught(is_of_group) {
            true => outcome.count("groups of rules: caught", 1),
            false => outcome.fail(format!("{}: without {:?}", table.name(), spare.names)),
        }
    }
    outcome
}

/// Messages that have a receiver: without one, the honest execution breaks its bus.
fn paired_messages(rules: &[Rules], worlds: &[World]) -> Outcome {
    let mut outcome = Outcome::default();
    let evaluator = Evaluator::default();
    let mut missed: BTreeSet<(Table, usize)> = BTreeSet::new();
    for trace in worlds.iter().flat_map(|world| &world.traces.tables) {
        let of_table = evaluator.missed_messages(trace).into_iter();
        missed.extend(of_table.map(|i| (trace.instance.table, i)));
    }
    for table in rules {
        let paired = table
            .messages
            .iter()
            .enumerate()
            .filter(|(_, m)| !m.is_question);
        for (i, message) in paired {
            outcome.count("messages with a receiver", 1);
            match missed.contains(&(table.table, i)) {
                true => outcome.count("messages with a receiver: missed by honest runs", 1),
                false => outcome.fail(format!(
                    "nobody misses {}, on bus {}",
                    Rule::Question(table.table, i),
                    vouch_air::bus::ALL[message.bus].0
                )),
            }
        }
    }
    outcome
}

/// The bugs of the list.
fn known_bugs(rules: &[Rules], evidence: &Evidence) -> Outcome {
    let mut outcome = Outcome::default();
    for bug in BUGS {
        outcome.count("bugs put in", 1);
        match evidence.is_caught(|breach| bug.forgets.forgives(rules, breach)) {
            true => outcome.count("bugs put in: caught", 1),
            false => outcome.fail(format!("nobody notices: {} ({})", bug.name, bug.source)),
        }
    }
    outcome.expect_at_least("bugs put in", 25);
    outcome
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A bug that forgets nothing would be caught by any mutant or by none.
    #[test]
    fn every_bug_forgets_a_rule() {
        let rules = machine::rules();
        for bug in BUGS {
            let speaks = match &bug.forgets {
                bugs::Forgets::Columns(table, columns)
                | bugs::Forgets::Questions(table, columns)
                | bugs::Forgets::UpTo(table, columns, _)
                | bugs::Forgets::MinusOne(table, columns) => {
                    let known = Table::column_names(*table);
                    let is_known =
                        |column: &&str| known.iter().any(|name| machine::is_part(name, column));
                    columns.iter().all(is_known)
                }
                bugs::Forgets::Field(name, field) => {
                    *field < vouch_air::bus::ALL[crate::rules::bus_index(name)].1
                }
                bugs::Forgets::Limbs(name, field) => {
                    field + 1 < vouch_air::bus::ALL[crate::rules::bus_index(name)].1
                }
            };
            assert!(speaks, "{}", bug.name);
        }
        assert_eq!(rules.len(), Table::ALL.len());
    }
}
