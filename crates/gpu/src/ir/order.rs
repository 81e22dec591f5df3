//! In which order values are computed, so that few are waiting at a time.

use std::collections::HashMap;

use super::IrMessage;
use super::graph::{Graph, Id};

/// The most values that may be waiting in a part which could be cut: they and what a kernel keeps
/// beside them fit 128 registers, with which four blocks of 128 threads run side by side.
const LIVE: usize = 48;

/// What is done next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IrStep {
    /// Computes a value from values that are there.
    Compute(Id),
    /// The value of a constraint.
    Constraint {
        /// Its number.
        index: usize,
        /// Its value.
        value: Id,
    },
    /// Here begins a message.
    Begin {
        /// Its slot.
        slot: usize,
    },
    /// A field of the message that has begun.
    Field {
        /// The message's slot.
        slot: usize,
        /// Its number among those that vary.
        index: usize,
        /// Its value.
        value: Id,
    },
    /// The message that has begun is complete.
    End {
        /// Its slot.
        slot: usize,
        /// How often it is sent.
        count: Id,
    },
}

impl IrStep {
    /// The value that is looked at, unless one is computed.
    fn looks_at(self) -> Option<Id> {
        match self {
            Self::Constraint { value, .. } | Self::Field { value, .. } => Some(value),
            Self::End { count, .. } => Some(count),
            Self::Compute(_) | Self::Begin { .. } => None,
        }
    }

    /// The values that it is made from: those that it looks at, or computes from.
    pub(super) fn operands(self, graph: &Graph) -> impl Iterator<Item = Id> {
        let computed = match self {
            Self::Compute(id) => Some(graph.node(id).operands()),
            _ => None,
        };
        computed.into_iter().flatten().chain(self.looks_at())
    }
}

/// Some constraints or LogUp columns, computed on their own.
#[derive(Clone, Debug, Default)]
pub struct Part {
    /// What is done. Constants are not computed.
    pub steps: Vec<IrStep>,
    /// The most values that are waiting to be used.
    pub live: usize,
}

/// The parts of a table's constraints.
pub(super) fn constraints(graph: &Graph, constraints: &[Id]) -> Vec<Part> {
    let one = |(index, &value)| vec![IrStep::Constraint { index, value }];
    cut(graph, constraints.iter().enumerate().map(one).collect())
}

/// The parts of a table's messages; those of a LogUp column stay together.
pub(super) fn messages(graph: &Graph, messages: &[IrMessage]) -> Vec<Part> {
    let mut columns: Vec<Vec<IrStep>> = Vec::new();
    for (slot, message) in messages.iter().enumerate() {
        columns.resize_with(message.column + 1, Vec::new);
        let steps = &mut columns[message.column];
        steps.push(IrStep::Begin { slot });
        let field = |(index, &value)| IrStep::Field { slot, index, value };
        steps.extend(message.fields.iter().enumerate().map(field));
        let count = message.count;
        steps.push(IrStep::End { slot, count });
    }
    cut(graph, columns)
}

/// As many `units` to a part as its limits allow, but at least one.
fn cut(graph: &Graph, units: Vec<Vec<IrStep>>) -> Vec<Part> {
    let needs = needs(graph);
    let mut parts = Vec::new();
    let mut looks: Vec<IrStep> = Vec::new();
    let mut part = Part::default();
    for unit in units {
        let before = looks.len();
        looks.extend(&unit);
        let longer = Part::new(graph, &needs, &looks);
        if before == 0 || longer.live <= LIVE {
            part = longer;
        } else {
            parts.push(part);
            looks = unit;
            part = Part::new(graph, &needs, &looks);
        }
    }
    if !looks.is_empty() {
        parts.push(part);
    }
    parts
}

impl Part {
    /// What `looks` look at is computed just before.
    fn new(graph: &Graph, needs: &[usize], looks: &[IrStep]) -> Self {
        let mut steps = Vec::new();
        let mut computed = vec![false; graph.len()];
        for &look in looks {
            if let Some(id) = look.looks_at() {
                compute(graph, needs, id, &mut computed, &mut steps);
            }
            steps.push(look);
        }
        let live = live(graph, &steps);
        Self { steps, live }
    }
}

/// Adds what is missing of `id`; the operand that needs more at a time comes first.
fn compute(
    graph: &Graph,
    needs: &[usize],
    id: Id,
    computed: &mut Vec<bool>,
    steps: &mut Vec<IrStep>,
) {
    let node = graph.node(id);
    if node.is_constant() || core::mem::replace(&mut computed[id.0], true) {
        return;
    }
    let mut operands: Vec<Id> = node.operands().collect();
    operands.sort_by_key(|operand| core::cmp::Reverse(needs[operand.0]));
    for operand in operands {
        compute(graph, needs, operand, computed, steps);
    }
    steps.push(IrStep::Compute(id));
}

/// How many values at a time each needs that is not shared (Sethi and Ullman's numbers).
fn needs(graph: &Graph) -> Vec<usize> {
    let mut needs: Vec<usize> = Vec::with_capacity(graph.len());
    for id in (0..graph.len()).map(Id) {
        let node = graph.node(id);
        let mut operands: Vec<usize> = node.operands().map(|id| needs[id.0]).collect();
        operands.sort_unstable();
        needs.push(match *operands {
            [x, y] if x == y => x + 1,
            [.., x] => x,
            [] => usize::from(!node.is_constant()),
        });
    }
    needs
}

/// The step that uses each value last.
pub(super) fn last_uses(graph: &Graph, steps: &[IrStep]) -> HashMap<Id, usize> {
    let uses = steps.iter().enumerate();
    uses.flat_map(|(at, step)| step.operands(graph).map(move |id| (id, at)))
        .collect()
}

/// The most values that are computed and still to be used, at any step.
fn live(graph: &Graph, steps: &[IrStep]) -> usize {
    let last = last_uses(graph, steps);
    let mut ends = vec![0; steps.len()];
    let mut waiting = 0;
    let mut most = 0;
    for (at, step) in steps.iter().enumerate() {
        if let IrStep::Compute(id) = step {
            waiting += 1;
            ends[last[id]] += 1;
        }
        most = most.max(waiting);
        waiting -= ends[at];
    }
    most
}
