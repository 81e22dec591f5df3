//! Receipts that clients bring.

use vouch_kit::ProofDigest;
use vouch_sdk::{Claim, ImageId, Receipt, security};

use super::service::Service;
use crate::error::ServiceError;
use crate::metrics::VerdictLabel;

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

impl Service {
    /// Verifies a receipt.
    ///
    /// # Errors
    /// It is larger than any that is read.
    pub fn verify(&self, receipt: &[u8], image_id: &ImageId) -> Result<Verdict, ServiceError> {
        let (got, limit) = (receipt.len() as u64, self.config.limits.receipt_bytes);
        if got > limit {
            let what = "bytes of receipt";
            return Err(ServiceError::TooLarge { what, limit, got });
        }
        let claim = Receipt::from_bytes(receipt)
            .map_err(|error| error.to_string())
            .and_then(|receipt| {
                let claim = vouch_sdk::verify(&receipt, image_id);
                let bits = security(receipt.profile).bits();
                claim
                    .map(|claim| (claim, bits))
                    .map_err(|error| error.to_string())
            });
        let label = VerdictLabel {
            verdict: if claim.is_ok() { "valid" } else { "invalid" },
            source: "full",
        };
        self.metrics.verifications.get_or_create(&label).inc();
        Ok(Verdict {
            receipt_digest: ProofDigest::of_bytes(receipt),
            claim,
            cached: false,
        })
    }
}
