//! Proving commitments, and running them without a proof.

use std::sync::Arc;
use std::time::{Duration, Instant};

use thiserror::Error;
use vouch_sdk::{Program, ProveOptions, guests};

use super::proof::CommitmentProof;
use super::witness::CommitmentWitness;
use crate::batch::{BatchJob, BatchProgram};
use crate::cache::{CacheKey, ReceiptCache};

/// Why there is no proof.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum CommitmentError {
    /// The run could not be executed or proven.
    #[error(transparent)]
    Run(#[from] vouch_sdk::Error),
    /// The guest committed to something else. This is a bug in the guest.
    #[error(
        "commitment: expected the guest to commit to the witness, got a journal of {got} bytes that differs"
    )]
    Diverged {
        /// Length of the journal in bytes.
        got: usize,
    },
}

/// Proves commitments.
#[derive(Clone)]
pub struct CommitmentProver {
    program: BatchProgram,
    options: ProveOptions,
    cache: Option<Arc<ReceiptCache>>,
}

impl CommitmentProver {
    /// A prover that proves so. A guest that exits with another code than 0 is never proven, whatever the options
    /// say: no verifier would accept that.
    pub fn new(options: ProveOptions) -> Self {
        let program = Program::from_elf(guests::COMMITMENT);
        Self::of(program.expect("tests load every embedded guest"), options)
    }

    fn of(program: Program, options: ProveOptions) -> Self {
        let options = ProveOptions {
            allow_nonzero_exit: false,
            allowed_exits: Vec::new(),
            ..options
        };
        Self {
            program: BatchProgram::new(program),
            options,
            cache: None,
        }
    }

    /// Looks proofs up before it proves, and keeps new ones.
    #[must_use]
    pub fn cached_in(self, cache: Arc<ReceiptCache>) -> Self {
        Self {
            cache: Some(cache),
            ..self
        }
    }

    /// A run for a [batch](crate::batch) of commitments.
    pub fn batch_job(&self, witness: &CommitmentWitness) -> BatchJob {
        BatchJob::new(&self.program, witness.to_bytes().to_vec())
    }

    /// Proves that somebody commits to these hashes. The proof has been verified.
    ///
    /// # Errors
    /// As [`vouch_sdk::prove`]: a limit is reached, the proof is cancelled, memory is short.
    pub fn prove(&self, witness: &CommitmentWitness) -> Result<CommitmentProof, CommitmentError> {
        let input = witness.to_bytes();
        let prove = || vouch_sdk::prove(self.program.program(), &input, &self.options);
        let Some(cache) = &self.cache else {
            let proven = prove()?;
            check_journal(&input, &proven.claim.journal)?;
            return Ok(CommitmentProof::from_receipt(proven.receipt));
        };
        let key = CacheKey::new(self.program.image_id(), &input, self.options.profile);
        let (found, _) = cache.get_or_prove(&key, &self.options.cancel, prove)?;
        check_journal(&input, &found.claim.journal)?;
        Ok(CommitmentProof::from(&*found))
    }

    /// Runs the guest without proving anything, within the limits of the options: for development, where the
    /// question is whether all is wired up.
    ///
    /// # Errors
    /// The guest faults, reaches a limit, or exits with another code than 0.
    pub fn execute(
        &self,
        witness: &CommitmentWitness,
    ) -> Result<UnprovenCommitment, CommitmentError> {
        let input = witness.to_bytes();
        let start = Instant::now();
        let limits = &self.options.limits;
        let run = vouch_sdk::execute(self.program.program(), &input, limits, &mut |_, _| {})?;
        if run.exit_code != 0 {
            return Err(vouch_sdk::Error::GuestExit(run).into());
        }
        check_journal(&input, &run.journal)?;
        Ok(UnprovenCommitment {
            witness: *witness,
            cycles: run.cycles,
            elapsed: start.elapsed(),
        })
    }
}

fn check_journal(expected: &[u8], got: &[u8]) -> Result<(), CommitmentError> {
    match got == expected {
        true => Ok(()),
        false => Err(CommitmentError::Diverged { got: got.len() }),
    }
}

/// A commitment that was executed only. It proves nothing to anybody, and no verifier takes it:
///
/// ```compile_fail,E0308
/// # use vouch_kit::commitment::*;
/// # use vouch_sdk::ProveOptions;
/// # let witness = CommitmentWitness { job_id: [1; 32], model_hash: [2; 32], input_hash: [3; 32], output_hash: [4; 32] };
/// # let prover = CommitmentProver::new(ProveOptions::default());
/// let unproven: UnprovenCommitment = prover.execute(&witness)?;
/// let _ = CommitmentVerifier::new().verify(&unproven, &witness);
/// # Ok::<(), CommitmentError>(())
/// ```
///
/// where the same with a proof compiles:
///
/// ```
/// # use vouch_kit::commitment::*;
/// # use vouch_sdk::ProveOptions;
/// # let witness = CommitmentWitness { job_id: [1; 32], model_hash: [2; 32], input_hash: [3; 32], output_hash: [4; 32] };
/// # let prover = CommitmentProver::new(ProveOptions::default());
/// let proof: CommitmentProof = prover.prove(&witness)?;
/// let _ = CommitmentVerifier::new().verify(&proof, &witness);
/// # Ok::<(), CommitmentError>(())
/// ```
#[derive(Clone, Debug)]
pub struct UnprovenCommitment {
    witness: CommitmentWitness,
    cycles: u64,
    elapsed: Duration,
}

impl UnprovenCommitment {
    /// What the guest committed to.
    pub const fn witness(&self) -> &CommitmentWitness {
        &self.witness
    }

    /// Instructions executed.
    pub const fn cycles(&self) -> u64 {
        self.cycles
    }

    /// How long that took.
    pub const fn elapsed(&self) -> Duration {
        self.elapsed
    }
}

#[cfg(test)]
mod tests {
    use vouch_sdk::{Cancel, Error, ExecuteError, Limits, Profile};

    use super::*;

    const WITNESS: CommitmentWitness = CommitmentWitness {
        job_id: [1; 32],
        model_hash: [2; 32],
        input_hash: [3; 32],
        output_hash: [4; 32],
    };

    fn prover(elf: &[u8], options: ProveOptions) -> CommitmentProver {
        CommitmentProver::of(Program::from_elf(elf).expect("a guest"), options)
    }

    #[test]
    fn options_are_heeded() {
        let options = ProveOptions {
            profile: Profile::Compact100,
            ..ProveOptions::default()
        };
        let proof = CommitmentProver::new(options).prove(&WITNESS);
        assert_eq!(proof.expect("a proof").profile(), Profile::Compact100);
        let options = ProveOptions {
            cancel: Cancel::default(),
            ..ProveOptions::default()
        };
        options.cancel.cancel();
        let error = CommitmentProver::new(options).prove(&WITNESS);
        let error = error.expect_err("cancelled");
        assert!(matches!(
            error,
            CommitmentError::Run(Error::Cancelled { .. })
        ));
    }

    #[test]
    fn limits_are_heeded() {
        let limits = Limits {
            cycles: 10,
            ..Limits::default()
        };
        let prover = CommitmentProver::new(ProveOptions {
            limits,
            ..ProveOptions::default()
        });
        for error in [
            prover.execute(&WITNESS).map(drop),
            prover.prove(&WITNESS).map(drop),
        ] {
            assert!(matches!(
                error.expect_err("ten instructions are too few"),
                CommitmentError::Run(Error::Execute(ExecuteError::Limit(_)))
            ));
        }
    }

    #[test]
    fn execution_says_what_it_took() {
        let start = Instant::now();
        let run = CommitmentProver::new(ProveOptions::default()).execute(&WITNESS);
        let run = run.expect("it runs");
        let longest = start.elapsed();
        assert_eq!(run.witness(), &WITNESS);
        assert!(run.elapsed() > Duration::ZERO && run.elapsed() < longest);
        // More than the limit that another test reaches.
        assert!(run.cycles() > 10);
    }

    #[test]
    fn a_guest_that_commits_to_something_else_is_a_bug() {
        let prover = prover(guests::SHA256, ProveOptions::default());
        for error in [
            prover.execute(&WITNESS).map(drop),
            prover.prove(&WITNESS).map(drop),
        ] {
            let error = error.expect_err("32 bytes");
            assert!(matches!(error, CommitmentError::Diverged { got: 32 }));
        }
    }

    #[test]
    fn a_guest_that_fails_is_no_commitment() {
        let options = ProveOptions {
            allow_nonzero_exit: true,
            ..ProveOptions::default()
        };
        let prover = prover(guests::PANICKING, options);
        for error in [
            prover.execute(&WITNESS).map(drop),
            prover.prove(&WITNESS).map(drop),
        ] {
            let error = error.expect_err("it panics");
            assert!(
                matches!(error, CommitmentError::Run(Error::GuestExit(_))),
                "{error}"
            );
        }
    }
}
