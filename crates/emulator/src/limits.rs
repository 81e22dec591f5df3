//! What a run may use.

use core::fmt;

use thiserror::Error;
use vouch_isa::event::Counts;
use vouch_isa::memory::MAX_TIMESTAMP;

/// Bounds on what a run may use; reaching one ends it with [`LimitReached`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Instructions executed.
    pub cycles: u64,
    /// Host memory for the guest's pages, in bytes: whole pages of 4 KiB, from their first
    /// use on. Recording takes about as much again for the time of each word's last access.
    pub memory_bytes: usize,
    /// Length of the input in bytes.
    pub input_bytes: usize,
    /// Length of the journal in bytes; never more than [`Limits::MAX_JOURNAL_BYTES`].
    pub journal_bytes: usize,
    /// Bytes written to the console, both streams together.
    pub console_bytes: u64,
}

impl Limits {
    /// No journal is longer than this, whatever the limits say: its length is a register of
    /// the machine, and the ECALL table proves it to be below 2^30.
    pub const MAX_JOURNAL_BYTES: usize = (1 << 30) - 1;
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            cycles: 1 << 40,
            memory_bytes: 512 << 20,
            input_bytes: 256 << 20,
            journal_bytes: 1 << 20,
            console_bytes: 64 << 20,
        }
    }
}

/// Where [`record`](crate::record) cuts a run into segments: before the instruction that would
/// pass one of these bounds.
#[derive(Clone, Copy)]
pub struct SegmentLimits<'f> {
    /// Instructions in a segment; 0 counts as 1.
    pub cycles: u64,
    /// Timestamp that a segment should not pass.
    pub timestamp: u32,
    /// Whether a segment that holds the first should go on until it holds at most the second. If it
    /// should not, it is asked about less, and cut if not even one more instruction will do.
    ///
    /// A segment of one instruction may be more than this or the timestamp allows: there is nowhere
    /// else to cut.
    pub goes_on: &'f (dyn Fn(&Counts, &Counts) -> bool + Sync),
}

impl Default for SegmentLimits<'_> {
    fn default() -> Self {
        Self {
            cycles: 1 << 22,
            timestamp: 1 << 26,
            goes_on: &|_, _| true,
        }
    }
}

impl fmt::Debug for SegmentLimits<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SegmentLimits")
            .field("cycles", &self.cycles)
            .field("timestamp", &self.timestamp)
            .finish_non_exhaustive()
    }
}

impl SegmentLimits<'_> {
    /// The bound on timestamps in force.
    pub(crate) fn last_timestamp(&self) -> u32 {
        self.timestamp.min(MAX_TIMESTAMP)
    }
}

/// A kind of limit in [`Limits`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum LimitKind {
    /// [`Limits::cycles`]
    #[error("cycles")]
    Cycles,
    /// [`Limits::memory_bytes`]
    #[error("bytes of memory")]
    Memory,
    /// [`Limits::input_bytes`]
    #[error("bytes of input")]
    Input,
    /// [`Limits::journal_bytes`]
    #[error("bytes of journal")]
    Journal,
    /// [`Limits::console_bytes`]
    #[error("bytes of console output")]
    Console,
}

/// The run needed more than a limit allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("limit reached: the run may use {value} {limit} and needs more")]
pub struct LimitReached {
    /// Which one.
    pub limit: LimitKind,
    /// Its value, in its own unit.
    pub value: u64,
}
