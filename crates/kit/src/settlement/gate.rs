//! What leaves the node, and when.

use core::fmt;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use thiserror::Error;

use super::checkpoint::{Checkpoint, Submission};
use super::record::{BlockReason, JobResult, Record, State};
use super::seams::{ChainClient, ChainError, CheckpointStore, StorageError};
use crate::commitment::{CommitmentProof, CommitmentVerifier, InvalidProof, Verdict};
use crate::store::{ArtifactStore, StoreError};

/// What a gate says of a job.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub enum Decision {
    /// The result may leave the node: [`SettlementGate::released`].
    Release(Release),
    /// It may not.
    Block(BlockReason),
}

/// A job that was settled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Release {
    /// What the chain has.
    pub checkpoint: Checkpoint,
    /// Where it has it.
    pub submission: Submission,
}

/// Why a gate has no answer. The job is as it was, and whatever failed may be asked for again.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum SettlementError {
    /// Nobody held such a job.
    #[error("job {}: expected one that is held, got none", hex::encode(job_id))]
    Unknown {
        /// The job.
        job_id: [u8; 32],
    },
    /// The job is held or released with another result or proof.
    #[error(
        "job {}: expected the result and the proof that are held, got others",
        hex::encode(job_id)
    )]
    Conflict {
        /// The job.
        job_id: [u8; 32],
    },
    /// The job is not released, or not yet.
    #[error(
        "job {}: expected it to be released, got one that is not",
        hex::encode(job_id)
    )]
    NotReleased {
        /// The job.
        job_id: [u8; 32],
    },
    /// The job is not settled yet.
    #[error(
        "job {}: expected it to be settled, got one that is not",
        hex::encode(job_id)
    )]
    Unfinished {
        /// The job.
        job_id: [u8; 32],
    },
    /// The job's result was forgotten.
    #[error(
        "job {}: expected its result, got nothing: it was forgotten",
        hex::encode(job_id)
    )]
    Forgotten {
        /// The job.
        job_id: [u8; 32],
    },
    /// The store has another job's result under this one.
    #[error(
        "job {}: expected its record, got that of {}",
        hex::encode(job_id),
        hex::encode(got)
    )]
    Misplaced {
        /// The job.
        job_id: [u8; 32],
        /// The other one.
        got: [u8; 32],
    },
    /// The verifier failed, which says nothing about the proof.
    #[error(transparent)]
    Unchecked(InvalidProof),
    /// The proof is not in the store of artefacts, or that does not answer.
    #[error(transparent)]
    Artifact(#[from] StoreError),
    /// The store of records does not answer.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// The chain does not take the checkpoint.
    #[error(transparent)]
    Chain(#[from] ChainError),
}

/// Holds results of jobs until their proofs are verified. Any number of threads may share one; gates over the same
/// stores and chain may work beside each other.
#[derive(Clone, Debug)]
pub struct SettlementGate {
    verifier: CommitmentVerifier,
    artifacts: ArtifactStore,
    checkpoints: Arc<dyn CheckpointStore>,
    chain: Arc<dyn ChainClient>,
}

impl SettlementGate {
    /// A gate that keeps proofs and records there, and submits to this chain.
    pub fn new(
        artifacts: ArtifactStore,
        checkpoints: Arc<dyn CheckpointStore>,
        chain: Arc<dyn ChainClient>,
    ) -> Self {
        Self {
            verifier: CommitmentVerifier::new(),
            artifacts,
            checkpoints,
            chain,
        }
    }

    /// Verifies with this verifier, which may ask for more security.
    #[must_use]
    pub fn verifier(self, verifier: CommitmentVerifier) -> Self {
        Self { verifier, ..self }
    }

    /// Holds a result and its proof; they are on the disk when it returns the job's ID. Nothing is verified. To hold
    /// the same again changes nothing; a blocked job is held anew with what is given.
    ///
    /// # Errors
    /// [`SettlementError::Conflict`] if something else is held for this job, or was released,
    /// [`SettlementError::Forgotten`] if it was released and forgotten; or a store fails.
    pub fn hold(
        &self,
        result: &JobResult,
        proof: &CommitmentProof,
    ) -> Result<[u8; 32], SettlementError> {
        let job_id = result.witness().job_id;
        // A record must not be on the disk before what it names.
        let held = Record {
            result: Some(result.clone()),
            proof: proof.put(&self.artifacts)?,
            state: State::Held,
        };
        loop {
            let found = self.checkpoints.load(&job_id)?;
            match &found {
                Some(there) if (there.proof, &there.result) == (held.proof, &held.result) => {
                    return Ok(job_id);
                }
                None => {}
                Some(there) if matches!(there.state, State::Blocked { .. }) => {}
                // Nothing to compare with.
                Some(there) if there.result.is_none() => {
                    return Err(SettlementError::Forgotten { job_id });
                }
                Some(_) => return Err(SettlementError::Conflict { job_id }),
            }
            if self.checkpoints.replace(&job_id, found.as_ref(), &held)? {
                return Ok(job_id);
            }
        }
    }

    /// Decides, once; submits the checkpoint of a job that is released; and says what was decided. Asked again, it
    /// goes on where it was stopped, or gives the same answer.
    ///
    /// # Errors
    /// There is no such job, or a store or the chain fails: then ask again.
    pub fn settle(&self, job_id: &[u8; 32]) -> Result<Decision, SettlementError> {
        loop {
            let record = self.record(job_id)?;
            let state = match record.state {
                State::Held => self.decide(job_id, &record)?,
                State::Released { checkpoint } => State::Submitted {
                    checkpoint,
                    submission: self.chain.submit(&checkpoint)?,
                },
                State::Blocked { reason } => return Ok(Decision::Block(reason)),
                State::Submitted {
                    checkpoint,
                    submission,
                } => {
                    return Ok(Decision::Release(Release {
                        checkpoint,
                        submission,
                    }));
                }
            };
            let next = Record {
                state,
                ..record.clone()
            };
            // If somebody else was faster, theirs counts: it is looked at again.
            self.checkpoints.replace(job_id, Some(&record), &next)?;
        }
    }

    /// Verifies the proof of a job against the hashes of its result.
    fn decide(&self, job_id: &[u8; 32], record: &Record) -> Result<State, SettlementError> {
        let result = result_of(job_id, record)?;
        let witness = result.witness();
        if witness.job_id != *job_id {
            return Err(SettlementError::Misplaced {
                job_id: *job_id,
                got: witness.job_id,
            });
        }
        let artefact = self.artifacts.get(&record.proof)?;
        let verdict = self.verifier.verify_bytes(&artefact, &witness);
        Ok(match blocks(verdict)? {
            Some(reason) => State::Blocked { reason },
            None => State::Released {
                checkpoint: Checkpoint {
                    job_id: *job_id,
                    tokens: result.tokens,
                    proof_digest: record.proof,
                    timestamp_ms: now_ms(),
                },
            },
        })
    }

    /// The result of a job that is released and submitted.
    ///
    /// # Errors
    /// [`SettlementError::NotReleased`] if it is not, [`SettlementError::Forgotten`] if it is there no longer; or the
    /// store fails.
    pub fn released(&self, job_id: &[u8; 32]) -> Result<JobResult, SettlementError> {
        let record = self.record(job_id)?;
        match record.state {
            State::Submitted { .. } => result_of(job_id, &record).cloned(),
            _ => Err(SettlementError::NotReleased { job_id: *job_id }),
        }
    }

    /// Drops the result of a settled job, whose texts are private. What was decided stays, and so does the proof in
    /// the store of artefacts.
    ///
    /// # Errors
    /// [`SettlementError::Unfinished`] if the job is not settled; or the store fails.
    pub fn forget(&self, job_id: &[u8; 32]) -> Result<(), SettlementError> {
        loop {
            let record = self.record(job_id)?;
            if !record.state.is_finished() {
                return Err(SettlementError::Unfinished { job_id: *job_id });
            }
            let forgotten = Record {
                result: None,
                ..record.clone()
            };
            if self
                .checkpoints
                .replace(job_id, Some(&record), &forgotten)?
            {
                return Ok(());
            }
        }
    }

    /// The jobs that are not settled: after a start, settle them.
    ///
    /// # Errors
    /// The store fails.
    pub fn unfinished(&self) -> Result<Vec<[u8; 32]>, SettlementError> {
        Ok(self.checkpoints.unfinished()?)
    }

    fn record(&self, job_id: &[u8; 32]) -> Result<Record, SettlementError> {
        let found = self.checkpoints.load(job_id)?;
        found.ok_or(SettlementError::Unknown { job_id: *job_id })
    }
}

fn result_of<'a>(job_id: &[u8; 32], record: &'a Record) -> Result<&'a JobResult, SettlementError> {
    let result = record.result.as_ref();
    result.ok_or(SettlementError::Forgotten { job_id: *job_id })
}

/// Why a result with such a verdict is blocked; `None` if it is released.
fn blocks(verdict: Verdict) -> Result<Option<BlockReason>, SettlementError> {
    match verdict {
        Verdict::Accepted => Ok(None),
        Verdict::Differs(differences) => Ok(Some(BlockReason::Differs { differences })),
        Verdict::Invalid(invalid) => match BlockReason::of(&invalid) {
            Some(reason) => Ok(Some(reason)),
            None => Err(SettlementError::Unchecked(invalid)),
        },
    }
}

/// By a clock that is before 1970, it is 1970.
fn now_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| {
        u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
    })
}

impl fmt::Display for Decision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Release(release) => write!(f, "released at {}", release.submission.position),
            Self::Block(reason) => write!(f, "blocked: {reason}"),
        }
    }
}

#[cfg(test)]
mod tests;
