//! How many rows the tables that answer have, without filling all of those that ask.

use alloc::vec::Vec;
use core::ops::Range;

use vouch_isa::event::Segment;

use super::{Asked, matrix, public_values, trace};
use crate::memory_tree::Update;
use crate::tables::Table;

/// Rows of the tables that answer others, padding excluded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answers {
    /// Of the facts table; `None` if there is the lookup table in its place.
    pub facts: Option<usize>,
    /// Of the Poseidon2 table.
    pub hashes: usize,
}

/// Events of a kind that are filled at a time: most segments have asked enough after a few pieces.
const PIECE: usize = 1 << 12;

/// What [`fill_tables`](super::fill_tables) finds for the same arguments. Tables are filled piece by piece, and
/// only until it is known that the lookup table answers.
pub fn answers(segment: &Segment, text: &Range<u32>, update: &Update) -> Answers {
    let public = public_values(segment, update);
    let mut asked = Asked::new();
    let ask = |asked: &mut Asked, table, of: &Segment| {
        if let Some(matrix) = matrix(table, of, text, update) {
            asked.ask(&trace(table, matrix, of, &public, text), |_| true);
        }
    };
    // All hashes are asked for by these.
    let whole = [Table::Claim, Table::Leaf, Table::Merkle, Table::Journal];
    for table in whole {
        ask(&mut asked, table, segment);
    }
    let mut start = 0;
    while asked.facts().is_some() && start < longest(segment) {
        let piece = piece(segment, start);
        for table in Table::ALL {
            if !whole.contains(&table) {
                ask(&mut asked, table, &piece);
            }
        }
        start += PIECE;
    }
    Answers {
        facts: asked.facts(),
        hashes: asked.inputs.len(),
    }
}

/// Events of the kind of which there are most.
fn longest(segment: &Segment) -> usize {
    let steps = segment.steps.iter().map(|steps| steps.len());
    let others = [
        segment.ecalls.len(),
        segment.moves.len(),
        segment.refreshes.len(),
        segment.fetches.len(),
    ];
    steps.chain(others).max().unwrap_or(0)
}

/// [`PIECE`] events of each kind from `start` on, but for what is asked whole.
fn piece(segment: &Segment, start: usize) -> Segment {
    fn part<T: Clone>(list: &[T], start: usize) -> Vec<T> {
        list.iter().skip(start).take(PIECE).cloned().collect()
    }
    Segment {
        steps: segment.steps.each_ref().map(|steps| part(steps, start)),
        ecalls: part(&segment.ecalls, start),
        moves: part(&segment.moves, start),
        refreshes: part(&segment.refreshes, start),
        fetches: part(&segment.fetches, start),
        ..Segment::default()
    }
}
