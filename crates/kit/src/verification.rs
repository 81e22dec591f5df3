//! Verification: always anew, once for each receipt, or in the background.
//!
//! ```
//! use vouch_kit::verification::{Answer, Verdict, VerificationMode, Verifications};
//! use vouch_sdk::{Input, Program, ProveOptions, guests, image_id, prove};
//!
//! let program = Program::from_elf(guests::FIBONACCI)?;
//! let trusted = image_id(&program);
//! let proven = prove(&program, &Input::new().word(10), &ProveOptions::default())?;
//! let bytes = proven.receipt.to_bytes(); // as they come from outside
//!
//! let verifications = Verifications::new(Default::default())?;
//! for mode in [VerificationMode::Full, VerificationMode::Cached] {
//!     match verifications.verify(bytes.clone(), &trusted, mode)?.wait()? {
//!         Verdict::Verified(verified) => assert_eq!(verified.claim().exit_code, 0),
//!         Verdict::Rejected(reason) => panic!("{reason}"),
//!     }
//! }
//!
//! // In the background: what comes back says nothing of the receipt yet.
//! match verifications.verify(bytes, &trusted, VerificationMode::Deferred)? {
//!     Answer::Pending(pending) => {
//!         // .. something else, and then
//!         assert!(matches!(pending.wait()?, Verdict::Verified(_)));
//!     }
//!     Answer::Verdict(_) => unreachable!("it was deferred"),
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! A [`Verified`] cannot be made but by verifying a receipt in this process:
//!
//! ```compile_fail,E0423
//! let verified = vouch_kit::verification::Verified(todo!());
//! ```
//!
//! All calls block, but for the deferred ones. From asynchronous code they belong into
//! `spawn_blocking` or its like.

mod pending;
mod queue;
#[cfg(test)]
mod tests;
mod verdicts;

use std::sync::Arc;

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use thiserror::Error;
use vouch_sdk::{Cancel, Claim, ImageId, Profile, Receipt, VerifyError};

use crate::digest::ProofDigest;

use queue::Workers;
use verdicts::Verdicts;

pub use pending::Pending;
pub use verdicts::VerificationStats;

/// When a receipt is verified.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum VerificationMode {
    /// Now, whatever is known of it.
    #[default]
    Full,
    /// Now, unless it was verified before in this process: once for each receipt and program. A
    /// receipt that was rejected stays rejected.
    Cached,
    /// Later, in the background, as [`Self::Cached`].
    Deferred,
}

/// A receipt of which nothing is known yet.
#[derive(Clone, Debug)]
pub enum Unverified {
    /// As it is in memory.
    Receipt(Arc<Receipt>),
    /// Encoded, as it comes from outside. It is decoded within bounds.
    Bytes(Bytes),
}

impl From<Receipt> for Unverified {
    fn from(receipt: Receipt) -> Self {
        Self::Receipt(Arc::new(receipt))
    }
}

impl From<Arc<Receipt>> for Unverified {
    fn from(receipt: Arc<Receipt>) -> Self {
        Self::Receipt(receipt)
    }
}

impl From<Vec<u8>> for Unverified {
    fn from(bytes: Vec<u8>) -> Self {
        Self::Bytes(bytes.into())
    }
}

impl From<Bytes> for Unverified {
    fn from(bytes: Bytes) -> Self {
        Self::Bytes(bytes)
    }
}

/// What a receipt proves: it has been verified in this process.
///
/// It does not say that the run went well: see [`Claim::exit_code`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified(Arc<Facts>);

#[derive(Debug, PartialEq, Eq)]
struct Facts {
    claim: Claim,
    digest: ProofDigest,
    profile: Profile,
}

impl Verified {
    /// What the receipt proves.
    pub fn claim(&self) -> &Claim {
        &self.0.claim
    }

    /// The name of the receipt.
    pub fn digest(&self) -> ProofDigest {
        self.0.digest
    }

    /// The parameters of its proofs.
    pub fn profile(&self) -> Profile {
        self.0.profile
    }
}

/// What verification found.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub enum Verdict {
    /// The receipt proves this.
    Verified(Verified),
    /// The receipt proves nothing about the program asked for.
    Rejected(VerifyError),
}

/// What there is to say now.
#[derive(Debug)]
#[must_use]
pub enum Answer {
    /// The receipt has been looked at.
    Verdict(Verdict),
    /// It has not.
    Pending(Pending),
}

impl Answer {
    /// The verdict, waited for if need be.
    ///
    /// # Errors
    /// As [`Pending::wait`].
    pub fn wait(self) -> Result<Verdict, VerificationError> {
        match self {
            Self::Verdict(verdict) => Ok(verdict),
            Self::Pending(pending) => pending.wait(),
        }
    }
}

/// Why there is no verdict. None of these says anything about the receipt.
#[derive(Clone, Debug, Error)]
#[non_exhaustive]
pub enum VerificationError {
    /// Too much waits already.
    #[error("the queue is full: {waiting} receipts of {bytes} bytes wait for verification")]
    QueueFull {
        /// Receipts that wait.
        waiting: usize,
        /// Their bytes.
        bytes: u64,
    },
    /// Verification in the background was shut down before this receipt's turn.
    #[error("verification was shut down before the receipt was checked")]
    Abandoned,
    /// It was told to stop.
    #[error("verification was cancelled")]
    Cancelled,
    /// The verifier panicked, which is a bug in it.
    #[error("the verifier panicked")]
    Panicked,
    /// The verifier cannot work, which is a bug in it.
    #[error("the verifier failed: {0}")]
    Verifier(#[source] Arc<vouch_sdk::Error>),
    /// The threads could not be started.
    #[error("cannot start {threads} threads to verify with: {reason}")]
    Threads {
        /// How many.
        threads: usize,
        /// What the system says.
        reason: String,
    },
}

/// How much [`Verifications`] may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct VerificationOptions {
    /// Threads that verify in the background; at least one. They take receipts in turn; the segments
    /// of a long run's receipt are verified on all cores nevertheless.
    pub threads: usize,
    /// Receipts that may wait for them.
    pub queue: usize,
    /// Bytes of receipts that may wait for them. A larger receipt has to be verified in another mode.
    pub queue_bytes: u64,
    /// Bytes of memory for verdicts. One takes half a KiB and its journal.
    pub cache_bytes: u64,
}

impl Default for VerificationOptions {
    fn default() -> Self {
        Self {
            threads: 1,
            queue: 1024,
            queue_bytes: 256 << 20,
            cache_bytes: 16 << 20,
        }
    }
}

/// Verifies receipts in all modes. Threads share it; dropping it shuts the background down.
pub struct Verifications {
    verdicts: Arc<Verdicts>,
    workers: Workers,
}

impl Verifications {
    /// # Errors
    /// [`VerificationError::Threads`] if threads cannot be started.
    pub fn new(options: VerificationOptions) -> Result<Self, VerificationError> {
        Self::with(
            Verdicts::new(options.cache_bytes, vouch_sdk::verify_until),
            &options,
        )
    }

    fn with(verdicts: Verdicts, options: &VerificationOptions) -> Result<Self, VerificationError> {
        let verdicts = Arc::new(verdicts);
        let workers = Workers::start(&verdicts, options)?;
        Ok(Self { verdicts, workers })
    }

    /// Verifies in a mode that is chosen as the program runs.
    ///
    /// # Errors
    /// As [`Self::full`], [`Self::cached`] or [`Self::deferred`].
    pub fn verify(
        &self,
        receipt: impl Into<Unverified>,
        image_id: &ImageId,
        mode: VerificationMode,
    ) -> Result<Answer, VerificationError> {
        match mode {
            VerificationMode::Full => self.full(receipt, image_id).map(Answer::Verdict),
            VerificationMode::Cached => self.cached(receipt, image_id).map(Answer::Verdict),
            VerificationMode::Deferred => {
                let pending = self.deferred(receipt, image_id, |_| {});
                pending.map(Answer::Pending)
            }
        }
    }

    /// Verifies now, whatever is known. The verdict is remembered for other modes.
    ///
    /// # Errors
    /// [`VerificationError::Verifier`], which is a bug.
    pub fn full(
        &self,
        receipt: impl Into<Unverified>,
        image_id: &ImageId,
    ) -> Result<Verdict, VerificationError> {
        self.verdicts
            .full(&receipt.into(), image_id, &Cancel::default())
    }

    /// The verdict on this receipt and program, found in this process before, or now. Of several
    /// callers with the same, one verifies and the others wait for it.
    ///
    /// # Errors
    /// [`VerificationError::Verifier`], which is a bug.
    pub fn cached(
        &self,
        receipt: impl Into<Unverified>,
        image_id: &ImageId,
    ) -> Result<Verdict, VerificationError> {
        self.verdicts
            .cached(&receipt.into(), image_id, &Cancel::default())
    }

    /// Verifies now in a mode, [`VerificationMode::Deferred`] being as [`VerificationMode::Cached`],
    /// until it is told to stop: between two segments, or while another verifies the same.
    ///
    /// # Errors
    /// As [`Self::full`]; [`VerificationError::Cancelled`] if it was told to stop.
    pub fn until(
        &self,
        receipt: impl Into<Unverified>,
        image_id: &ImageId,
        mode: VerificationMode,
        cancel: &Cancel,
    ) -> Result<Verdict, VerificationError> {
        match mode {
            VerificationMode::Full => self.verdicts.full(&receipt.into(), image_id, cancel),
            VerificationMode::Cached | VerificationMode::Deferred => {
                self.verdicts.cached(&receipt.into(), image_id, cancel)
            }
        }
    }

    /// The verdict on the receipt of this name, if there is one already. For who keeps receipts
    /// elsewhere, under their names.
    pub fn known(&self, digest: &ProofDigest, image_id: &ImageId) -> Option<Verdict> {
        self.verdicts.known(&(*digest, *image_id))
    }

    /// Verifies in the background, and returns at once. When all is over, `on_done` is called, on a
    /// thread of the background: with the verdict, or with the reason why there is none. It should be
    /// quick; if it panics, nothing else is hurt.
    ///
    /// # Errors
    /// [`VerificationError::QueueFull`], or [`VerificationError::Abandoned`] after
    /// [`Self::shut_down`]; `on_done` is not called then.
    pub fn deferred(
        &self,
        receipt: impl Into<Unverified>,
        image_id: &ImageId,
        on_done: impl FnOnce(&Result<Verdict, VerificationError>) + Send + 'static,
    ) -> Result<Pending, VerificationError> {
        let on_done = Box::new(on_done);
        self.workers
            .take(&self.verdicts, receipt.into(), *image_id, on_done)
    }

    /// Ends what waits as [`VerificationError::Abandoned`], and waits for what is being verified.
    /// Nothing can be deferred any more; the other modes go on.
    pub fn shut_down(&self) {
        self.workers.shut_down();
    }

    /// What it has done so far.
    pub fn stats(&self) -> VerificationStats {
        self.verdicts.stats()
    }
}
