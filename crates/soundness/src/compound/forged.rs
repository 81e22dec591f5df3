//! A forged row among the honest ones of an execution.

use p3_field::{PrimeField32, integers::QuotientMap};
use p3_matrix::Matrix;
use vouch_air::F;
use vouch_air::campaigns::campaign;
use vouch_air::testkit::Subject;
use vouch_air::testkit::cases::wrong;
use vouch_air::witness::Trace;

use super::forge::Forge;
use super::others::STEPS_OF_A_CELL;
use crate::cells::{Mutant, judge};
use crate::random::Random;
use crate::rules::Broken;
use crate::world::World;

/// Rows that the search may try.
const BUDGET: usize = 150;

/// Rows to look at for one that sends something.
const TRIES: usize = 20;

/// A row of a world's table that sends something else than it did, its helper cells solved for as
/// far as that goes: with the cells that differ and the rules that are still broken.
pub fn forged(world: &World, place: usize, random: &mut Random) -> Option<(Mutant, Broken)> {
    let trace = &world.traces.tables[place];
    let subject = Subject::of(trace.clone());
    let height = trace.matrix.height();
    let mut rows = (0..TRIES).map(|_| random.below(height));
    let row = rows.find(|&row| !subject.verdict(row).is_silent())?;
    let honest = subject.row(row);
    let mut forge = Forge::new(subject, row);
    let helpers = forge.helpers(&honest);
    let spoken: Vec<usize> = (0..honest.len()).filter(|c| !helpers.contains(c)).collect();
    let lie = lie(world, trace, row, &honest, random)
        .unwrap_or_else(|| step_aside(&honest, &spoken, random));
    let mut start = honest.clone();
    spoken
        .iter()
        .for_each(|&column| start[column] = lie[column]);
    let forged = forge.closest(&start, &helpers, BUDGET);
    let cells = forged.into_iter().enumerate().zip(honest);
    let differs = cells.filter(|((_, cell), honest)| cell != honest);
    let cells = differs.map(|(cell, _)| cell).collect();
    let mutant = Mutant { row, cells };
    let broken = judge(trace, &mutant);
    (!broken.is_empty()).then_some((mutant, broken))
}

/// The row of a wrong execution of the instruction that the row is of; `None` if it is of none.
fn lie(
    world: &World,
    trace: &Trace,
    row: usize,
    honest: &[F],
    random: &mut Random,
) -> Option<Vec<F>> {
    let table = trace.instance.table;
    let suite = campaign(table).suite?;
    let step = world.segment.steps.get(suite.family as usize)?.get(row)?;
    let lies = wrong(step);
    let lie = (suite.row)(lies.get(random.below(lies.len()))?);
    (lie != honest).then_some(lie)
}

/// A row with another value in one of the cells that it speaks of.
fn step_aside(honest: &[F], spoken: &[usize], random: &mut Random) -> Vec<F> {
    let mut lie = honest.to_vec();
    if let Some(&column) = spoken.get(random.below(spoken.len())) {
        let step = STEPS_OF_A_CELL[random.below(STEPS_OF_A_CELL.len())];
        lie[column] += F::from_int(step.rem_euclid(F::ORDER_U32.into()));
    }
    lie
}
