//! How many rows the tables that answer have, without filling all of those that ask.

use alloc::vec::Vec;
use core::ops::Range;

use vouch_isa::event::Segment;

use crate::memory_tree::Update;
use crate::questions::Asked;
use crate::table::Context;
use crate::tables::Table;
use crate::witness::{ask, facts, public_values, trace};

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

/// What [`fill_tables`](crate::witness::fill_tables) finds for the same arguments. Tables are filled piece by piece, and
/// only until it is known that the lookup table answers.
pub fn answers(segment: &Segment, text: &Range<u32>, update: &Update) -> Answers {
    let public = public_values(segment, update);
    let nothing = Asked::default();
    let mut asked = Asked::none();
    let ask_table = |asked: &mut Asked, table, segment: &Segment| {
        let cx = Context {
            segment,
            update,
            text,
            asked: &nothing,
        };
        if let Some(trace) = trace(table, &cx, &public) {
            ask(asked, &trace, |_| true);
        }
    };
    // All hashes are asked for by these.
    let whole = [Table::Claim, Table::Leaf, Table::Merkle, Table::Journal];
    for table in whole {
        ask_table(&mut asked, table, segment);
    }
    let mut start = 0;
    while facts(&asked).is_some() && start < longest(segment) {
        let piece = piece(segment, start);
        for table in Table::ALL {
            if !whole.contains(&table) && !table.answers() {
                ask_table(&mut asked, table, &piece);
            }
        }
        start += PIECE;
    }
    Answers {
        facts: facts(&asked),
        hashes: asked.inputs().count(),
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
    // By name, so that no kind is forgotten.
    let Segment {
        start_pc: _,
        end_pc: _,
        end_ts: _,
        exit_code: _,
        cycles: _,
        steps,
        ecalls,
        moves,
        refreshes,
        fetches,
        leaves: _,
        journal_start: _,
        journal: _,
    } = segment;
    Segment {
        steps: steps.each_ref().map(|steps| part(steps, start)),
        ecalls: part(ecalls, start),
        moves: part(moves, start),
        refreshes: part(refreshes, start),
        fetches: part(fetches, start),
        ..Segment::default()
    }
}
