//! Proofs of honest runs.

use thiserror::Error;
use vouch_air::check::violations;
use vouch_air::memory_tree::MemoryTree;
use vouch_air::witness::generate;
use vouch_emulator::Program;
use vouch_isa::event::Segment;
use vouch_prover::ProveError;
use vouch_verifier::{Claim, DecodeError, Profile, Receipt, VerifyError};

use crate::honest_receipt::{image_id, prove_segments, verifier};

/// The profile of the proofs.
pub const PROFILE: Profile = Profile::Fast100;

/// Why an honest run is not proven: always a bug.
#[derive(Debug, Error)]
pub enum HonestError {
    /// Its tables break rules.
    #[error("segment {segment}: {count} rules are broken, first: {first}")]
    Violation {
        /// Position of the segment.
        segment: usize,
        /// How many.
        count: usize,
        /// The first.
        first: String,
    },
    /// It is not proven.
    #[error("proof: {0}")]
    Prove(#[from] ProveError),
    /// The receipt's own bytes are refused.
    #[error("receipt: {0}")]
    Decode(#[from] DecodeError),
    /// The proof is refused.
    #[error("verification: {0}")]
    Verify(#[from] VerifyError),
}

/// Whether the tables of all segments break no rule.
///
/// # Errors
/// [`HonestError::Violation`]
pub fn satisfy(program: &Program, segments: &[Segment]) -> Result<(), HonestError> {
    let image = program.image();
    let mut tree = MemoryTree::new(image);
    for (position, segment) in segments.iter().enumerate() {
        let broken = violations(&generate(segment, &image.text, &mut tree).tables);
        if let Some(first) = broken.first() {
            return Err(HonestError::Violation {
                segment: position,
                count: broken.len(),
                first: first.to_string(),
            });
        }
    }
    Ok(())
}

/// Proves a run, and verifies the receipt's bytes.
///
/// # Errors
/// [`HonestError`]
pub fn prove(program: &Program, segments: &[Segment]) -> Result<Claim, HonestError> {
    let receipt = prove_segments(program, segments, PROFILE)?;
    let receipt = Receipt::from_bytes(&receipt.to_bytes())?;
    Ok(verifier(PROFILE).verify(&receipt, &image_id(program))?)
}
