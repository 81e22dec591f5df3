//! What the other attacks tried, and which rules kept it out.

use std::collections::BTreeSet;

use rayon::prelude::*;
use vouch_air::campaigns::campaign;
use vouch_air::tables::Table;
use vouch_air::testkit::kills::{Fault as Caught, Kill, Rule};
use vouch_air::testkit::score;

use crate::rules::{Broken, Imbalance, Untrue};
use crate::world::World;
use crate::{Effort, cells, faults, replies};

/// A rule, and how it is broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Breach {
    /// A constraint of a table.
    Constraint(Table, usize),
    /// A question of a table, by its place among the messages, and what is asked.
    Question(Table, usize, Untrue),
    /// A bus.
    Bus(usize, Imbalance),
}

/// Harmful mutants, each by the rules that keep it out. Were all of these weak enough to let
/// it pass, somebody would notice: it is one of the mutants of `cells`, `compound` and `faults`.
#[derive(Clone, Debug, Default)]
pub struct Evidence {
    /// Sets of rules, none larger than [`MAX_BREACHES`].
    pub sets: BTreeSet<Vec<Breach>>,
}

/// A mutant that more rules keep out shows nothing about any of them.
const MAX_BREACHES: usize = 6;

impl Evidence {
    /// Adds a mutant that should be kept out.
    fn add(&mut self, broken: &Broken) {
        let constraints = broken.constraints.iter();
        let questions = broken.questions.iter();
        let mut breaches: Vec<Breach> = constraints
            .map(|&(table, index)| Breach::Constraint(table, index))
            .chain(questions.flat_map(|(&(table, index), asked)| {
                asked
                    .iter()
                    .map(move |&untrue| Breach::Question(table, index, untrue))
            }))
            .chain(
                broken
                    .buses
                    .iter()
                    .map(|(&bus, &how)| Breach::Bus(bus, how)),
            )
            .collect();
        breaches.sort();
        if (1..=MAX_BREACHES).contains(&breaches.len()) {
            self.sets.insert(breaches);
        }
    }

    /// Adds a mutant of a table's own campaign, whose judge has found it harmful.
    fn add_kill(&mut self, table: Table, kill: &Kill) {
        let breach = |caught: &Caught| match caught {
            Caught::Constraint { index, .. } => Breach::Constraint(table, *index),
            Caught::Question { index, message } => {
                Breach::Question(table, *index, Untrue::new(message.bus, &message.fields))
            }
        };
        let mut breaches: Vec<Breach> = kill.faults.iter().map(breach).collect();
        breaches.sort();
        self.sets.insert(breaches);
    }

    /// Adds all of another's.
    fn merge(mut self, other: Self) -> Self {
        self.sets.extend(other.sets);
        self
    }

    /// Whether some mutant would be accepted if all breaches that `forgives` names were none.
    pub fn is_caught(&self, forgives: impl Fn(&Breach) -> bool + Sync) -> bool {
        self.sets.par_iter().any(|set| set.iter().all(&forgives))
    }
}

/// The rules of a table that are not needed one by one, and why.
pub struct Spare {
    /// The table.
    pub table: Table,
    /// Their names, as the table's campaign lists them.
    pub names: Vec<&'static str>,
    /// The rules.
    pub rules: Vec<Rule>,
    /// Other rules imply all of them.
    pub is_implied: bool,
    /// Of the rules, only whether the first operand is a byte.
    pub is_first_operand: bool,
}

impl Spare {
    /// Of a table's campaign, which complains of names that are none.
    fn new(table: Table, spare: score::Spare) -> Self {
        let (rules, _) = spare.find(table, &score::rules(table));
        Self {
            table,
            names: spare.rules,
            rules,
            is_implied: spare.is_implied,
            is_first_operand: spare.is_first_operand,
        }
    }
}

/// Collects what `cells`, `faults` and the campaigns of the tables, which are those of `cells` and `compound`, find.
pub fn collect(worlds: &[World], effort: Effort) -> (Evidence, Vec<Spare>, Vec<String>) {
    let machine = cells(worlds, effort).merge(faults(effort));
    let campaigns = Table::ALL.into_par_iter().map(|table| {
        let mut campaign = campaign(table);
        let (report, _) = campaign.run();
        let mut evidence = Evidence::default();
        report
            .kills
            .iter()
            .for_each(|kill| evidence.add_kill(table, kill));
        let spare = campaign
            .spare
            .into_iter()
            .map(|spare| Spare::new(table, spare));
        (evidence, spare.collect::<Vec<_>>(), report.complaints)
    });
    let campaigns: Vec<_> = campaigns.collect();
    let mut all = (machine, Vec::new(), Vec::new());
    for (evidence, spare, complaints) in campaigns {
        all.0 = all.0.merge(evidence);
        all.1.extend(spare);
        all.2.extend(complaints);
    }
    all
}

/// The wrong cells of `cells`.
fn cells(worlds: &[World], effort: Effort) -> Evidence {
    let mut evidence = Evidence::default();
    for trace in worlds.iter().flat_map(|world| &world.traces.tables) {
        let rows = effort.pick(6, 100);
        cells::every_column(trace, rows, &mut |_, broken| evidence.add(broken));
    }
    evidence
}

/// The faults of `faults`, and calls that there are not.
fn faults(effort: Effort) -> Evidence {
    let programs = (0..effort.pick(24, 200) as u64).into_par_iter();
    let of_program = |seed| {
        let mut evidence = Evidence::default();
        let mut add = |broken: &Broken| evidence.add(broken);
        faults::every_kind(&faults::world(seed), seed, effort.pick(2, 4), &mut add);
        evidence
    };
    let evidence = programs
        .map(of_program)
        .reduce(Evidence::default, Evidence::merge);
    let mut unknown = Evidence::default();
    replies::unknown_calls(&mut |broken| unknown.add(broken));
    evidence.merge(unknown)
}
