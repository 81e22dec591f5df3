//! Scores the mutants: for each rule there is one that only this rule keeps out. Without the
//! rule, the tests would fail.

use alloc::collections::BTreeSet;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use p3_lookup::SymbolicInteraction;

use super::kills::{Kills, Rule};
use super::lint::symbolic;
use super::names::find;
use crate::F;
use crate::bus::{LOOKUP, POSEIDON2};
use crate::tables::Table;

/// Rules that the mutants of a table do not need one by one.
#[derive(Clone, Debug)]
pub struct Spare {
    /// The names of the rules; one without its number stands for all that have a number.
    pub rules: Vec<&'static str>,
    /// Other rules imply all of them. If not, each follows from the others of its group, and
    /// some mutant is kept out by the group.
    pub is_implied: bool,
    /// Of questions that are needed: it is only whether their first operand is a byte that others imply.
    pub is_first_operand: bool,
    /// Why none is needed.
    pub reason: &'static str,
}

impl Spare {
    /// Rules of which each follows from the others.
    pub fn group<const N: usize>(rules: [&'static str; N], reason: &'static str) -> Self {
        Self {
            rules: rules.into(),
            is_implied: false,
            is_first_operand: false,
            reason,
        }
    }

    /// Questions that are needed, but for whether their first operand is a byte: that follows from the others.
    pub fn first_operands<const N: usize>(rules: [&'static str; N], reason: &'static str) -> Self {
        Self {
            is_first_operand: true,
            ..Self::implied(rules, reason)
        }
    }

    /// Rules that follow from the others.
    pub fn implied<const N: usize>(rules: [&'static str; N], reason: &'static str) -> Self {
        Self {
            is_implied: true,
            ..Self::group(rules, reason)
        }
    }

    /// The rules that it names, among those of `table`; and of each name that is none, why not.
    pub fn find(&self, table: Table, rules: &[Rule]) -> (Vec<Rule>, Vec<String>) {
        let (mut found, mut unknown) = (Vec::new(), Vec::new());
        for name in &self.rules {
            match find(table, rules, name) {
                Ok(rules) => found.extend(rules),
                Err(error) => unknown.push(error),
            }
        }
        (found, unknown)
    }

    /// What is wrong with it if it names these rules and `sets` of rules keep a mutant out.
    fn refuted(&self, table: Table, rules: &[Rule], sets: &BTreeSet<&[Rule]>) -> Vec<String> {
        let mut complaints = Vec::new();
        let (name, reason) = (table.name(), self.reason);
        let needed = rules.iter().filter(|rule| sets.contains(&[**rule][..]));
        let needed: Vec<&str> = needed.map(|rule| rule.name(table)).collect();
        if !needed.is_empty() {
            complaints.push(format!(
                "{name}: {needed:?} are needed, not spare: {reason}"
            ));
        }
        let within = |set: &&[Rule]| set.iter().all(|rule| rules.contains(rule));
        let names = &self.rules;
        match (sets.iter().any(within), self.is_implied) {
            (true, true) => complaints.push(format!("{name}: {names:?} are not implied: {reason}")),
            (false, false) => complaints.push(format!("{name}: no mutant needs {names:?}")),
            _ => {}
        }
        complaints
    }

    /// The rules of `gadget::select` on a single flag.
    pub fn one_flag() -> Self {
        Self::group(
            ["flags, each is boolean", "flags, at most one is set"],
            "a single flag is its own sum, so that one constraint is stated twice",
        )
    }

    /// The boolean borrow in a comparison of a word index with a bound of the executable range
    /// from below.
    pub fn borrow(rule: &'static str) -> Self {
        Self::implied(
            [rule],
            "a fraction leaves no high limb of 16 bits but 2^-14, which is -122880, below a bound \
             of 57344 * 2^14 words or more; the executable range ends at 49152 * 2^14",
        )
    }

    /// The first two flags of a table that has no others.
    pub fn two_flags() -> Self {
        Self::group(
            ["flags, each is boolean"],
            "if the other and the sum are boolean, -1 beside 1 is all there can be: the sum is 0, \
             and the row says nothing",
        )
    }
}

/// How many rules of a table are needed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Score {
    /// Constraints.
    pub constraints: usize,
    /// Questions to the lookup and Poseidon2 tables.
    pub questions: usize,
    /// Rules without which a harmful mutant is accepted.
    pub needed: usize,
    /// Rules that are needed as a group, and not one by one.
    pub in_groups: usize,
    /// Rules that others imply.
    pub implied: usize,
}

/// All rules of a table.
pub fn rules(table: Table) -> Vec<Rule> {
    let symbolic = symbolic(table);
    let constraints = (0..symbolic.base_constraints().len()).map(Rule::Constraint);
    let messages = symbolic.global_interactions().iter().enumerate();
    let is_question = |m: &SymbolicInteraction<F>| {
        m.count_weight > 0 && [LOOKUP, POSEIDON2].contains(&m.bus_name.as_str())
    };
    let questions = messages.filter(|(_, m)| is_question(m));
    constraints
        .chain(questions.map(|(i, _)| Rule::Question(i)))
        .collect()
}

/// The score, and what is wrong with it: a rule that no mutant needs and that is not listed, or
/// is listed and needed; a group that no mutant needs, or rules that are said to be implied and
/// are needed.
pub fn score(table: Table, kills: &Kills, spare: &[Spare]) -> (Score, Vec<String>) {
    let name = table.name();
    let rules = rules(table);
    let sets = kills.sets();
    let is_needed = |rule: &Rule| sets.contains(&[*rule][..]);
    let mut complaints = Vec::new();
    let mut score = Score {
        constraints: rules
            .iter()
            .filter(|r| matches!(r, Rule::Constraint(_)))
            .count(),
        needed: rules.iter().filter(|rule| is_needed(rule)).count(),
        ..Score::default()
    };
    score.questions = rules.len() - score.constraints;
    let mut listed: BTreeSet<Rule> = BTreeSet::new();
    for item in spare {
        let (spare, unknown) = item.find(table, &rules);
        complaints.extend(unknown);
        if item.is_first_operand {
            continue;
        }
        complaints.extend(item.refuted(table, &spare, &sets));
        let count = match item.is_implied {
            true => &mut score.implied,
            false => &mut score.in_groups,
        };
        *count += spare.len();
        listed.extend(spare);
    }
    let unlisted = |rule: &&Rule| !is_needed(rule) && !listed.contains(rule);
    let unlisted = rules.iter().filter(unlisted).map(|rule| rule.name(table));
    let unlisted: Vec<&str> = unlisted.collect();
    if !unlisted.is_empty() {
        complaints.push(format!("{name}: no mutant needs {unlisted:?}"));
    }
    (score, complaints)
}

#[cfg(test)]
mod tests {
    use p3_field::PrimeCharacteristicRing;

    use super::*;
    use crate::testkit::kills::{Fault, Harm, Kill};
    use crate::testkit::verdict::{Message, Place};

    /// Harmful mutants of a table with two constraints and a question.
    fn kills(sets: &[&[Rule]]) -> Kills {
        let mut kills = Kills::default();
        for rules in sets {
            let fault = |rule: &Rule| match *rule {
                Rule::Constraint(index) => Fault::Constraint {
                    index,
                    value: F::ONE,
                },
                Rule::Question(index) => Fault::Question {
                    index,
                    message: Message::sent(LOOKUP, &[0, 1 << 16, 0, 0]),
                },
            };
            kills.add(Kill {
                harm: Harm::Untrue,
                place: Place::Other,
                faults: rules.iter().map(fault).collect(),
            });
        }
        kills
    }

    fn complaints(sets: &[&[Rule]], spare: &[Spare]) -> usize {
        score(Table::Jal, &kills(sets), spare).1.len()
    }

    #[test]
    fn rules_are_scored() {
        let [first, second, question] = rules(Table::Jal)[..] else {
            panic!("two constraints and a question");
        };
        let group = ["flags, each is boolean", "flags, at most one is set"];
        let reason = "for the test";
        let all: [&[Rule]; 3] = [&[first], &[second], &[question]];
        assert_eq!(complaints(&all, &[]), 0);
        assert_eq!(complaints(&all[..2], &[]), 1, "nobody needs the question");
        assert_eq!(complaints(&[&[first, second], &[question]], &[]), 1);
        let spare = [Spare::group(group, reason)];
        assert_eq!(complaints(&[&[first, second], &[question]], &spare), 0);
        assert_eq!(complaints(&all[2..], &spare), 1, "nobody needs the group");
        assert_eq!(complaints(&all, &spare), 1, "it is not spare");
        let spare = [Spare::implied(group, reason)];
        assert_eq!(complaints(&all[2..], &spare), 0);
        assert_eq!(complaints(&[&[first, second], &[question]], &spare), 1);
        let unknown = [Spare::implied(["flags"], reason)];
        assert_eq!(complaints(&all, &unknown), 1, "no rule is called so");
    }

    #[test]
    fn rules_are_found_by_name() {
        let rules = rules(Table::Moves);
        let find = |name| find(Table::Moves, &rules, name);
        let count = |name| find(name).map(|found| found.len());
        assert_eq!(count("flags, each is boolean"), Ok(2));
        assert_eq!(count("bytes, each is boolean"), Ok(4));
        assert_eq!(count("bytes, each is boolean.3"), Ok(1));
        let one = find("last is boolean").expect("it is a rule");
        assert_eq!(one[0].name(Table::Moves), "last is boolean");
    }

    /// Neither a part of a name nor a message that is no question will do.
    #[test]
    fn what_is_no_name_is_not_found() {
        let rules = rules(Table::Moves);
        for name in [
            "",
            "flags",
            "last",
            "last is",
            "bytes, each is boolean.4",
            "state after",
        ] {
            assert!(find(Table::Moves, &rules, name).is_err(), "{name}");
        }
        let error = find(Table::Moves, &rules, "the last is boolean").expect_err("there is none");
        assert!(
            error.starts_with(
                "moves: no rule is called `the last is boolean`; near: `last is boolean`, `"
            ),
            "{error}"
        );
    }
}
