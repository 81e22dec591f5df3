//! A second level behind the cache in memory.

use std::io;
use std::path::PathBuf;

use thiserror::Error;

use super::{CacheKey, CachedReceipt};

/// A second level, larger and slower than memory. Nothing that it returns is believed: the cache
/// verifies it.
pub trait Backing: Send + Sync {
    /// The encoded receipt under a key, if there is one.
    ///
    /// # Errors
    /// [`BackingError::Damaged`] if what is there is not what was saved; any other if it cannot be
    /// known.
    fn load(&self, key: &CacheKey) -> Result<Option<Vec<u8>>, BackingError>;

    /// Keeps a receipt, in place of what was there.
    ///
    /// # Errors
    /// It cannot be kept.
    fn save(&self, key: &CacheKey, receipt: &CachedReceipt) -> Result<(), BackingError>;

    /// Forgets what is under a key, if anything is.
    ///
    /// # Errors
    /// It stays.
    fn remove(&self, key: &CacheKey) -> Result<(), BackingError>;
}

/// Why a second level does not do what it should. The cache does without it then.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum BackingError {
    /// An entry is not what was saved.
    #[error("a cache entry is damaged: expected {expected}")]
    Damaged {
        /// What it should have.
        expected: &'static str,
    },
    /// Another cache uses the folder.
    #[error(
        "cache folder {}: expected one for this process alone, got one that another process uses",
        path.display()
    )]
    InUse {
        /// The folder.
        path: PathBuf,
    },
    /// A folder or its files cannot be used. Which file is not said: its name depends on the input.
    #[error("cache folder {}: cannot {action}: {source}", path.display())]
    Folder {
        /// `open`, `list`, `read`, `write`, `remove` or `lock`.
        action: &'static str,
        /// The folder.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// Any other.
    #[error("cache backing: {0}")]
    Other(#[source] Box<dyn core::error::Error + Send + Sync>),
}
