//! All kinds of hostile receipts, and what each is refused for.

use vouch_air::tables::Table;
use vouch_verifier::{DecodeError, VerifyError};

use super::cases::{self, Visit};
use super::large;

/// A kind of hostile receipts.
#[derive(Clone, Copy)]
pub struct Kind {
    /// What they are.
    pub name: &'static str,
    /// Hands them out, with their names.
    pub cases: fn(Visit<'_>),
    /// Whether one of this name is refused for a right reason.
    pub told: fn(&str, &VerifyError) -> bool,
    /// How many there are at least.
    pub least: u64,
}

/// All of them.
pub const KINDS: [Kind; 12] = [
    Kind {
        name: "heights",
        cases: cases::heights,
        told: |name, error| match error {
            VerifyError::Height { table, .. } => name.starts_with(table.name()),
            // A height of several bytes is not where heights are.
            other => name.len() > 20 && by_length(other),
        },
        least: 6 * 14,
    },
    Kind {
        name: "plausible heights",
        cases: cases::plausible_heights,
        told: |_, error| by_length(error),
        least: 4,
    },
    Kind {
        name: "lists",
        cases: cases::lists,
        told: |_, _| true,
        least: 80,
    },
    Kind {
        name: "tables",
        cases: cases::table_lists,
        told: |name, error| match error {
            VerifyError::TableCount { .. } => !name.contains(','),
            VerifyError::MissingTable { .. } => name.contains("as its set says"),
            VerifyError::Height { .. } => true,
            other => name.contains(',') && by_length(other) || name.contains("swapped"),
        },
        least: 5 * 14,
    },
    Kind {
        name: "rounds of FRI",
        cases: cases::fri,
        told: |name, error| by_length(error) || name.contains("rotated") && by_proof(error),
        least: 12,
    },
    Kind {
        name: "elements",
        cases: cases::elements,
        told: |_, error| by_decoder("it does not decode", error),
        least: 15,
    },
    Kind {
        name: "claims",
        cases: cases::claims,
        told: |name, error| match error {
            VerifyError::TextRange { .. } | VerifyError::ImageId { .. } => name.contains("entry"),
            VerifyError::Chain { .. } => name == "0 segments",
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
        name: "empty lists",
        cases: large::empty_lists,
        told: |_, error| by_length(error) || matches!(error, VerifyError::TableCount { .. }),
        least: 3,
    },
    Kind {
        name: "longest lists",
        cases: large::longest_lists,
        told: |_, error| by_length(error),
        least: 5,
    },
    Kind {
        name: "lists that are too long",
        cases: large::too_long_lists,
        told: |_, error| by_length(error),
        least: 9,
    },
    Kind {
        name: "proofs that are too large",
        cases: large::too_large,
        told: |_, error| {
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
        told: |name, error| {
            let reason = match name {
                _ if name.starts_with("a length") => "a length has another encoding",
                "twice" => "bytes follow it",
                // What is cut says something else where it should say of how many tables it is.
                _ => {
                    let is_cut = matches!(error, VerifyError::TableCount { .. });
                    let by_lengths =
                        matches!(error, VerifyError::Decode(DecodeError::Proof { .. }));
                    return is_cut || by_lengths;
                }
            };
            by_decoder(reason, error)
        },
        least: 20,
    },
];

fn by_proof(error: &VerifyError) -> bool {
    matches!(error, VerifyError::Proof { segment: 0, .. })
}

fn by_length(error: &VerifyError) -> bool {
    by_decoder("a list has another length than its tables give it", error)
}

fn by_decoder(expected: &str, error: &VerifyError) -> bool {
    matches!(
        error,
        VerifyError::Decode(DecodeError::Proof { segment: 0, reason }) if *reason == expected
    )
}
