//! Which step of a proof's verification refuses it.

use alloc::string::{String, ToString};

use p3_batch_stark::{BatchVerificationError, VerificationError};
use p3_fri::verifier::FriError;
use p3_lookup::LookupError;
use thiserror::Error;
use vouch_air::tables::Table;

use crate::packing::OpeningError;

/// Why a proof proves nothing. The steps come in the order in which they are taken.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ProofError {
    /// The Merkle paths of opened rows do not lead to the commitments.
    #[error("the rows that it opens are not those that it commits to")]
    Rows,
    /// The Merkle paths of FRI's layers do not lead to their commitments.
    #[error("what it folds its rows to is not what it commits to")]
    Layers,
    /// Folding does not end in the final polynomial.
    #[error("its rows do not fold to its final polynomial")]
    Polynomial,
    /// The constraints of a table are not met at the out-of-domain point.
    #[error("its values break the rules of table {}", table.name())]
    Constraints {
        /// The table.
        table: Table,
    },
    /// What all tables send each other does not add up to 0.
    #[error("what its tables send each other does not balance")]
    Sums,
    /// Its shape or a proof of work, as Plonky3 says it.
    #[error("{0}")]
    Other(String),
}

impl ProofError {
    /// What Plonky3 says of a proof of `tables`.
    pub fn of(error: &BatchVerificationError<OpeningError>, tables: &[Table]) -> Self {
        match error {
            BatchVerificationError::Lookup(LookupError::TerminalSumNonZero) => Self::Sums,
            BatchVerificationError::Verification(error) => Self::of_table(error, tables),
            error => Self::Other(error.to_string()),
        }
    }

    fn of_table(error: &VerificationError<OpeningError>, tables: &[Table]) -> Self {
        let table = |index: &Option<usize>| tables.get((*index)?).copied();
        match error {
            // Its own text would be the `Debug` of what is wrong.
            VerificationError::InvalidOpeningArgument(error) => Self::of_opening(error),
            VerificationError::OodEvaluationMismatch { index } => match table(index) {
                Some(table) => Self::Constraints { table },
                None => Self::Other(error.to_string()),
            },
            error => Self::Other(error.to_string()),
        }
    }

    fn of_opening(error: &OpeningError) -> Self {
        match error {
            OpeningError::Fri(FriError::InputError(_)) => Self::Rows,
            OpeningError::Fri(FriError::CommitPhaseMmcsError(_)) => Self::Layers,
            OpeningError::Fri(FriError::FinalPolyMismatch) => Self::Polynomial,
            error => Self::Other(error.to_string()),
        }
    }
}
