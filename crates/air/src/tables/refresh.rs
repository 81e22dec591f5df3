//! Refreshes: a cell touched for no other reason than that its next access be close.
//!
//! Register accesses prove their order with one 16-bit range; a register that rests longer
//! is refreshed here, with two.
//!
//! - Proves: a cell's value at a later timestamp is its value at the earlier one.
//! - Buses: memory, lookup. Degree 3 (LogUp). One row a refresh.

use p3_field::PrimeCharacteristicRing;
use p3_field::integers::QuotientMap;
use vouch_isa::event::Refresh as Event;
use vouch_isa::memory::REGISTER_BASE;

use crate::gadget::{self, MemoryAccess};
use crate::{Builder, F, Word};

crate::columns! {
    /// Columns of [`super::Table::Refresh`].
    pub struct Refresh {
        /// The cell; any will do.
        cell: T,
        /// Its value; pinned by the memory bus.
        value: Word<T>,
        /// Timestamp of the refresh; free.
        ts: T,
        /// The access.
        memory: MemoryAccess<T>,
        /// The row is a refresh; boolean.
        is_real: T,
    }
}

/// Constraints.
pub fn eval<B: Builder>(b: &mut B, c: &Refresh<B::Var>) {
    let real = gadget::select(b, &[c.is_real]);
    let value = gadget::exs::<B, 2>(c.value);
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

/// The row of a refresh.
pub fn row(e: &Event) -> Refresh<F> {
    Refresh {
        cell: F::from_int(REGISTER_BASE + u32::from(e.cell)),
        value: gadget::word(e.value),
        ts: F::from_int(e.to_ts),
        memory: MemoryAccess::new(e.from_ts, e.to_ts),
        is_real: F::ONE,
    }
}
