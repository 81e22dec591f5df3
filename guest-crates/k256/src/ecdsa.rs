//! ECDSA over secp256k1: RustCrypto's `ecdsa` with our curve.

pub use ecdsa_core::signature::{self, Error};
pub use ecdsa_core::{EcdsaCurve, RecoveryId};

use crate::Secp256k1;

/// A signature, `r` and then `s`.
pub type Signature = ecdsa_core::Signature<Secp256k1>;

/// A signature in ASN.1's DER.
pub type DerSignature = ecdsa_core::der::Signature<Secp256k1>;

/// A key that signs.
#[cfg(feature = "ecdsa")]
pub type SigningKey = ecdsa_core::SigningKey<Secp256k1>;

/// A key that verifies.
#[cfg(feature = "ecdsa")]
pub type VerifyingKey = ecdsa_core::VerifyingKey<Secp256k1>;

impl EcdsaCurve for Secp256k1 {
    const NORMALIZE_S: bool = true;
}

#[cfg(feature = "sha256")]
impl ecdsa_core::DigestAlgorithm for Secp256k1 {
    type Digest = sha2::Sha256;
}
