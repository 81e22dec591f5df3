//! Tables as expressions: their constraints and messages, the columns that these name, and their
//! own names.

use alloc::collections::BTreeSet;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use std::sync::Arc;

use p3_air::symbolic::{AirLayout, BaseEntry, BaseLeaf, SymbolicExpr, SymbolicExpression};
use p3_lookup::symbolic::InteractionSymbolicBuilder;

use crate::F;
use crate::rules::RuleNames;
use crate::tables::{Instance, Table};

/// A table's constraints and messages.
pub type Symbolic = InteractionSymbolicBuilder<F>;

/// The constraints and messages of `table`.
pub fn symbolic(table: Table) -> Symbolic {
    let instance = Instance::new(table, 0, &[1]);
    Symbolic::from_air(&instance, AirLayout::from_air::<F>(&instance))
}

/// What is wrong with the names of a table's rules: that one has none, that two have the same, or
/// that the table gives a name in two places.
pub fn complaints(names: &RuleNames) -> Vec<String> {
    let mut seen = BTreeSet::new();
    let mut complaints = Vec::new();
    for name in names.constraints.iter().chain(&names.messages) {
        // Parts and numbers alone are no names.
        if !name.starts_with(char::is_alphanumeric) || !name.contains(char::is_alphabetic) {
            complaints.push(format!("a rule has no name: `{name}`"));
        }
        if !seen.insert(name) {
            complaints.push(format!("two rules are called `{name}`"));
        }
    }
    let ambiguous = names.ambiguous.iter();
    complaints.extend(ambiguous.map(|name| format!("`{name}` is given in two places")));
    complaints
}

/// The main columns that expressions name.
#[derive(Default)]
pub struct Columns {
    found: BTreeSet<usize>,
    /// Expressions share their parts: a permutation's trees are too large to be walked.
    seen: BTreeSet<*const SymbolicExpression<F>>,
}

impl Columns {
    /// The main columns of one expression, in ascending order.
    pub fn of(expression: &SymbolicExpression<F>) -> Vec<usize> {
        let mut columns = Self::default();
        columns.add(expression);
        columns.found.into_iter().collect()
    }

    fn add(&mut self, expression: &SymbolicExpression<F>) {
        match expression {
            SymbolicExpr::Add { x, y, .. }
            | SymbolicExpr::Sub { x, y, .. }
            | SymbolicExpr::Mul { x, y, .. } => {
                self.add_shared(x);
                self.add_shared(y);
            }
            SymbolicExpr::Neg { x, .. } => self.add_shared(x),
            SymbolicExpr::Leaf(BaseLeaf::Variable(variable)) => {
                if let BaseEntry::Main { .. } = variable.entry {
                    self.found.insert(variable.index);
                }
            }
            SymbolicExpr::Leaf(_) => {}
        }
    }

    fn add_shared(&mut self, expression: &Arc<SymbolicExpression<F>>) {
        if self.seen.insert(Arc::as_ptr(expression)) {
            self.add(expression);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_of_every_table_has_a_name_of_its_own() {
        for table in Table::ALL {
            let (names, symbolic) = (RuleNames::of(table), symbolic(table));
            assert_eq!(complaints(&names), Vec::<String>::new(), "{}", table.name());
            assert_eq!(names.constraints.len(), symbolic.base_constraints().len());
            assert_eq!(names.messages.len(), symbolic.global_interactions().len());
        }
    }

    #[test]
    fn names_are_complained_of() {
        let named = |constraints: &[&str], messages: &[&str]| RuleNames {
            constraints: constraints.iter().map(|&name| name.into()).collect(),
            messages: messages.iter().map(|&name| name.into()).collect(),
            ambiguous: Vec::new(),
        };
        let count = |names: &RuleNames| complaints(names).len();
        assert_eq!(count(&named(&["a"], &["b.0", "b.1", "16 bits"])), 0);
        for nameless in ["", ".0", ", is boolean", "12", "12.0"] {
            assert_eq!(count(&named(&["a"], &[nameless])), 1, "{nameless}");
        }
        assert_eq!(
            count(&named(&["a"], &["a"])),
            1,
            "a constraint and a message"
        );
        let mut ambiguous = named(&["a.0", "a.1"], &[]);
        ambiguous.ambiguous.push("a");
        assert_eq!(count(&ambiguous), 1);
    }
}
