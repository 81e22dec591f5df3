//! Receipts that were proven before: in memory, and behind that wherever there is room.
//!
//! ```
//! use std::sync::Arc;
//! use vouch_kit::cache::{CacheKey, FolderBacking, ReceiptCache, Source};
//! use vouch_sdk::{Input, Program, ProveOptions, guests, image_id, prove};
//!
//! let folder = tempfile::tempdir()?;
//! let files = FolderBacking::open(&folder.path().join("receipts"), 1 << 30)?;
//! let cache = ReceiptCache::new(64 << 20).backed_by(Arc::new(files));
//!
//! let program = Program::from_elf(guests::FIBONACCI)?;
//! let input = Input::new().word(10);
//! let options = ProveOptions::default();
//! let key = CacheKey::new(&image_id(&program), &input, options.profile);
//! let proof = || prove(&program, &input, &options);
//!
//! let (first, source) = cache.get_or_prove(&key, &options.cancel, proof)?;
//! assert!(matches!(source, Source::Proven(_)));
//! let (second, source) = cache.get_or_prove(&key, &options.cancel, proof)?;
//! assert!(matches!(source, Source::Memory));
//! assert_eq!(first.digest, second.digest);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! All calls block. From asynchronous code they belong into `spawn_blocking` or its like.

mod backing;
mod folder;
mod key;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::Mutex;
use serde::Serialize;
use thiserror::Error;
use tracing::warn;
use vouch_sdk::{Cancel, Claim, DecodeError, Profile, Proven, Receipt, Stats, VerifyError, verify};

use crate::digest::ProofDigest;
use crate::sync::{Flights, Turn, WeighedLru};

pub use backing::{Backing, BackingError};
pub use folder::FolderBacking;
pub use key::CacheKey;

/// More bytes than an entry takes in memory beside its proofs and its journal.
const ENTRY_BYTES: u64 = 1024;

/// A receipt that has been verified in this process.
#[derive(Debug)]
#[non_exhaustive]
pub struct CachedReceipt {
    /// The receipt.
    pub receipt: Arc<Receipt>,
    /// Its name.
    pub digest: ProofDigest,
    /// What it proves.
    pub claim: Claim,
}

impl CachedReceipt {
    /// A proof just made: whoever proves verifies. And what it cost.
    pub(crate) fn of(proven: Proven) -> (Self, Stats) {
        let cached = Self {
            digest: ProofDigest::of_receipt(&proven.receipt),
            receipt: Arc::new(proven.receipt),
            claim: proven.claim,
        };
        (cached, proven.stats)
    }

    /// The receipt that somebody says is under a key.
    fn check(key: &CacheKey, bytes: &[u8]) -> Result<Self, Unfit> {
        let receipt = Receipt::from_bytes(bytes)?;
        if receipt.profile != key.profile() {
            return Err(Unfit::Profile {
                expected: key.profile(),
                got: receipt.profile,
            });
        }
        let claim = verify(&receipt, key.image_id())?;
        if !key.admits(&claim) {
            return Err(Unfit::ExitCode {
                got: claim.exit_code,
            });
        }
        Ok(Self {
            digest: ProofDigest::of_bytes(bytes),
            receipt: receipt.into(),
            claim,
        })
    }

    fn bytes(&self) -> u64 {
        (self.receipt.encoded_len() + self.claim.journal.len()) as u64 + ENTRY_BYTES
    }
}

/// Why what was under a key does not belong there.
#[derive(Debug, Error)]
enum Unfit {
    #[error(transparent)]
    Decode(#[from] DecodeError),
    #[error("profile: expected {expected:?}, got {got:?}")]
    Profile { expected: Profile, got: Profile },
    #[error(transparent)]
    Verify(#[from] vouch_sdk::Error),
    #[error("exit code: expected 0, got {got}")]
    ExitCode { got: u32 },
}

/// Where a receipt came from.
#[derive(Clone, Debug)]
pub enum Source {
    /// It was in memory.
    Memory,
    /// It was in the second level, and has been verified.
    Backing,
    /// Another caller was just proving it.
    Waited,
    /// It has been proven now, at this cost.
    Proven(Box<Stats>),
}

/// What a cache has done so far, and what it holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct CacheStats {
    /// Calls that found their receipt: in memory, in the second level, or by waiting for another
    /// caller.
    pub hits: u64,
    /// Those of them that found it in the second level.
    pub backing_hits: u64,
    /// Those of them that waited for another caller.
    pub waited: u64,
    /// Calls that did not.
    pub misses: u64,
    /// Entries of the second level that were not what they should be.
    pub corrupted: u64,
    /// Failures of the second level otherwise.
    pub backing_failures: u64,
    /// Receipts in memory.
    pub entries: u64,
    /// Bytes that they take.
    pub bytes: u64,
}

#[derive(Default)]
struct Counters {
    memory_hits: AtomicU64,
    backing_hits: AtomicU64,
    waited: AtomicU64,
    misses: AtomicU64,
    corrupted: AtomicU64,
    backing_failures: AtomicU64,
}

fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}

/// Receipts by what they are of, those used least recently going first when there is no room.
/// Threads share it.
pub struct ReceiptCache {
    memory: Mutex<WeighedLru<CacheKey, Arc<CachedReceipt>>>,
    backing: Option<Arc<dyn Backing>>,
    under_way: Flights<CacheKey, Arc<CachedReceipt>>,
    counters: Counters,
}

impl ReceiptCache {
    /// A cache that takes `max_bytes` of memory at most. With 0 it keeps nothing in memory, and still
    /// lets nobody prove what another is just proving.
    pub fn new(max_bytes: u64) -> Self {
        Self {
            memory: Mutex::new(WeighedLru::new(max_bytes)),
            backing: None,
            under_way: Flights::default(),
            counters: Counters::default(),
        }
    }

    /// Puts a second level behind it. Everything proven is saved there, and what is found there is
    /// verified before it counts. If it fails, the cache warns and does without it.
    #[must_use]
    pub fn backed_by(self, backing: Arc<dyn Backing>) -> Self {
        Self {
            backing: Some(backing),
            ..self
        }
    }

    /// The receipt under a key, from memory or from the second level.
    pub fn get(&self, key: &CacheKey) -> Option<Arc<CachedReceipt>> {
        let found = self.find(key).map(|(receipt, _)| receipt);
        if found.is_none() {
            count(&self.counters.misses);
        }
        found
    }

    /// Finds the receipt under a key, or proves it with `prove`, which must prove what the key stands
    /// for. Of several callers with one key, one proves and the others wait for it; if it fails, the
    /// next one tries. Who waits can be told to stop by `cancel`; who proves, by what `prove` looks at.
    ///
    /// A run that ended with another exit code than the key admits is handed to whoever proved it, and
    /// to nobody else.
    ///
    /// Not for tasks of a `rayon` pool: one of its threads may take up a second such task while it
    /// waits in a first one, and would then wait for itself.
    ///
    /// # Errors
    /// Those of `prove`; [`Cancelled`](vouch_sdk::Error::Cancelled); and [`Verify`](vouch_sdk::Error::Verify)
    /// if what was proven is of another program or profile than the key's.
    pub fn get_or_prove(
        &self,
        key: &CacheKey,
        cancel: &Cancel,
        prove: impl FnOnce() -> Result<Proven, vouch_sdk::Error>,
    ) -> Result<(Arc<CachedReceipt>, Source), vouch_sdk::Error> {
        // By far the most frequent case has nothing to do with others' work.
        if let Some(receipt) = self.find_in_memory(key) {
            return Ok((receipt, Source::Memory));
        }
        let lead = match self.under_way.join(*key, || cancel.is_cancelled()) {
            Turn::Lead(lead) => lead,
            Turn::Landed(receipt) => {
                count(&self.counters.waited);
                return Ok((receipt, Source::Waited));
            }
            Turn::Cancelled => return Err(vouch_sdk::Error::Cancelled { segments: 0 }),
        };
        if let Some((receipt, source)) = self.find(key) {
            lead.land(receipt.clone());
            return Ok((receipt, source));
        }
        count(&self.counters.misses);
        let (receipt, stats) = CachedReceipt::of(prove()?);
        key.check(&receipt)?;
        let receipt = Arc::new(receipt);
        if key.admits(&receipt.claim) {
            self.keep(key, &receipt);
            self.save(key, &receipt);
            lead.land(receipt.clone());
        }
        Ok((receipt, Source::Proven(Box::new(stats))))
    }

    /// What it has done so far, and what it holds.
    pub fn stats(&self) -> CacheStats {
        let (entries, bytes) = {
            let memory = self.memory.lock();
            (memory.len() as u64, memory.weight())
        };
        let now = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let counters = &self.counters;
        let (backing_hits, waited) = (now(&counters.backing_hits), now(&counters.waited));
        CacheStats {
            hits: now(&counters.memory_hits) + backing_hits + waited,
            backing_hits,
            waited,
            misses: now(&counters.misses),
            corrupted: now(&counters.corrupted),
            backing_failures: now(&counters.backing_failures),
            entries,
            bytes,
        }
    }

    /// As [`Self::get`], with where it was. For who goes on to prove what is not there: that is where
    /// a miss counts.
    pub fn find(&self, key: &CacheKey) -> Option<(Arc<CachedReceipt>, Source)> {
        if let Some(receipt) = self.find_in_memory(key) {
            return Some((receipt, Source::Memory));
        }
        let receipt = Arc::new(self.load(key)?);
        self.keep(key, &receipt);
        count(&self.counters.backing_hits);
        Some((receipt, Source::Backing))
    }

    fn find_in_memory(&self, key: &CacheKey) -> Option<Arc<CachedReceipt>> {
        let receipt = self.memory.lock().get(key).cloned();
        if receipt.is_some() {
            count(&self.counters.memory_hits);
        }
        receipt
    }

    fn keep(&self, key: &CacheKey, receipt: &Arc<CachedReceipt>) {
        let gone = self
            .memory
            .lock()
            .insert(*key, receipt.clone(), receipt.bytes());
        drop(gone);
    }

    fn load(&self, key: &CacheKey) -> Option<CachedReceipt> {
        let backing = self.backing.as_deref()?;
        let reason = match backing.load(key) {
            Ok(None) => return None,
            Ok(Some(bytes)) => match CachedReceipt::check(key, &bytes) {
                Ok(receipt) => return Some(receipt),
                Err(unfit) => unfit.to_string(),
            },
            Err(error @ BackingError::Damaged { .. }) => error.to_string(),
            Err(error) => {
                self.backing_failed(key, "load", &error);
                return None;
            }
        };
        count(&self.counters.corrupted);
        warn!(?key, reason, "a cached receipt is invalid; it is removed");
        if let Err(error) = backing.remove(key) {
            self.backing_failed(key, "remove", &error);
        }
        None
    }

    fn save(&self, key: &CacheKey, receipt: &CachedReceipt) {
        if let Some(backing) = &self.backing
            && let Err(error) = backing.save(key, receipt)
        {
            self.backing_failed(key, "save", &error);
        }
    }

    fn backing_failed(&self, key: &CacheKey, action: &str, error: &BackingError) {
        count(&self.counters.backing_failures);
        warn!(?key, action, %error, "the cache goes on without its second level");
    }
}

impl CacheKey {
    /// Whether the key asks for such a run.
    fn admits(&self, claim: &Claim) -> bool {
        self.any_exit_code || claim.exit_code == 0
    }

    /// Whether a proof just made is of the key's program and profile.
    fn check(&self, receipt: &CachedReceipt) -> Result<(), VerifyError> {
        if receipt.receipt.profile != self.profile {
            return Err(VerifyError::Profile {
                expected: self.profile,
                got: receipt.receipt.profile,
            });
        }
        if receipt.claim.image_id != self.image_id {
            return Err(VerifyError::ImageId {
                expected: self.image_id,
                got: receipt.claim.image_id,
            });
        }
        Ok(())
    }
}
