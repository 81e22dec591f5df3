//! What a node needs around proofs.
//!
//! | module | what |
//! |---|---|
//! | [`commitment`] | proofs of four hashes: job, model, input and output |
//! | [`settlement`] | results that are released when their proof is verified, and checkpoints of them |
//! | [`store`] | artefacts (receipts) in a folder or in S3, named by the hash of what they are |
#![forbid(unsafe_code)]

pub mod commitment;
mod digest;
mod hexadecimal;
pub mod settlement;
pub mod store;

pub use digest::{DigestError, ProofDigest};
