//! Which rules keep the harmful mutants out.
//!
//! A mutant that does harm is kept out by a set of rules: all of them would have to be gone, or
//! weaker, for it to be accepted. The sets of one rule show that it is needed.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;

use super::verdict::{Message, Place, Verdict, excess};
use crate::F;

/// Largest set of rules that is kept.
pub const MAX_RULES: usize = 3;
/// Different values that are kept of one set of constraints.
const MAX_VALUES: usize = 8;
/// Different mutants that are kept of one set with questions in it.
const MAX_QUESTIONS: usize = 64;

/// Something that a row must fulfil, by its place among the table's constraints or messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rule {
    /// A constraint is 0.
    Constraint(usize),
    /// The answer to a question is yes.
    Question(usize),
}

/// A rule and how a mutant breaks it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// A constraint's value, which is not 0.
    Constraint {
        /// The constraint, in the order in which the table states them.
        index: usize,
        /// Its value.
        value: F,
    },
    /// A question to which the answer is no.
    Question {
        /// The message, in the order in which the table sends them.
        index: usize,
        /// What is asked.
        message: Message,
    },
}

impl Fault {
    /// The rule that is broken.
    pub const fn rule(&self) -> Rule {
        match self {
            Self::Constraint { index, .. } => Rule::Constraint(*index),
            Self::Question { index, .. } => Rule::Question(*index),
        }
    }
}

/// The harm that a mutant would do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Harm {
    /// It states something untrue.
    Untrue,
    /// It takes a message more often than the table declares, or answers as a questioner.
    Unbounded,
    /// It sends what an honest row sends, though a cell differs that is not listed as free.
    Survives,
}

/// A harmful mutant, and what keeps it out.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Kill {
    /// What it would do.
    pub harm: Harm,
    /// Where its row is.
    pub place: Place,
    /// The rules that it breaks, and no others: constraints first, each in its order.
    pub faults: Vec<Fault>,
}

impl Kill {
    /// The rules that it breaks.
    pub fn rules(&self) -> Vec<Rule> {
        rules(&self.faults)
    }
}

/// The faults of a mutant, unless they are too many.
pub(super) fn faults(mutant: &Verdict) -> Option<Vec<Fault>> {
    let count = mutant.broken.len() + mutant.untrue.len();
    if count == 0 || count > MAX_RULES {
        return None;
    }
    let constraints = mutant.broken.iter().zip(&mutant.broken_values);
    let constraints = constraints.map(|(&index, &value)| Fault::Constraint { index, value });
    let questions = mutant.untrue_at.iter().zip(&mutant.untrue);
    let questions = questions.map(|(&index, message)| Fault::Question {
        index,
        message: message.clone(),
    });
    let mut faults: Vec<Fault> = constraints.chain(questions).collect();
    faults.sort();
    Some(faults)
}

/// Harmful mutants by the rules that keep them out and the place of their row: of each such
/// set a few, those whose questions are closest to the truth first.
#[derive(Clone, Debug, Default)]
pub struct Kills {
    sets: BTreeMap<(Vec<Rule>, Place), BTreeSet<Ranked>>,
}

/// A mutant and its distance from the truth.
type Ranked = (u32, Kill);

impl Kills {
    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &Kill> {
        self.sets.values().flatten().map(|(_, kill)| kill)
    }

    /// The sets of rules that keep a harmful mutant out.
    pub fn sets(&self) -> BTreeSet<&[Rule]> {
        self.sets.keys().map(|(rules, _)| &rules[..]).collect()
    }

    /// Whether a mutant with these faults would be kept, if it does harm.
    pub(super) fn wants(&self, place: Place, faults: &[Fault]) -> bool {
        let kept = self.sets.get(&(rules(faults), place));
        kept.is_none_or(|kept| {
            let furthest = kept.last().map_or(0, |(excess, _)| *excess);
            kept.len() < limit(faults) || distance(faults) < furthest
        })
    }

    pub(super) fn add(&mut self, kill: Kill) {
        let (rules, limit) = (kill.rules(), limit(&kill.faults));
        let kept = self.sets.entry((rules, kill.place)).or_default();
        kept.insert((distance(&kill.faults), kill));
        if kept.len() > limit {
            kept.pop_last();
        }
    }

    /// Adds another campaign's.
    pub fn merge(&mut self, other: Self) {
        let kills = other.sets.into_values().flatten();
        kills.for_each(|(_, kill)| self.add(kill));
    }
}

fn rules(faults: &[Fault]) -> Vec<Rule> {
    faults.iter().map(Fault::rule).collect()
}

/// How far the question that is furthest from the truth is from it.
fn distance(faults: &[Fault]) -> u32 {
    let of = |fault: &Fault| match fault {
        Fault::Constraint { .. } => 0,
        Fault::Question { message, .. } => excess(message),
    };
    faults.iter().map(of).max().unwrap_or(0)
}

fn limit(faults: &[Fault]) -> usize {
    let is_question = |fault: &Fault| matches!(fault, Fault::Question { .. });
    match faults.iter().any(is_question) {
        true => MAX_QUESTIONS,
        false => MAX_VALUES,
    }
}
