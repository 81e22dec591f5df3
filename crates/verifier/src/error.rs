//! Why a receipt is not one, or proves nothing.

use thiserror::Error;
use vouch_air::tables::Table;

use crate::profile::Profile;
use crate::proof_error::ProofError;
use crate::wire::WireError;
use vouch_air::ImageId;

/// What a receipt of a version that was once written needs.
const fn needed(version: u16) -> &'static str {
    match version {
        1 => " (from before columns were packed: the run must be proven again)",
        _ => "",
    }
}

/// Bytes that are no receipt.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// The file does not begin as receipts do.
    #[error("not a Vouch receipt: expected the magic bytes \"VOUCHRCT\"")]
    Magic,
    /// Another version of the encoding, of an earlier, later or broken writer.
    #[error("receipt version: expected {expected}, got {got}{}", needed(*got))]
    Version {
        /// The version this library reads.
        expected: u16,
        /// The version found.
        got: u16,
    },
    /// No such profile.
    #[error("receipt profile: expected 1 to 4, got {got}")]
    Profile {
        /// The number found.
        got: u8,
    },
    /// The bytes end inside a field.
    #[error("receipt field `{field}`: expected {expected} more bytes, got {got}")]
    Truncated {
        /// The field.
        field: &'static str,
        /// Bytes that it needs.
        expected: usize,
        /// Bytes that are left.
        got: usize,
    },
    /// Bytes follow the last field.
    #[error("receipt: expected no bytes after the last field, got {got}")]
    Trailing {
        /// How many.
        got: usize,
    },
    /// A field has a value that no writer writes.
    #[error("receipt field `{field}`: expected {expected}, got {got}")]
    Field {
        /// The field.
        field: &'static str,
        /// What it may hold.
        expected: &'static str,
        /// What it holds.
        got: u64,
    },
    /// Its bytes encode no proof of its tables.
    #[error("receipt field `proof` of segment {segment}: {reason}")]
    Proof {
        /// The segment.
        segment: usize,
        /// What the decoder says.
        reason: WireError,
    },
    /// The receipt is larger than any that is written.
    #[error("receipt: expected at most {limit} bytes, got {got}")]
    TooLarge {
        /// The limit in bytes.
        limit: usize,
        /// The size in bytes.
        got: usize,
    },
}

/// A receipt that does not prove what it should.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum VerifyError {
    /// It is no receipt.
    #[error(transparent)]
    Decode(#[from] DecodeError),
    /// It is of another profile than the verifier.
    #[error("profile: expected {} at {} bits, got {} at {} bits", expected.name(), expected.target_bits(), got.name(), got.target_bits())]
    Profile {
        /// The verifier's.
        expected: Profile,
        /// The receipt's.
        got: Profile,
    },
    /// Nothing is known of it: verification was cancelled before it had a verdict.
    #[error("verification was cancelled before it had a verdict")]
    Stopped,
    /// It is about another program.
    #[error("image ID: expected {expected}, got {got}")]
    ImageId {
        /// The program asked about.
        expected: ImageId,
        /// The program that the receipt is about.
        got: ImageId,
    },
    /// Its executable range is none.
    #[error(
        "executable range {start:#x}..{end:#x} with entry {entry:#x}: expected start <= entry < end <= {limit:#x}"
    )]
    TextRange {
        /// First word index.
        start: u32,
        /// Word index after the last.
        end: u32,
        /// Word index of the entry.
        entry: u32,
        /// Bound of the end.
        limit: u32,
    },
    /// It has no segments.
    #[error("expected a receipt with one segment or more, got 0")]
    NoSegments,
    /// A segment does not start where the one before ended.
    #[error("segment {segment}: {link} does not continue the segment before it")]
    Chain {
        /// The segment.
        segment: usize,
        /// What does not fit.
        link: &'static str,
    },
    /// The program does not exit in its last segment and only there.
    #[error(
        "segment {segment} of {segments}: expected the program to exit in the last segment and only there"
    )]
    Halt {
        /// The segment.
        segment: usize,
        /// Number of segments.
        segments: usize,
    },
    /// A table that this proof needs is missing, or one that it must not have is there.
    #[error("segment {segment}: table `{}` is missing or unexpected", table.name())]
    MissingTable {
        /// The segment.
        segment: usize,
        /// The table.
        table: Table,
    },
    /// A table has a height that it cannot have.
    #[error("segment {segment}: table `{}`: expected 2^{min} to 2^{max} rows, got 2^{got}", table.name())]
    Height {
        /// The segment.
        segment: usize,
        /// The table.
        table: Table,
        /// Least height, log2.
        min: usize,
        /// Greatest height, log2.
        max: usize,
        /// Its height, log2.
        got: usize,
    },
    /// The proof is wrong.
    #[error("segment {segment}: the proof does not verify: {reason}")]
    Proof {
        /// The segment.
        segment: usize,
        /// The step that refuses it.
        reason: ProofError,
    },
}
