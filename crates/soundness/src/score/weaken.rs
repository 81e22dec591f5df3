//! Every way in which a rule is weakened.

use p3_field::PrimeCharacteristicRing;
use vouch_air::F;
use vouch_air::bus::{self, Fact};
use vouch_air::campaigns::campaign;
use vouch_air::tables::Table;
use vouch_air::testkit::verdict::is_fact;

use super::evidence::{Breach, Evidence};
use super::machine::Rules;
use crate::rules::{Untrue, bus_parts};

/// A weaker machine: it lacks something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Without {
    /// A constraint of a table.
    Constraint(Table, usize),
    /// A question of a table, by its place among the messages.
    Question(Table, usize),
    /// A part of a question.
    Part(Table, usize, Part),
    /// An input or output of a compression, by its field.
    Element(Table, usize, usize),
    /// A part of a bus's messages, by its place in [`bus_parts`].
    Field(usize, usize),
}

/// What is not looked at in a question to the lookup table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Whether the first operand is a byte.
    First,
    /// Whether the second operand is a byte.
    Second,
    /// The result.
    Result,
}

/// All of them that a table's rules have.
pub fn of_table(rules: &Rules) -> Vec<Without> {
    let table = rules.table;
    let constraints = 0..rules.constraints.len();
    let mut all: Vec<Without> = constraints.map(|i| Without::Constraint(table, i)).collect();
    let questions = rules
        .messages
        .iter()
        .enumerate()
        .filter(|(_, m)| m.is_question);
    for (i, message) in questions {
        all.push(Without::Question(table, i));
        if bus::ALL[message.bus].0 == bus::POSEIDON2 {
            // An output that is a public value is left out: to make a compression differ in
            // that alone is to find most of a collision, which no mutant does.
            let fields = (0..message.fields.len()).filter(|&n| !message.fields[n].is_empty());
            all.extend(fields.map(|n| Without::Element(table, i, n)));
        } else {
            // Without its only operand a range says nothing at all, and what is constant is a byte.
            let parts: &[Part] = match message.fact {
                Some(fact) if fact == Fact::And as u32 => {
                    &[Part::First, Part::Second, Part::Result]
                }
                Some(fact) if fact == Fact::Bytes as u32 => &[Part::First, Part::Second],
                _ => &[],
            };
            let parts = parts.iter().zip(&message.fields[1..]);
            let varying = parts.filter(|(_, columns)| !columns.is_empty());
            all.extend(varying.map(|(&part, _)| Without::Part(table, i, part)));
        }
    }
    all
}

/// A field fewer, of every bus but those on which questions are asked.
pub fn of_buses() -> Vec<Without> {
    let buses = bus::ALL.iter().enumerate();
    let paired = buses.filter(|(_, (name, _))| ![bus::LOOKUP, bus::POSEIDON2].contains(name));
    let fields =
        |(i, _): (usize, _)| (0..bus_parts(i).len()).map(move |part| Without::Field(i, part));
    paired.flat_map(fields).collect()
}

impl Without {
    /// Whether a mutant of the suite would be accepted.
    pub fn is_caught(self, rules: &[Rules], evidence: &Evidence) -> bool {
        if let Self::Element(table, index, n) = self {
            return needs_element(&rules[table as usize], index, n);
        }
        evidence.is_caught(|breach| match (self, breach) {
            (Self::Constraint(table, index), Breach::Constraint(of, i)) => {
                (table, index) == (*of, *i)
            }
            (Self::Question(table, index), Breach::Question(of, i, _)) => {
                (table, index) == (*of, *i)
            }
            (Self::Part(table, index, part), Breach::Question(of, i, asked)) => {
                (table, index) == (*of, *i) && part.is_true(asked)
            }
            (Self::Field(bus, field), Breach::Bus(of, imbalance)) => {
                bus == *of && imbalance.but_for >> field & 1 == 1
            }
            _ => false,
        })
    }
}

impl Part {
    /// Whether the answer would be yes.
    fn is_true(self, asked: &Untrue) -> bool {
        let [fact, x, y, z] = core::array::from_fn(|i| asked.fields[i]);
        match self {
            Self::First => is_fact(fact, [x & 0xff, y, z]),
            Self::Second => is_fact(fact, [x, y & 0xff, z]),
            Self::Result => is_fact(fact, [x, y, x & y]),
        }
    }
}

/// Whether a mutant is kept out only by a compression that says otherwise, with one of its
/// inputs or outputs a little off.
fn needs_element(rules: &Rules, question: usize, field: usize) -> bool {
    let [column] = rules.messages[question].fields[field][..] else {
        return false;
    };
    let mut mutations = campaign(rules.table).mutations.into_iter();
    mutations.any(|mut mutation| {
        (0..mutation.subject.height()).any(|row| {
            *mutation.subject.cell(row, column) += F::ONE;
            let mutant = mutation.subject.verdict(row);
            *mutation.subject.cell(row, column) -= F::ONE;
            let is_alone = mutant.broken.is_empty() && mutant.untrue_at == [question];
            is_alone && (mutation.judge)(&mutant).is_err()
        })
    })
}
