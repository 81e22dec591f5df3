//! The tables' constraints and messages as programs, from which kernels are generated.
//!
//! A table's symbolic expressions become a [`Graph`] in which no value is computed twice; the graph
//! is cut into [`Part`]s, each a list of steps that keeps few values at a time; and these are
//! written as C++ (`emit`), or, if they are too long for a compiler, as words for a kernel that interprets them (`encode`). `evaluate` runs the same steps on the CPU: what the tests compare with
//! the tables' own code.

mod emit;
mod encode;
#[cfg(feature = "shim")]
mod evaluate;
mod graph;
mod order;

use std::sync::OnceLock;

use p3_air::symbolic::AirLayout;
use p3_air::{Air, BaseAir};
use p3_lookup::InteractionSymbolicBuilder;
use vouch_air::F;
use vouch_air::tables::{Instance, Table};
use vouch_prover::plan::{TablePlan, plan};

pub use emit::sources;
pub use encode::Encoded;
#[cfg(feature = "shim")]
pub use evaluate::{Evaluated, evaluate};
pub use graph::{Graph, Id, Node};
pub use order::{IrStep, Part};

/// The program of a table.
pub struct TableProgram {
    /// The table.
    pub table: Table,
    /// Which message goes where.
    pub plan: &'static TablePlan,
    /// Everything that is computed.
    pub graph: Graph,
    /// The constraints, in the table's order.
    pub constraints: Vec<Id>,
    /// The messages by slot: LogUp column after LogUp column.
    pub messages: Vec<IrMessage>,
    /// How to compute the constraints.
    pub constraint_parts: Vec<Part>,
    /// How to compute the messages.
    pub message_parts: Vec<Part>,
    /// Both as words, if the table has no kernels of its own.
    pub encoded: Option<Encoded>,
}

/// A message of a table.
pub struct IrMessage {
    /// Its fields that vary.
    pub fields: Vec<Id>,
    /// How often it is sent.
    pub count: Id,
    /// LogUp column.
    pub column: usize,
    /// Where its constant is among those of all messages, each followed by a factor for each field
    /// that varies.
    pub combiner: usize,
}

/// What a program amounts to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Statistics {
    /// Values computed, loads aside; in several parts if they need them.
    pub operations: usize,
    /// Multiplications among them.
    pub multiplications: usize,
    /// Values loaded.
    pub loads: usize,
    /// Parts.
    pub parts: usize,
    /// The most base-field values that are waiting to be used.
    pub live: usize,
}

impl TableProgram {
    /// The program of a table, made once a process.
    pub fn of(table: Table) -> &'static Self {
        static PROGRAMS: [OnceLock<TableProgram>; Table::ALL.len()] =
            [const { OnceLock::new() }; Table::ALL.len()];
        PROGRAMS[table as usize].get_or_init(|| Self::new(table))
    }

    fn new(table: Table) -> Self {
        let instance = Instance::new(table, 0, &[]);
        let layout = AirLayout::from_air::<F>(&instance);
        let mut builder = InteractionSymbolicBuilder::<F, F>::new(layout);
        Air::eval(&instance, &mut builder);
        let plan = plan(table);

        let mut graph = Graph::default();
        let mut inserted = graph::Inserted::new();
        let mut insert = |expression| graph.insert(expression, &mut inserted);
        let constraints = builder.base_constraints();
        let constraints: Vec<Id> = constraints.iter().map(&mut insert).collect();
        let interactions = builder.global_interactions();
        let mut by_slot: Vec<_> = interactions.iter().zip(&plan.messages).collect();
        by_slot.sort_by_key(|(_, place)| place.slot);
        let mut combiner = 0;
        let messages: Vec<IrMessage> = by_slot
            .into_iter()
            .map(|(message, place)| {
                let varying = place.varying.iter().map(|&i| &message.fields[i]);
                let message = IrMessage {
                    fields: varying.map(&mut insert).collect(),
                    count: insert(&message.count),
                    column: place.column,
                    combiner,
                };
                combiner += 1 + message.fields.len();
                message
            })
            .collect();
        let mut program = Self {
            constraint_parts: order::constraints(&graph, &constraints),
            message_parts: order::messages(&graph, &messages),
            table,
            plan,
            graph,
            constraints,
            messages,
            encoded: None,
        };
        program.encoded = program.encode();
        program
    }

    /// The messages' constants and factors.
    pub fn combiners(&self) -> usize {
        let last = self.messages.last();
        last.map_or(0, |last| last.combiner + 1 + last.fields.len())
    }

    /// Public values.
    pub fn public_values(&self) -> usize {
        Instance::new(self.table, 0, &[]).num_public_values()
    }

    /// What it amounts to.
    pub fn statistics(&self) -> Statistics {
        let parts = || self.constraint_parts.iter().chain(&self.message_parts);
        let computed: Vec<Node> = parts()
            .flat_map(|part| &part.steps)
            .filter_map(|step| match *step {
                IrStep::Compute(id) => Some(self.graph.node(id)),
                _ => None,
            })
            .collect();
        let count = |is: fn(&Node) -> bool| computed.iter().filter(|&node| is(node)).count();
        let loads = count(Node::is_leaf);
        Statistics {
            operations: computed.len() - loads,
            multiplications: count(|node| matches!(node, Node::Mul(..))),
            loads,
            parts: parts().count(),
            live: parts().map(|part| part.live).max().unwrap_or(0),
        }
    }
}
