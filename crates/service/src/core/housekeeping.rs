//! Time limits, and what has been kept long enough.

use std::sync::atomic::Ordering;
use std::thread;
use std::time::{Duration, Instant};

use tracing::{error, info};

use super::service::{Service, Stop};
use crate::error::ServiceError;
use crate::job::{JobId, JobState, Time};

/// Time between two looks at the clock.
const TICK: Duration = Duration::from_millis(100);
/// Time between two looks at what has been kept.
const SWEEP: Duration = Duration::from_secs(5);
/// Jobs removed at once.
const BATCH: usize = 100;

impl Service {
    /// Until the service stops.
    pub(super) fn keep_house(&self) {
        let mut swept = Instant::now();
        while !self.stopping.load(Ordering::Relaxed) {
            self.stop_overdue();
            if swept.elapsed() >= SWEEP {
                if let Err(error) = self.sweep(Time::now()) {
                    self.metrics.storage_errors.inc();
                    error!(%error, "old jobs cannot be removed");
                }
                swept = Instant::now();
            }
            thread::sleep(TICK);
        }
    }

    fn stop_overdue(&self) {
        let limit = self.config.proving.job_timeout;
        for live in self.live().values() {
            if live.running_for().is_some_and(|time| time > limit) {
                live.stop(Stop::Timeout);
            }
        }
    }

    /// Removes jobs that ended long ago, and the oldest ones while receipts take too much room.
    pub(super) fn sweep(&self, now: Time) -> Result<(), ServiceError> {
        self.remove_doomed()?;
        let retention = self.config.data.retention.as_millis();
        let before = Time(
            now.0
                .saturating_sub(u64::try_from(retention).unwrap_or(u64::MAX)),
        );
        loop {
            let old = self.database.ended_before(before, BATCH)?;
            if old.is_empty() {
                break;
            }
            self.forget(&old)?;
        }
        loop {
            let bytes = self.database.receipt_bytes()?;
            self.metrics.receipt_bytes.set(bytes as i64);
            let excess = bytes.saturating_sub(self.config.data.max_receipt_bytes);
            let oldest = self.oldest(excess)?;
            if oldest.is_empty() {
                return Ok(());
            }
            self.forget(&oldest)?;
        }
    }

    /// The oldest jobs whose receipts have so many bytes, or a batch of them.
    fn oldest(&self, bytes: u64) -> Result<Vec<JobId>, ServiceError> {
        let mut left = bytes;
        let mut oldest = Vec::new();
        for id in self.database.ended_before(Time(u64::MAX), BATCH)? {
            if left == 0 {
                break;
            }
            oldest.push(id);
            let record = self.database.job(id)?;
            if let Some(JobState::Succeeded { result }) = record.map(|record| record.job.state) {
                left = left.saturating_sub(result.receipt_bytes);
            }
        }
        Ok(oldest)
    }

    fn forget(&self, ids: &[JobId]) -> Result<(), ServiceError> {
        self.database.remove(ids)?;
        for id in ids {
            self.inputs.remove(*id)?;
        }
        info!(jobs = ids.len(), "old jobs were removed");
        self.remove_doomed()
    }

    /// Removes receipts that belong to no job from the store, and ELFs that belong to no program.
    fn remove_doomed(&self) -> Result<(), ServiceError> {
        let _keepers = self.receipts.write();
        let doomed = self.database.doomed()?;
        if doomed.is_empty() {
            return Ok(());
        }
        let elves = self.database.elves()?;
        for digest in &doomed {
            if !elves.contains(digest) && !self.database.has_receipt(digest)? {
                self.store.delete(digest)?;
            }
        }
        self.database.clear_doomed(&doomed)
    }
}
