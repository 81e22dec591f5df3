//! What a node needs around proofs.
//!
//! | module | what |
//! |---|---|
//! | [`batch`] | many proofs under one ceiling |
//! | [`cache`] | receipts that were proven before, in memory and in a folder |
//! | [`commitment`] | proofs of four hashes: job, model, input and output |
//! | [`settlement`] | results that are released when their proof is verified, and checkpoints of them |
//! | [`store`] | artefacts (receipts) in a folder or in S3, named by the hash of what they are |
//! | [`verification`] | always, once for each receipt, or in the background |
#![forbid(unsafe_code)]

pub mod batch;
pub mod cache;
pub mod commitment;
mod digest;
mod hexadecimal;
pub mod settlement;
pub mod store;
mod sync;
pub mod verification;

pub use digest::{DigestError, ProofDigest};

/// The examples of docs/batches.md are run.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/batches.md")]
struct Batches;
