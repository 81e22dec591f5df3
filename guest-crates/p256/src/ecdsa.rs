//! ECDSA over NIST P-256: RustCrypto's `ecdsa` with our curve.

pub use ecdsa_core::signature::{self, Error};
pub use ecdsa_core::{EcdsaCurve, RecoveryId};

use crate::NistP256;

/// A signature, `r` and then `s`.
pub type Signature = ecdsa_core::Signature<NistP256>;

/// A signature in ASN.1's DER.
pub type DerSignature = ecdsa_core::der::Signature<NistP256>;

/// A key that signs.
#[cfg(feature = "ecdsa")]
pub type SigningKey = ecdsa_core::SigningKey<NistP256>;

/// A key that verifies.
#[cfg(feature = "ecdsa")]
pub type VerifyingKey = ecdsa_core::VerifyingKey<NistP256>;

impl EcdsaCurve for NistP256 {
    const NORMALIZE_S: bool = false;
}

#[cfg(feature = "sha256")]
impl ecdsa_core::DigestAlgorithm for NistP256 {
    type Digest = sha2::Sha256;
}
