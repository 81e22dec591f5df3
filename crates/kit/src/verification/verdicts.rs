//! Verdicts, found and remembered.

use std::borrow::Cow;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::Mutex;
use serde::Serialize;
use vouch_sdk::{
    Cancel, Claim, DecodeError, Error, ImageId, MAX_RECEIPT_BYTES, Receipt, VerifyError,
};

use super::{Facts, Unverified, Verdict, VerificationError, Verified};
use crate::digest::ProofDigest;
use crate::sync::{Flights, Turn, WeighedLru};

/// More bytes than a verdict takes beside its journal.
const VERDICT_BYTES: u64 = 512;

/// Which receipt, about which program.
pub(super) type Key = (ProofDigest, ImageId);

/// Verifies, as [`vouch_sdk::verify_until`].
type Check = dyn Fn(&Receipt, &ImageId, &Cancel) -> Result<Claim, Error> + Send + Sync;

/// What [`Verifications`](super::Verifications) have done so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct VerificationStats {
    /// Receipts that were looked at, and verified.
    pub verified: u64,
    /// Receipts that were looked at, and rejected.
    pub rejected: u64,
    /// Verdicts given without looking at the receipt: it had been looked at, or just was.
    pub cached: u64,
    /// Errors of the verifier, which say nothing of a receipt.
    pub failed: u64,
    /// Receipts that wait for verification in the background, or are being verified there.
    pub pending: u64,
    /// Receipts that were to be verified in the background, and were not.
    pub abandoned: u64,
}

/// What all modes share.
pub(super) struct Verdicts {
    check: Box<Check>,
    known: Mutex<WeighedLru<Key, Verdict>>,
    under_way: Flights<Key, Verdict>,
    verified: AtomicU64,
    rejected: AtomicU64,
    cached: AtomicU64,
    pub failed: AtomicU64,
    pub pending: AtomicU64,
    pub abandoned: AtomicU64,
}

impl Verdicts {
    pub fn new(
        cache_bytes: u64,
        check: impl Fn(&Receipt, &ImageId, &Cancel) -> Result<Claim, Error> + Send + Sync + 'static,
    ) -> Self {
        Self {
            check: Box::new(check),
            known: Mutex::new(WeighedLru::new(cache_bytes)),
            under_way: Flights::default(),
            verified: AtomicU64::new(0),
            rejected: AtomicU64::new(0),
            cached: AtomicU64::new(0),
            failed: AtomicU64::new(0),
            pending: AtomicU64::new(0),
            abandoned: AtomicU64::new(0),
        }
    }

    pub fn full(
        &self,
        receipt: &Unverified,
        image_id: &ImageId,
        cancel: &Cancel,
    ) -> Result<Verdict, VerificationError> {
        match digest(receipt) {
            Ok(digest) => self.look(receipt, &(digest, *image_id), cancel),
            Err(error) => Ok(self.reject(error)),
        }
    }

    pub fn cached(
        &self,
        receipt: &Unverified,
        image_id: &ImageId,
        cancel: &Cancel,
    ) -> Result<Verdict, VerificationError> {
        let key = match digest(receipt) {
            Ok(digest) => (digest, *image_id),
            Err(error) => return Ok(self.reject(error)),
        };
        if let Some(verdict) = self.known(&key) {
            return Ok(verdict);
        }
        match self.under_way.join(key, || cancel.is_cancelled()) {
            Turn::Lead(lead) => {
                let verdict = match self.known(&key) {
                    Some(verdict) => verdict,
                    None => self.look(receipt, &key, cancel)?,
                };
                lead.land(verdict.clone());
                Ok(verdict)
            }
            Turn::Landed(verdict) => {
                count(&self.cached);
                Ok(verdict)
            }
            Turn::Cancelled => Err(VerificationError::Cancelled),
        }
    }

    pub fn known(&self, key: &Key) -> Option<Verdict> {
        let verdict = self.known.lock().get(key).cloned();
        if verdict.is_some() {
            count(&self.cached);
        }
        verdict
    }

    pub fn stats(&self) -> VerificationStats {
        let now = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        VerificationStats {
            verified: now(&self.verified),
            rejected: now(&self.rejected),
            cached: now(&self.cached),
            failed: now(&self.failed),
            pending: now(&self.pending),
            abandoned: now(&self.abandoned),
        }
    }

    /// Decodes and verifies: the only place where a [`Verified`] is made.
    fn look(
        &self,
        receipt: &Unverified,
        key: &Key,
        cancel: &Cancel,
    ) -> Result<Verdict, VerificationError> {
        let (digest, image_id) = key;
        let receipt = match receipt {
            Unverified::Receipt(receipt) => Cow::Borrowed(receipt.as_ref()),
            Unverified::Bytes(bytes) => match Receipt::from_bytes(bytes) {
                Ok(receipt) => Cow::Owned(receipt),
                Err(error) => return Ok(self.remember(key, self.reject(error))),
            },
        };
        let verdict = match (self.check)(&receipt, image_id, cancel) {
            Ok(claim) => {
                count(&self.verified);
                Verdict::Verified(Verified(Arc::new(Facts {
                    claim,
                    digest: *digest,
                    profile: receipt.profile,
                })))
            }
            Err(Error::Verify(error)) => self.reject(error),
            Err(Error::Cancelled { .. }) => return Err(VerificationError::Cancelled),
            Err(error) => {
                count(&self.failed);
                return Err(VerificationError::Verifier(Arc::new(error)));
            }
        };
        Ok(self.remember(key, verdict))
    }

    fn reject(&self, error: impl Into<VerifyError>) -> Verdict {
        count(&self.rejected);
        Verdict::Rejected(error.into())
    }

    fn remember(&self, key: &Key, verdict: Verdict) -> Verdict {
        let journal = match &verdict {
            Verdict::Verified(verified) => verified.claim().journal.len() as u64,
            Verdict::Rejected(_) => 0,
        };
        let gone = self
            .known
            .lock()
            .insert(*key, verdict.clone(), VERDICT_BYTES + journal);
        drop(gone);
        verdict
    }
}

pub(super) fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}

/// The receipt's name. What is too large for a receipt is not even hashed.
fn digest(receipt: &Unverified) -> Result<ProofDigest, DecodeError> {
    match receipt {
        Unverified::Receipt(receipt) => Ok(ProofDigest::of_receipt(receipt)),
        Unverified::Bytes(bytes) if bytes.len() > MAX_RECEIPT_BYTES => Err(DecodeError::TooLarge {
            limit: MAX_RECEIPT_BYTES,
            got: bytes.len(),
        }),
        Unverified::Bytes(bytes) => Ok(ProofDigest::of_bytes(bytes)),
    }
}
