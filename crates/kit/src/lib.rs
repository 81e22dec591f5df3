//! What a node needs around proofs.
//!
//! | module | what |
//! |---|---|
//! | [`store`] | artefacts (receipts) in a folder or in S3, named by the hash of what they are |
#![forbid(unsafe_code)]

mod digest;
pub mod store;

pub use digest::{DigestError, ProofDigest};
