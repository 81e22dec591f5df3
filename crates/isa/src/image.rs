//! A program as the machine starts it.

use alloc::vec::Vec;
use core::ops::Range;

use crate::memory::LEAF_WORDS;

/// The initial state of a program: what an image ID names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Image {
    /// Word index of the first instruction.
    pub entry: u32,
    /// Word indices of the executable range. Nothing below its end can be stored to.
    pub text: Range<u32>,
    /// Leaves of the memory that are not all zero, by ascending leaf index
    /// (word index / [`LEAF_WORDS`]).
    pub leaves: Vec<(u32, [u32; LEAF_WORDS])>,
}
