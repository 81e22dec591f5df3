//! Values and what they are computed from.

use std::collections::HashMap;
use std::sync::Arc;

use p3_air::symbolic::{BaseEntry, BaseLeaf, SymbolicExpr, SymbolicExpression, SymbolicVariable};
use p3_field::PrimeCharacteristicRing;
use vouch_air::F;

/// A value of a [`Graph`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Id(pub(super) usize);

/// How a value comes about. All are elements of the base field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Node {
    /// Known now.
    Constant(F),
    /// A cell of the row, or of the `next`.
    Main {
        /// Its column.
        column: usize,
        /// True if it is the row after.
        next: bool,
    },
    /// A cell of a fixed column.
    Fixed(usize),
    /// A cell of a periodic column.
    Periodic(usize),
    /// A public value.
    Public(usize),
    /// Selector of the first row.
    IsFirst,
    /// Selector of the last row.
    IsLast,
    /// Selector of all rows but the last.
    IsTransition,
    /// A sum.
    Add(Id, Id),
    /// A difference.
    Sub(Id, Id),
    /// A product.
    Mul(Id, Id),
    /// A negation.
    Neg(Id),
}

impl Node {
    /// The values that it is computed from.
    pub fn operands(self) -> impl Iterator<Item = Id> {
        let operands = match self {
            Self::Add(x, y) | Self::Sub(x, y) | Self::Mul(x, y) => [Some(x), Some(y)],
            Self::Neg(x) => [Some(x), None],
            _ => [None, None],
        };
        operands.into_iter().flatten()
    }

    /// True if it is computed from no others.
    pub fn is_leaf(&self) -> bool {
        self.operands().next().is_none()
    }

    /// True if it is known now.
    pub fn is_constant(&self) -> bool {
        matches!(self, Self::Constant(_))
    }
}

/// Values, each computed from earlier ones and unlike all others.
#[derive(Default)]
pub struct Graph {
    nodes: Vec<Node>,
    ids: HashMap<Node, Id>,
}

/// Parts of expressions that have been inserted, by address: expressions share them. They are kept
/// so that no address is used twice.
pub(super) type Inserted = HashMap<*const SymbolicExpression<F>, (Arc<SymbolicExpression<F>>, Id)>;

impl Graph {
    /// How a value comes about.
    pub fn node(&self, id: Id) -> Node {
        self.nodes[id.0]
    }

    /// Number of values.
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// True if it has no values.
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// Adds the value of an expression.
    pub(super) fn insert(
        &mut self,
        expression: &SymbolicExpression<F>,
        inserted: &mut Inserted,
    ) -> Id {
        let mut of = |x| self.shared(x, inserted);
        let node = match expression {
            SymbolicExpr::Leaf(leaf) => of_leaf(leaf),
            SymbolicExpr::Add { x, y, .. } => Node::Add(of(x), of(y)),
            SymbolicExpr::Sub { x, y, .. } => Node::Sub(of(x), of(y)),
            SymbolicExpr::Mul { x, y, .. } => Node::Mul(of(x), of(y)),
            SymbolicExpr::Neg { x, .. } => Node::Neg(of(x)),
        };
        self.add(node)
    }

    fn shared(&mut self, expression: &Arc<SymbolicExpression<F>>, inserted: &mut Inserted) -> Id {
        let address = Arc::as_ptr(expression);
        if let Some((_, id)) = inserted.get(&address) {
            return *id;
        }
        let id = self.insert(expression, inserted);
        inserted.insert(address, (expression.clone(), id));
        id
    }

    /// The value of a node: a new one only if no simpler one and none before is the same.
    fn add(&mut self, node: Node) -> Id {
        let node = match self.simpler(node) {
            Simpler::Value(id) => return id,
            Simpler::Node(node) => return self.add(node),
            Simpler::Not => ordered(node),
        };
        *self.ids.entry(node).or_insert_with(|| {
            self.nodes.push(node);
            Id(self.nodes.len() - 1)
        })
    }

    fn simpler(&self, node: Node) -> Simpler {
        let constant = |id: Id| match self.node(id) {
            Node::Constant(value) => Some(value),
            _ => None,
        };
        let negated = |id: Id| match self.node(id) {
            Node::Neg(x) => Some(x),
            _ => None,
        };
        let known = |value| Simpler::Node(Node::Constant(value));
        match node {
            Node::Add(x, y) => match (constant(x), constant(y), negated(x), negated(y)) {
                (Some(a), Some(b), ..) => known(a + b),
                (Some(F::ZERO), ..) => Simpler::Value(y),
                (_, Some(F::ZERO), ..) => Simpler::Value(x),
                (.., Some(b)) => Simpler::Node(Node::Sub(x, b)),
                (.., Some(a), None) => Simpler::Node(Node::Sub(y, a)),
                _ => Simpler::Not,
            },
            Node::Sub(x, y) => match (constant(x), constant(y), negated(y)) {
                _ if x == y => known(F::ZERO),
                (Some(a), Some(b), _) => known(a - b),
                (Some(F::ZERO), ..) => Simpler::Node(Node::Neg(y)),
                (_, Some(F::ZERO), _) => Simpler::Value(x),
                (.., Some(b)) => Simpler::Node(Node::Add(x, b)),
                _ => Simpler::Not,
            },
            Node::Mul(x, y) => match (constant(x), constant(y)) {
                (Some(a), Some(b)) => known(a * b),
                (Some(a), None) => multiple(a, y),
                (None, Some(b)) => multiple(b, x),
                _ => Simpler::Not,
            },
            Node::Neg(x) => match (constant(x), negated(x), self.node(x)) {
                (Some(a), ..) => known(-a),
                (_, Some(a), _) => Simpler::Value(a),
                (.., Node::Sub(a, b)) => Simpler::Node(Node::Sub(b, a)),
                _ => Simpler::Not,
            },
            _ => Simpler::Not,
        }
    }
}

/// What is the same as a node, and simpler.
enum Simpler {
    Value(Id),
    Node(Node),
    Not,
}

/// `factor x`, where that needs no multiplication.
fn multiple(factor: F, x: Id) -> Simpler {
    match factor {
        F::ZERO => Simpler::Node(Node::Constant(F::ZERO)),
        F::ONE => Simpler::Value(x),
        F::TWO => Simpler::Node(Node::Add(x, x)),
        F::NEG_ONE => Simpler::Node(Node::Neg(x)),
        _ => Simpler::Not,
    }
}

/// Operands that may be swapped, in one order.
fn ordered(node: Node) -> Node {
    match node {
        Node::Add(x, y) if x > y => Node::Add(y, x),
        Node::Mul(x, y) if x > y => Node::Mul(y, x),
        _ => node,
    }
}

fn of_leaf(leaf: &BaseLeaf<F>) -> Node {
    match leaf {
        BaseLeaf::Constant(value) => Node::Constant(*value),
        BaseLeaf::IsFirstRow => Node::IsFirst,
        BaseLeaf::IsLastRow => Node::IsLast,
        BaseLeaf::IsTransition => Node::IsTransition,
        BaseLeaf::Variable(SymbolicVariable { entry, index, .. }) => match *entry {
            BaseEntry::Main { offset } => Node::Main {
                column: *index,
                next: offset == 1,
            },
            // The tables' fixed columns are looked at in the current row only.
            BaseEntry::Preprocessed { .. } => Node::Fixed(*index),
            BaseEntry::Periodic => Node::Periodic(*index),
            BaseEntry::Public => Node::Public(*index),
        },
    }
}
