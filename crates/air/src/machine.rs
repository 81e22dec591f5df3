//! The machine as a whole: its version, its public values, which tables a segment needs.

use core::ops::Range;

use alloc::vec::Vec;

use p3_field::integers::QuotientMap;
use p3_util::log2_ceil_usize;

use crate::columns::Block;
use crate::tables::Table;
use crate::{Digest, F, Word};

/// Version of the machine: part of every image ID, and changed with any change of what the
/// tables accept.
pub const VERSION: u32 = 1;

/// Rows of the smallest table, log2. What is proven of packed commitments needs 4 rows
/// (docs/packing.md, "Why it is sound").
pub const MIN_LOG_HEIGHT: usize = 6;
/// Rows of the largest table that a proof may hold, log2.
pub const MAX_LOG_HEIGHT: usize = 22;

/// Rows, log2, of a table that holds `rows`.
pub fn log_height(rows: usize) -> usize {
    log2_ceil_usize(rows).max(MIN_LOG_HEIGHT)
}

crate::columns! {
    /// What a proof of a segment is about, as the claim table sees it.
    pub struct PublicValues {
        /// Word index of the first instruction.
        start_pc: T,
        /// Word index of the instruction after the last, 0 if the segment exits.
        end_pc: T,
        /// 1 if the segment exits, else 0.
        halted: T,
        /// The exit code, 0 if the segment does not exit.
        exit_code: Word<T>,
        /// Root of memory and registers at the start.
        start_root: Digest<T>,
        /// Root of memory and registers at the end.
        end_root: Digest<T>,
    }
}

/// Number of [`PublicValues`].
pub const PUBLIC_VALUES: usize = crate::columns::width::<F, PublicValues<F>>();

/// The public values of `table`, given those of the claim and the executable range (word
/// indices).
pub fn table_values(table: Table, public: &PublicValues<F>, text: &Range<u32>) -> Vec<F> {
    let limbs = |index: u32| [F::from_int(index & 0x3fff), F::from_int(index >> 14)];
    let ([end_lo, end_hi], [start_lo, start_hi]) = (limbs(text.end), limbs(text.start));
    match table {
        Table::Claim => {
            let mut values = alloc::vec![F::default(); PUBLIC_VALUES];
            public.put(&mut values.iter_mut());
            values
        }
        _ => [end_lo, end_hi, start_lo, start_hi][..table.public_values()].to_vec(),
    }
}
