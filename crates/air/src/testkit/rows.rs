//! Rows of tables as cells.

use alloc::vec::Vec;
use std::sync::OnceLock;

use p3_field::PrimeCharacteristicRing;

use crate::F;
use crate::columns::Block;
use crate::memory_tree::Compression;
use crate::table::TableType;
use crate::tables::Table;

/// The compression, made once: its constants take longer than its use.
pub fn compression() -> &'static Compression {
    static COMPRESSION: OnceLock<Compression> = OnceLock::new();
    COMPRESSION.get_or_init(Compression::default)
}

/// The cells of a row.
pub fn cells<C: Block<F>>(row: &C) -> Vec<F> {
    let mut cells = F::zero_vec(C::WIDTH);
    row.put(&mut cells.iter_mut());
    cells
}

/// The cells of a row of padding.
pub fn padding<T: TableType>() -> Vec<F> {
    let mut row = <T::Columns<F> as Block<F>>::splat(F::ZERO);
    T::padding(&mut row);
    cells(&row)
}

/// The table that `T` is.
pub fn table_of<T: TableType>() -> Table {
    Table::ALL[usize::from(T::ID)]
}
