//! What a gate needs of others: a place for its records, and a chain.

use std::error::Error as StdError;
use std::fmt::Debug;
use std::io;
use std::path::PathBuf;

use thiserror::Error;

use super::checkpoint::{Checkpoint, Submission};
use super::record::Record;

/// Keeps what is known of jobs, across restarts and crashes.
///
/// ```
/// # use std::{collections::HashMap, sync::Mutex};
/// # use vouch_kit::settlement::{CheckpointStore, Record, StorageError};
/// /// In memory: for tests.
/// #[derive(Debug, Default)]
/// struct InMemory(Mutex<HashMap<[u8; 32], Record>>);
///
/// impl CheckpointStore for InMemory {
///     fn load(&self, job_id: &[u8; 32]) -> Result<Option<Record>, StorageError> {
///         Ok(self.0.lock().expect("no panic").get(job_id).cloned())
///     }
///
///     fn replace(
///         &self,
///         job_id: &[u8; 32],
///         expected: Option<&Record>,
///         new: &Record,
///     ) -> Result<bool, StorageError> {
///         let mut records = self.0.lock().expect("no panic");
///         let as_expected = records.get(job_id) == expected;
///         if as_expected {
///             records.insert(*job_id, new.clone());
///         }
///         Ok(as_expected)
///     }
///
///     fn unfinished(&self) -> Result<Vec<[u8; 32]>, StorageError> {
///         let records = self.0.lock().expect("no panic");
///         let left = records.iter().filter(|(_, record)| !record.state.is_finished());
///         Ok(left.map(|(job_id, _)| *job_id).collect())
///     }
/// }
/// # let store = InMemory::default();
/// # assert!(store.unfinished()?.is_empty() && store.load(&[0; 32])?.is_none());
/// # Ok::<(), StorageError>(())
/// ```
pub trait CheckpointStore: Debug + Send + Sync {
    /// What is known of a job.
    ///
    /// # Errors
    /// The store does not answer, or holds something else than a record.
    fn load(&self, job_id: &[u8; 32]) -> Result<Option<Record>, StorageError>;

    /// Replaces what is known of a job, if it is still what the caller expects (`None`: nothing); says whether it
    /// was. This is one step to all others, and on the disk when it returns.
    ///
    /// # Errors
    /// The store does not answer; all is then as before.
    fn replace(
        &self,
        job_id: &[u8; 32],
        expected: Option<&Record>,
        new: &Record,
    ) -> Result<bool, StorageError>;

    /// The jobs that are held or released and not submitted.
    ///
    /// # Errors
    /// As [`Self::load`].
    fn unfinished(&self) -> Result<Vec<[u8; 32]>, StorageError>;
}

/// A chain, or whatever else has the last word on which jobs were done.
pub trait ChainClient: Debug + Send + Sync {
    /// Hands in a checkpoint and says where the chain has it. Handed in again, as after a crash, the same checkpoint
    /// is not entered again: the answer is that of the first time. Several threads may hand in the same at once.
    ///
    /// # Errors
    /// [`ChainError::Conflict`] if the chain has another checkpoint of the job; and whatever a client has to say. It
    /// is then unknown whether the checkpoint is entered, and the gate hands it in again when it is asked again.
    fn submit(&self, checkpoint: &Checkpoint) -> Result<Submission, ChainError>;
}

/// Why a store of records does not answer.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum StorageError {
    /// The file could not be made.
    #[error("cannot create {}: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The file is in use, damaged, or no database.
    #[error("cannot open {}: {source}", path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// What the database says.
        source: Box<redb::Error>,
    },
    /// The database failed.
    #[error("settlement database: {0}")]
    Database(Box<redb::Error>),
    /// Something else than a record is there.
    #[error(
        "record of job {}: expected one of this version, got other bytes (column {column})",
        hex::encode(job_id)
    )]
    Record {
        /// The job.
        job_id: [u8; 32],
        /// Where it ceases to be one, in bytes.
        column: usize,
    },
    /// What another store has to say.
    #[error(transparent)]
    Other(Box<dyn StdError + Send + Sync>),
}

/// Why a chain does not take a checkpoint.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ChainError {
    /// It has another one of the same job.
    #[error(
        "chain: expected no other checkpoint of job {}, got one at {position}",
        hex::encode(job_id)
    )]
    Conflict {
        /// The job.
        job_id: [u8; 32],
        /// Where the other one is.
        position: u64,
    },
    /// The ledger was changed.
    #[error("ledger entry {position}: {reason}")]
    Broken {
        /// The first entry at fault.
        position: u64,
        /// What is wrong with it.
        reason: Break,
    },
    /// The ledger's file does not answer.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// What another client has to say.
    #[error(transparent)]
    Other(Box<dyn StdError + Send + Sync>),
}

/// What is wrong with an entry of a ledger.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Break {
    /// It is not there, though another place refers to it.
    #[error("expected an entry, got none")]
    Missing,
    /// Its bytes are no entry.
    #[error("expected a position, a hash and a checkpoint, got other bytes")]
    Encoding,
    /// It was written for another place.
    #[error("expected its own position, got {got}")]
    Position {
        /// The position in it.
        got: u64,
    },
    /// The entry before it is not the one that it was written after.
    #[error(
        "expected it to follow {}, got {}",
        hex::encode(expected),
        hex::encode(got)
    )]
    Link {
        /// The hash of the entry before it.
        expected: [u8; 32],
        /// The hash in it.
        got: [u8; 32],
    },
    /// It is not what was submitted.
    #[error(
        "expected the entry {}, got {}",
        hex::encode(expected),
        hex::encode(got)
    )]
    Hash {
        /// The hash when it was entered.
        expected: [u8; 32],
        /// Its hash.
        got: [u8; 32],
    },
    /// The index of jobs does not lead to it.
    #[error("expected the index of jobs to lead to it")]
    Index,
}
