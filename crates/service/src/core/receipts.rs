//! Receipts of jobs that ended, found again by what they prove.

use std::sync::Arc;

use tracing::warn;
use vouch_kit::cache::{Backing, BackingError, CacheKey, CachedReceipt};
use vouch_kit::store::{ArtifactStore, StoreError};

use super::database::Database;
use crate::error::ServiceError;

/// The receipts of jobs, as the second level of the cache. What a job's end writes down is all that
/// there is to save.
pub struct StoredReceipts {
    /// Says which receipt belongs to a key.
    pub database: Arc<Database>,
    /// Has the receipt.
    pub store: ArtifactStore,
}

impl Backing for StoredReceipts {
    fn load(&self, key: &CacheKey) -> Result<Option<Vec<u8>>, BackingError> {
        let found = self.database.cached(&key.to_bytes()).map_err(failed)?;
        let Some(digest) = found else {
            return Ok(None);
        };
        match self.store.get(&digest) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(StoreError::Missing { .. }) => Ok(None),
            Err(error @ StoreError::Damaged { .. }) => {
                warn!(%error, "a stored receipt cannot be read; the run will be proven again");
                Err(BackingError::Damaged {
                    expected: "a receipt with the hash by which it is named",
                })
            }
            Err(error) => Err(failed(error.into())),
        }
    }

    fn save(&self, _: &CacheKey, _: &CachedReceipt) -> Result<(), BackingError> {
        Ok(())
    }

    fn remove(&self, _: &CacheKey) -> Result<(), BackingError> {
        // The next proof takes its place in the store.
        Ok(())
    }
}

fn failed(error: ServiceError) -> BackingError {
    BackingError::Other(Box::new(error))
}
