//! The guest's call stack, as far as its jumps tell.

use super::tree::{Counts, Frame, MAX_DEPTH, ROOT, Tree};

/// Calls deeper than this count as jumps: a bound on memory for a guest that never returns.
const MAX_FRAMES: usize = 1 << 20;
/// Frames that a return is matched with: a bound on the time that a hostile guest can cost.
const MAX_UNWIND: usize = MAX_DEPTH;

/// A word index that no return goes to.
const NOWHERE: u32 = u32::MAX;

#[derive(Clone, Copy)]
struct Called {
    /// In the tree.
    node: usize,
    function: u32,
    /// Word index at which its caller goes on.
    return_pc: u32,
    /// The scope, if it is one of the function's.
    scope: Option<u32>,
}

/// The frames; there is always one.
pub(super) struct Stack {
    pub tree: Tree,
    top: Called,
    /// Those below, the topmost last.
    below: Vec<Called>,
}

impl Stack {
    /// A stack of the function that the program starts in.
    pub fn new(entry: u32) -> Self {
        let mut tree = Tree::new();
        let top = Called {
            node: tree.child(ROOT, Frame::Function(entry)),
            function: entry,
            return_pc: NOWHERE,
            scope: None,
        };
        Self {
            tree,
            top,
            below: Vec::new(),
        }
    }

    /// The function of the top frame.
    #[inline(always)]
    pub fn function(&self) -> u32 {
        self.top.function
    }

    /// What the top frame has cost on this path.
    #[inline(always)]
    pub fn counts(&mut self) -> &mut Counts {
        &mut self.tree.nodes[self.top.node].counts
    }

    /// A call of `function`, which is to return to `return_pc`.
    pub fn call(&mut self, function: u32, return_pc: u32) {
        if self.below.len() == MAX_FRAMES {
            return self.replace(function);
        }
        self.below.push(self.top);
        self.top = Called {
            node: self.tree.child(self.top.node, Frame::Function(function)),
            function,
            return_pc,
            scope: None,
        };
    }

    /// A scope of the top frame's function begins.
    pub fn begin(&mut self, scope: u32) {
        if self.below.len() == MAX_FRAMES {
            return;
        }
        self.below.push(self.top);
        self.top = Called {
            node: self.tree.child(self.top.node, Frame::Scope(scope)),
            return_pc: NOWHERE,
            scope: Some(scope),
            ..self.top
        };
    }

    /// A scope ends, unless it did with the function that it is of.
    pub fn end(&mut self, scope: u32) {
        let frames = std::iter::once(&self.top).chain(self.below.iter().rev());
        let found = frames
            .take(MAX_UNWIND)
            .position(|frame| frame.scope == Some(scope));
        if let Some(above) = found {
            self.unwind(above + 1);
        }
    }

    /// A jump that looks like a return to `pc`: unwinds if some frame was to return there.
    pub fn go_back(&mut self, pc: u32) {
        if self.top.return_pc == pc {
            self.unwind(1);
            return;
        }
        let frames = self.below.iter().rev().take(MAX_UNWIND);
        let found = frames.zip(2..).find(|(frame, _)| frame.return_pc == pc);
        if let Some((_, count)) = found {
            self.unwind(count);
        }
    }

    /// The pc is in another function than the top frame's, without a call or a return that says
    /// so. At its start, that is a tail call. Elsewhere the function may be one further down.
    pub fn arrive_in(&mut self, function: u32, is_start: bool) {
        let frames = self.below.iter().rev().take(MAX_UNWIND);
        let found = frames
            .zip(1..)
            .find(|(frame, _)| frame.function == function);
        match found {
            Some((_, count)) if !is_start => self.unwind(count),
            _ => self.replace(function),
        }
    }

    /// Drops `count` frames from the top.
    fn unwind(&mut self, count: usize) {
        let left = self.below.len().saturating_sub(count);
        if let Some(&frame) = self.below.get(left) {
            self.top = frame;
            self.below.truncate(left);
        }
    }

    /// The top frame is now one of `function`, which returns to the same caller.
    fn replace(&mut self, function: u32) {
        let parent = self.tree.nodes[self.top.node].parent;
        self.top.node = self.tree.child(parent, Frame::Function(function));
        self.top.function = function;
        self.top.scope = None;
    }
}
