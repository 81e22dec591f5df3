//! Settlement: the result of a job is held with its proof, and released when the proof is verified and the hashes
//! are those of the result. A chain gets a [`Checkpoint`] of what was released.
//!
//! ```
//! use std::sync::Arc;
//! use vouch_kit::commitment::{CommitmentProver, HashFunction};
//! use vouch_kit::settlement::{CheckpointFile, Decision, JobResult, LedgerFile, SettlementGate};
//! use vouch_kit::store::ArtifactStore;
//! use vouch_sdk::ProveOptions;
//!
//! # let temporary = tempfile::tempdir()?;
//! # let folder = temporary.path();
//! let gate = SettlementGate::new(
//!     ArtifactStore::folder(&folder.join("receipts"))?,
//!     Arc::new(CheckpointFile::open(&folder.join("checkpoints.redb"))?),
//!     Arc::new(LedgerFile::open(&folder.join("ledger.redb"))?),
//! );
//! let result = JobResult {
//!     function: HashFunction::Sha256,
//!     job: b"job 4711".into(),
//!     model_hash: [2; 32], // as `HashFunction::hash_model` computed it once
//!     prompt: b"How high is the Zugspitze?".into(),
//!     response: b"2,962 metres.".into(),
//!     tokens: 7,
//! };
//! let proof = CommitmentProver::new(ProveOptions::default()).prove(&result.witness())?;
//!
//! let job = gate.hold(&result, &proof)?; // from here on it survives a crash
//! match gate.settle(&job)? {
//!     Decision::Release(release) => {
//!         assert_eq!(release.checkpoint.proof_digest, proof.digest());
//!         let response = gate.released(&job)?.response; // to the client
//!         # assert_eq!(response, result.response);
//!         gate.forget(&job)?; // the raw texts; the checkpoint stays
//!     }
//!     Decision::Block(reason) => panic!("nothing leaves the node: {reason}"),
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # States
//!
//! ```text
//! held --> released --> submitted
//!   ^----> blocked
//! ```
//!
//! Each arrow is one transaction of the [`CheckpointStore`]. The checkpoint is stored, timestamp included, before it
//! is submitted, so that a crash in between submits the same again, which a [`ChainClient`] answers as it did the
//! first time. After a start, settle what [`SettlementGate::unfinished`] lists. A blocked job was never submitted;
//! it may be held again with another proof or result.
//!
//! All calls block. From asynchronous code they belong into `spawn_blocking` or its like.

mod checkpoint;
mod checkpoint_file;
mod database;
mod gate;
mod ledger;
mod record;
mod seams;

pub use checkpoint::{Checkpoint, CheckpointError, Submission};
pub use checkpoint_file::CheckpointFile;
pub use gate::{Decision, Release, SettlementError, SettlementGate};
pub use ledger::LedgerFile;
pub use record::{BlockReason, Check, JobResult, Record, State};
pub use seams::{Break, ChainClient, ChainError, CheckpointStore, StorageError};
