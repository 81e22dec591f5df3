//! What is known of a job.

use core::fmt;

use serde::{Deserialize, Serialize};

use super::checkpoint::{Checkpoint, Submission};
use crate::commitment::{CommitmentWitness, Difference, HashFunction, InvalidProof};
use crate::{ProofDigest, hexadecimal};

/// What a job led to.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JobResult {
    /// What hashes are made with.
    pub function: HashFunction,
    /// The job.
    #[serde(with = "hexadecimal")]
    pub job: Vec<u8>,
    /// The model's hash: see [`HashFunction::hash_model`].
    #[serde(with = "hexadecimal")]
    pub model_hash: [u8; 32],
    /// The prompt.
    #[serde(with = "hexadecimal")]
    pub prompt: Vec<u8>,
    /// The response.
    #[serde(with = "hexadecimal")]
    pub response: Vec<u8>,
    /// Tokens that the job counts.
    pub tokens: u64,
}

impl JobResult {
    /// Its hashes.
    pub fn witness(&self) -> CommitmentWitness {
        CommitmentWitness {
            job_id: self.function.hash(&self.job),
            model_hash: self.model_hash,
            input_hash: self.function.hash(&self.prompt),
            output_hash: self.function.hash(&self.response),
        }
    }
}

/// Without the texts, which are private.
impl fmt::Debug for JobResult {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JobResult")
            .field("function", &self.function)
            .field("prompt_bytes", &self.prompt.len())
            .field("response_bytes", &self.response.len())
            .field("tokens", &self.tokens)
            .finish_non_exhaustive()
    }
}

/// What a [`CheckpointStore`](super::CheckpointStore) keeps of a job.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Record {
    /// Its result, until it is forgotten.
    pub result: Option<JobResult>,
    /// Names its proof.
    pub proof: ProofDigest,
    /// How far it is.
    pub state: State,
}

/// How far a job is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum State {
    /// Nobody has decided.
    Held,
    /// It is not released.
    Blocked {
        /// Why not.
        reason: BlockReason,
    },
    /// It will be released; the chain may not have the checkpoint yet.
    Released {
        /// What the chain gets.
        checkpoint: Checkpoint,
    },
    /// It is released, and the chain has its checkpoint.
    Submitted {
        /// What the chain has.
        checkpoint: Checkpoint,
        /// Where it has it.
        submission: Submission,
    },
}

impl State {
    /// Whether nothing is left to do.
    pub const fn is_finished(&self) -> bool {
        matches!(self, Self::Blocked { .. } | Self::Submitted { .. })
    }
}

/// Why a result is not released.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "reason", rename_all = "snake_case")]
pub enum BlockReason {
    /// The proof is valid and commits to something else than this result.
    Differs {
        /// Every field that differs; expected are the hashes of the result.
        differences: Vec<Difference>,
    },
    /// The proof is worth nothing.
    Invalid {
        /// The check that it did not pass.
        check: Check,
        /// The [`InvalidProof`] as text.
        text: String,
    },
}

/// A check that a proof has to pass: the variants of [`InvalidProof`], in a form that can be stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Check {
    /// It is a proof.
    Encoding,
    /// Its profile has the security asked for.
    Security,
    /// It is about the program that makes commitments.
    Program,
    /// It verifies.
    Proof,
    /// The run that it proves did not fail.
    ExitCode,
    /// The journal is a commitment.
    Journal,
}

impl BlockReason {
    /// Why such a proof releases nothing; `None` if it was not verified at all.
    pub(super) fn of(invalid: &InvalidProof) -> Option<Self> {
        let check = match invalid {
            InvalidProof::Decode(_) => Check::Encoding,
            InvalidProof::Security { .. } => Check::Security,
            InvalidProof::Program { .. } => Check::Program,
            InvalidProof::Proof(_) => Check::Proof,
            InvalidProof::ExitCode { .. } => Check::ExitCode,
            InvalidProof::Journal { .. } => Check::Journal,
            InvalidProof::Unchecked { .. } => return None,
        };
        let text = invalid.to_string();
        Some(Self::Invalid { check, text })
    }
}

impl fmt::Display for BlockReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Differs { differences } => {
                f.write_str("the proof commits to another result")?;
                let mut separators = core::iter::once(": ").chain(core::iter::repeat("; "));
                differences.iter().try_for_each(|difference| {
                    write!(f, "{}{difference}", separators.next().unwrap_or_default())
                })
            }
            Self::Invalid { text, .. } => write!(f, "the proof is not valid: {text}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commitment::Field;

    #[test]
    fn hashes_are_those_of_the_texts() {
        let result = JobResult {
            function: HashFunction::Keccak256,
            job: b"job".into(),
            model_hash: [7; 32],
            prompt: b"secret prompt".into(),
            response: b"secret response".into(),
            tokens: 3,
        };
        let hash = |text: &[u8]| HashFunction::Keccak256.hash(text);
        let expected = CommitmentWitness {
            job_id: hash(b"job"),
            model_hash: [7; 32],
            input_hash: hash(b"secret prompt"),
            output_hash: hash(b"secret response"),
        };
        assert_eq!(result.witness(), expected);
        let text = format!("{result:?}");
        assert!(!text.contains("secret") && !text.contains(&format!("{:?}", result.prompt)));
    }

    #[test]
    fn reasons_have_a_text() {
        let difference = |field| Difference {
            field,
            expected: [0xaa; 32],
            got: [0xbb; 32],
        };
        let differences = vec![difference(Field::JobId), difference(Field::InputHash)];
        let (aa, bb) = ("aa".repeat(32), "bb".repeat(32));
        assert_eq!(
            BlockReason::Differs { differences }.to_string(),
            format!(
                "the proof commits to another result: job_id: expected {aa}, got {bb}; \
                 input_hash: expected {aa}, got {bb}"
            )
        );
    }

    #[test]
    fn a_proof_that_was_not_verified_blocks_nothing() {
        let reason = String::new();
        assert_eq!(BlockReason::of(&InvalidProof::Unchecked { reason }), None);
    }
}
