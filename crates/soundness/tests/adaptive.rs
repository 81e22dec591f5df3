//! Provers that cheat once and go on.

use p3_batch_stark::VerificationError;
use p3_fri::verifier::FriError;
use p3_lookup::LookupError;
use p3_merkle_tree::MerkleTreeError;
use vouch_air::tables::Table;
use vouch_soundness::step::{Opening, VerifierStep};
use vouch_soundness::{Effort, adaptive};
use vouch_verifier::packing::OpeningError;
use vouch_verifier::{DecodeError, TableSet, VerifyError};

#[test]
fn the_broken_rule_refuses_and_nothing_else() {
    adaptive::run(Effort::Quick).assert();
}

type Error = VerificationError<OpeningError>;

/// The step of a proof of three tables that is refused for this reason.
fn step(reason: String) -> Option<VerifierStep> {
    let tables = TableSet::new([Table::Claim, Table::AddImm, Table::Facts]);
    VerifierStep::of(&VerifyError::Proof { segment: 0, reason }, tables)
}

fn opening(error: impl Into<OpeningError>) -> Option<VerifierStep> {
    step(Error::InvalidOpeningArgument(error.into()).to_string())
}

/// As a Merkle tree says that a path does not lead to its root.
fn root() -> MerkleTreeError {
    MerkleTreeError::CapMismatch
}

fn constraints(index: usize) -> Option<VerifierStep> {
    let index = Some(index);
    step(Error::OodEvaluationMismatch { index }.to_string())
}

/// The texts by which steps are known are Plonky3's, made of its own errors.
#[test]
fn texts_are_those_of_the_proof_system() {
    let sums = step(LookupError::TerminalSumNonZero.to_string());
    assert_eq!(sums, Some(VerifierStep::Sums));
    let tables = [Table::Claim, Table::AddImm, Table::Facts];
    for (place, table) in tables.into_iter().enumerate() {
        assert_eq!(constraints(place), Some(VerifierStep::Constraints(table)));
    }
    let openings = [
        (FriError::InputError(root()), Opening::Rows),
        (FriError::CommitPhaseMmcsError(root()), Opening::Layers),
        (FriError::FinalPolyMismatch, Opening::Polynomial),
    ];
    for (error, expected) in openings {
        assert_eq!(opening(error), Some(VerifierStep::Opening(expected)));
    }
}

/// What is refused for its shape has not been tried.
#[test]
fn shapes_are_no_step() {
    assert_eq!(constraints(3), None);
    assert_eq!(opening(FriError::ZeroQueries), None);
    assert_eq!(opening(OpeningError::Coordinates), None);
    assert_eq!(step(LookupError::CommitmentMismatch.to_string()), None);
    assert_eq!(step(String::new()), None);
    let decode = VerifyError::Decode(DecodeError::Magic);
    assert_eq!(
        VerifierStep::of(&decode, TableSet::new([Table::Claim])),
        None
    );
}
