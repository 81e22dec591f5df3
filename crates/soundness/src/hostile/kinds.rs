//! All kinds of hostile receipts, and what each is refused for.

use vouch_air::tables::Table;
use vouch_verifier::{DecodeError, VerifyError};

use super::cases::{self, Visit};
use super::large;
use crate::transcript::{by_element, by_length, by_proof};

/// A kind of hostile receipts.
#[derive(Clone, Copy)]
pub struct Kind {
    /// What they are.
    pub name: &'static str,
    /// Hands them out, with their names.
    pub cases: fn(Visit<'_>),
    /// Whether one of this name is refused for a right reason.
    pub refused_by: fn(&str, &VerifyError) -> bool,
    /// How many there are at least.
    pub least: u64,
}

/// All of them.
pub const KINDS: [Kind; 11] = [
    Kind {
        name: "heights",
        cases: cases::heights,
        refused_by: |name, error| matches!(error, VerifyError::Height { table, .. } if name.starts_with(table.name())),
        least: 9 * 14,
    },
    Kind {
        name: "plausible heights",
        cases: cases::plausible_heights,
        refused_by: |name, error| match name.ends_with("of the right length") {
            true => by_proof(error),
            false => by_length(error),
        },
        least: 8,
    },
    Kind {
        name: "lists",
        cases: cases::lists,
        refused_by: |name, error| match error {
            VerifyError::Height { .. } => name.starts_with("heights"),
            other if name.ends_with(": rotated") => by_proof(other) || by_length(other),
            other => by_length(other),
        },
        least: 130,
    },
    Kind {
        name: "tables",
        cases: cases::table_lists,
        refused_by: |name, error| match error {
            VerifyError::MissingTable { .. } => name.contains("as its set says"),
            VerifyError::Height { .. } => true,
            // Few columns are packed as if they were not there: the proof is as long without them.
            other if name.contains(',') || name.contains("swapped") => {
                by_length(other) || by_proof(other)
            }
            other => by_length(other),
        },
        least: 5 * 14,
    },
    Kind {
        name: "layers of FRI",
        cases: cases::fri,
        refused_by: |name, error| by_length(error) || name.contains("rotated") && by_proof(error),
        least: 12,
    },
    Kind {
        name: "elements",
        cases: cases::elements,
        refused_by: |_, error| by_element(error),
        least: 80,
    },
    Kind {
        name: "claims",
        cases: cases::claims,
        refused_by: |name, error| match error {
            VerifyError::TextRange { .. } | VerifyError::ImageId { .. } => name.contains("entry"),
            VerifyError::NoSegments => name == "0 segments",
            VerifyError::Height { table, .. } => {
                *table == Table::Journal && name.starts_with("journal") && name.len() > 20
            }
            VerifyError::Decode(_) => name.starts_with("as ") || name.starts_with("journal"),
            VerifyError::Proof { segment, .. } => *segment == 0,
            _ => false,
        },
        least: 20,
    },
    Kind {
        name: "numbers of digests",
        cases: large::digests,
        refused_by: |name, error| match name.ends_with("not there") {
            true => by_length(error),
            false => by_proof(error),
        },
        least: 30,
    },
    Kind {
        name: "zeros",
        cases: large::zeros,
        refused_by: |_, error| by_proof(error),
        least: 4,
    },
    Kind {
        name: "proofs that are too large",
        cases: large::too_large,
        refused_by: |_, error| {
            matches!(
                error,
                VerifyError::Decode(DecodeError::Field { field: "proof", .. })
            )
        },
        least: 4,
    },
    Kind {
        name: "encodings",
        cases: large::encodings,
        // What is cut says something else where its heights should be.
        refused_by: |name, error| {
            let is_cut = name.starts_with("its last");
            by_length(error) || is_cut && matches!(error, VerifyError::Height { .. })
        },
        least: 60,
    },
];
