//! Proofs of commitments in batches, from the cache, and verified in the modes of [`verification`](crate::verification).
//!
//! ```
//! use std::sync::Arc;
//! use vouch_kit::batch::{BatchOptions, BatchProver};
//! use vouch_kit::cache::ReceiptCache;
//! use vouch_kit::commitment::{
//!     CommitmentProof, CommitmentProver, CommitmentVerifier, CommitmentWitness, Verdict,
//! };
//! use vouch_kit::verification::{VerificationMode, Verifications};
//! use vouch_sdk::ProveOptions;
//!
//! let witness = |job| CommitmentWitness {
//!     job_id: [job; 32],
//!     model_hash: [2; 32],
//!     input_hash: [3; 32],
//!     output_hash: [4; 32],
//! };
//!
//! // Many at once.
//! let cache = Arc::new(ReceiptCache::new(64 << 20));
//! let prover = CommitmentProver::new(ProveOptions::default()).cached_in(cache.clone());
//! let batch = BatchProver::new(BatchOptions::default())?.cached_in(cache, None);
//! let batch = batch.prove_all((1..=3).map(|job| prover.batch_job(&witness(job))))?;
//! for (job, result) in (1..).zip(&batch.results) {
//!     let proof = CommitmentProof::from(&*result.as_ref().expect("proven").receipt);
//!     // What a batch has proven is in the cache.
//!     assert_eq!(prover.prove(&witness(job))?, proof);
//!
//!     // Verified once for each proof.
//!     let verifications = Verifications::new(Default::default())?;
//!     let mode = VerificationMode::Cached;
//!     let verifier = CommitmentVerifier::new();
//!     for _ in 0..2 {
//!         let verdict = verifier.verify_in(&verifications, mode, &proof, &witness(job))?;
//!         assert_eq!(verdict.wait()?, Verdict::Accepted);
//!     }
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use super::proof::CommitmentProof;
use super::verifier::{CommitmentVerifier, Verdict};
use super::witness::CommitmentWitness;
use crate::cache::CachedReceipt;
use crate::verification::{
    Answer, Pending, Verdict as ReceiptVerdict, VerificationError, VerificationMode, Verifications,
};

impl From<&CachedReceipt> for CommitmentProof {
    /// The proof in a receipt that was found or made, without a copy of it.
    fn from(cached: &CachedReceipt) -> Self {
        Self::named(cached.receipt.clone(), cached.digest)
    }
}

/// What there is to say of a commitment now.
#[derive(Debug)]
#[must_use]
pub enum CommitmentAnswer {
    /// The proof has been looked at.
    Verdict(Verdict),
    /// It has not.
    Pending(PendingCommitment),
}

/// A proof of a commitment that has *not* been verified yet, so far as is known here.
#[derive(Debug)]
#[must_use]
pub struct PendingCommitment {
    pending: Pending,
    verifier: CommitmentVerifier,
    expected: CommitmentWitness,
}

impl PendingCommitment {
    /// The verdict, if there is one. `None` says nothing about the proof.
    pub fn poll(&self) -> Option<Result<Verdict, VerificationError>> {
        Some(self.judge(self.pending.poll()?))
    }

    /// Waits for the verdict.
    ///
    /// # Errors
    /// [`VerificationError`] says why there is none; that says nothing about the proof.
    pub fn wait(&self) -> Result<Verdict, VerificationError> {
        self.judge(self.pending.wait())
    }

    fn judge(
        &self,
        outcome: Result<ReceiptVerdict, VerificationError>,
    ) -> Result<Verdict, VerificationError> {
        outcome.map(|verdict| self.verifier.judge(&verdict, &self.expected))
    }
}

impl CommitmentAnswer {
    /// The verdict, waited for if need be.
    ///
    /// # Errors
    /// As [`PendingCommitment::wait`].
    pub fn wait(self) -> Result<Verdict, VerificationError> {
        match self {
            Self::Verdict(verdict) => Ok(verdict),
            Self::Pending(pending) => pending.wait(),
        }
    }
}

impl CommitmentVerifier {
    /// As [`Self::verify`], in a mode: always anew, once for each proof, or in the background.
    ///
    /// # Errors
    /// [`VerificationError`] says why there is no verdict; that says nothing about the proof.
    pub fn verify_in(
        &self,
        verifications: &Verifications,
        mode: VerificationMode,
        proof: &CommitmentProof,
        witness: &CommitmentWitness,
    ) -> Result<CommitmentAnswer, VerificationError> {
        if let Err(invalid) = self.check_security(proof) {
            return Ok(CommitmentAnswer::Verdict(Verdict::Invalid(invalid)));
        }
        let answer = verifications.verify(proof.shared(), self.image_id(), mode)?;
        Ok(match answer {
            Answer::Verdict(verdict) => CommitmentAnswer::Verdict(self.judge(&verdict, witness)),
            Answer::Pending(pending) => CommitmentAnswer::Pending(PendingCommitment {
                pending,
                verifier: *self,
                expected: *witness,
            }),
        })
    }

    /// As [`Self::verify`], in the background: returns at once, and calls `on_done` when all is over,
    /// with the verdict or with the reason why there is none.
    ///
    /// # Errors
    /// As [`Verifications::deferred`]; `on_done` is not called then.
    pub fn verify_deferred(
        &self,
        verifications: &Verifications,
        proof: &CommitmentProof,
        witness: &CommitmentWitness,
        on_done: impl FnOnce(&Result<Verdict, VerificationError>) + Send + 'static,
    ) -> Result<CommitmentAnswer, VerificationError> {
        if let Err(invalid) = self.check_security(proof) {
            let verdict = Verdict::Invalid(invalid);
            on_done(&Ok(verdict.clone()));
            return Ok(CommitmentAnswer::Verdict(verdict));
        }
        let (verifier, expected) = (*self, *witness);
        let callback = move |outcome: &Result<ReceiptVerdict, VerificationError>| {
            let verdict = outcome.clone();
            on_done(&verdict.map(|verdict| verifier.judge(&verdict, &expected)));
        };
        let pending = verifications.deferred(proof.shared(), self.image_id(), callback)?;
        Ok(CommitmentAnswer::Pending(PendingCommitment {
            pending,
            verifier,
            expected,
        }))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;

    use vouch_sdk::ProveOptions;

    use super::*;
    use crate::commitment::{CommitmentProver, Field, InvalidProof};

    const WITNESS: CommitmentWitness = CommitmentWitness {
        job_id: [1; 32],
        model_hash: [2; 32],
        input_hash: [3; 32],
        output_hash: [4; 32],
    };

    const OTHER: CommitmentWitness = CommitmentWitness {
        output_hash: [5; 32],
        ..WITNESS
    };

    const MODES: [VerificationMode; 3] = [
        VerificationMode::Full,
        VerificationMode::Cached,
        VerificationMode::Deferred,
    ];

    fn proof() -> CommitmentProof {
        let prover = CommitmentProver::new(ProveOptions::default());
        prover.prove(&WITNESS).expect("a proof")
    }

    fn verifications() -> Verifications {
        Verifications::new(Default::default()).expect("threads")
    }

    fn altered(proof: &CommitmentProof) -> CommitmentProof {
        let mut receipt = proof.receipt().clone();
        let bytes = &mut receipt.segments.first_mut().expect("a segment").proof;
        let middle = bytes.len() / 2;
        *bytes.get_mut(middle).expect("a byte") ^= 1;
        CommitmentProof::from_receipt(receipt)
    }

    #[test]
    fn every_mode_says_the_same() {
        let (proof, verifier) = (proof(), CommitmentVerifier::new());
        let altered = altered(&proof);
        let verifications = verifications();
        for mode in MODES.into_iter().chain(MODES) {
            let verdict = |proof, witness| {
                let answer = verifier.verify_in(&verifications, mode, proof, witness);
                answer.and_then(CommitmentAnswer::wait).expect("a verdict")
            };
            assert_eq!(verdict(&proof, &WITNESS), Verdict::Accepted);
            let Verdict::Differs(fields) = verdict(&proof, &OTHER) else {
                panic!("{mode:?}: another output");
            };
            assert!(matches!(&fields[..], [one] if one.field == Field::OutputHash));
            let bad = verdict(&altered, &WITNESS);
            assert!(
                matches!(bad, Verdict::Invalid(InvalidProof::Proof(_))),
                "{bad:?}"
            );
            let strict = verifier.security(128);
            let answer = strict.verify_in(&verifications, mode, &proof, &WITNESS);
            let weak = answer.and_then(CommitmentAnswer::wait).expect("a verdict");
            assert!(matches!(
                weak,
                Verdict::Invalid(InvalidProof::Security { .. })
            ));
        }
    }

    #[test]
    fn who_defers_is_called_back() {
        let (proof, verifier) = (proof(), CommitmentVerifier::new());
        let verifications = verifications();
        let (sender, verdicts) = channel();
        let defer = |verifier: CommitmentVerifier, proof: &CommitmentProof, witness| {
            let sender = sender.clone();
            let callback = move |verdict: &Result<Verdict, VerificationError>| {
                sender.send(verdict.clone()).expect("somebody listens");
            };
            verifier.verify_deferred(&verifications, proof, witness, callback)
        };
        let CommitmentAnswer::Pending(pending) =
            defer(verifier, &proof, &WITNESS).expect("there is room")
        else {
            panic!("it is verified later");
        };
        assert_eq!(pending.wait().expect("a verdict"), Verdict::Accepted);
        assert_eq!(
            pending.poll().expect("there is one").expect("a verdict"),
            Verdict::Accepted
        );
        assert_eq!(
            verdicts.recv().expect("an outcome").expect("a verdict"),
            Verdict::Accepted
        );

        let weak = defer(verifier.security(128), &proof, &WITNESS).expect("there is room");
        assert!(matches!(
            weak,
            CommitmentAnswer::Verdict(Verdict::Invalid(_))
        ));
        let weak = verdicts.recv().expect("an outcome").expect("a verdict");
        assert!(matches!(
            weak,
            Verdict::Invalid(InvalidProof::Security { .. })
        ));

        // What was never looked at is not accepted.
        verifications.shut_down();
        let late = defer(verifier, &proof, &WITNESS).err();
        assert!(matches!(late, Some(VerificationError::Abandoned)));
        assert!(verdicts.try_recv().is_err());
    }
}
