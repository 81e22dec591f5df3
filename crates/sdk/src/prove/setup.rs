//! What proves, on which threads, and where it cuts a run: from the options and this machine.

use std::ops::Deref;
use std::sync::OnceLock;

use rayon::{ThreadPool, ThreadPoolBuilder};
use vouch_prover::Prover;

use super::plan::{AT_ONCE_ON_A_DEVICE, Cuts, segments_at_once};
use super::{ProveOptions, backend};
use crate::error::Error;
use crate::vectors;

pub(super) struct Setup {
    pub pool: Pool,
    pub prover: Prover,
    pub cuts: Cuts,
}

impl Setup {
    /// For segments that take one of so many parts of the device's memory by estimate.
    pub fn new(options: &ProveOptions, parts: u64) -> Result<Self, Error> {
        let pool = match options.threads {
            Some(threads) => Pool::Own(thread_pool(threads)?),
            None => Pool::Shared(shared_pool()?),
        };
        let (prover, device_memory) = backend::prover(options.backend, options.profile)?;
        if device_memory.is_none() {
            vectors::warn_once();
        }
        let at_once = match device_memory {
            Some(_) => AT_ONCE_ON_A_DEVICE,
            None => segments_at_once(pool.current_num_threads()),
        };
        let cuts = Cuts {
            max_memory: options.max_memory.unwrap_or(u64::MAX),
            at_once,
            segment_cells: options.segment_cells,
            device_memory: device_memory.map(|bytes| bytes / parts),
        };
        Ok(Self { pool, prover, cuts })
    }
}

/// Threads that prove.
pub(super) enum Pool {
    /// Those of all proofs of this process that want no number of their own.
    Shared(&'static ThreadPool),
    Own(ThreadPool),
}

impl Deref for Pool {
    type Target = ThreadPool;

    fn deref(&self) -> &ThreadPool {
        match self {
            Self::Shared(pool) => pool,
            Self::Own(pool) => pool,
        }
    }
}

/// As many threads as there are cores, for all proofs of this process that want no number of their
/// own.
fn shared_pool() -> Result<&'static ThreadPool, Error> {
    static POOL: OnceLock<Result<ThreadPool, String>> = OnceLock::new();
    // By its default, 0 threads are as many as there are cores.
    let make = || ThreadPoolBuilder::new().build().map_err(|e| e.to_string());
    POOL.get_or_init(make)
        .as_ref()
        .map_err(|reason| Error::Threads {
            threads: 0,
            reason: reason.clone(),
        })
}

fn thread_pool(threads: usize) -> Result<ThreadPool, Error> {
    let pool = ThreadPoolBuilder::new().num_threads(threads).build();
    pool.map_err(|error| Error::Threads {
        threads,
        reason: error.to_string(),
    })
}
