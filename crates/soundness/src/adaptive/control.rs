//! That it is the broken rule that refuses: without it the same proof is accepted.

use std::collections::BTreeSet;
use std::sync::Arc;

use rayon::prelude::*;
use vouch_verifier::Profile;

use super::lies::{Answers, Lie};
use super::weak::{Without, verdict};
use crate::honest_receipt::gather;
use crate::rules::{Broken, Rule};
use crate::step::VerifierStep;
use crate::{Effort, Outcome};

const ACCEPTED: &str = "lies that a machine without the broken rules accepts";
const REFUSED: &str = "lies that a machine with one of the broken rules refuses";

/// A share of the lies, each to a machine that lacks all rules that it breaks and to one that has
/// one of these.
pub fn run(lies: &[Lie<'_>], effort: Effort) -> Outcome {
    let fits = |lie: &&Lie<'_>| lie.answers == Answers::Anew && lie.is_bounded();
    let fitting: Vec<&Lie<'_>> = lies.iter().filter(fits).collect();
    let chosen: Vec<&Lie<'_>> = fitting.into_iter().step_by(effort.pick(13, 6)).collect();
    let mut outcome = gather(chosen.into_par_iter().enumerate(), |outcome, (i, lie)| {
        let Some((statement, broken)) = lie.statement() else {
            return;
        };
        let profile = match effort {
            Effort::Quick => Profile::Fast100,
            Effort::Long => Profile::ALL[i % 4],
        };
        let rules: Vec<Rule> = broken.rules().collect();
        let kept = rules[i % rules.len()];
        let all_but_one = rules.iter().copied().filter(|rule| *rule != kept);
        let machines = [
            (ACCEPTED, Without::new(&broken, rules.iter().copied()), None),
            (
                REFUSED,
                Without::new(&broken, all_but_one),
                refusal(&broken, kept, &statement.traces.tables),
            ),
        ];
        for (what, without, expected) in machines {
            let mut tables = statement.traces.tables.clone();
            lie.answer_without(&mut tables, &without);
            match verdict(profile, &tables, &Arc::new(without)) {
                Ok(got) if got == expected => outcome.count(what, 1),
                other => outcome.fail(format!(
                    "{}, which breaks {broken}: {what}: {other:?}, expected {expected:?}",
                    statement.name
                )),
            }
        }
    });
    let least = effort.pick(5, 150) as u64;
    outcome.expect_at_least(ACCEPTED, least);
    outcome.expect_at_least(REFUSED, least);
    outcome
}

/// The step that refuses tables which break one rule of those that others break.
fn refusal(
    broken: &Broken,
    rule: Rule,
    tables: &[vouch_air::witness::Trace],
) -> Option<VerifierStep> {
    let mut one = Broken::default();
    match rule {
        Rule::Constraint(table, index) => {
            one.constraints = BTreeSet::from([(table, index)]);
        }
        Rule::Question(table, index) => {
            let asked = broken.questions.get(&(table, index)).cloned();
            one.questions = asked
                .map(|asked| ((table, index), asked))
                .into_iter()
                .collect();
        }
        Rule::Bus(bus) => {
            let how = broken.buses.get(&bus).copied();
            one.buses = how.map(|how| (bus, how)).into_iter().collect();
        }
    }
    VerifierStep::expected(&one, tables)
}
