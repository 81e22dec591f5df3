//! Why a segment could not be proven.

use thiserror::Error;
use vouch_air::tables::Table;

/// A segment that could not be proven.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ProveError {
    /// The proof would need more memory than it may use.
    #[error("proving needs about {needed} bytes of memory, the limit is {limit}")]
    Memory {
        /// Estimate in bytes.
        needed: u64,
        /// Limit in bytes.
        limit: u64,
    },
    /// A table is taller than a proof may hold.
    #[error("table `{}`: expected at most 2^{max} rows, got 2^{got}", table.name())]
    Height {
        /// The table.
        table: Table,
        /// Greatest height, log2.
        max: usize,
        /// Its height, log2.
        got: usize,
    },
    /// Somebody asked to stop.
    #[error("the proof was cancelled")]
    Cancelled,
    /// The device that proves has too little memory left; a smaller segment may fit.
    #[error(
        "the device's memory is full: {needed} bytes are needed, {free} of {total} are free in one block"
    )]
    DeviceMemory {
        /// Bytes asked for.
        needed: u64,
        /// Bytes of the largest free piece.
        free: u64,
        /// Bytes of all of it.
        total: u64,
    },
    /// The device that proves failed.
    #[error("{device} failed: {reason}")]
    Device {
        /// Which.
        device: String,
        /// What it says.
        reason: String,
    },
    /// Two engines that should agree do not.
    #[error("{engines} differ in {operation}")]
    Differ {
        /// Their names.
        engines: String,
        /// The operation whose results differ.
        operation: &'static str,
    },
    /// The proof system failed.
    #[error("the proof system failed: {reason}")]
    Backend {
        /// What it says.
        reason: String,
    },
}
