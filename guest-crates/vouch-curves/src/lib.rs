//! Prime fields below `2^256` and curves over them, on the accelerator `mul_add_mod_256`: what our
//! `k256` and `p256` are made of.
//!
//! Points, their encodings and most traits are those of RustCrypto's `primeorder`, over
//! [`Residue`]. [`Accelerated`] replaces what signatures spend their time on, sums of multiples of
//! points.
//!
//! Times depend on the numbers. This tells a guest's environment nothing, as a guest has none; in a
//! program for another machine, where software computes, do not use it with secrets.
#![no_std]

mod combination;
mod endomorphism;
mod point;
mod residue;
mod scalar;
mod tables;

pub use combination::{Accelerated, Weierstrass};
pub use endomorphism::Endomorphism;
pub use residue::{Base, Order, Prime, PrimeModulus, Primes, Residue};
pub use tables::{GeneratorTable, NIST_P256, SECP256K1};
pub use vouch_modular::words;
