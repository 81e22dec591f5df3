//! What to lie about: a share of what `cells`, `compound` and `faults` try, spread over all tables and kinds.

use vouch_air::testkit::Subject;
use vouch_air::witness::{Trace, answer_where};

use super::weak::Without;
use crate::cells::{Mutant, every_column};
use crate::cheat::Statement;
use crate::random::Random;
use crate::rules::Broken;
use crate::step::VerifierStep;
use crate::world::World;
use crate::{cells, compound, faults};

/// A lie about a world.
#[derive(Clone)]
pub struct Lie<'a> {
    /// The world.
    pub world: &'a World,
    /// What is false.
    pub what: What,
    /// What becomes of the tables that answer questions.
    pub answers: Answers,
}

/// What is false.
#[derive(Clone)]
pub enum What {
    /// A cell or two of the table at a place, or most of a row; with the rules that are broken.
    Row {
        /// `cells` or `rows`, for counting.
        kind: &'static str,
        /// The place of the table.
        place: usize,
        /// What becomes of the row.
        mutant: Mutant,
        /// What it breaks.
        broken: Broken,
    },
    /// The fault of this number.
    Fault(usize),
}

/// What becomes of the tables that answer questions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answers {
    /// They are filled from what is asked now.
    Anew,
    /// They stay those of the honest execution.
    AsTheyWere,
}

/// The seed of faults.
const FAULTS: u64 = 1 << 33;

impl<'a> Lie<'a> {
    /// What it is called in counts.
    pub fn kind(&self) -> &'static str {
        match (&self.what, self.answers) {
            (What::Row { kind, .. }, Answers::Anew) => kind,
            (What::Fault(_), Answers::Anew) => "faults",
            (_, Answers::AsTheyWere) => "lies with answers as they were",
        }
    }

    /// The statement and the rules that it breaks; `None` if there is none: a fault that does
    /// nothing, or answers that are the same as they were.
    pub fn statement(&self) -> Option<(Statement<'a>, Broken)> {
        let (mut statement, broken) = match &self.what {
            What::Row {
                place,
                mutant,
                broken,
                ..
            } => {
                let statement = cells::proven::statement(self.world, *place, mutant, broken);
                (statement, broken.clone())
            }
            What::Fault(i) => faults::faulted(*i, self.world, FAULTS)?,
        };
        if self.answers == Answers::AsTheyWere {
            self.keep_answers(&mut statement)?;
            let tables = &statement.traces.tables;
            statement.refused_by = VerifierStep::expected_unanswered(&broken, tables);
            statement.name += ", answers as they were";
        }
        Some((statement, broken))
    }

    /// Puts the honest answers into the place of those that fit; `None` if they are the same.
    fn keep_answers(&self, statement: &mut Statement<'_>) -> Option<()> {
        if self.is_about_answers() {
            return None;
        }
        let mut differs = false;
        let tables = statement.traces.tables.iter_mut();
        for trace in tables.filter(|trace| answers(trace)) {
            let mut honest = self.world.traces.tables.iter();
            let table = trace.instance.table;
            let honest = honest.find(|honest| honest.instance.table == table)?;
            differs |= trace.matrix != honest.matrix;
            trace.matrix.clone_from(&honest.matrix);
        }
        differs.then_some(())
    }

    /// The lie is told by a table that answers questions.
    fn is_about_answers(&self) -> bool {
        match self.what {
            What::Row { place, .. } => answers(&self.world.traces.tables[place]),
            What::Fault(_) => false,
        }
    }

    /// Each message is sent as often as its table may send it. One that is not counts in other rules
    /// than the one that bounds it, such as that of the bus, of which [`Broken`] says nothing.
    pub fn is_bounded(&self) -> bool {
        match &self.what {
            What::Row { place, mutant, .. } => {
                let traces = cells::proven::mutated(self.world, *place, mutant);
                let trace = traces.tables.into_iter().nth(*place);
                let verdict = trace.map(|trace| Subject::of(trace).verdict(mutant.row));
                verdict.is_some_and(|verdict| verdict.unbounded.is_empty())
            }
            What::Fault(_) => true,
        }
    }

    /// Questions answered as a machine would ask them that lacks some.
    pub fn answer_without(&self, tables: &mut [Trace], without: &Without) {
        if !self.is_about_answers() {
            answer_where(tables, |table, place| without.asks(table, place));
        }
    }

    /// The same with the answers of the honest execution, if these are others.
    pub fn unanswered(&self) -> Option<Self> {
        let unanswered = Self {
            answers: Answers::AsTheyWere,
            ..self.clone()
        };
        unanswered.statement().is_some().then_some(unanswered)
    }
}

fn answers(trace: &Trace) -> bool {
    trace.instance.table.answers()
}

/// Wrong cells of a table: `count` of those that break a constraint, as many that ask what is
/// untrue, and as many that only unbalance a bus.
pub fn cells<'a>(world: &'a World, place: usize, count: usize) -> Vec<Lie<'a>> {
    let trace = &world.traces.tables[place];
    let mut classes: [Vec<(Mutant, Broken)>; 3] = Default::default();
    every_column(trace, 2, &mut |mutant, broken| {
        let class = match broken {
            _ if broken.is_empty() => return,
            _ if !broken.constraints.is_empty() => 0,
            _ if !broken.questions.is_empty() => 1,
            _ => 2,
        };
        classes[class].push((mutant.clone(), broken.clone()));
    });
    let mut random = Random::new(0x11 << 32 | trace.instance.table as u64);
    let mut lies = Vec::new();
    for mut class in classes {
        for _ in 0..count.min(class.len()) {
            let (mutant, broken) = class.swap_remove(random.below(class.len()));
            lies.push(row(world, "wrong cells", place, mutant, broken));
        }
    }
    lies
}

/// Forged rows of a table.
pub fn rows<'a>(world: &'a World, place: usize, count: usize) -> Vec<Lie<'a>> {
    let table = world.traces.tables[place].instance.table;
    let mut random = Random::new(0x12 << 32 | table as u64);
    let forged = (0..count).filter_map(|_| compound::forged(world, place, &mut random));
    forged
        .map(|(mutant, broken)| row(world, "forged rows", place, mutant, broken))
        .collect()
}

fn row<'a>(
    world: &'a World,
    kind: &'static str,
    place: usize,
    mutant: Mutant,
    broken: Broken,
) -> Lie<'a> {
    let what = What::Row {
        kind,
        place,
        mutant,
        broken,
    };
    Lie {
        world,
        what,
        answers: Answers::Anew,
    }
}

/// Faults of the `turn`-th kind: the first `count` that do something.
pub fn faults(world: &World, turn: usize, count: usize) -> Vec<Lie<'_>> {
    let tries = (0..40).map(|round| turn + round * faults::KINDS.len());
    let works = tries.filter(|&i| faults::faulted(i, world, FAULTS).is_some());
    let lie = |i| Lie {
        world,
        what: What::Fault(i),
        answers: Answers::Anew,
    };
    works.take(count).map(lie).collect()
}

/// What a lie is about: a table or a kind of fault.
pub fn subject(lie: &Lie<'_>) -> &'static str {
    match lie.what {
        What::Row { place, .. } => lie.world.traces.tables[place].instance.table.name(),
        What::Fault(i) => faults::KINDS[i % faults::KINDS.len()],
    }
}
