//! The names of a table's rules: its constraints and messages.

use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::panic::Location;

use p3_air::BaseAir;
use p3_field::PrimeCharacteristicRing;

use crate::F;
use crate::capture::{Capture, Row, Sink};
use crate::tables::{Instance, Table};

/// The names of a table's rules, no two of them alike.
///
/// A name is that of the rule, `what a write returns is its length`; of a part of it that a gadget
/// names, `sum, low carry is boolean`; and where there are several of that name, with a number,
/// `flags, each is boolean.2`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RuleNames {
    /// Of the constraints, in the order in which the table states them.
    pub constraints: Vec<String>,
    /// Of the messages, in the order in which the table sends them.
    pub messages: Vec<String>,
    /// Names that the table gives in two places: what each stands for would be hard to say.
    pub ambiguous: Vec<&'static str>,
}

impl RuleNames {
    /// The names of the rules of `table`: it is evaluated once.
    pub fn of(table: Table) -> Self {
        let instance = Instance::new(table, 0, &[0]);
        let zeros = F::zero_vec;
        let (cells, fixed) = (
            zeros(instance.width()),
            zeros(instance.preprocessed_width()),
        );
        let row = Row {
            current: &cells,
            next: &cells,
            preprocessed: &fixed,
            periodic: &zeros(instance.num_periodic_columns()),
            public: &zeros(instance.num_public_values()),
            is_first: F::ZERO,
            is_last: F::ZERO,
            is_transition: F::ONE,
        };
        let mut given = Given::default();
        instance.eval(&mut Capture::new(row, &mut given));
        given.numbered()
    }

    /// The name of a constraint, by its place among them.
    pub fn constraint(&self, place: usize) -> &str {
        self.constraints.get(place).map_or("?", String::as_str)
    }

    /// The name of a message, by its place among them.
    pub fn message(&self, place: usize) -> &str {
        self.messages.get(place).map_or("?", String::as_str)
    }
}

/// Names as a table gives them.
#[derive(Default)]
struct Given {
    rule: &'static str,
    part: &'static str,
    /// Of each rule, in their order, its name and part, and whether it is a message.
    rules: Vec<((&'static str, &'static str), bool)>,
    /// Where each name is given.
    places: BTreeMap<&'static str, &'static Location<'static>>,
    ambiguous: Vec<&'static str>,
}

impl Sink for Given {
    fn constraint(&mut self, _: F) {
        self.rules.push(((self.rule, self.part), false));
    }

    fn message(&mut self, _: &str, _: &[F], _: F, _: u32) {
        self.rules.push(((self.rule, self.part), true));
    }

    #[track_caller]
    fn rule(&mut self, name: &'static str) {
        (self.rule, self.part) = (name, "");
        let here = Location::caller();
        if *self.places.entry(name).or_insert(here) != here {
            self.ambiguous.push(name);
        }
    }

    fn part(&mut self, name: &'static str) {
        self.part = name;
    }
}

impl Given {
    fn numbered(self) -> RuleNames {
        let mut counts: BTreeMap<_, (usize, usize)> = BTreeMap::new();
        for (name, _) in &self.rules {
            counts.entry(*name).or_default().0 += 1;
        }
        let mut names = RuleNames {
            ambiguous: self.ambiguous,
            ..RuleNames::default()
        };
        for (name, is_message) in self.rules {
            let (count, number) = counts.entry(name).or_default();
            let (rule, part) = name;
            let comma = if part.is_empty() { "" } else { ", " };
            let suffix = match count {
                1 => String::new(),
                _ => format!(".{number}"),
            };
            *number += 1;
            let list = match is_message {
                true => &mut names.messages,
                false => &mut names.constraints,
            };
            list.push(format!("{rule}{comma}{part}{suffix}"));
        }
        names
    }
}

#[cfg(test)]
mod tests {
    use p3_air::AirBuilder;

    use super::*;
    use crate::Builder;

    /// The names that are given while `state` states rules.
    fn names(state: impl FnOnce(&mut Capture<'_, Given>)) -> RuleNames {
        let row = Row {
            current: &[],
            next: &[],
            preprocessed: &[],
            periodic: &[],
            public: &[],
            is_first: F::ZERO,
            is_last: F::ZERO,
            is_transition: F::ONE,
        };
        let mut given = Given::default();
        state(&mut Capture::new(row, &mut given));
        given.numbered()
    }

    #[test]
    fn rules_are_numbered_where_a_name_is_not_enough() {
        let names = names(|b| {
            b.rule("one");
            b.assert_zero(F::ZERO);
            b.rule("sum");
            for _ in 0..2 {
                b.part("limb");
                b.assert_zero(F::ZERO);
                b.part("carry");
                b.assert_zero(F::ZERO);
            }
            // The part ends with the rule.
            b.rule("last");
            b.assert_bool(F::ZERO);
            let fields = [F::ZERO; 2];
            crate::bus::send_journal(b, fields[0], fields[1], F::ONE);
        });
        let expected = [
            "one",
            "sum, limb.0",
            "sum, carry.0",
            "sum, limb.1",
            "sum, carry.1",
            "last.0",
        ];
        assert_eq!(names.constraints, expected);
        assert_eq!(names.messages, ["last.1"]);
        assert!(names.ambiguous.is_empty());
        assert_eq!((names.constraint(0), names.message(0)), ("one", "last.1"));
        assert_eq!((names.constraint(6), names.message(1)), ("?", "?"));
    }

    /// One place may give a name several times, as in a loop; two places may not.
    #[test]
    fn a_name_is_given_in_one_place() {
        let names = names(|b| {
            for _ in 0..2 {
                b.rule("often");
                b.assert_zero(F::ZERO);
            }
            b.rule("twice");
            b.rule("twice");
            b.assert_zero(F::ZERO);
        });
        assert_eq!(names.constraints, ["often.0", "often.1", "twice"]);
        assert_eq!(names.ambiguous, ["twice"]);
    }
}
