//! Commitments to an inference: which job, model, input and output, as four hashes.
//!
//! ```
//! use vouch_kit::commitment::{
//!     CommitmentProver, CommitmentVerifier, CommitmentWitness, HashFunction, Verdict,
//! };
//! use vouch_sdk::ProveOptions;
//!
//! # let folder = tempfile::tempdir()?;
//! # let model = folder.path().join("model.safetensors");
//! # std::fs::write(&model, b"weights")?;
//! // The node: after an inference.
//! let witness = CommitmentWitness::builder(HashFunction::Sha256)
//!     .job(b"job 4711")
//!     .model_path(&model)
//!     .prompt(b"How high is the Zugspitze?")
//!     .response(b"2,962 metres.")
//!     .build()?;
//! let proof = CommitmentProver::new(ProveOptions::default()).prove(&witness)?;
//! let (artefact, digest) = (proof.to_bytes(), proof.digest()); // for the store, and for the chain
//!
//! // Whoever checks: with hashes of their own.
//! let verdict = CommitmentVerifier::new().verify_bytes(&artefact, &witness);
//! assert_eq!(verdict, Verdict::Accepted);
//! # assert_eq!(digest, vouch_kit::ProofDigest::of_bytes(&artefact));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! A proof says that somebody who knew these four hashes committed to them together. It does not say
//! that the model computed the output from the input.
//!
//! The hashes are public. A short or likely text can be guessed from its hash.
//!
//! All calls block. From asynchronous code they belong into `spawn_blocking` or its like.

mod builder;
mod hash;
mod model;
mod modes;
mod proof;
mod prover;
mod verifier;
mod witness;

/// The examples of the documentation.
#[cfg(doctest)]
mod pages {
    #[doc = include_str!("../../../docs/commitments.md")]
    mod commitments {}
    #[doc = include_str!("../../../docs/migration.md")]
    mod migration {}
}

pub use builder::{WitnessBuilder, WitnessError};
pub use hash::{HashFunction, HashFunctionError};
pub use model::{MAX_MODEL_ENTRIES, ModelError};
pub use modes::{CommitmentAnswer, PendingCommitment};
pub use proof::CommitmentProof;
pub use prover::{CommitmentError, CommitmentProver, UnprovenCommitment};
pub use verifier::{CommitmentVerifier, Difference, InvalidProof, Verdict};
pub use witness::{CommitmentWitness, Field};
