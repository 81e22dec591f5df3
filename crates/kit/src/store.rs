//! Artefacts, each named by the hash of its bytes: in a folder, or in a store that speaks S3.
//!
//! All calls block. From asynchronous code they belong into `spawn_blocking` or its like.

use std::future::Future;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::sync_channel;

use bytes::Bytes;
use object_store::local::LocalFileSystem;
use object_store::path::Path as Key;
use object_store::{ObjectStore, ObjectStoreExt, PutPayload, parse_url_opts};
use thiserror::Error;
use tokio::runtime::{Builder, Runtime};
use url::Url;
use vouch_sdk::{DecodeError, MAX_RECEIPT_BYTES, Receipt, private};

use crate::digest::ProofDigest;

/// Threads that wait for the store.
const THREADS: usize = 2;

/// Why an artefact could not be kept or found.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum StoreError {
    /// There is no such artefact.
    #[error("artefact {digest}: expected it in the store, but it is not there")]
    Missing {
        /// Its name.
        digest: ProofDigest,
    },
    /// Something else lies under this name.
    #[error("artefact {digest}: damaged: its bytes hash to {got}")]
    Damaged {
        /// Its name.
        digest: ProofDigest,
        /// The hash of what is there.
        got: ProofDigest,
    },
    /// Something larger than any receipt lies under this name.
    #[error("artefact {digest}: expected at most {limit} bytes, got {got}")]
    Size {
        /// Its name.
        digest: ProofDigest,
        /// Largest artefact in bytes.
        limit: u64,
        /// Bytes that are there.
        got: u64,
    },
    /// The artefact is no receipt.
    #[error("artefact {digest}: {source}")]
    Receipt {
        /// Its name.
        digest: ProofDigest,
        /// What is wrong with it.
        source: DecodeError,
    },
    /// The store's address or options mean nothing.
    #[error("artefact store {address}: {reason}")]
    Address {
        /// The address.
        address: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The store's folder cannot be made.
    #[error("artefact store: cannot create {}: {source}", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// The store does not do what it should.
    #[error("artefact store: cannot {action}: {source}")]
    Access {
        /// `read`, `write` or `delete`, and which.
        action: String,
        /// What the store says.
        source: object_store::Error,
    },
    /// The store's folder cannot be written to.
    #[error("artefact {digest}: cannot write: {source}")]
    Write {
        /// Its name.
        digest: ProofDigest,
        /// What the system says.
        source: std::io::Error,
    },
    /// The store's threads are gone, or could not be started.
    #[error("artefact store: cannot start its threads: {reason}")]
    Threads {
        /// What the system says.
        reason: String,
    },
}

/// Keeps artefacts. Clones are the same store.
#[derive(Clone, Debug)]
pub struct ArtifactStore {
    objects: Arc<dyn ObjectStore>,
    /// The folder that they are in, which is written to here: a file of [`LocalFileSystem`] has whatever mode
    /// the umask leaves.
    folder: Option<PathBuf>,
    /// What names begin with.
    prefix: Key,
    runtime: Arc<Background>,
}

impl ArtifactStore {
    /// Artefacts as files below a folder, which is made if it is not there: for their owner alone, whatever
    /// the folder's mode. They are on the disk when [`Self::put`] returns.
    ///
    /// # Errors
    /// The folder cannot be made.
    pub fn folder(path: &Path) -> Result<Self, StoreError> {
        let failed = |source| StoreError::Folder {
            path: path.into(),
            source,
        };
        private::folder(path).map_err(failed)?;
        let objects =
            LocalFileSystem::new_with_prefix(path).map_err(|error| StoreError::Address {
                address: path.display().to_string(),
                reason: error.to_string(),
            })?;
        let objects = Arc::new(objects.with_fsync(true));
        Ok(Self {
            folder: Some(path.canonicalize().map_err(failed)?),
            ..Self::over(objects, Key::default())?
        })
    }

    /// The store at an address: `file:///var/lib/vouch/receipts`, `s3://bucket/prefix`, or
    /// `memory:///`. Options are those of [`object_store`], by name: for S3 `aws_access_key_id`,
    /// `aws_secret_access_key`, `aws_region`, `aws_endpoint`, `aws_allow_http` and others.
    ///
    /// # Errors
    /// The address or an option means nothing.
    pub fn open(
        address: &str,
        options: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, StoreError> {
        let wrong = |reason: String| StoreError::Address {
            address: address.into(),
            reason,
        };
        let url = Url::parse(address).map_err(|error| wrong(error.to_string()))?;
        if url.scheme() == "file" {
            let path = url.to_file_path();
            return Self::folder(
                &path.map_err(|()| wrong("expected a path from the root".into()))?,
            );
        }
        choose_cryptography();
        let parsed = parse_url_opts(&url, options).map_err(|error| wrong(error.to_string()));
        let (objects, prefix) = parsed?;
        Self::over(Arc::from(objects), prefix)
    }

    /// Artefacts in any object store, under names that begin with `prefix`.
    ///
    /// # Errors
    /// Threads cannot be started.
    pub fn over(objects: Arc<dyn ObjectStore>, prefix: Key) -> Result<Self, StoreError> {
        Ok(Self {
            objects,
            folder: None,
            prefix,
            runtime: Arc::new(Background::start()?),
        })
    }

    /// Keeps bytes under their own hash. What was there under that name, damaged or not, is replaced.
    ///
    /// # Errors
    /// [`StoreError::Access`] or [`StoreError::Write`] if they cannot be written.
    pub fn put(&self, bytes: Vec<u8>) -> Result<ProofDigest, StoreError> {
        let digest = ProofDigest::of_bytes(&bytes);
        self.write(digest, core::iter::once(bytes.into()))?;
        Ok(digest)
    }

    /// Keeps a receipt, without a second copy of it in memory beside its encoding.
    ///
    /// # Errors
    /// As [`Self::put`].
    pub fn put_receipt(&self, receipt: &Receipt) -> Result<ProofDigest, StoreError> {
        let digest = ProofDigest::of_receipt(receipt);
        self.write(digest, receipt.pieces().map(Bytes::from))?;
        Ok(digest)
    }

    fn write(
        &self,
        digest: ProofDigest,
        pieces: impl Iterator<Item = Bytes>,
    ) -> Result<(), StoreError> {
        let (objects, key) = (self.objects.clone(), self.key(&digest));
        if let Some(folder) = &self.folder {
            let failed = |source| StoreError::Write { digest, source };
            return write_file(folder, &key, pieces).map_err(failed);
        }
        let payload: PutPayload = pieces.collect();
        let result = self
            .runtime
            .wait(async move { objects.put(&key, payload).await })?;
        result.map_err(access("write", &digest))?;
        Ok(())
    }

    /// The bytes under this name: they hash to it.
    ///
    /// # Errors
    /// They are missing, damaged, too large or cannot be read.
    pub fn get(&self, digest: &ProofDigest) -> Result<Vec<u8>, StoreError> {
        let (objects, key) = (self.objects.clone(), self.key(digest));
        let limit = MAX_RECEIPT_BYTES as u64;
        let read = async move {
            let found = objects.get(&key).await?;
            match found.meta.size {
                size if size > limit => Ok(Err(size)),
                _ => found.bytes().await.map(Ok),
            }
        };
        let bytes = match self.runtime.wait(read)? {
            Ok(Ok(bytes)) => bytes,
            Ok(Err(got)) => {
                return Err(StoreError::Size {
                    digest: *digest,
                    limit,
                    got,
                });
            }
            Err(object_store::Error::NotFound { .. }) => {
                return Err(StoreError::Missing { digest: *digest });
            }
            Err(error) => return Err(access("read", digest)(error)),
        };
        let got = ProofDigest::of_bytes(&bytes);
        match got == *digest {
            true => Ok(bytes.into()),
            false => Err(StoreError::Damaged {
                digest: *digest,
                got,
            }),
        }
    }

    /// The receipt under this name. It is not verified.
    ///
    /// # Errors
    /// As [`Self::get`], or it is no receipt.
    pub fn get_receipt(&self, digest: &ProofDigest) -> Result<Receipt, StoreError> {
        let bytes = self.get(digest)?;
        Receipt::from_bytes(&bytes).map_err(|source| StoreError::Receipt {
            digest: *digest,
            source,
        })
    }

    /// Removes an artefact, if it is there.
    ///
    /// # Errors
    /// [`StoreError::Access`] if it stays.
    pub fn delete(&self, digest: &ProofDigest) -> Result<(), StoreError> {
        let (objects, key) = (self.objects.clone(), self.key(digest));
        match self
            .runtime
            .wait(async move { objects.delete(&key).await })?
        {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(access("delete", digest)(error)),
        }
    }

    /// Says whether the store answers.
    ///
    /// # Errors
    /// [`StoreError::Access`] if it does not.
    pub fn check(&self) -> Result<(), StoreError> {
        match self.get(&ProofDigest([0; 32])) {
            Err(StoreError::Missing { .. }) | Ok(_) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// `ab/ab12..`: folders of a few thousand files each.
    fn key(&self, digest: &ProofDigest) -> Key {
        let name = digest.to_string();
        let folder: String = name.chars().take(2).collect();
        self.prefix.clone().join(folder).join(name)
    }
}

/// A file below `folder`, on the disk with the folders that lead to it.
fn write_file(folder: &Path, key: &Key, pieces: impl Iterator<Item = Bytes>) -> io::Result<()> {
    let file = folder.join(key.as_ref());
    if let Some(inner) = file.parent()
        && !inner.exists()
    {
        private::folder(inner)?;
        #[cfg(unix)]
        std::fs::File::open(folder)?.sync_all()?;
    }
    private::write(&file, pieces)
}

/// Makes sure that TLS has a library of cryptography: that of the process, or ring. Without one, making
/// a client panics.
#[cfg(feature = "s3")]
fn choose_cryptography() {
    use rustls::crypto::{CryptoProvider, ring};
    if CryptoProvider::get_default().is_none() {
        // Another thread may have been faster, which will do as well.
        let _ = ring::default_provider().install_default();
    }
}

#[cfg(not(feature = "s3"))]
fn choose_cryptography() {}

fn access(action: &str, digest: &ProofDigest) -> impl Fn(object_store::Error) -> StoreError {
    let action = format!("{action} {digest}");
    move |source| StoreError::Access {
        action: action.clone(),
        source,
    }
}

/// Threads on which requests are made, so that callers need no runtime of their own.
#[derive(Debug)]
struct Background(Option<Runtime>);

impl Background {
    fn start() -> Result<Self, StoreError> {
        let mut builder = Builder::new_multi_thread();
        let runtime = builder
            .worker_threads(THREADS)
            .thread_name("artefacts")
            .enable_all()
            .build();
        let failed = |error: std::io::Error| StoreError::Threads {
            reason: error.to_string(),
        };
        Ok(Self(Some(runtime.map_err(failed)?)))
    }

    /// Blocks until `future` is done.
    fn wait<T: Send + 'static>(
        &self,
        future: impl Future<Output = T> + Send + 'static,
    ) -> Result<T, StoreError> {
        let gone = |reason: &str| StoreError::Threads {
            reason: reason.into(),
        };
        let runtime = self.0.as_ref().ok_or_else(|| gone("they were stopped"))?;
        let (done, result) = sync_channel(1);
        runtime.spawn(async move {
            // Whoever asked is still waiting.
            let _ = done.send(future.await);
        });
        result.recv().map_err(|_| gone("the request panicked"))
    }
}

/// A runtime that is dropped waits for its threads, which asynchronous code may not.
impl Drop for Background {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn store() -> (tempfile::TempDir, ArtifactStore) {
        let folder = tempfile::tempdir().expect("a folder");
        let store = ArtifactStore::folder(&folder.path().join("new")).expect("a store");
        (folder, store)
    }

    #[test]
    fn artefacts_are_found_under_their_hash() {
        let (folder, store) = store();
        store.check().expect("it answers");
        let digest = store.put(b"artefact".to_vec()).expect("it is written");
        assert_eq!(digest, ProofDigest::of_bytes(b"artefact"));
        assert_eq!(store.get(&digest).expect("it is there"), b"artefact");
        let name = digest.to_string();
        assert!(
            folder
                .path()
                .join("new")
                .join(&name[..2])
                .join(&name)
                .exists()
        );
        store.delete(&digest).expect("it goes");
        store.delete(&digest).expect("it has gone");
        assert!(matches!(
            store.get(&digest),
            Err(StoreError::Missing { .. })
        ));
    }

    #[cfg(unix)]
    #[test]
    fn artefacts_in_a_public_folder_are_private() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().expect("a folder");
        let all = std::fs::Permissions::from_mode(0o777);
        std::fs::set_permissions(folder.path(), all).expect("it is ours");
        let store = ArtifactStore::folder(folder.path()).expect("a store");
        let name = store.put(b"artefact".to_vec()).expect("it is written");
        let name = name.to_string();
        let inner = folder.path().join(&name[..2]);
        for (path, expected) in [(inner.join(&name), 0o600), (inner, 0o700)] {
            let metadata = std::fs::metadata(&path).expect("it is there");
            assert_eq!(metadata.permissions().mode() & 0o777, expected, "{path:?}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn what_cannot_be_written_is_named() {
        let (folder, store) = store();
        let digest = ProofDigest::of_bytes(b"artefact");
        let taken = folder.path().join("new").join(&digest.to_string()[..2]);
        std::fs::write(taken, "no folder").expect("a file");
        let error = store.put(b"artefact".to_vec()).expect_err("no room");
        assert!(matches!(error, StoreError::Write { digest: named, .. } if named == digest));
    }

    #[test]
    fn damage_is_noticed_and_mended() {
        let (folder, store) = store();
        let digest = store.put(b"artefact".to_vec()).expect("it is written");
        let name = digest.to_string();
        let path = folder.path().join("new").join(&name[..2]).join(&name);
        std::fs::write(&path, b"artefacT").expect("it is damaged");
        let error = store.get(&digest).expect_err("it is damaged");
        assert!(
            matches!(error, StoreError::Damaged { got, .. } if got == ProofDigest::of_bytes(b"artefacT"))
        );
        store
            .put(b"artefact".to_vec())
            .expect("it is written again");
        assert_eq!(store.get(&digest).expect("it is there"), b"artefact");
        let file = std::fs::File::create(&path).expect("a file");
        file.set_len(MAX_RECEIPT_BYTES as u64 + 1)
            .expect("holes cost nothing");
        assert!(matches!(store.get(&digest), Err(StoreError::Size { .. })));
    }

    #[test]
    fn other_artefacts_are_no_receipts() {
        let (_folder, store) = store();
        let digest = store.put(b"artefact".to_vec()).expect("it is written");
        assert!(matches!(
            store.get_receipt(&digest),
            Err(StoreError::Receipt { .. })
        ));
    }

    #[test]
    fn addresses_are_checked() {
        let open = |address| ArtifactStore::open(address, []);
        open("memory:///").expect("memory");
        for wrong in ["", "nowhere", "ftp://host/x", "file://host/x", "s3://"] {
            let error = open(wrong).expect_err(wrong);
            assert!(matches!(error, StoreError::Address { .. }), "{error}");
        }
        assert!(matches!(
            open("file:///dev/null/x"),
            Err(StoreError::Folder { .. })
        ));
    }

    #[test]
    fn a_store_works_and_goes_within_a_runtime() {
        let runtime = Builder::new_current_thread().build().expect("a runtime");
        runtime.block_on(async {
            let store = ArtifactStore::open("memory:///", []).expect("memory");
            let digest = store.put(b"artefact".to_vec()).expect("it is written");
            assert_eq!(store.get(&digest).expect("it is there"), b"artefact");
        });
    }
}
