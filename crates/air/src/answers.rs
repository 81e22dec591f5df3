//! How many rows the tables that answer have, without filling all of those that ask.

use core::ops::Range;

use vouch_isa::event::{Counts, Segment};

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
    while facts(&asked).is_some() {
        let piece = segment.piece(start, PIECE);
        if piece.counts() == Counts::default() {
            break;
        }
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
