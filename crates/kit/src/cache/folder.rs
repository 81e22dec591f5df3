//! A second level in a folder.
//!
//! | file | what |
//! |---|---|
//! | 64 hexadecimal digits | an entry: magic `VOUCHCCH`, version (2 bytes), the receipt, and a BLAKE3 hash of all that and the key (32). Its name is a hash of the key. |
//! | `.vouch-..` | an entry being written |
//! | `lock` | locked as long as the folder is in use |

use std::fs::{self, File};
use std::io::{self, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use parking_lot::Mutex;
use vouch_sdk::{MAX_RECEIPT_BYTES, files, private};

use super::backing::{Backing, BackingError};
use super::{CacheKey, CachedReceipt};
use crate::sync::WeighedLru;

/// Magic and version.
const HEAD: &[u8; 10] = b"VOUCHCCH\x01\x00";
/// Bytes of a hash.
const HASH: usize = 32;
/// Largest entry in bytes.
const MAX_ENTRY_BYTES: u64 = (MAX_RECEIPT_BYTES + HEAD.len() + HASH) as u64;
/// What the names of files begin with that are not whole yet.
const TEMPORARY: &str = ".vouch-";

/// Of an entry: a hash of its key.
type Name = [u8; HASH];
/// Entries by when they were used last, weighed in bytes.
type Entries = WeighedLru<Name, ()>;

/// Receipts in a folder, as files that only its owner can read. When they take more than allowed,
/// those used least recently go first; what was used when survives a restart.
///
/// A receipt does not say which input it is of. Whoever can write into the folder can pass the receipt
/// of one run of a program off as that of another run of the same program, and of nothing else.
pub struct FolderBacking {
    path: PathBuf,
    /// Held while files come and go, so that it is true of them.
    entries: Mutex<Entries>,
    /// Locked until it is dropped.
    _lock: File,
}

impl FolderBacking {
    /// Entries of at most `max_bytes` together. The folder is made if it is not there, for its
    /// owner alone; one that is there keeps its permissions, and the files in it that are no entries.
    ///
    /// # Errors
    /// Another process uses the folder, or it cannot be read or written.
    pub fn open(path: &Path, max_bytes: u64) -> Result<Self, BackingError> {
        private::folder(path).map_err(failed("open", path))?;
        let lock = private::lock(&path.join("lock")).map_err(failed("lock", path))?;
        let lock = lock.ok_or_else(|| BackingError::InUse { path: path.into() })?;
        let folder = Self {
            path: path.into(),
            entries: Mutex::new(WeighedLru::new(max_bytes)),
            _lock: lock,
        };
        folder.list().map_err(failed("list", path))?;
        Ok(folder)
    }

    /// Takes up what an earlier process left.
    fn list(&self) -> io::Result<()> {
        let mut found = Vec::new();
        for entry in fs::read_dir(&self.path)? {
            let entry = entry?;
            let file_name = entry.file_name();
            let text = file_name.to_string_lossy();
            if text.starts_with(TEMPORARY) {
                fs::remove_file(entry.path())?;
                continue;
            }
            let mut name = [0; HASH];
            if hex::decode_to_slice(&*text, &mut name).is_ok() {
                let metadata = entry.metadata()?;
                found.push((metadata.modified()?, name, metadata.len()));
            }
        }
        found.sort_unstable();
        let mut entries = self.entries.lock();
        for (_, name, bytes) in found {
            for (gone, ()) in entries.insert(name, (), bytes) {
                remove(&self.file(&gone))?;
            }
        }
        Ok(())
    }

    fn file(&self, name: &Name) -> PathBuf {
        self.path.join(hex::encode(name))
    }

    fn write(&self, name: &Name, key: &CacheKey, receipt: &CachedReceipt) -> io::Result<()> {
        // Readable by its owner alone, which is how temporary files are made.
        let file = tempfile::Builder::new()
            .prefix(TEMPORARY)
            .tempfile_in(&self.path);
        // The error would name the file.
        let mut file = file.map_err(|error| io::Error::from(error.kind()))?;
        let mut hasher = hasher(key);
        for piece in core::iter::once(HEAD.to_vec()).chain(receipt.receipt.pieces()) {
            hasher.update(&piece);
            file.write_all(&piece)?;
        }
        file.write_all(hasher.finalize().as_bytes())?;
        // It is not waited for until it is on the disk: what a crash leaves of it has another hash.
        let persisted = file.persist(self.file(name));
        persisted.map(drop).map_err(|failed| failed.error)
    }

    /// Counts an entry no more if its file is not there.
    fn forget_missing(&self, entries: &mut Entries, name: &Name) {
        if !self.file(name).exists() {
            entries.remove(name);
        }
    }
}

impl Backing for FolderBacking {
    fn load(&self, key: &CacheKey) -> Result<Option<Vec<u8>>, BackingError> {
        let name = name(key);
        let file = self.file(&name);
        let mut bytes = match files::read(&file, MAX_ENTRY_BYTES) {
            Ok(bytes) => bytes,
            Err(vouch_sdk::Error::File { source, .. })
                if source.kind() == io::ErrorKind::NotFound =>
            {
                self.forget_missing(&mut self.entries.lock(), &name);
                return Ok(None);
            }
            Err(vouch_sdk::Error::File { source, .. }) => {
                return Err(failed("read", &self.path)(source));
            }
            Err(vouch_sdk::Error::FileSize { .. }) => {
                let expected = "no more bytes than a receipt has";
                return Err(BackingError::Damaged { expected });
            }
            Err(other) => return Err(BackingError::Other(Box::new(other))),
        };
        let content = content(key, &bytes)?;
        bytes.truncate(content.end);
        bytes.drain(..content.start);
        if self.entries.lock().get(&name).is_some() {
            // Only the order in which entries go after a restart depends on it.
            let _ = touch(&file);
        }
        Ok(Some(bytes))
    }

    fn save(&self, key: &CacheKey, receipt: &CachedReceipt) -> Result<(), BackingError> {
        let name = name(key);
        let bytes = (HEAD.len() + receipt.receipt.encoded_len() + HASH) as u64;
        let mut entries = self.entries.lock();
        if bytes > entries.max_weight() {
            return Ok(());
        }
        // Room is made before it is taken.
        let gone = entries.insert(name, (), bytes);
        let others = gone.into_iter().filter(|(gone, ())| *gone != name);
        let saved = { others }
            .try_for_each(|(gone, ())| remove(&self.file(&gone)))
            .and_then(|()| self.write(&name, key, receipt));
        if saved.is_err() {
            self.forget_missing(&mut entries, &name);
        }
        saved.map_err(failed("write", &self.path))
    }

    fn remove(&self, key: &CacheKey) -> Result<(), BackingError> {
        let name = name(key);
        let mut entries = self.entries.lock();
        remove(&self.file(&name)).map_err(failed("remove", &self.path))?;
        entries.remove(&name);
        Ok(())
    }
}

fn failed<'a>(action: &'static str, path: &'a Path) -> impl Fn(io::Error) -> BackingError + 'a {
    move |source| BackingError::Folder {
        action,
        path: path.into(),
        source,
    }
}

/// The name of a key's file. The key cannot be told from it, short of guessing.
fn name(key: &CacheKey) -> Name {
    blake3::derive_key("vouch receipt cache 2026 file name", &key.to_bytes())
}

/// Of an entry: its key is hashed with it, so that no entry passes for another by its name.
fn hasher(key: &CacheKey) -> blake3::Hasher {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&key.to_bytes());
    hasher
}

/// Where the receipt is in an entry that is as it was saved.
fn content(key: &CacheKey, entry: &[u8]) -> Result<Range<usize>, BackingError> {
    let damaged = |expected| BackingError::Damaged { expected };
    let split = entry.split_last_chunk::<HASH>();
    let (body, hash) = split.ok_or_else(|| damaged("a hash at its end"))?;
    if !body.starts_with(HEAD) {
        return Err(damaged("the bytes that version 1 begins with"));
    }
    if *hasher(key).update(body).finalize().as_bytes() != *hash {
        return Err(damaged("the hash that it was saved with"));
    }
    Ok(HEAD.len()..body.len())
}

fn remove(file: &Path) -> io::Result<()> {
    match fs::remove_file(file) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn touch(file: &Path) -> io::Result<()> {
    let file = File::options().write(true).open(file)?;
    file.set_modified(SystemTime::now())
}
