//! Programs on the CPU, step by step.

use p3_field::PrimeCharacteristicRing;
use vouch_air::F;
use vouch_air::capture::Row;

use super::TableProgram;
use super::graph::{Graph, Id, Node};
use super::order::IrStep;

/// What a row emits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evaluated {
    /// The constraints' values.
    pub constraints: Vec<F>,
    /// The messages by slot: the fields that vary, and the count.
    pub messages: Vec<(Vec<F>, F)>,
}

/// What a row emits, computed as the kernels do: part by part, each from nothing.
///
/// # Panics
/// If a part looks at a value that it has not computed.
pub fn evaluate(program: &TableProgram, row: &Row<'_>) -> Evaluated {
    let mut evaluated = Evaluated {
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
                IrStep::Compute(id) => values.known[id.0] = Some(values.compute(id)),
                IrStep::Constraint { index, value } => {
                    evaluated.constraints[index] = values.get(value)
                }
                IrStep::Begin { slot } => evaluated.messages[slot].0.clear(),
                IrStep::Field { slot, value, .. } => {
                    evaluated.messages[slot].0.push(values.get(value))
                }
                IrStep::End { slot, count } => evaluated.messages[slot].1 = values.get(count),
            }
        }
    }
    evaluated
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
