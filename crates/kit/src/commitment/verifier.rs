//! Whether a proof commits to the hashes that it should.

use core::fmt;

use serde::{Deserialize, Serialize};
use thiserror::Error;
use vouch_sdk::guests::COMMITMENT_IMAGE_ID;
use vouch_sdk::{Claim, DecodeError, ImageId, VerifyError};

use super::proof::CommitmentProof;
use super::witness::{CommitmentWitness, Field};
use crate::hexadecimal;
use crate::verification::Verdict as ReceiptVerdict;

/// What a verifier says of a proof and a witness.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub enum Verdict {
    /// The proof is valid and commits to this witness.
    Accepted,
    /// The proof is valid and commits to something else: every field that differs.
    Differs(Vec<Difference>),
    /// The proof is worth nothing, whatever it says.
    Invalid(InvalidProof),
}

/// A field in which the proven witness differs from the expected one.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Difference {
    /// The field.
    pub field: Field,
    /// The hash in the witness asked about.
    #[serde(with = "hexadecimal")]
    pub expected: [u8; 32],
    /// The hash that was proven.
    #[serde(with = "hexadecimal")]
    pub got: [u8; 32],
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (expected, got) = (hex::encode(self.expected), hex::encode(self.got));
        write!(f, "{}: expected {expected}, got {got}", self.field)
    }
}

impl fmt::Debug for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Difference({self})")
    }
}

/// Why a proof is worth nothing. Nothing that such a proof says is reported.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum InvalidProof {
    /// The bytes are no proof.
    #[error(transparent)]
    Decode(#[from] DecodeError),
    /// Its profile has less security than asked for.
    #[error("security: expected a profile of at least {expected} bits, got one of {got}")]
    Security {
        /// Bits asked for.
        expected: u32,
        /// Bits of its profile.
        got: u32,
    },
    /// It is about another program.
    #[error("image ID: expected {expected}, got another program's")]
    Program {
        /// The program that makes commitments.
        expected: ImageId,
    },
    /// It does not verify.
    #[error(transparent)]
    Proof(VerifyError),
    /// It proves a run that failed.
    #[error("exit code: expected 0, got {got}")]
    ExitCode {
        /// The code.
        got: u32,
    },
    /// It proves a journal that is no commitment.
    #[error("journal: expected {} bytes, got {got}", CommitmentWitness::BYTES)]
    Journal {
        /// Its length in bytes.
        got: usize,
    },
    /// It could not be verified. This is a bug in the verifier, and says nothing about the proof.
    #[error("the verifier failed: {reason}")]
    Unchecked {
        /// What it says.
        reason: String,
    },
}

/// Verifies proofs of commitments. Any number of threads may share one.
#[derive(Clone, Copy, Debug)]
pub struct CommitmentVerifier {
    image_id: ImageId,
    security_bits: u32,
}

impl Default for CommitmentVerifier {
    fn default() -> Self {
        Self::new()
    }
}

impl CommitmentVerifier {
    /// A verifier that takes proofs in every profile.
    pub const fn new() -> Self {
        Self {
            image_id: COMMITMENT_IMAGE_ID,
            security_bits: 0,
        }
    }

    /// One of other proofs.
    #[cfg(test)]
    pub(crate) fn of_program(image_id: ImageId) -> Self {
        Self {
            image_id,
            ..Self::new()
        }
    }

    /// Takes only proofs in profiles for this many bits of security or more: 100 or 128
    /// ([`Profile::target_bits`](vouch_sdk::Profile::target_bits)), as `vouch verify --security`.
    #[must_use]
    pub const fn security(self, bits: u32) -> Self {
        Self {
            security_bits: bits,
            ..self
        }
    }

    /// Whether `proof` is valid and commits to `witness`.
    pub fn verify(&self, proof: &CommitmentProof, witness: &CommitmentWitness) -> Verdict {
        match self.proven_witness(proof) {
            Ok(proven) => compare(witness, &proven),
            Err(invalid) => Verdict::Invalid(invalid),
        }
    }

    /// As [`Self::verify`], of an artefact from outside.
    pub fn verify_bytes(&self, artefact: &[u8], witness: &CommitmentWitness) -> Verdict {
        match CommitmentProof::from_bytes(artefact) {
            Ok(proof) => self.verify(&proof, witness),
            Err(error) => Verdict::Invalid(error.into()),
        }
    }

    /// What a proof commits to, for those who do not know it beforehand.
    ///
    /// # Errors
    /// [`InvalidProof`] if it proves nothing.
    pub fn proven_witness(
        &self,
        proof: &CommitmentProof,
    ) -> Result<CommitmentWitness, InvalidProof> {
        self.check_security(proof)?;
        let claim = vouch_sdk::verify(proof.receipt(), &self.image_id).map_err(invalid)?;
        witness_of(&claim)
    }

    /// Whether a proof's profile has as much security as asked for.
    pub(super) fn check_security(&self, proof: &CommitmentProof) -> Result<(), InvalidProof> {
        let (expected, got) = (self.security_bits, proof.profile().target_bits());
        match got < expected {
            true => Err(InvalidProof::Security { expected, got }),
            false => Ok(()),
        }
    }

    /// The program that makes commitments.
    pub(super) const fn image_id(&self) -> &ImageId {
        &self.image_id
    }

    /// What a verdict on a receipt of this program, whose security has been checked, means for a commitment.
    pub(super) fn judge(&self, verdict: &ReceiptVerdict, witness: &CommitmentWitness) -> Verdict {
        let proven = match verdict {
            ReceiptVerdict::Verified(verified) => witness_of(verified.claim()),
            ReceiptVerdict::Rejected(error) => Err(rejected(error.clone())),
        };
        match proven {
            Ok(proven) => compare(witness, &proven),
            Err(invalid) => Verdict::Invalid(invalid),
        }
    }
}

fn invalid(error: vouch_sdk::Error) -> InvalidProof {
    match error {
        vouch_sdk::Error::Verify(error) => rejected(error),
        other => InvalidProof::Unchecked {
            reason: other.to_string(),
        },
    }
}

fn rejected(error: VerifyError) -> InvalidProof {
    match error {
        // Which other program, the proof says without having proven it.
        VerifyError::ImageId { expected, .. } => InvalidProof::Program { expected },
        error => InvalidProof::Proof(error),
    }
}

/// The witness in a claim that has been verified.
fn witness_of(claim: &Claim) -> Result<CommitmentWitness, InvalidProof> {
    if claim.exit_code != 0 {
        return Err(InvalidProof::ExitCode {
            got: claim.exit_code,
        });
    }
    let got = claim.journal.len();
    CommitmentWitness::from_journal(&claim.journal).ok_or(InvalidProof::Journal { got })
}

fn compare(expected: &CommitmentWitness, got: &CommitmentWitness) -> Verdict {
    let difference = |field| Difference {
        field,
        expected: *expected.get(field),
        got: *got.get(field),
    };
    let all = Field::ALL.into_iter().map(difference);
    let differences: Vec<_> = all.filter(|pair| pair.expected != pair.got).collect();
    match differences.is_empty() {
        true => Verdict::Accepted,
        false => Verdict::Differs(differences),
    }
}

#[cfg(test)]
mod tests;
