//! Diffie-Hellman on secp256k1.

pub use elliptic_curve::ecdh::diffie_hellman;

use crate::Secp256k1;

/// A secret for one exchange.
pub type EphemeralSecret = elliptic_curve::ecdh::EphemeralSecret<Secp256k1>;

/// What both sides know afterwards.
pub type SharedSecret = elliptic_curve::ecdh::SharedSecret<Secp256k1>;
