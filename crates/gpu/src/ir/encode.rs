//! Programs as words: what `kernels/interpreted.cu` runs of tables that are too long to be compiled.

use std::collections::HashMap;

use super::TableProgram;
use super::graph::{Id, Node};
use super::order::{IrStep, Part, last_uses};
use crate::field::word;

/// Steps up to which a table's program is compiled: NVIDIA's compiler takes a minute for so many, and many minutes for ten
/// times as many.
const MOST_COMPILED: usize = 4000;
/// Values that a thread keeps: `SLOTS` of the kernels. The first two are of constants.
const SLOTS: usize = 200;
const CONSTANTS: u32 = 2;

/// `Operation` of the kernels, in their order.
#[derive(Clone, Copy)]
#[repr(u32)]
enum Operation {
    Constant,
    Current,
    Next,
    Fixed,
    Periodic,
    Public,
    IsFirst,
    IsLast,
    IsTransition,
    Add,
    Subtract,
    Multiply,
    Negate,
    Constraint,
    Begin,
    Field,
    Only,
    First,
    Second,
    More,
    Push,
}

/// A program, two words an instruction: the constraints, then the messages.
pub struct Encoded {
    /// The words.
    pub words: Vec<u32>,
    /// How many of them are of the constraints.
    pub constraints: usize,
}

impl TableProgram {
    /// The program as words, if it is too long to be compiled.
    ///
    /// # Panics
    /// If more values wait at a time than a thread keeps, or the table has more columns than an instruction can name:
    /// no table does (tested).
    pub(super) fn encode(&self) -> Option<Encoded> {
        let parts = self.constraint_parts.iter().chain(&self.message_parts);
        let steps: usize = parts.map(|part| part.steps.len()).sum();
        (steps > MOST_COMPILED).then(|| {
            let mut words = Vec::new();
            let encode = |parts: &[Part], words: &mut Vec<u32>| {
                parts.iter().for_each(|part| self.encode_part(part, words));
            };
            encode(&self.constraint_parts, &mut words);
            let constraints = words.len();
            encode(&self.message_parts, &mut words);
            Encoded { words, constraints }
        })
    }

    fn encode_part(&self, part: &Part, words: &mut Vec<u32>) {
        let last = last_uses(&self.graph, &part.steps);
        let mut slots = Slots::default();
        for (at, &step) in part.steps.iter().enumerate() {
            let mut operands = [0; 2];
            for ((place, id), to) in (0..).zip(step.operands(&self.graph)).zip(&mut operands) {
                *to = match self.graph.node(id) {
                    Node::Constant(value) => {
                        words.extend([head(Operation::Constant, place), word(value)]);
                        place
                    }
                    _ => slots.of(id),
                };
            }
            // What is used for the last time makes room for the result.
            for id in step
                .operands(&self.graph)
                .filter(|id| last.get(id) == Some(&at))
            {
                slots.free(id);
            }
            self.encode_step(step, operands, &mut slots, words);
        }
    }

    fn encode_step(&self, step: IrStep, [x, y]: [u32; 2], slots: &mut Slots, words: &mut Vec<u32>) {
        let mut push = |operation, to, x, y| words.extend([head(operation, to), pair(x, y)]);
        match step {
            IrStep::Compute(id) => {
                let (operation, x, y) = match self.graph.node(id) {
                    Node::Constant(_) => return,
                    Node::Main { column, next } => match next {
                        false => (Operation::Current, column as u32, 0),
                        true => (Operation::Next, column as u32, 0),
                    },
                    Node::Fixed(column) => (Operation::Fixed, column as u32, 0),
                    Node::Periodic(column) => (Operation::Periodic, column as u32, 0),
                    Node::Public(index) => (Operation::Public, index as u32, 0),
                    Node::IsFirst => (Operation::IsFirst, 0, 0),
                    Node::IsLast => (Operation::IsLast, 0, 0),
                    Node::IsTransition => (Operation::IsTransition, 0, 0),
                    Node::Add(..) => (Operation::Add, x, y),
                    Node::Sub(..) => (Operation::Subtract, x, y),
                    Node::Mul(..) => (Operation::Multiply, x, y),
                    Node::Neg(_) => (Operation::Negate, x, y),
                };
                push(operation, slots.take(id), x, y);
            }
            IrStep::Constraint { index, .. } => {
                let power = self.combiners() + index;
                push(Operation::Constraint, power as u32, x, 0);
            }
            IrStep::Begin { slot } => {
                push(Operation::Begin, self.messages[slot].combiner as u32, 0, 0);
            }
            IrStep::Field { slot, index, .. } => {
                let factor = self.messages[slot].combiner + 1 + index;
                push(Operation::Field, factor as u32, x, 0);
            }
            IrStep::End { slot, .. } => {
                let column = self.messages[slot].column;
                let slots = &self.plan.columns[column];
                let operation = match slot - slots.start {
                    _ if slots.len() == 1 => Operation::Only,
                    0 => Operation::First,
                    1 => Operation::Second,
                    _ => Operation::More,
                };
                push(operation, column as u32, x, 0);
                if slots.len() > 1 && slot + 1 == slots.end {
                    push(Operation::Push, column as u32, 0, 0);
                }
            }
        }
    }
}

/// The first word of an instruction.
fn head(operation: Operation, to: u32) -> u32 {
    assert!(to < 1 << 24, "{to} has no room in an instruction");
    operation as u32 | to << 8
}

/// The second.
fn pair(x: u32, y: u32) -> u32 {
    assert!(
        x < 1 << 16 && y < 1 << 16,
        "{x}, {y} have no room in an instruction"
    );
    x | y << 16
}

/// Where values wait.
#[derive(Default)]
struct Slots {
    of: HashMap<Id, u32>,
    free: Vec<u32>,
    used: u32,
}

impl Slots {
    fn of(&self, id: Id) -> u32 {
        *self.of.get(&id).expect("a part computes what it looks at")
    }

    fn free(&mut self, id: Id) {
        self.free.extend(self.of.remove(&id));
    }

    fn take(&mut self, id: Id) -> u32 {
        let slot = self.free.pop().unwrap_or_else(|| {
            self.used += 1;
            CONSTANTS + self.used - 1
        });
        assert!((slot as usize) < SLOTS, "more than {SLOTS} values wait");
        self.of.insert(id, slot);
        slot
    }
}
