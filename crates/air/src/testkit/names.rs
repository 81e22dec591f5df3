//! Rules by their names, as campaigns list them and failures report them.

use alloc::collections::BTreeSet;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use std::sync::OnceLock;

use crate::rules::RuleNames;
use crate::tables::Table;

/// Names that an error offers in the place of one that there is not.
const OFFERED: usize = 5;

/// Something that a row must fulfil, by its place among the table's constraints or messages. The
/// place is for the run at hand: what is written down is the rule's name ([`names`]).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rule {
    /// A constraint is 0.
    Constraint(usize),
    /// The answer to a question is yes.
    Question(usize),
}

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
