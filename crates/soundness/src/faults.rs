//! Faults in the executor.
//!
//! A run goes wrong once, in one instruction, and goes on as if nothing had happened. All
//! tables are filled from it, so they agree with one another; the ISA alone is violated. What
//! counts is not whether the journal is another one but whether the step was one of the
//! machine's: every fault that changes a step must break a rule.

mod choose;

use rayon::prelude::*;
use vouch_prover::Prover;
use vouch_verifier::Profile;

use crate::cheat::Statement;
use crate::evaluate::Evaluator;
use crate::model::{self, Effect};
use crate::rules::Broken;
use crate::step::VerifierStep;
use crate::world::{INPUT, ROUNDS_TO_REFRESH, World, everything};
use crate::{Effort, Outcome};
pub use choose::{KINDS, fault};

/// One in so many programs loops until registers are refreshed.
const REFRESHING: u64 = 12;

/// Runs it: faults in random programs, of every kind in turn.
pub fn run(effort: Effort) -> Outcome {
    let programs = effort.pick(24, 300) as u64;
    let faults = effort.pick(2, 3);
    let outcomes = (0..programs)
        .into_par_iter()
        .map(|seed| of_program(seed, faults));
    let mut outcome = outcomes.reduce(Outcome::default, |mut all, one| {
        all.add(one);
        all
    });
    outcome.add(proven(effort.pick(6, 150)));
    outcome.expect_at_least("faults", effort.pick(500, 10_000) as u64);
    for name in KINDS {
        outcome.expect_at_least(&format!("faults: {name}"), 1);
    }
    outcome
}

/// A program whose run is to go wrong.
pub fn world(seed: u64) -> World {
    let refreshes = seed % REFRESHING == REFRESHING - 1;
    let rounds = if refreshes { ROUNDS_TO_REFRESH } else { 0 };
    World::new(&everything(seed, rounds, 200), INPUT)
}

/// `rounds` faults of every kind in the run of one program.
fn of_program(seed: u64, rounds: usize) -> Outcome {
    let mut outcome = Outcome::default();
    let world = world(seed);
    let honest = Evaluator::default().judge(&world.traces.tables);
    if !honest.is_empty() {
        outcome.fail(format!("program {seed}, no fault: breaks {honest}"));
    }
    outcome.count("programs", 1);
    outcome.add(every_kind(&world, seed, rounds, &mut |_| {}));
    outcome
}

/// `rounds` faults of every kind in the run of a world, and tells `visit` which rules each
/// breaks.
pub fn every_kind(
    world: &World,
    seed: u64,
    rounds: usize,
    visit: &mut dyn FnMut(&Broken),
) -> Outcome {
    let mut outcome = Outcome::default();
    let evaluator = Evaluator::default();
    for i in 0..rounds * KINDS.len() {
        let fault = fault(i, world, seed);
        let (segment, effect) = model::run(world, Some(fault), limit(world));
        if effect != Effect::Lie {
            continue;
        }
        let traces = world.fill(&segment);
        let broken = evaluator.judge(&traces.tables);
        if broken.is_empty() && world.is_honest(&traces) {
            outcome.count("faults that make no difference to the tables", 1);
            continue;
        }
        outcome.count("faults", 1);
        outcome.count(&format!("faults: {}", KINDS[i % KINDS.len()]), 1);
        if broken.is_empty() {
            outcome.fail(format!("program {seed}: {fault:?} breaks no rule"));
        }
        visit(&broken);
    }
    outcome
}

/// A faulted run may never end: it is cut a little after where the honest one ends, in
/// instructions.
fn limit(world: &World) -> u64 {
    world.segment.cycles + 100
}

/// The `i`-th fault for a world, if it does anything: that the faulted run happened, and the rules
/// that its tables break.
pub fn faulted(i: usize, world: &World, seed: u64) -> Option<(Statement<'_>, Broken)> {
    let fault = fault(i, world, seed);
    let (segment, effect) = model::run(world, Some(fault), limit(world));
    if effect != Effect::Lie {
        return None;
    }
    let traces = world.fill(&segment);
    if world.is_honest(&traces) {
        return None;
    }
    let broken = Evaluator::default().judge(&traces.tables);
    let refused_by = VerifierStep::expected(&broken, &traces.tables);
    let name = format!("{fault:?}");
    let statement = Statement::new(name, world, &segment, traces, refused_by);
    Some((statement, broken))
}

/// Faulted runs through prover and verifier: every proof is refused by the step that looks at the
/// rules that the fault breaks. Some say that the run began or ended otherwise, which a verifier of
/// the receipt sees before the proof.
fn proven(count: usize) -> Outcome {
    let mut outcome = Outcome::default();
    let (world, prover) = (world(0), Prover::new(Profile::Fast100));
    let faults = (0..).filter_map(|i| faulted(i, &world, 1 << 32));
    for (statement, _) in faults.take(count) {
        statement.tell_receipt(&prover, "faults whose proof is refused", &mut outcome);
    }
    outcome.expect_at_least("faults whose proof is refused", count as u64);
    outcome
}
