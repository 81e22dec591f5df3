//! Receipts that clients bring.

use vouch_kit::ProofDigest;
use vouch_kit::verification::{Verdict as KitVerdict, VerificationError, VerificationMode};
use vouch_sdk::{Cancel, Claim, ImageId, security};

use super::service::Service;
use crate::api::quote;
use crate::error::ServiceError;
use crate::metrics::VerdictLabel;

/// Whether a receipt is verified that was verified before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum VerifyMode {
    /// It is.
    Full,
    /// The verdict is remembered as long as the service runs.
    #[default]
    Cached,
}

impl VerifyMode {
    /// By its name.
    ///
    /// # Errors
    /// [`ServiceError::Invalid`] if there is none of this name.
    pub fn find(name: &str) -> Result<Self, ServiceError> {
        match name {
            "full" => Ok(Self::Full),
            "cached" => Ok(Self::Cached),
            _ => Err(ServiceError::Invalid {
                field: "mode",
                reason: format!("expected full or cached, got {}", quote(name)),
            }),
        }
    }
}

/// What a client learns of a receipt that it brought.
#[derive(Clone, Debug, PartialEq)]
pub struct Verdict {
    /// Names the receipt.
    pub receipt_digest: ProofDigest,
    /// What it proves about the program, and with how many bits; or why it proves nothing.
    pub claim: Result<(Claim, f64), String>,
    /// Whether it had been verified before.
    pub cached: bool,
}

impl Verdict {
    /// Bytes of the journal that is proven.
    pub fn journal_bytes(&self) -> u64 {
        let claim = self.claim.as_ref();
        claim.map_or(0, |(claim, _)| claim.journal.len() as u64)
    }
}

impl Service {
    /// Verifies a receipt, until it is told to stop.
    ///
    /// # Errors
    /// It is larger than any that is read, it was told to stop, or the verifier does not work.
    pub fn verify(
        &self,
        receipt: Vec<u8>,
        image_id: &ImageId,
        mode: VerifyMode,
        cancel: &Cancel,
    ) -> Result<Verdict, ServiceError> {
        let (got, limit) = (receipt.len() as u64, self.config.limits.receipt_bytes);
        if got > limit {
            let what = "bytes of receipt";
            return Err(ServiceError::TooLarge { what, limit, got });
        }
        let receipt_digest = ProofDigest::of_bytes(&receipt);
        let known = match mode {
            VerifyMode::Full => None,
            VerifyMode::Cached => self.verifications.known(&receipt_digest, image_id),
        };
        let cached = known.is_some();
        let verdict = match (known, mode) {
            (Some(verdict), _) => verdict,
            (None, _) => {
                let mode = match mode {
                    VerifyMode::Full => VerificationMode::Full,
                    VerifyMode::Cached => VerificationMode::Cached,
                };
                let found = self.verifications.until(receipt, image_id, mode, cancel);
                found.map_err(|error| match error {
                    VerificationError::Cancelled => self.timed_out(),
                    error => error.into(),
                })?
            }
        };
        let claim = match verdict {
            KitVerdict::Verified(verified) => {
                let bits = security(verified.profile()).bits();
                Ok((verified.claim().clone(), bits))
            }
            KitVerdict::Rejected(reason) => Err(reason.to_string()),
        };
        let label = VerdictLabel {
            verdict: if claim.is_ok() { "valid" } else { "invalid" },
            source: if cached { "cached" } else { "full" },
        };
        self.metrics.verifications.get_or_create(&label).inc();
        Ok(Verdict {
            receipt_digest,
            claim,
            cached,
        })
    }
}

impl From<VerificationError> for ServiceError {
    fn from(error: VerificationError) -> Self {
        Self::Internal(error.to_string())
    }
}
