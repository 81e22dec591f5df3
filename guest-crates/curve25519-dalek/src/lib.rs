//! Curve25519 with the names of `curve25519-dalek`, over Vouch's accelerators.
//!
//! A guest that names this crate in `[patch.crates-io]`, or whose dependencies do, verifies and
//! makes Ed25519 signatures in a fraction of the cycles. Points are added by complete formulas, so
//! every point of the curve is fine, those of small order too. Not here: Ristretto, hashing to the
//! curve, tables of points, serde and the traits of `group`.
//!
//! Times depend on secrets: outside of a guest, sign with the crate that this one replaces.
#![no_std]

#[cfg(feature = "digest")]
pub use digest;
#[cfg(feature = "rand_core")]
pub use rand_core;

pub mod constants;
pub mod edwards;
mod encoding;
mod field;
mod formulas;
pub mod montgomery;
mod multiples;
pub mod scalar;
mod table;
pub mod traits;

pub use edwards::EdwardsPoint;
pub use montgomery::MontgomeryPoint;
pub use scalar::Scalar;
