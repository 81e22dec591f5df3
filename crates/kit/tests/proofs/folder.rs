//! The cache's second level in a folder.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use vouch_kit::cache::{Backing, BackingError, CacheKey, CachedReceipt, FolderBacking};
use vouch_kit::cache::{ReceiptCache, Source};
use vouch_sdk::{Cancel, MAX_RECEIPT_BYTES, Profile};

use crate::{fibonacci_id, proven};

const ROOM: u64 = 64 << 20;

/// One of several keys.
fn key(number: u8) -> CacheKey {
    CacheKey::new(&fibonacci_id(), &[number], Profile::Fast100)
}

fn receipt() -> Arc<CachedReceipt> {
    let cache = ReceiptCache::new(ROOM);
    let proof = cache.get_or_prove(&key(0), &Cancel::default(), || Ok(proven()));
    proof.expect("it is proven").0
}

fn open(path: &Path, max_bytes: u64) -> FolderBacking {
    FolderBacking::open(path, max_bytes).expect("a folder")
}

/// Paths of the entries in a folder.
fn entries(path: &Path) -> Vec<PathBuf> {
    let names = fs::read_dir(path).expect("a folder");
    names
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.file_name().expect("a name").len() == 64)
        .collect()
}

/// The path of a folder's only entry.
fn entry(path: &Path) -> PathBuf {
    let entries = entries(path);
    assert_eq!(entries.len(), 1);
    entries[0].clone()
}

#[test]
fn receipts_survive_a_restart() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("new/cache");
    for restart in [false, true] {
        let cache = ReceiptCache::new(ROOM).backed_by(Arc::new(open(&path, ROOM)));
        let proof = cache.get_or_prove(&key(0), &Cancel::default(), || match restart {
            true => panic!("it is there"),
            false => Ok(proven()),
        });
        let (receipt, source) = proof.expect("a receipt");
        assert_eq!(matches!(source, Source::Backing), restart);
        assert_eq!(*receipt.receipt, proven().receipt);
        assert!(cache.get(&key(1)).is_none());
    }
}

#[cfg(unix)]
#[test]
fn only_its_owner_can_read_it() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("cache");
    let files = open(&path, ROOM);
    files.save(&key(0), &receipt()).expect("it is saved");
    let mode = |path: &Path| {
        fs::metadata(path)
            .expect("it is there")
            .permissions()
            .mode()
            & 0o777
    };
    assert_eq!(mode(&path), 0o700);
    assert_eq!(mode(&entry(&path)), 0o600);
    assert_eq!(mode(&path.join("lock")), 0o600);
}

#[test]
fn damaged_entries_are_rebuilt() {
    let folder = tempfile::tempdir().expect("a folder");
    let files = Arc::new(open(folder.path(), ROOM));
    files.save(&key(0), &receipt()).expect("it is saved");
    let path = entry(folder.path());
    let good = fs::read(&path).expect("it can be read");
    let mut flipped = good.clone();
    flipped[good.len() / 2] ^= 1;
    let mut versioned = good.clone();
    versioned[8] = 2;
    let damages = [
        (&[][..], "a hash at its end"),
        (&good[..60], "the hash that it was saved with"),
        (&good[..good.len() - 1], "the hash that it was saved with"),
        (&flipped, "the hash that it was saved with"),
        (&versioned, "the bytes that version 1 begins with"),
    ];
    for (damaged, missed) in damages {
        fs::write(&path, damaged).expect("it is damaged");
        let error = files.load(&key(0)).expect_err("it is damaged");
        assert!(
            matches!(error, BackingError::Damaged { expected } if expected == missed),
            "{missed}: {error}"
        );
        let cache = ReceiptCache::new(ROOM).backed_by(files.clone());
        let proof = cache.get_or_prove(&key(0), &Cancel::default(), || Ok(proven()));
        let (_, source) = proof.expect("it is proven");
        assert!(matches!(source, Source::Proven(_)));
        assert_eq!(cache.stats().corrupted, 1);
        assert_eq!(fs::read(&path).expect("it can be read"), good);
    }
    let file = File::create(&path).expect("a file");
    let holes = file.set_len(MAX_RECEIPT_BYTES as u64 + 100);
    holes.expect("holes cost nothing");
    let error = files.load(&key(0)).expect_err("it is too large");
    assert!(matches!(error, BackingError::Damaged { .. }), "{error}");
}

#[test]
fn an_entry_does_not_pass_for_another() {
    let folder = tempfile::tempdir().expect("a folder");
    let files = open(folder.path(), ROOM);
    files.save(&key(0), &receipt()).expect("it is saved");
    let first = entry(folder.path());
    let bytes = fs::read(&first).expect("it can be read");
    files.remove(&key(0)).expect("it goes");
    files.remove(&key(0)).expect("it has gone");
    assert!(files.load(&key(0)).expect("it works").is_none());
    files.save(&key(1), &receipt()).expect("it is saved");
    let second = entry(folder.path());
    assert_ne!(first, second);
    fs::write(second, bytes).expect("it is replaced");
    assert!(matches!(
        files.load(&key(1)),
        Err(BackingError::Damaged { .. })
    ));
}

#[test]
fn its_size_is_bounded() {
    let folder = tempfile::tempdir().expect("a folder");
    let receipt = receipt();
    let size = receipt.receipt.encoded_len() as u64 + 42;
    let files = open(folder.path(), size * 2);
    let there = |number| files.load(&key(number)).expect("it works").is_some();
    for number in [0, 1] {
        files.save(&key(number), &receipt).expect("it is saved");
    }
    assert!(there(0));
    files.save(&key(2), &receipt).expect("it is saved");
    assert!(there(0) && !there(1) && there(2));
    // In place of itself it needs no other room.
    files.save(&key(0), &receipt).expect("it is saved");
    assert!(there(0) && there(2));
    drop(files);

    // After a restart, times of files say what was used when.
    let files = open(folder.path(), size * 2);
    files.save(&key(3), &receipt).expect("it is saved");
    assert_eq!(entries(folder.path()).len(), 2);
    drop(files);

    // Smaller than an entry: nothing stays, nothing comes.
    let files = open(folder.path(), size - 1);
    assert!(entries(folder.path()).is_empty());
    files.save(&key(0), &receipt).expect("it is not wanted");
    assert!(entries(folder.path()).is_empty());
}

#[test]
fn what_was_used_last_stays_after_a_restart() {
    let folder = tempfile::tempdir().expect("a folder");
    let receipt = receipt();
    let size = receipt.receipt.encoded_len() as u64 + 42;
    let files = open(folder.path(), size * 2);
    let long_ago = SystemTime::now() - Duration::from_secs(3600);
    for number in [0, 1] {
        files.save(&key(number), &receipt).expect("it is saved");
        for path in entries(folder.path()) {
            let file = File::options().write(true).open(path).expect("a file");
            file.set_modified(long_ago).expect("its time is set");
        }
    }
    files.load(&key(0)).expect("it works").expect("it is there");
    drop(files);
    let files = open(folder.path(), size);
    assert!(files.load(&key(0)).expect("it works").is_some());
    assert!(files.load(&key(1)).expect("it works").is_none());
}

#[test]
fn other_files_stay_and_unfinished_ones_go() {
    let folder = tempfile::tempdir().expect("a folder");
    let (other, unfinished) = (folder.path().join("notes"), folder.path().join(".vouch-x"));
    for path in [&other, &unfinished] {
        fs::write(path, b"text").expect("it is written");
    }
    let _files = open(folder.path(), 0);
    assert!(other.exists() && !unfinished.exists());
}

#[test]
fn a_folder_has_one_user() {
    let folder = tempfile::tempdir().expect("a folder");
    let files = open(folder.path(), ROOM);
    assert!(matches!(
        FolderBacking::open(folder.path(), ROOM),
        Err(BackingError::InUse { .. })
    ));
    drop(files);
    open(folder.path(), ROOM);
    let file = folder.path().join("file");
    fs::write(&file, b"").expect("it is written");
    let error = FolderBacking::open(&file, ROOM).err().expect("no folder");
    assert!(
        matches!(error, BackingError::Folder { action: "open", .. }),
        "{error}"
    );
}

/// Whoever may write into the folder plants a link where the lock should be.
#[cfg(unix)]
#[test]
fn a_lock_is_no_link() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("cache");
    std::fs::create_dir(&path).expect("a folder");
    let [precious, missing] = ["precious", "missing"].map(|name| folder.path().join(name));
    std::fs::write(&precious, "content").expect("a file");
    for target in [&precious, &missing] {
        std::os::unix::fs::symlink(target, path.join("lock")).expect("a link");
        let error = FolderBacking::open(&path, 1 << 20).err();
        let refused = matches!(error, Some(BackingError::Folder { action: "lock", .. }));
        assert!(refused, "{error:?}");
        std::fs::remove_file(path.join("lock")).expect("the link");
    }
    assert_eq!(std::fs::read(&precious).expect("a file"), b"content");
    assert!(!missing.exists());
}

#[test]
fn a_folder_that_goes_is_done_without() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("cache");
    let files = Arc::new(open(&path, ROOM));
    fs::remove_dir_all(&path).expect("it goes");
    let error = files.save(&key(0), &receipt()).expect_err("it has gone");
    assert!(
        matches!(
            error,
            BackingError::Folder {
                action: "write",
                ..
            }
        ),
        "{error}"
    );
    let cache = ReceiptCache::new(ROOM).backed_by(files);
    let proof = cache.get_or_prove(&key(0), &Cancel::default(), || Ok(proven()));
    proof.expect("it is proven");
    assert_eq!(cache.stats().backing_failures, 1);
}
