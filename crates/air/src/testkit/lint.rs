//! Tables as expressions: their constraints and messages, and the columns that these name.

use alloc::collections::BTreeSet;
use alloc::vec::Vec;
use std::sync::Arc;

use p3_air::symbolic::{AirLayout, BaseEntry, BaseLeaf, SymbolicExpr, SymbolicExpression};
use p3_lookup::symbolic::InteractionSymbolicBuilder;

use crate::F;
use crate::tables::{Instance, Table};

/// A table's constraints and messages.
pub type Symbolic = InteractionSymbolicBuilder<F>;

/// The constraints and messages of `table`.
pub fn symbolic(table: Table) -> Symbolic {
    let instance = Instance::new(table, 0, &[1]);
    Symbolic::from_air(&instance, AirLayout::from_air::<F>(&instance))
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
