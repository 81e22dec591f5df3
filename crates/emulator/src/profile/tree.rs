//! Costs by call path.

use std::collections::HashMap;

use vouch_isa::Family;
use vouch_isa::accelerators::Accelerator;

use super::functions::Function;
use crate::scopes::ScopeCost;

/// Frames on a path, at most; the functions called beyond them are children of one
/// [`Frame::Elided`].
pub const MAX_DEPTH: usize = 256;
/// Nodes of a tree, at most; paths beyond them are the [`Frame::Elided`] below the root.
pub const MAX_NODES: usize = 1 << 16;

/// What a run has cost, by call path.
#[derive(Clone, Debug)]
pub struct CallTree<'p> {
    /// The text by ascending address: functions, and what is between them.
    pub functions: Vec<Function<'p>>,
    /// The first is the root; parents come before their children.
    pub nodes: Vec<Node>,
    /// Names of scopes, as in the ELF.
    pub scope_names: &'p [String],
    /// What the scopes that began have cost.
    pub scopes: Vec<ScopeCost>,
}

/// A call path, and what ran at its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// The path but for its last frame, as an index of [`CallTree::nodes`]; the root's is its own.
    pub parent: usize,
    /// Last frame of the path.
    pub frame: Frame,
    /// Frames of the path, [`Frame::Elided`] included.
    pub depth: usize,
    /// What its last function has cost when called so, without the functions that it called.
    pub counts: Counts,
}

/// A frame of a call path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Frame {
    /// The whole run.
    Root,
    /// An index of [`CallTree::functions`].
    Function(u32),
    /// A scope of the function that is next above, as an index of [`CallTree::scope_names`].
    Scope(u32),
    /// What was left out: frames, or whole paths, for want of room.
    Elided,
}

/// What a run adds to the tables of a proof, were it one segment: rows, but for padding.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Instructions by [`Family`].
    pub steps: [u64; Family::STEPS],
    /// ECALLs.
    pub ecalls: u64,
    /// Words moved by ECALLs.
    pub moves: u64,
    /// Calls by [`Accelerator`].
    pub accelerated: [u64; Accelerator::COUNT],
    /// Bytes written to the journal.
    pub journal_bytes: u64,
    /// Register refreshes.
    pub refreshes: u64,
    /// Words of the program executed for the first time.
    pub fetches: u64,
    /// Leaves of the memory tree touched for the first time, registers included.
    pub leaves: u64,
    /// Inner nodes of the memory tree above them that no leaf touched before is below.
    pub merkle_nodes: u64,
    /// Hashes of both, before and after the run. This is an upper bound: contents that are the
    /// same are hashed once, which is counted for zeros only.
    pub compressions: u64,
}

impl Counts {
    /// Instructions executed, ECALLs included.
    pub fn cycles(&self) -> u64 {
        self.steps.iter().sum::<u64>() + self.ecalls
    }
}

impl CallTree<'_> {
    /// Instructions of the whole run.
    pub fn cycles(&self) -> u64 {
        self.nodes.iter().map(|node| node.counts.cycles()).sum()
    }
}

/// Index of the root.
pub(super) const ROOT: usize = 0;
/// Index of what there was no room for.
const ELIDED: usize = 1;

/// A [`CallTree`] that grows.
pub(super) struct Tree {
    pub nodes: Vec<Node>,
    children: HashMap<(usize, Frame), usize>,
}

impl Tree {
    pub fn new() -> Self {
        let mut tree = Self {
            nodes: Vec::new(),
            children: HashMap::new(),
        };
        tree.push(ROOT, Frame::Root, 0);
        let elided = tree.push(ROOT, Frame::Elided, 1);
        tree.children.insert((ROOT, Frame::Elided), elided);
        tree
    }

    /// The path to `parent`, and `frame` after it.
    pub fn child(&mut self, parent: usize, frame: Frame) -> usize {
        let above = &self.nodes[parent];
        let parent = match above.depth {
            // Functions beyond the depth are side by side.
            depth if depth > MAX_DEPTH && above.frame != Frame::Elided => above.parent,
            MAX_DEPTH => self.direct_child(parent, Frame::Elided),
            _ => parent,
        };
        self.direct_child(parent, frame)
    }

    fn direct_child(&mut self, parent: usize, frame: Frame) -> usize {
        if let Some(&node) = self.children.get(&(parent, frame)) {
            return node;
        }
        if self.nodes.len() == MAX_NODES {
            return ELIDED;
        }
        let node = self.push(parent, frame, self.nodes[parent].depth + 1);
        self.children.insert((parent, frame), node);
        node
    }

    fn push(&mut self, parent: usize, frame: Frame, depth: usize) -> usize {
        self.nodes.push(Node {
            parent,
            frame,
            depth,
            counts: Counts::default(),
        });
        self.nodes.len() - 1
    }
}
