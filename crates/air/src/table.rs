//! What a table is.

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;
use core::ops::Range;

use p3_air::WindowAccess;
use p3_field::PrimeCharacteristicRing;
use p3_field::integers::QuotientMap;
use p3_matrix::dense::RowMajorMatrix;
use p3_maybe_rayon::prelude::*;
use vouch_isa::Family;
use vouch_isa::event::{Counts, Segment};

use crate::columns::Block;
use crate::machine::{self, PUBLIC_VALUES, PublicValues, log_height};
use crate::memory_tree::Update;
use crate::questions::Asked;
use crate::{Builder, F};

/// A table: what its rows hold, which events they are filled from, what they have to fulfil.
///
/// `tables.rs` lists the types that the machine consists of.
pub trait TableType: Sized + 'static {
    /// Its place in a proof, which no other table has.
    const ID: u8;
    /// Its name: that of its module.
    const NAME: &'static str;
    /// The instructions that it proves, a row each; `None` if its rows are no plain
    /// instructions.
    const FAMILY: Option<Family> = None;
    /// Its public values.
    const PUBLIC: Public = Public::None;
    /// Every proof holds it.
    const IS_REQUIRED: bool = false;
    /// Its events are what the other tables ask ([`Context::asked`]), which are filled before.
    const ANSWERS: bool = false;
    /// Rows that a proof may hold of it at most, log2.
    const MAX_LOG_HEIGHT: usize = machine::MAX_LOG_HEIGHT;
    /// Columns that its constraints look at in the next row. p3 opens those, and gives zeros for
    /// all others.
    const NEXT_ROW: &'static [usize] = &[];
    /// Columns that are the same in every proof.
    const FIXED: Option<Fixed> = None;
    /// A row of it.
    type Columns<T: Copy>: Block<T>;
    /// What a row is filled from.
    type Event<'a>: Clone + Sync + 'a;

    /// Rows of a segment that holds `counts` at most, padding aside, if the tables that are
    /// filled from events ask for `questions` facts at most.
    fn rows(counts: &Counts, questions: u64) -> u64;

    /// Its events in a segment, a row each.
    fn events<'a>(cx: &Context<'a>) -> Cow<'a, [Self::Event<'a>]>;

    /// The row of an event; `text` is the executable range in word indices.
    fn row(e: &Self::Event<'_>, text: &Range<u32>) -> Self::Columns<F>;

    /// Makes of a row of zeros one that is no event.
    fn padding(_: &mut Self::Columns<F>) {}

    /// Columns that the verifier computes, in a segment that wrote `journal` from index
    /// `journal_start` on.
    fn periodic(journal_start: u32, journal: &[u8]) -> Vec<Vec<F>> {
        let _ = (journal_start, journal);
        Vec::new()
    }

    /// Constraints on a row.
    fn eval<B: Builder>(b: &mut B, c: &Self::Columns<B::Var>);

    /// The table, one row an event, then padding to a power of two.
    fn fill(events: &[Self::Event<'_>], text: &Range<u32>) -> RowMajorMatrix<F> {
        let mut pad = <Self::Columns<F> as Block<F>>::splat(F::ZERO);
        Self::padding(&mut pad);
        let width = <Self::Columns<F> as Block<F>>::WIDTH;
        let mut cells = F::zero_vec(width << log_height(events.len()));
        let (used, rest) = cells.split_at_mut(width * events.len());
        used.par_chunks_exact_mut(width)
            .zip(events.par_iter())
            .for_each(|(cells, event)| Self::row(event, text).put(&mut cells.iter_mut()));
        for cells in rest.chunks_exact_mut(width) {
            pad.put(&mut cells.iter_mut());
        }
        RowMajorMatrix::new(cells, width)
    }
}

/// What tables are filled from.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    /// The segment.
    pub segment: &'a Segment,
    /// What it does to the memory tree.
    pub update: &'a Update,
    /// The executable range in word indices.
    pub text: &'a Range<u32>,
    /// What is asked of the tables that answer: nothing while the others are filled.
    pub asked: &'a Asked,
}

/// Public values of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Public {
    /// It has none.
    None,
    /// [`PublicValues`]
    Claim,
    /// The end of the executable range, in limbs of 14 and 16 bits.
    TextEnd,
    /// The end and the start of the executable range, in such limbs.
    Text,
}

impl Public {
    /// Number of values.
    pub const fn len(self) -> usize {
        match self {
            Self::None => 0,
            Self::Claim => PUBLIC_VALUES,
            Self::TextEnd => 2,
            Self::Text => 4,
        }
    }

    /// True if there are no values.
    pub const fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// The values, given those of the claim and the executable range (word indices).
    pub fn values(self, public: &PublicValues<F>, text: &Range<u32>) -> Vec<F> {
        let limbs = |index: u32| [F::from_int(index & 0x3fff), F::from_int(index >> 14)];
        match self {
            Self::None => Vec::new(),
            Self::Claim => {
                let mut values = F::zero_vec(PUBLIC_VALUES);
                public.put(&mut values.iter_mut());
                values
            }
            Self::TextEnd => limbs(text.end).to_vec(),
            Self::Text => [limbs(text.end), limbs(text.start)].concat(),
        }
    }
}

/// Columns that are the same in every proof.
#[derive(Clone, Copy, Debug)]
pub struct Fixed {
    /// Number of columns.
    pub width: usize,
    /// Rows, log2.
    pub log_height: usize,
    /// Their cells.
    pub cells: fn() -> RowMajorMatrix<F>,
}

/// A [`TableType`] as a value: all of it but its constraints, which are generic.
#[derive(Clone, Copy, Debug)]
pub struct Info {
    /// [`TableType::ID`]
    pub id: u8,
    /// [`TableType::NAME`]
    pub name: &'static str,
    /// [`TableType::FAMILY`]
    pub family: Option<Family>,
    /// [`TableType::PUBLIC`]
    pub public: Public,
    /// [`TableType::IS_REQUIRED`]
    pub is_required: bool,
    /// [`TableType::ANSWERS`]
    pub answers: bool,
    /// [`TableType::MAX_LOG_HEIGHT`]
    pub max_log_height: usize,
    /// [`TableType::NEXT_ROW`]
    pub next_row: &'static [usize],
    /// [`TableType::FIXED`]
    pub fixed: Option<Fixed>,
    /// Number of columns.
    pub width: usize,
    /// Appends the name of every column.
    pub names: fn(&mut Vec<String>),
    /// [`TableType::rows`]
    pub rows: fn(&Counts, u64) -> u64,
    /// The table as [`TableType::fill`] makes it of its events; `None` if there are none.
    pub filled: fn(&Context<'_>) -> Option<RowMajorMatrix<F>>,
    /// [`TableType::periodic`]
    pub periodic: fn(u32, &[u8]) -> Vec<Vec<F>>,
}

impl Info {
    /// What `T` says of itself.
    pub const fn of<T: TableType>() -> Self {
        Self {
            id: T::ID,
            name: T::NAME,
            family: T::FAMILY,
            public: T::PUBLIC,
            is_required: T::IS_REQUIRED,
            answers: T::ANSWERS,
            max_log_height: T::MAX_LOG_HEIGHT,
            next_row: T::NEXT_ROW,
            fixed: T::FIXED,
            width: <T::Columns<F> as Block<F>>::WIDTH,
            names: |names| <T::Columns<F> as Block<F>>::names("", names),
            rows: T::rows,
            filled: filled::<T>,
            periodic: T::periodic,
        }
    }
}

/// A table that answers is there even if nobody asks: its counts are then 0.
fn filled<T: TableType>(cx: &Context<'_>) -> Option<RowMajorMatrix<F>> {
    let events = T::events(cx);
    (T::ANSWERS || !events.is_empty()).then(|| T::fill(&events, cx.text))
}

/// The constraints of `T` on the row of a builder.
#[inline]
pub(crate) fn eval<T: TableType, B: Builder>(b: &mut B) {
    let main = b.main();
    let row = <T::Columns<B::Var> as Block<B::Var>>::of(main.current_slice());
    T::eval(b, &row);
}
