//! secp256k1 with the names of RustCrypto's `k256`, over Vouch's accelerators.
//!
//! A guest that names this crate in `[patch.crates-io]`, or whose dependencies do, verifies, makes
//! and recovers ECDSA signatures in a fraction of the cycles. Types and traits are those of
//! RustCrypto's `elliptic-curve`, `primeorder` and `ecdsa`. Not here: Schnorr signatures and
//! hashing to the curve.
//!
//! Times depend on secrets: outside of a guest, sign with RustCrypto's crate.
#![no_std]

mod curve;
#[cfg(feature = "ecdh")]
pub mod ecdh;
#[cfg(feature = "ecdsa-core")]
pub mod ecdsa;

pub use curve::Secp256k1;
#[cfg(feature = "pkcs8")]
pub use elliptic_curve::pkcs8;
pub use elliptic_curve::{self, bigint::U256};
#[cfg(feature = "sha256")]
pub use sha2;

use elliptic_curve::array::Array;
use elliptic_curve::consts::{U33, U64};

/// A number modulo the order of the curve.
pub type Scalar = vouch_curves::Residue<vouch_curves::Order<Secp256k1>>;

/// A point by its coordinates.
pub type AffinePoint = primeorder::AffinePoint<Secp256k1>;

/// A point in projective coordinates.
pub type ProjectivePoint = primeorder::ProjectivePoint<Secp256k1>;

/// A point in SEC1's compressed encoding.
pub type CompressedPoint = Array<u8, U33>;

/// A point in an encoding of SEC1.
pub type Sec1Point = elliptic_curve::sec1::Sec1Point<Secp256k1>;

/// The encoding of a coordinate or scalar: 32 bytes, big-endian.
pub type FieldBytes = elliptic_curve::FieldBytes<Secp256k1>;

/// Twice as many bytes.
pub type WideBytes = Array<u8, U64>;

/// A scalar that is not 0.
pub type NonZeroScalar = elliptic_curve::NonZeroScalar<Secp256k1>;

/// A public key.
pub type PublicKey = elliptic_curve::PublicKey<Secp256k1>;

/// A secret key.
pub type SecretKey = elliptic_curve::SecretKey<Secp256k1>;
