//! A verdict that is still to come.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex};

use super::{Verdict, VerificationError};

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
        self.0.outcome.lock().clone()
    }

    /// Waits for the outcome.
    ///
    /// # Errors
    /// [`VerificationError`] says why there is no verdict.
    pub fn wait(&self) -> Outcome {
        let mut outcome = self.0.outcome.lock();
        loop {
            if let Some(outcome) = &*outcome {
                return outcome.clone();
            }
            self.0.changed.wait(&mut outcome);
        }
    }

    /// Waits so long at most. `None` says nothing about the receipt.
    pub fn wait_timeout(&self, timeout: Duration) -> Option<Outcome> {
        let start = Instant::now();
        let mut outcome = self.0.outcome.lock();
        loop {
            if outcome.is_some() {
                return outcome.clone();
            }
            let left = timeout.checked_sub(start.elapsed())?;
            self.0.changed.wait_for(&mut outcome, left);
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
        *self.outcome.lock() = Some(outcome);
        self.changed.notify_all();
    }
}
