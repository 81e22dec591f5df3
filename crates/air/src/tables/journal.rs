//! The journal: what the verifier knows that the segment wrote.
//!
//! - Given: the bytes and their indices, as periodic columns that the verifier computes from
//!   the claim.
//! - Proves: the segment wrote these bytes to the journal, and no others.
//! - Buses: journal. Degree 3 (LogUp). One row a byte.
//!
//! Interactions may not use periodic columns, so each is copied to a main column.

use alloc::borrow::Cow;
use alloc::vec::Vec;
use core::ops::Range;

use p3_field::{PrimeCharacteristicRing, integers::QuotientMap};
use vouch_isa::event::Counts;

use crate::bus;
use crate::machine::log_height;
use crate::table::{Context, TableType};
use crate::{Builder, F};

crate::columns! {
    /// A row.
    pub struct Journal {
        /// Index of the byte; equal to the periodic column.
        index: T,
        /// The byte; equal to the periodic column.
        byte: T,
        /// The row is a byte; equal to the periodic column, so boolean.
        is_real: T,
    }
}

impl TableType for Journal<F> {
    const ID: u8 = 24;
    const NAME: &'static str = "journal";
    const MAX_LOG_HEIGHT: usize = 20;
    type Columns<T: Copy> = Journal<T>;
    type Event<'a> = (F, u8);

    fn rows(counts: &Counts, _: u64) -> u64 {
        counts.journal
    }

    fn events<'a>(cx: &Context<'a>) -> Cow<'a, [(F, u8)]> {
        Cow::Owned(bytes(cx.segment.journal_start, &cx.segment.journal).collect())
    }

    fn row(&(index, byte): &(F, u8), _: &Range<u32>) -> Journal<F> {
        Journal {
            index,
            byte: F::from_int(byte),
            is_real: F::ONE,
        }
    }

    // The same as columns of the table's height.
    fn periodic(journal_start: u32, journal: &[u8]) -> Vec<Vec<F>> {
        let height = 1usize << log_height(journal.len());
        let mut columns = [(); 3].map(|()| Vec::with_capacity(height));
        for event in bytes(journal_start, journal) {
            let row = Self::row(&event, &(0..0));
            for (column, cell) in columns.iter_mut().zip([row.index, row.byte, row.is_real]) {
                column.push(cell);
            }
        }
        for column in &mut columns {
            column.resize(height, F::ZERO);
        }
        columns.into()
    }

    fn eval<B: Builder>(b: &mut B, c: &Journal<B::Var>) {
        let known: [B::Expr; 3] = core::array::from_fn(|i| b.periodic_values()[i].into());
        b.rule("row is as the verifier has it");
        for (cell, known) in [c.index, c.byte, c.is_real].into_iter().zip(known) {
            b.assert_eq(cell, known);
        }
        b.rule("byte");
        bus::receive_journal(b, c.index.into(), c.byte.into(), c.is_real.into());
    }
}

/// The bytes of a segment's journal slice with their indices; `start` is that of the first.
fn bytes(start: u32, bytes: &[u8]) -> impl Iterator<Item = (F, u8)> {
    let indices = (0u32..).map(move |i| F::from_int(start) + F::from_int(i));
    indices.zip(bytes.iter().copied())
}
