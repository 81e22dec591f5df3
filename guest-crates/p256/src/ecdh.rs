//! Diffie-Hellman on NIST P-256.

pub use elliptic_curve::ecdh::diffie_hellman;

use crate::NistP256;

/// A secret for one exchange.
pub type EphemeralSecret = elliptic_curve::ecdh::EphemeralSecret<NistP256>;

/// What both sides know afterwards.
pub type SharedSecret = elliptic_curve::ecdh::SharedSecret<NistP256>;
