//! Provers that cheat once and go on.

use p3_batch_stark::{BatchVerificationError, VerificationError};
use p3_fri::verifier::{FriError, PowPhase};
use p3_lookup::LookupError;
use p3_merkle_tree::MerkleTreeError;
use vouch_air::tables::Table;
use vouch_soundness::step::{Opening, VerifierStep};
use vouch_soundness::{Effort, adaptive};
use vouch_verifier::packing::OpeningError;
use vouch_verifier::{DecodeError, ProofError, VerifyError};

#[test]
fn the_broken_rule_refuses_and_nothing_else() {
    adaptive::run(Effort::Quick).assert();
}

/// The step of a proof of three tables that is refused for this reason.
fn step(error: impl Into<BatchVerificationError<OpeningError>>) -> Option<VerifierStep> {
    let tables = [Table::Claim, Table::AddImm, Table::Facts];
    let reason = ProofError::of(&error.into(), &tables);
    VerifierStep::of(&VerifyError::Proof { segment: 0, reason })
}

fn opening(error: impl Into<OpeningError>) -> Option<VerifierStep> {
    step(VerificationError::InvalidOpeningArgument(error.into()))
}

/// As a Merkle tree says that a path does not lead to its root.
fn root() -> MerkleTreeError {
    MerkleTreeError::CapMismatch
}

fn constraints(index: usize) -> Option<VerifierStep> {
    let index = Some(index);
    step(VerificationError::OodEvaluationMismatch { index })
}

#[test]
fn steps_are_those_of_the_proof_system() {
    let sums = step(LookupError::TerminalSumNonZero);
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
    assert_eq!(step(LookupError::CommitmentMismatch), None);
    let decode = VerifyError::Decode(DecodeError::Magic);
    assert_eq!(VerifierStep::of(&decode), None);
}

/// People read what is wrong, not the names of types.
#[test]
fn refusals_are_plain_words() {
    let tables = [Table::Claim];
    let text = |error: OpeningError| {
        let error = VerificationError::InvalidOpeningArgument(error);
        ProofError::of(&error.into(), &tables).to_string()
    };
    let errors = [
        FriError::InputError(root()),
        FriError::CommitPhaseMmcsError(root()),
        FriError::FinalPolyMismatch,
        FriError::InvalidPowWitness(PowPhase::Query),
        FriError::ZeroQueries,
    ];
    let fri = errors.into_iter().map(|error| text(error.into()));
    for text in fri.chain([text(OpeningError::Coordinates)]) {
        let mut words = text.split_whitespace();
        let is_plain =
            |word: &str| word == "FRI" || word.chars().skip(1).all(|c| !c.is_uppercase());
        assert!(words.all(is_plain) && !text.contains('('), "{text}");
    }
}
