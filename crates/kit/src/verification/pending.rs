//! A verdict that is still to come.

use std::fmt;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::{Verdict, VerificationError};
use crate::sync::lock;

type Outcome = Result<Verdict, VerificationError>;

/// A receipt that has *not* been verified yet, so far as is known here.
///
/// Sooner or later there is an outcome, whatever becomes of the background. Dropping it changes
/// nothing.
#[must_use]
pub struct Pending(Arc<Slot>);

/// Where the outcome will be.
#[derive(Default)]
pub(super) struct Slot {
    outcome: Mutex<Option<Outcome>>,
    changed: Condvar,
}

impl Pending {
    /// A handle, and the place that it looks at.
    pub(super) fn new() -> (Self, Arc<Slot>) {
        let slot = Arc::new(Slot::default());
        (Self(slot.clone()), slot)
    }

    /// The outcome, if there is one. `None` says nothing about the receipt.
    pub fn poll(&self) -> Option<Outcome> {
        lock(&self.0.outcome).clone()
    }

    /// Waits for the outcome.
    ///
    /// # Errors
    /// [`VerificationError`] says why there is no verdict.
    pub fn wait(&self) -> Outcome {
        let mut outcome = lock(&self.0.outcome);
        loop {
            if let Some(outcome) = &*outcome {
                return outcome.clone();
            }
            let waited = self.0.changed.wait(outcome);
            outcome = waited.unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Waits so long at most. `None` says nothing about the receipt.
    pub fn wait_timeout(&self, timeout: Duration) -> Option<Outcome> {
        let start = Instant::now();
        let mut outcome = lock(&self.0.outcome);
        loop {
            if outcome.is_some() {
                return outcome.clone();
            }
            let left = timeout.checked_sub(start.elapsed())?;
            let waited = self.0.changed.wait_timeout(outcome, left);
            outcome = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

impl fmt::Debug for Pending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Pending").field(&self.poll()).finish()
    }
}

impl Slot {
    pub fn set(&self, outcome: Outcome) {
        *lock(&self.outcome) = Some(outcome);
        self.changed.notify_all();
    }
}
