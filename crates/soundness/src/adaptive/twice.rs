//! Cheating twice: once in the tables, and once more where that would show.

use p3_matrix::Matrix;
use rayon::prelude::*;
use vouch_air::tables::Table;
use vouch_air::testkit::Subject;
use vouch_air::witness::{Trace, Traces};
use vouch_prover::Prover;
use vouch_verifier::Profile;

use super::cheater::cheater;
use super::cheats::{Cheat, Solve, Sums, doubled};
use super::lies::{Answers, Lie, What};
use super::name;
use crate::cheat::Statement;
use crate::honest_receipt::gather;
use crate::step::{Opening, VerifierStep};
use crate::world::World;
use crate::{Effort, Outcome};

const CHEATS: &str = "second cheats refused";
const CONTROLS: &str = "second cheats without a first lie accepted";

/// A second cheat, and the step that must refuse it.
struct Second {
    name: &'static str,
    cheat: Cheat,
    refused_by: VerifierStep,
}

/// Every second cheat after some lies of each kind, in one profile, and after none.
pub fn run(profile: Profile, world: &World, lies: &[Lie<'_>], effort: Effort) -> Outcome {
    let mut outcome = truths(profile, world, effort);
    let about = |lie: &Lie<'_>| match &lie.what {
        What::Row { place, broken, .. } if std::ptr::eq(lie.world, world) => {
            let is_anew = lie.answers == Answers::Anew;
            let refused_by = VerifierStep::expected(broken, &world.traces.tables);
            refused_by.filter(|_| is_anew).map(|step| (*place, step))
        }
        _ => None,
    };
    let count = effort.pick(1, 12);
    for is_sums in [false, true] {
        let found = lies.iter().filter_map(|lie| Some((lie, about(lie)?)));
        let found: Vec<_> = found
            .filter(|(_, (_, step))| is_sums == (*step == VerifierStep::Sums))
            .collect();
        // Not always about the first tables.
        let step = found.len().div_ceil(count).max(1);
        let first = usize::from(profile.number()) * 5 % step;
        let chosen = found.par_iter().skip(first).step_by(step);
        outcome.add(gather(chosen, |outcome, (lie, (place, _))| {
            if let Some((statement, _)) = lie.statement() {
                after(profile, world, *place, &statement, outcome);
            }
        }));
    }
    let what = format!("{CHEATS}: {}", name(profile));
    outcome.expect_at_least(&what, 10);
    outcome
}

/// All second cheats after one lie about the table at `place`.
fn after(
    profile: Profile,
    world: &World,
    place: usize,
    statement: &Statement<'_>,
    outcome: &mut Outcome,
) {
    let mut tell = |name, traces: &Traces, refused_by, prover: &Prover| {
        let statement = Statement {
            name: format!("{}, and {name}", statement.name),
            claim: statement.claim.clone(),
            traces: traces.clone(),
            refused_by,
            ..*statement
        };
        if statement.tell(prover, CHEATS, outcome).is_some() {
            outcome.count(&format!("{CHEATS}: {}", super::name(profile)), 1);
            outcome.count(&format!("{CHEATS}: {name}"), 1);
        }
    };
    for second in seconds(place, statement) {
        let prover = cheater(profile, second.cheat, world.traces.tables.clone());
        let refused_by = Some(second.refused_by);
        tell(second.name, &statement.traces, refused_by, &prover);
    }
    if let Some(traces) = higher(statement, place) {
        let name = "a table of twice the height";
        tell(name, &traces, statement.refused_by, &Prover::new(profile));
    }
}

/// What can be tried after a lie about the table at `place`.
fn seconds(place: usize, statement: &Statement<'_>) -> Vec<Second> {
    let table = statement.traces.tables[place].instance.table;
    let constraints = VerifierStep::Constraints(table);
    let [rows, polynomial] = [Opening::Rows, Opening::Polynomial].map(VerifierStep::Opening);
    let none = Cheat {
        table: place,
        ..Cheat::default()
    };
    let second = |name, sums, opened, refused_by| Second {
        name,
        cheat: Cheat {
            sums,
            opened,
            ..none
        },
        refused_by,
    };
    let height = Second {
        name: "rows committed to at another height",
        cheat: Cheat {
            height: true,
            ..none
        },
        refused_by: rows,
    };
    if statement.refused_by == Some(VerifierStep::Sums) {
        let sums = |name, sums| second(name, sums, Solve::Honest, constraints);
        return vec![
            height,
            sums("a sum that is claimed", Sums::Claimed),
            sums("a sum reached in the last row", Sums::LastRow),
            sums("a sum reached by a fraction", Sums::LastFraction),
            second(CLAIMED, Sums::Claimed, Solve::Solved, polynomial),
            second(REACHED, Sums::LastRow, Solve::SolvedBehindFri, polynomial),
        ];
    }
    let quotient = Second {
        name: "the honest table's quotient",
        cheat: Cheat {
            quotient: true,
            ..none
        },
        // Not that of the table with the lie; another may break a rule before it.
        refused_by: statement.refused_by.unwrap_or(constraints).min(constraints),
    };
    vec![
        height,
        quotient,
        second(SOLVED, Sums::Honest, Solve::Solved, polynomial),
        second(HIDDEN, Sums::Honest, Solve::SolvedBehindFri, polynomial),
    ]
}

const SOLVED: &str = "values that meet the constraints";
const HIDDEN: &str = "values that meet the constraints, hidden from FRI";
const CLAIMED: &str = "a sum that is claimed, values that meet the constraints";
const REACHED: &str =
    "a sum reached in the last row, values that meet the constraints, hidden from FRI";

/// The tables with that at `place` twice as high, if its last row is padding.
fn higher(statement: &Statement<'_>, place: usize) -> Option<Traces> {
    let mut traces = statement.traces.clone();
    let trace: &mut Trace = &mut traces.tables[place];
    let table = trace.instance.table;
    let last = Subject::of(trace.clone()).verdict(trace.matrix.height() - 1);
    // These have one height and no other.
    let is_fixed = [Table::Lookup, Table::Journal].contains(&table);
    if is_fixed || !last.is_silent() || !last.accepted() {
        return None;
    }
    trace.matrix = doubled(&trace.matrix);
    Some(traces)
}

/// The same provers without a lie in the tables: there is nothing to make up for, and what is
/// changed to meet the constraints stays as it is.
fn truths(profile: Profile, world: &World, effort: Effort) -> Outcome {
    let mut outcome = Outcome::default();
    let honest = Statement::honest(world);
    let cheats = [
        Cheat::default(),
        Cheat {
            sums: Sums::Claimed,
            quotient: true,
            opened: Solve::Solved,
            ..Cheat::default()
        },
        Cheat {
            sums: Sums::LastRow,
            opened: Solve::SolvedBehindFri,
            ..Cheat::default()
        },
        Cheat {
            sums: Sums::LastFraction,
            ..Cheat::default()
        },
    ];
    for cheat in cheats {
        let prover = cheater(profile, cheat, world.traces.tables.clone());
        honest.tell(&prover, CONTROLS, &mut outcome);
    }
    let places = 0..world.traces.tables.len();
    let higher = places.filter_map(|place| higher(&honest, place));
    let prover = Prover::new(profile);
    for traces in higher.take(effort.pick(1, 99)) {
        let statement = Statement {
            name: "honest tables, one of them higher".to_owned(),
            claim: honest.claim.clone(),
            traces,
            ..honest
        };
        statement.tell(&prover, CONTROLS, &mut outcome);
    }
    outcome.expect_at_least(CONTROLS, 5);
    outcome
}
