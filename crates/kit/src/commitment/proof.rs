//! The proof as an artefact.

use core::fmt;
use std::sync::Arc;

use vouch_sdk::{DecodeError, Profile, Receipt};

use crate::ProofDigest;
use crate::store::{ArtifactStore, StoreError};

/// A proof of a commitment, with the digest that names it. What it says is known only once a
/// [`CommitmentVerifier`](super::CommitmentVerifier) accepts it.
///
/// Its bytes are those of its receipt, as in a `.vouch` file: `vouch verify` and `vouch inspect` read them, and
/// `b3sum` prints the digest. They go to a store; the digest, which serde knows, goes into messages and on chain.
#[derive(Clone, PartialEq, Eq)]
pub struct CommitmentProof {
    receipt: Arc<Receipt>,
    digest: ProofDigest,
}

impl CommitmentProof {
    /// The proof in a receipt, whatever that is of.
    pub fn from_receipt(receipt: Receipt) -> Self {
        let digest = ProofDigest::of_receipt(&receipt);
        Self::named(Arc::new(receipt), digest)
    }

    /// A receipt and its digest.
    pub(super) const fn named(receipt: Arc<Receipt>, digest: ProofDigest) -> Self {
        Self { receipt, digest }
    }

    /// The proof in the bytes of a receipt.
    ///
    /// # Errors
    /// They are not those of a receipt.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, DecodeError> {
        Receipt::from_bytes(bytes).map(Self::from_receipt)
    }

    /// The bytes of its receipt.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.receipt.to_bytes()
    }

    /// What names it: the BLAKE3 hash of its bytes.
    pub const fn digest(&self) -> ProofDigest {
        self.digest
    }

    /// The receipt.
    pub fn receipt(&self) -> &Receipt {
        &self.receipt
    }

    /// The receipt, without a copy of it.
    pub(super) fn shared(&self) -> Arc<Receipt> {
        self.receipt.clone()
    }

    /// The parameters of the proof.
    pub fn profile(&self) -> Profile {
        self.receipt.profile
    }

    /// Keeps it in a store, under its digest.
    ///
    /// # Errors
    /// [`StoreError::Access`] if it cannot be written.
    pub fn put(&self, store: &ArtifactStore) -> Result<ProofDigest, StoreError> {
        store.put_receipt(&self.receipt)
    }

    /// The proof that a store has under a digest.
    ///
    /// # Errors
    /// It is missing, damaged or no receipt, or the store does not answer.
    pub fn get(store: &ArtifactStore, digest: &ProofDigest) -> Result<Self, StoreError> {
        let receipt = store.get_receipt(digest)?;
        // The store has compared; and a receipt has one encoding.
        Ok(Self::named(Arc::new(receipt), *digest))
    }
}

/// Its digest and size: a proof is a megabyte.
impl fmt::Debug for CommitmentProof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CommitmentProof")
            .field("digest", &self.digest)
            .field("profile", &self.profile())
            .field("bytes", &self.receipt.encoded_len())
            .finish_non_exhaustive()
    }
}
