//! Rules by their names, as campaigns list them and failures report them.

use alloc::collections::BTreeSet;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use std::sync::OnceLock;

use super::kills::Rule;
use crate::rules::RuleNames;
use crate::tables::Table;

/// Names that an error offers in the place of one that there is not.
const OFFERED: usize = 5;

/// The names of a table's rules, read once.
pub fn names(table: Table) -> &'static RuleNames {
    static NAMES: OnceLock<Vec<RuleNames>> = OnceLock::new();
    &NAMES.get_or_init(|| Table::ALL.map(RuleNames::of).into())[table as usize]
}

impl Rule {
    /// Its name, if it is a rule of `table`.
    pub fn name(self, table: Table) -> &'static str {
        match self {
            Self::Constraint(place) => names(table).constraint(place),
            Self::Question(place) => names(table).message(place),
        }
    }
}

/// Those of a table's `rules` that have this name, or this name and a number.
///
/// # Errors
/// None has. The error says which names are like it.
pub fn find(table: Table, rules: &[Rule], name: &str) -> Result<Vec<Rule>, String> {
    let is_number = |rest: &str| {
        let digits = rest.strip_prefix('.');
        digits.is_some_and(|digits| digits.parse::<usize>().is_ok())
    };
    let is_named = |rule: &&Rule| {
        let rest = rule.name(table).strip_prefix(name);
        rest.is_some_and(|rest| rest.is_empty() || is_number(rest))
    };
    let found: Vec<Rule> = rules.iter().filter(is_named).copied().collect();
    if found.is_empty() {
        let near = near(table, rules, name).join("`, `");
        let table = table.name();
        return Err(format!(
            "{table}: no rule is called `{name}`; near: `{near}`"
        ));
    }
    Ok(found)
}

/// Names that have the most words in common with `name`.
fn near(table: Table, rules: &[Rule], name: &str) -> Vec<&'static str> {
    let words = |name: &str| -> BTreeSet<String> {
        let words = name.split(|c: char| !c.is_alphanumeric());
        words.map(String::from).collect()
    };
    let wanted = words(name);
    let mut all: Vec<&str> = rules.iter().map(|rule| rule.name(table)).collect();
    let others = |other: &&str| wanted.symmetric_difference(&words(other)).count();
    all.sort_by_cached_key(others);
    all.truncate(OFFERED);
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testkit::score::rules;

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
