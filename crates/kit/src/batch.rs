//! Many proofs under one ceiling.
//!
//! How many are made at once is the [`BatchMode`]. Jobs come all together ([`BatchProver::prove_all`]) or
//! one by one from an iterator or a channel, with results going out as they come
//! ([`BatchProver::stream`]).
//!
//! ```
//! use vouch_kit::batch::{BatchJob, BatchMode, BatchOptions, BatchProgram, BatchProver};
//! use vouch_sdk::{Input, Program, ProveOptions, guests};
//!
//! let fibonacci = BatchProgram::new(Program::from_elf(guests::FIBONACCI)?);
//! let prover = BatchProver::new(BatchOptions {
//!     mode: BatchMode::Adaptive,
//!     // The ceiling is that of all items together.
//!     prove: ProveOptions { max_memory: Some(2 << 30), ..ProveOptions::default() },
//! })?
//! .on_progress(|now| println!("{} of {:?}, {} failed", now.done, now.total, now.failed));
//!
//! let jobs = (1..=3).map(|n| BatchJob::new(&fibonacci, Input::new().word(n).to_vec()));
//! let batch = prover.prove_all(jobs.chain([BatchJob::new(&fibonacci, b"no number".to_vec())]))?;
//! for (index, error) in batch.failures() {
//!     assert_eq!(index, 3);
//!     println!("item {index}: {error}");
//! }
//! let first = batch.results[0].as_ref().expect("the others are proven");
//! assert_eq!(first.receipt.claim.journal, 1u32.to_le_bytes());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! All calls block. From asynchronous code they belong into `spawn_blocking` or its like.

mod adaptive;
mod dealer;
mod engine;
mod stream;
#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::Arc;
use std::thread::available_parallelism;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use thiserror::Error;
use vouch_sdk::{Error, ImageId, Program, ProveOptions, image_id};

use crate::cache::{CachedReceipt, ReceiptCache, Source};

use engine::{Cache, Engine, Seams};

pub use stream::BatchStream;

/// How many items are proven at once, under the ceiling of [`BatchOptions::prove`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum BatchMode {
    /// One, with all threads and all memory.
    Sequential,
    /// So many, each with its part of both; never more than there are threads.
    Parallel(usize),
    /// As many as the machine has free processors and memory for, found out anew while it runs.
    #[default]
    Adaptive,
}

/// How to prove a batch.
#[derive(Clone, Debug, Default)]
pub struct BatchOptions {
    /// How many items at once.
    pub mode: BatchMode,
    /// How to prove each. But [`max_memory`](ProveOptions::max_memory) and
    /// [`threads`](ProveOptions::threads) are the ceiling of all items together, and
    /// [`cancel`](ProveOptions::cancel) ends all. There can be no
    /// [`work_folder`](ProveOptions::work_folder).
    pub prove: ProveOptions,
}

/// Why a batch does not begin.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum BatchError {
    /// Nothing would ever be proven.
    #[error("batch: expected at least one item at once, got 0")]
    AtOnce,
    /// A work folder is one proof's.
    #[error("batch: expected no work folder, since a folder holds one proof only")]
    WorkFolder,
    /// The threads could not be started.
    #[error("batch: cannot start {threads} threads: {reason}")]
    Threads {
        /// How many.
        threads: usize,
        /// What the system says.
        reason: String,
    },
}

/// Why an item has no proof. The others have nothing to do with it.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum BatchItemError {
    /// It could not be proven; or the batch was cancelled, before or after it began.
    #[error(transparent)]
    Prove(#[from] Error),
    /// The prover panicked, which is a bug in it.
    #[error("the prover panicked")]
    Panicked,
}

/// A program of which many runs are proven. Clones are the same program.
#[derive(Clone)]
pub struct BatchProgram(Arc<(Program, ImageId)>);

impl BatchProgram {
    /// Computes the image ID, once for all runs.
    pub fn new(program: Program) -> Self {
        let id = image_id(&program);
        Self(Arc::new((program, id)))
    }

    /// The program.
    pub fn program(&self) -> &Program {
        &self.0.0
    }

    /// Its image ID.
    pub fn image_id(&self) -> &ImageId {
        &self.0.1
    }
}

/// A run to be proven.
#[derive(Clone)]
pub struct BatchJob {
    program: BatchProgram,
    input: Vec<u8>,
}

impl BatchJob {
    /// A run of `program` on `input`.
    pub fn new(program: &BatchProgram, input: Vec<u8>) -> Self {
        Self {
            program: program.clone(),
            input,
        }
    }
}

/// Without the input, which is private.
impl fmt::Debug for BatchJob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BatchJob")
            .field("image_id", self.program.image_id())
            .finish_non_exhaustive()
    }
}

/// An item, proven.
#[derive(Clone, Debug)]
pub struct BatchProof {
    /// The receipt, its name and what it proves.
    pub receipt: Arc<CachedReceipt>,
    /// Where it came from.
    pub source: Source,
}

/// How an item ended.
#[derive(Debug)]
pub struct BatchResult {
    /// Its place among the jobs, from 0.
    pub index: usize,
    /// Its proof, or why there is none.
    pub result: Result<BatchProof, BatchItemError>,
}

/// How a batch ended.
#[derive(Debug)]
pub struct Batch {
    /// How each item ended, in the order of the jobs.
    pub results: Vec<Result<BatchProof, BatchItemError>>,
    /// How long all took.
    pub elapsed: Duration,
}

impl Batch {
    /// The items without proofs, by their places.
    pub fn failures(&self) -> impl Iterator<Item = (usize, &BatchItemError)> {
        let results = self.results.iter().enumerate();
        results.filter_map(|(index, result)| Some((index, result.as_ref().err()?)))
    }
}

/// How far a batch is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct BatchProgress {
    /// Items that ended, well or not.
    pub done: usize,
    /// Those of them that failed.
    pub failed: usize,
    /// Items begun and not ended.
    pub running: usize,
    /// Items that there are, if that is known.
    pub total: Option<usize>,
    /// Time since the beginning.
    pub elapsed: Duration,
}

/// Is told how far a batch is.
type OnProgress = dyn Fn(&BatchProgress) + Send + Sync;

/// Proves batches, any number of them, one after the other or at once; each has the whole ceiling for
/// itself. Threads share it.
pub struct BatchProver {
    options: BatchOptions,
    cache: Option<Cache>,
    on_progress: Arc<OnProgress>,
}

impl BatchProver {
    /// # Errors
    /// [`BatchError::AtOnce`] and [`BatchError::WorkFolder`].
    pub fn new(options: BatchOptions) -> Result<Self, BatchError> {
        if options.mode == BatchMode::Parallel(0) {
            return Err(BatchError::AtOnce);
        }
        if options.prove.work_folder.is_some() {
            return Err(BatchError::WorkFolder);
        }
        Ok(Self {
            options,
            cache: None,
            on_progress: Arc::new(|_| {}),
        })
    }

    /// Looks receipts up before it proves, in the keys of a scope (see
    /// [`CacheKey::scoped`](crate::cache::CacheKey::scoped)) or those of none, and keeps new ones.
    #[must_use]
    pub fn cached_in(self, cache: Arc<ReceiptCache>, scope: Option<&str>) -> Self {
        let scope = scope.map(String::from);
        Self {
            cache: Some(Cache { cache, scope }),
            ..self
        }
    }

    /// Calls `on_progress` whenever an item begins or ends: on the threads of the batch, one call at a
    /// time. If it panics, so does who waits for the batch.
    #[must_use]
    pub fn on_progress(self, on_progress: impl Fn(&BatchProgress) + Send + Sync + 'static) -> Self {
        Self {
            on_progress: Arc::new(on_progress),
            ..self
        }
    }

    /// Proves all jobs, and waits until the last has ended. An item that fails, or panics, costs itself
    /// alone. If the batch is cancelled, what had not begun ends as [`Error::Cancelled`], too.
    ///
    /// # Errors
    /// [`BatchError::Threads`] if threads cannot be started.
    pub fn prove_all(&self, jobs: impl IntoIterator<Item = BatchJob>) -> Result<Batch, BatchError> {
        self.prove_all_with(jobs.into_iter().collect(), Seams::default())
    }

    fn prove_all_with(&self, jobs: Vec<BatchJob>, seams: Seams) -> Result<Batch, BatchError> {
        let start = Instant::now();
        let mut results: Vec<_> = { jobs.iter() }
            .map(|_| Err(Error::Cancelled { segments: 0 }.into()))
            .collect();
        for BatchResult { index, result } in self.stream_with(jobs.into_iter(), seams)? {
            if let Some(place) = results.get_mut(index) {
                *place = result;
            }
        }
        Ok(Batch {
            results,
            elapsed: start.elapsed(),
        })
    }

    /// Proves jobs as they come, and hands out results as they come, in the order in which items end.
    /// A job is taken when it can begin, and no more are taken while 16 results wait, or as many as there
    /// are items at once; so neither needs all to be there together.
    ///
    /// Jobs may come from a channel, by its iterator: the batch ends when the senders are gone. It
    /// cannot be cancelled while it waits for a job. After cancellation it takes no more jobs.
    ///
    /// # Errors
    /// [`BatchError::Threads`] if threads cannot be started.
    pub fn stream<I>(&self, jobs: I) -> Result<BatchStream, BatchError>
    where
        I: IntoIterator<Item = BatchJob>,
        I::IntoIter: Send + 'static,
    {
        self.stream_with(jobs.into_iter(), Seams::default())
    }

    fn stream_with(
        &self,
        jobs: impl Iterator<Item = BatchJob> + Send + 'static,
        seams: Seams,
    ) -> Result<BatchStream, BatchError> {
        let engine = Engine::new(self, jobs, seams);
        BatchStream::start(Arc::new(engine))
    }

    /// Threads that all items may take together.
    fn threads(&self) -> usize {
        let cores = || available_parallelism().map_or(1, usize::from);
        self.options.prove.threads.unwrap_or_else(cores).max(1)
    }
}
