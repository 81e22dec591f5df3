//! A request to stop.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::error::ProveError;

/// A request to stop: its clones are one and the same. Whoever works looks at it every few
/// hundred milliseconds.
#[derive(Clone, Debug, Default)]
pub struct Cancel(Arc<AtomicBool>);

impl Cancel {
    /// Asks to stop, for good.
    pub fn cancel(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// True once asked to stop.
    pub fn is_cancelled(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// # Errors
    /// [`ProveError::Cancelled`] once asked to stop.
    pub fn check(&self) -> Result<(), ProveError> {
        match self.is_cancelled() {
            true => Err(ProveError::Cancelled),
            false => Ok(()),
        }
    }
}

/// Whoever sets the flag cancels.
impl From<Arc<AtomicBool>> for Cancel {
    fn from(flag: Arc<AtomicBool>) -> Self {
        Self(flag)
    }
}
