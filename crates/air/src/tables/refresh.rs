//! Refreshes: a cell touched for no other reason than that its next access be close.
//!
//! Register accesses prove their order with one 16-bit range; a register that rests longer
//! is refreshed here, with two.
//!
//! - Proves: a cell's value at a later timestamp is its value at the earlier one. Neither is
//!   out of the range in which timestamps have an order.
//! - Buses: memory, lookup. Degree 3 (LogUp). One row a refresh.

use alloc::borrow::Cow;
use core::ops::Range;

use p3_field::{PrimeCharacteristicRing, integers::QuotientMap};
use vouch_isa::event::{Counts, Refresh as Event};
use vouch_isa::memory::REGISTER_BASE;

use crate::gadget::{self, INV_2_15, MemoryAccess};
use crate::table::{Context, TableType};
use crate::{Builder, F, Word};

crate::columns! {
    /// A row.
    pub struct Refresh {
        /// The cell; any will do.
        cell: T,
        /// Its value; pinned by the memory bus.
        value: Word<T>,
        /// Timestamp of the refresh: any below `2^29 + 2^15`, by `ts_lo`.
        ts: T,
        /// A part of `ts` below `2^16`, the rest being a multiple of `2^15`; range16.
        ts_lo: T,
        /// The access.
        memory: MemoryAccess<T>,
        /// The row is a refresh; boolean.
        is_real: T,
    }
}

impl TableType for Refresh<F> {
    const ID: u8 = 20;
    const NAME: &'static str = "refresh";
    type Columns<T: Copy> = Refresh<T>;
    type Event<'a> = Event;

    fn rows(counts: &Counts, _: u64) -> u64 {
        counts.refreshes
    }

    fn events<'a>(cx: &Context<'a>) -> Cow<'a, [Event]> {
        Cow::Borrowed(&cx.segment.refreshes)
    }

    fn eval<B: Builder>(b: &mut B, c: &Refresh<B::Var>) {
        b.rule("flags");
        let real = gadget::select(b, &[c.is_real]);
        b.rule("low part of the time is 16 bits");
        // No state pins `ts`. Without a bound, refreshes could lead a cell's time once around the
        // field and back to where it began: an access would read what was never written.
        gadget::range16(b, c.ts_lo.into(), &real);
        let ts_hi = (c.ts - c.ts_lo) * INV_2_15;
        b.rule("high part of the time is 14 bits");
        gadget::range14(b, ts_hi, &real);
        let value = gadget::exs::<B, 2>(c.value);
        b.rule("cell");
        gadget::access_memory(
            b,
            c.cell.into(),
            value.clone(),
            value,
            &c.memory,
            c.ts.into(),
            &real,
        );
    }

    fn row(e: &Event, _: &Range<u32>) -> Refresh<F> {
        Refresh {
            cell: F::from_int(REGISTER_BASE + u32::from(e.cell)),
            value: gadget::word(e.value),
            ts: F::from_int(e.to_ts),
            ts_lo: F::from_int(e.to_ts & 0x7fff),
            memory: MemoryAccess::new(e.from_ts, e.to_ts),
            is_real: F::ONE,
        }
    }
}
