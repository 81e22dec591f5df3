//! Provers that cheat once and go on.
//!
//! A wrong cell, a forged row or a faulty execution, as in `cells`, `compound` and `faults`; then everything after it
//! recomputed from the tables as they are: answers to questions (or not: both are tried), LogUp
//! columns and sums, quotients, openings, FRI, proofs of work. Each is refused, by the step that
//! looks at the broken rule and by no other: what is refused for its shape has not been tried. In
//! all profiles, with their own parameters.
//!
//! Then provers that cheat once more, where the first lie would show: at the sums, the quotient,
//! the opened values, the heights (`cheater`). Each is refused by the step that is left.
//!
//! Provers with honest tables who pack their columns otherwise than the layout has it, or open other rows
//! (`packs`): the opening refuses them.
//!
//! And machines that lack the rules (`weak`): they accept the same proofs, and refuse them if they
//! lack all broken rules but one.

mod cheater;
mod cheats;
mod control;
mod identity;
mod lies;
mod misplace;
mod packs;
mod twice;
mod weak;

use std::collections::BTreeSet;

use rayon::prelude::*;
use vouch_air::tables::Table;
use vouch_emulator::testing::random_program;
use vouch_prover::Prover;
use vouch_verifier::Profile;

use crate::cheat::Statement;
use crate::honest_receipt::gather;
use crate::world::{INPUT, ROUNDS_TO_REFRESH, World, everything};
use crate::{Effort, Outcome, faults};
use lies::Lie;

/// What is counted.
const TRUTHS: &str = "honest executions accepted";

/// Runs it.
pub fn run(effort: Effort) -> Outcome {
    let small = small();
    // It fills the tables that the small one does not.
    let large = World::new(&everything(0, ROUNDS_TO_REFRESH, 0), INPUT).long();
    // It has few tables, so that their columns do not all fit into one pack.
    let plain = World::new(&random_program(0, 60), INPUT);
    let lies = lies(&small, &large, effort);
    let mut outcome = Outcome::default();
    let covered: BTreeSet<&str> = lies.iter().map(lies::subject).collect();
    let tables = Table::ALL.map(Table::name);
    for subject in tables.into_iter().chain(faults::KINDS) {
        match covered.contains(subject) {
            true => outcome.count("tables and kinds of faults lied about", 1),
            false => outcome.fail(format!("nobody lies about {subject}")),
        }
    }
    for (i, profile) in Profile::ALL.into_iter().enumerate() {
        // Every so manieth: a prime number, so that all kinds have their turn.
        let stride = match profile {
            Profile::Fast100 => 1,
            _ => effort.pick(17, 5),
        };
        let share: Vec<&Lie<'_>> = lies.iter().skip(i).step_by(stride).collect();
        outcome.add(tell(profile, &share, [&small, &large]));
        outcome.add(twice::run(profile, &small, &lies, effort));
        outcome.add(packs::run(profile, &[&small, &plain, &large], effort));
    }
    packs::expect_all(&mut outcome);
    outcome.add(control::run(&lies, effort));
    outcome.expect_at_least("lies refused", effort.pick(150, 2000) as u64);
    outcome
}

/// An execution that fills all tables but those that only long ones need.
fn small() -> World {
    let worlds = (0..).map(|seed| World::new(&everything(seed, 0, 60), INPUT));
    let found = { worlds }.find(|world| world.missing() == [Table::Lookup, Table::Refresh]);
    found.expect("random programs have every instruction at some time")
}

/// A share of what can be said about the worlds: of the large one, about the tables that the
/// small one does not fill.
fn lies<'a>(small: &'a World, large: &'a World, effort: Effort) -> Vec<Lie<'a>> {
    let missing = small.missing();
    let places = |world: &World, is_chosen: &dyn Fn(Table) -> bool| -> Vec<usize> {
        let tables = world.traces.tables.iter().enumerate();
        let chosen = tables.filter(|(_, trace)| is_chosen(trace.instance.table));
        chosen.map(|(place, _)| place).collect()
    };
    let of_small = places(small, &|_| true);
    let of_large = places(large, &|table| missing.contains(&table));
    let about = of_small.into_iter().map(|place| (small, place));
    let about: Vec<_> = about
        .chain(of_large.into_iter().map(|place| (large, place)))
        .collect();
    let of_tables = about.par_iter().flat_map_iter(|&(world, place)| {
        let cells = lies::cells(world, place, effort.pick(1, 10));
        cells
            .into_iter()
            .chain(lies::rows(world, place, effort.pick(1, 10)))
    });
    let turns = (0..faults::KINDS.len()).into_par_iter();
    let faults = turns.flat_map_iter(|turn| {
        let count = effort.pick(1, 10);
        match lies::faults(small, turn, count) {
            none if none.is_empty() => lies::faults(large, turn, count),
            some => some,
        }
    });
    let mut lies: Vec<Lie<'_>> = of_tables.chain(faults).collect();
    // The other way to go on.
    let some = lies.par_iter().step_by(effort.pick(4, 2));
    let unanswered: Vec<Lie<'_>> = some.filter_map(Lie::unanswered).collect();
    lies.extend(unanswered);
    lies
}

/// Tells lies, and the truth, in one profile.
fn tell(profile: Profile, lies: &[&Lie<'_>], worlds: [&World; 2]) -> Outcome {
    let prover = Prover::new(profile);
    let name = name(profile);
    let mut outcome = gather(lies.par_iter(), |outcome, lie| {
        let Some((statement, broken)) = lie.statement() else {
            outcome.fail(format!("{}: no lie", lies::subject(lie)));
            return;
        };
        if broken.is_empty() {
            outcome.fail(format!("{}: breaks no rule", statement.name));
            return;
        }
        if statement.tell(&prover, "lies refused", outcome).is_some() {
            outcome.count(&format!("lies refused: {}", lie.kind()), 1);
            outcome.count(&format!("lies refused: {name}"), 1);
        }
    });
    for world in worlds {
        Statement::honest(world).tell(&prover, TRUTHS, &mut outcome);
    }
    outcome.expect_at_least(&format!("lies refused: {name}"), 8);
    outcome.expect_at_least(TRUTHS, 2);
    outcome
}

/// The name of a profile, for counting.
fn name(profile: Profile) -> String {
    format!("{} {}", profile.name(), profile.target_bits())
}
