//! Instructions that do something else.

use vouch_air::F;
use vouch_air::campaigns::campaign;
use vouch_air::tables::Table;
use vouch_air::testkit::P;
use vouch_air::testkit::cases::{ALIASES, aliased, fitting, wrong};
use vouch_air::testkit::judge::judge;
use vouch_air::testkit::steps::Case;
use vouch_isa::OpInfo;
use vouch_isa::event::Step;

use super::LIES;
use super::forge::{Forge, Steps};
use crate::{Effort, Outcome};

/// Operands.
const WORDS: [u32; 12] = [
    0,
    1,
    2,
    u32::MAX,
    0x8000_0000,
    0x7fff_ffff,
    0xffff,
    0x1_0000,
    0x1_0001,
    P - 1,
    P,
    P + 1,
];

/// Registers that all differ.
const APART: [u8; 3] = [5, 6, 7];

/// Lies about an instruction; none if no table executes it as such.
pub fn of_op(info: &'static OpInfo, effort: Effort) -> Outcome {
    let mut outcome = Outcome::default();
    let tables = Table::ALL.into_iter().map(campaign);
    let is_its = |family| family == info.family;
    let Some(mut campaign) =
        { tables }.find(|it| it.suite.as_ref().is_some_and(|s| is_its(s.family)))
    else {
        return outcome;
    };
    let (Some(suite), Some(mutation)) = (campaign.suite, campaign.mutations.pop()) else {
        return outcome;
    };
    outcome.count("instructions", 1);
    let mut forge = Forge::new(mutation.subject, 1);
    let steps: Vec<Step> = cases(info).filter_map(|case| case.try_step()).collect();
    outcome.count("honest instructions", steps.len() as u64);
    // Every so manieth lie, a prime number so that all kinds have their turn.
    let stride = effort.pick(17, 1);
    // What an instruction speaks of does not depend on its operands.
    let first = steps.first().map(suite.row).unwrap_or_default();
    let helpers = forge.helpers(&first);
    let freedom = (forge.lent(&first, &helpers), helpers);
    for (i, honest) in steps.iter().enumerate() {
        let lies = wrong(honest);
        let chosen = lies.iter().skip(i % stride).step_by(stride);
        let rows: Vec<Vec<F>> = chosen.map(suite.row).collect();
        if !rows.is_empty() {
            let honest = (suite.row)(honest);
            outcome.add(of_step(&mut forge, &freedom, &honest, &rows, effort));
        }
    }
    outcome
}

/// The instruction on all pairs of operands, on registers that differ and that do not.
fn cases(info: &'static OpInfo) -> impl Iterator<Item = Case> {
    let pairs = WORDS.into_iter().flat_map(|a| WORDS.map(|b| (a, b)));
    let plain = pairs
        .enumerate()
        .map(|(i, (a, b))| fitting(info, a, b, 1 + 7 * i as u32));
    plain.flat_map(|case| {
        let registers = [APART].into_iter().chain(ALIASES);
        registers.map(move |registers| aliased(case, registers))
    })
}

/// Lies about one execution, each as the row that the table makes of it.
fn of_step(
    forge: &mut Forge,
    (lent, helpers): &(Vec<Steps>, Vec<usize>),
    honest: &[F],
    lies: &[Vec<F>],
    effort: Effort,
) -> Outcome {
    let mut outcome = Outcome::default();
    let truth = forge.verdict(honest);
    outcome.add(forge.rebuild(honest, helpers));
    for lie in lies {
        let verdict = forge.verdict(lie);
        // A store has no result, an addition no address; and a branch may be taken elsewhere
        // if it is asked to.
        if verdict.sent == truth.sent || judge(&verdict).is_ok() {
            outcome.count("wrong events that say nothing wrong", 1);
            continue;
        }
        outcome.count(LIES, 1);
        // The lie as it would be filled in, and in a row that is otherwise honest.
        let mut spliced = lie.clone();
        helpers
            .iter()
            .for_each(|&column| spliced[column] = honest[column]);
        let mut starts = Vec::from([lie.clone(), spliced]);
        for steps in lent {
            let mut start = lie.clone();
            steps
                .iter()
                .for_each(|&(column, step)| start[column] += step);
            starts.push(start);
        }
        for start in starts {
            outcome.add(forge.attack(&start, helpers, judge, effort));
        }
    }
    outcome
}
