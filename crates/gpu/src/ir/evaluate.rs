//! Programs on the CPU, step by step, for tests.
//!
//! Everything else that evaluates a table on numbers reads its `eval` (`vouch_air::capture`). This does not, and is not
//! to be merged with it: it runs the steps that kernels are written from, for a test that compares the two.

use p3_field::PrimeCharacteristicRing;
use vouch_air::F;
use vouch_air::capture::Row;

use super::Program;
use super::graph::{Graph, Id, Node};
use super::order::Step;

/// What a row says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// The constraints' values.
    pub constraints: Vec<F>,
    /// The messages by slot: the fields that vary, and the count.
    pub messages: Vec<(Vec<F>, F)>,
}

/// What a row says, computed as the kernels do: part by part, each from nothing.
///
/// # Panics
/// If a part looks at a value that it has not computed.
pub fn evaluate(program: &Program, row: &Row<'_>) -> Said {
    let mut said = Said {
        constraints: vec![F::ZERO; program.constraints.len()],
        messages: vec![(Vec::new(), F::ZERO); program.messages.len()],
    };
    let parts = program.constraint_parts.iter();
    for part in parts.chain(&program.message_parts) {
        let mut values = Values {
            graph: &program.graph,
            row,
            known: vec![None; program.graph.len()],
        };
        for &step in &part.steps {
            match step {
                Step::Compute(id) => values.known[id.0] = Some(values.compute(id)),
                Step::Constraint { index, value } => said.constraints[index] = values.get(value),
                Step::Begin { slot } => said.messages[slot].0.clear(),
                Step::Field { slot, value, .. } => said.messages[slot].0.push(values.get(value)),
                Step::End { slot, count } => said.messages[slot].1 = values.get(count),
            }
        }
    }
    said
}

/// What a part has computed.
struct Values<'a> {
    graph: &'a Graph,
    row: &'a Row<'a>,
    known: Vec<Option<F>>,
}

impl Values<'_> {
    fn get(&self, id: Id) -> F {
        match self.graph.node(id) {
            Node::Constant(value) => value,
            _ => self.known[id.0].expect("a part computes what it looks at"),
        }
    }

    fn compute(&self, id: Id) -> F {
        let row = self.row;
        match self.graph.node(id) {
            Node::Constant(value) => value,
            Node::Main {
                column,
                next: false,
            } => row.current[column],
            Node::Main { column, next: true } => row.next[column],
            Node::Fixed(column) => row.preprocessed[column],
            Node::Periodic(column) => row.periodic[column],
            Node::Public(index) => row.public[index],
            Node::IsFirst => row.is_first,
            Node::IsLast => row.is_last,
            Node::IsTransition => row.is_transition,
            Node::Add(x, y) => self.get(x) + self.get(y),
            Node::Sub(x, y) => self.get(x) - self.get(y),
            Node::Mul(x, y) => self.get(x) * self.get(y),
            Node::Neg(x) => -self.get(x),
        }
    }
}
