//! What holds for the machine as a whole, whatever its tables are: its version, its public
//! values, how high a table may be.

use p3_util::log2_ceil_usize;

use crate::{Digest, F, Word};

/// Version of the machine: part of every image ID, and changed with any change of what the
/// tables accept.
pub const VERSION: u32 = 2;

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
