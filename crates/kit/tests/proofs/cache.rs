//! The cache in memory, over second levels that misbehave.

use std::collections::HashMap;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

use vouch_kit::ProofDigest;
use vouch_kit::cache::{Backing, BackingError, CacheKey, CachedReceipt, ReceiptCache, Source};
use vouch_sdk::{Cancel, Error, Input, Profile, Proven, VerifyError};

use crate::{fibonacci_id, panicking, prove_fibonacci, proven};

const ROOM: u64 = 64 << 20;

fn key() -> CacheKey {
    CacheKey::new(&fibonacci_id(), &Input::new().word(10), Profile::Fast100)
}

fn never() -> Result<Proven, Error> {
    panic!("nothing is to be proven")
}

fn get_or_prove(
    cache: &ReceiptCache,
    prove: impl FnOnce() -> Result<Proven, Error>,
) -> Result<(Arc<CachedReceipt>, Source), Error> {
    cache.get_or_prove(&key(), &Cancel::default(), prove)
}

/// A second level in memory.
#[derive(Default)]
struct Shelf {
    entries: Mutex<HashMap<Vec<u8>, Vec<u8>>>,
    broken: AtomicBool,
}

impl Shelf {
    fn holding(key: &CacheKey, bytes: Vec<u8>) -> Arc<Self> {
        let shelf = Self::default();
        let entry = (key.to_bytes().to_vec(), bytes);
        shelf.entries.lock().expect("no panic").extend([entry]);
        Arc::new(shelf)
    }

    fn len(&self) -> usize {
        self.entries.lock().expect("no panic").len()
    }

    fn check(&self) -> Result<(), BackingError> {
        match self.broken.load(Ordering::Relaxed) {
            true => Err(BackingError::Other(Box::new(io::Error::other("broken")))),
            false => Ok(()),
        }
    }
}

impl Backing for Shelf {
    fn load(&self, key: &CacheKey) -> Result<Option<Vec<u8>>, BackingError> {
        self.check()?;
        let entries = self.entries.lock().expect("no panic");
        Ok(entries.get(&key.to_bytes()[..]).cloned())
    }

    fn save(&self, key: &CacheKey, receipt: &CachedReceipt) -> Result<(), BackingError> {
        self.check()?;
        let entry = (key.to_bytes().to_vec(), receipt.receipt.to_bytes());
        self.entries.lock().expect("no panic").extend([entry]);
        Ok(())
    }

    fn remove(&self, key: &CacheKey) -> Result<(), BackingError> {
        self.check()?;
        let mut entries = self.entries.lock().expect("no panic");
        entries.remove(&key.to_bytes()[..]);
        Ok(())
    }
}

#[test]
fn what_was_proven_is_found() {
    let cache = ReceiptCache::new(ROOM);
    assert!(cache.get(&key()).is_none());
    let (receipt, source) = get_or_prove(&cache, || Ok(proven())).expect("it is proven");
    assert!(matches!(source, Source::Proven(stats) if stats.cycles == proven().stats.cycles));
    assert_eq!(*receipt.receipt, proven().receipt);
    assert_eq!(receipt.claim, proven().claim);
    assert_eq!(receipt.digest, ProofDigest::of_receipt(&proven().receipt));
    let (again, source) = get_or_prove(&cache, never).expect("it is there");
    assert!(matches!(source, Source::Memory) && Arc::ptr_eq(&receipt, &again));
    assert!(cache.get(&key()).is_some());
    for other in [
        key().scoped("somebody"),
        key().allowing_nonzero_exit(true),
        CacheKey::new(&fibonacci_id(), &Input::new().word(11), Profile::Fast100),
    ] {
        assert!(cache.get(&other).is_none());
    }
    let stats = cache.stats();
    assert_eq!((stats.hits, stats.misses, stats.entries), (2, 5, 1));
    assert!(stats.bytes > receipt.receipt.encoded_len() as u64);
}

#[test]
fn of_many_at_once_one_proves() {
    let cache = ReceiptCache::new(ROOM);
    let proofs = AtomicUsize::new(0);
    let prove = || {
        proofs.fetch_add(1, Ordering::Relaxed);
        prove_fibonacci(10)
    };
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                let (receipt, _) = get_or_prove(&cache, prove).expect("it is proven");
                assert_eq!(*receipt.receipt, proven().receipt);
            });
        }
    });
    assert_eq!(proofs.into_inner(), 1);
    let stats = cache.stats();
    assert_eq!((stats.hits, stats.misses), (7, 1));
}

#[test]
fn a_cache_without_room_lets_one_prove_as_well() {
    let cache = ReceiptCache::new(0);
    get_or_prove(&cache, || Ok(proven())).expect("it is proven");
    assert!(cache.get(&key()).is_none());
    assert_eq!((cache.stats().entries, cache.stats().bytes), (0, 0));
    let (started, waiting) = (AtomicBool::new(false), AtomicBool::new(false));
    thread::scope(|scope| {
        let waiter = scope.spawn(|| {
            while !started.load(Ordering::Acquire) {
                thread::yield_now();
            }
            let cancel = Cancel::default();
            waiting.store(true, Ordering::Release);
            cache.get_or_prove(&key(), &cancel, || Ok(proven()))
        });
        let prove = || {
            started.store(true, Ordering::Release);
            while !waiting.load(Ordering::Acquire) {
                thread::yield_now();
            }
            prove_fibonacci(10)
        };
        get_or_prove(&cache, prove).expect("it is proven");
        // It waited, or came when all was over.
        let (receipt, _) = waiter.join().expect("no panic").expect("it has a receipt");
        assert_eq!(*receipt.receipt, proven().receipt);
    });
}

#[test]
fn who_fails_leaves_it_to_the_next() {
    let cache = ReceiptCache::new(ROOM);
    let cancelled = || Err(Error::Cancelled { segments: 3 });
    let error = get_or_prove(&cache, cancelled).expect_err("it fails");
    assert!(matches!(error, Error::Cancelled { segments: 3 }));
    let panics = catch_unwind(AssertUnwindSafe(|| get_or_prove(&cache, never)));
    assert!(panics.is_err());
    let (_, source) = get_or_prove(&cache, || Ok(proven())).expect("it is proven");
    assert!(matches!(source, Source::Proven(_)));
}

#[test]
fn who_waits_can_be_cancelled() {
    let cache = ReceiptCache::new(ROOM);
    let cancel = Cancel::default();
    cancel.cancel();
    let prove = || {
        let error = cache.get_or_prove(&key(), &cancel, never);
        let error = error.expect_err("another is at it");
        assert!(matches!(error, Error::Cancelled { segments: 0 }));
        Ok(proven())
    };
    get_or_prove(&cache, prove).expect("it is proven");
}

#[test]
fn memory_is_bounded() {
    let cache = ReceiptCache::new(proven().receipt.encoded_len() as u64 * 3 / 2);
    let other = key().scoped("another");
    for key in [key(), other] {
        let cancel = Cancel::default();
        let proof = cache.get_or_prove(&key, &cancel, || Ok(proven()));
        proof.expect("it is proven");
    }
    assert!(cache.get(&key()).is_none());
    assert!(cache.get(&other).is_some());
    assert_eq!(cache.stats().entries, 1);
}

#[test]
fn a_second_level_is_filled_and_asked() {
    let shelf = Arc::new(Shelf::default());
    let cache = || ReceiptCache::new(ROOM).backed_by(shelf.clone());
    get_or_prove(&cache(), || Ok(proven())).expect("it is proven");
    assert_eq!(shelf.len(), 1);
    let later = cache();
    let (receipt, source) = get_or_prove(&later, never).expect("it is there");
    assert!(matches!(source, Source::Backing));
    assert_eq!(receipt.claim, proven().claim);
    let (_, source) = get_or_prove(&later, never).expect("it is there");
    assert!(matches!(source, Source::Memory));
    let stats = later.stats();
    assert_eq!((stats.hits, stats.backing_hits, stats.misses), (2, 1, 0));
    assert!(cache().get(&key()).is_some());
}

/// What is found under the key is not handed out, but replaced.
fn is_rebuilt(bytes: Vec<u8>) {
    let shelf = Shelf::holding(&key(), bytes);
    let cache = ReceiptCache::new(ROOM).backed_by(shelf.clone());
    assert!(cache.get(&key()).is_none());
    assert_eq!((shelf.len(), cache.stats().corrupted), (0, 1));
    let (receipt, source) = get_or_prove(&cache, || Ok(proven())).expect("it is proven");
    assert!(matches!(source, Source::Proven(_)));
    let bytes = shelf.load(&key()).expect("it works");
    assert_eq!(bytes, Some(receipt.receipt.to_bytes()));
    let stats = cache.stats();
    assert_eq!((stats.hits, stats.misses, stats.corrupted), (0, 2, 1));
}

#[test]
fn what_is_no_proof_is_rebuilt() {
    let bytes = proven().receipt.to_bytes();
    is_rebuilt(Vec::new());
    is_rebuilt(bytes[..bytes.len() - 1].to_vec());
    // In a field of the claim, and in the proof.
    for place in [40, bytes.len() / 2] {
        let mut changed = bytes.clone();
        changed[place] ^= 1;
        is_rebuilt(changed);
    }
}

#[test]
fn what_proves_something_else_is_rebuilt() {
    is_rebuilt(panicking().1.receipt.to_bytes());
    // A good proof of the program, of the wrong profile: a lie about the key.
    let compact = CacheKey::new(&fibonacci_id(), b"", Profile::Compact100);
    let shelf = Shelf::holding(&compact, proven().receipt.to_bytes());
    let cache = ReceiptCache::new(ROOM).backed_by(shelf);
    assert!(cache.get(&compact).is_none());
    assert_eq!(cache.stats().corrupted, 1);
}

#[test]
fn a_second_level_that_fails_is_done_without() {
    let shelf = Shelf::holding(&key(), proven().receipt.to_bytes());
    shelf.broken.store(true, Ordering::Relaxed);
    let cache = ReceiptCache::new(ROOM).backed_by(shelf.clone());
    assert!(cache.get(&key()).is_none());
    let (_, source) = get_or_prove(&cache, || Ok(proven())).expect("it is proven");
    assert!(matches!(source, Source::Proven(_)));
    let stats = cache.stats();
    // Two loads and a save.
    assert_eq!((stats.misses, stats.backing_failures), (2, 3));
    assert_eq!((stats.corrupted, stats.entries), (0, 1));
}

#[test]
fn runs_with_other_exit_codes_reach_only_who_asked_for_them() {
    let (id, failed) = panicking();
    let strict = CacheKey::new(&id, b"", Profile::Fast100);
    let lenient = strict.allowing_nonzero_exit(true);
    let shelf = Shelf::holding(&strict, failed.receipt.to_bytes());
    let cache = ReceiptCache::new(ROOM).backed_by(shelf.clone());
    let cancel = Cancel::default();

    // Somebody put one where it does not belong.
    assert!(cache.get(&strict).is_none());
    assert_eq!((shelf.len(), cache.stats().corrupted), (0, 1));

    let proof = cache.get_or_prove(&lenient, &cancel, || Ok(failed.clone()));
    let (receipt, _) = proof.expect("it is proven");
    assert_eq!(receipt.claim.exit_code, 101);
    assert!(cache.get(&lenient).is_some());
    assert!(cache.get(&strict).is_none());

    // Who proves one all the same gets it, and nobody else.
    let proof = cache.get_or_prove(&strict, &cancel, || Ok(failed));
    let (_, source) = proof.expect("it is proven");
    assert!(matches!(source, Source::Proven(_)));
    assert!(cache.get(&strict).is_none());
    assert_eq!((shelf.len(), cache.stats().entries), (1, 1));
}

#[test]
fn proofs_of_something_else_are_refused() {
    let cache = ReceiptCache::new(ROOM);
    let error = get_or_prove(&cache, || Ok(panicking().1)).expect_err("another program");
    assert!(matches!(
        error,
        Error::Verify(VerifyError::ImageId { expected, .. }) if expected == fibonacci_id()
    ));
    let compact = CacheKey::new(&fibonacci_id(), &Input::new().word(10), Profile::Compact100);
    let error = cache.get_or_prove(&compact, &Cancel::default(), || Ok(proven()));
    assert!(matches!(
        error,
        Err(Error::Verify(VerifyError::Profile {
            expected: Profile::Compact100,
            got: Profile::Fast100
        }))
    ));
    assert_eq!(cache.stats().entries, 0);
}
