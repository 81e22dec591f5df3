//! Proving.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use tracing::{error, info, info_span, warn};
use vouch_kit::cache::{CachedReceipt, Source};
use vouch_sdk::{
    Error, ErrorKind, ExecuteError, LimitKind, Limits, Program, ProveOptions, Stats, execute,
    prove_with,
};

use super::queue::Turn;
use super::service::{Live, Service, Stop};
use crate::error::ServiceError;
use crate::job::{
    Failure, JobId, JobOptions, JobProgress, JobResult, JobState, JobStatus, ProofCost, Time,
};
use crate::metrics::{KindLabel, LevelLabel};

/// Cycles up to which a job is an ordinary one. Larger ones keep their proven segments, so that they
/// go on where they were, and take turns.
const LARGE: u64 = 1 << 20;
/// Attempts to write down how a job ended.
const WRITES: u32 = 6;

/// What came of an attempt to prove a job.
enum Attempt {
    /// There is a receipt.
    Proven {
        receipt: Arc<CachedReceipt>,
        result: JobResult,
        /// Whether it was made for this job.
        fresh: bool,
    },
    /// There is none.
    Ended(JobState),
    /// It waits again: it is large, or the service stops.
    Later,
}

impl Service {
    /// Proves jobs until the queue is stopped.
    pub(super) fn work(&self) {
        while let Some(turn) = self.queue.next() {
            let id = turn.id();
            let live = self.live().get(&id).cloned();
            // A job that was cancelled meanwhile is no longer there.
            if let Some(live) = live {
                info_span!("job", %id).in_scope(|| self.take(turn, id, &live));
            }
        }
    }

    fn take(&self, mut turn: Turn<'_>, id: JobId, live: &Live) {
        if live.stop.get() == Some(&Stop::Cancelled) {
            return self.end(id, live, JobState::Cancelled);
        }
        let attempts = live.record().job.attempts;
        if attempts >= self.config.proving.max_attempts {
            let message = format!("the service died {attempts} times while the job ran");
            let failure = Failure::new(Failure::CRASHED, message);
            return self.end(id, live, JobState::Failed { failure });
        }
        if let Err(error) = self.begin(live) {
            let failure = Failure::internal(error);
            return self.end(id, live, JobState::Failed { failure });
        }
        let attempt = catch_unwind(AssertUnwindSafe(|| self.prove(id, live, &mut turn)));
        match attempt {
            Ok(Attempt::Proven {
                receipt,
                result,
                fresh,
            }) => {
                let end = || {
                    self.end(id, live, JobState::Succeeded { result });
                    Ok(())
                };
                if let Err(error) = self.keep_receipt(&receipt, fresh, end) {
                    let failure = Failure::internal(error);
                    self.end(id, live, JobState::Failed { failure });
                }
            }
            Ok(Attempt::Ended(state)) => self.end(id, live, state),
            Ok(Attempt::Later) => {
                self.wait_again(live);
                turn.wait_as_large();
            }
            Err(_) => {
                let failure = Failure::internal("the prover panicked");
                self.end(id, live, JobState::Failed { failure });
            }
        }
    }

    /// Writes down that a job runs: should the service die of it, that is known.
    fn begin(&self, live: &Live) -> Result<(), ServiceError> {
        let mut record = live.record();
        record.job.attempts += 1;
        record.job.started_at = Some(Time::now());
        record.job.state = JobState::Running;
        self.database.update(&record).inspect_err(|_| {
            self.metrics.storage_errors.inc();
        })?;
        live.set_started(Some(Instant::now()));
        live.status.send_replace(record.job.clone().into());
        Ok(())
    }

    /// The job waits as before: this was no attempt.
    fn wait_again(&self, live: &Live) {
        let mut record = live.record();
        live.set_started(None);
        record.job.attempts -= 1;
        record.job.state = JobState::Queued;
        if let Err(error) = self.database.update(&record) {
            // At worst one attempt too many is counted.
            warn!(%error, "it waits, and that could not be written down");
        }
        live.status.send_replace(record.job.clone().into());
    }

    fn prove(&self, id: JobId, live: &Live, turn: &mut Turn<'_>) -> Attempt {
        let job = live.record().job.clone();
        let input = match self.inputs.get(id, self.config.limits.input_bytes) {
            Ok(input) => input,
            Err(error) => return failed(Failure::new(Failure::INPUT_LOST, error)),
        };
        let program = match self.program(&job.client, &job.image_id) {
            Ok(program) => program,
            Err(error) => return failed(Failure::internal(error)),
        };
        let options = &job.options;
        if !turn.is_large() {
            match probe(&program, &input, options) {
                Ok(true) if turn.grow() => {}
                Ok(true) => return Attempt::Later,
                Ok(false) => {}
                Err(error) => return failed(Failure::from(&error)),
            }
        }
        let concurrency = self.config.proving.concurrency() as u64;
        let prove_options = ProveOptions {
            profile: options.profile,
            backend: self.config.proving.backend,
            limits: limits(options.max_cycles),
            max_memory: Some(self.config.proving.max_memory / concurrency),
            allow_nonzero_exit: options.allow_nonzero_exit,
            work_folder: turn.is_large().then(|| self.segments.join(id.to_string())),
            cancel: live.cancel.clone(),
            ..ProveOptions::default()
        };
        let mut tell = |progress: &vouch_sdk::Progress| {
            let progress = Some(JobProgress::from(progress));
            live.status.send_modify(|status| status.progress = progress);
        };
        let console = &mut |_, _: &[u8]| {};
        let key = self.cache_key(&job.client, &job, &input);
        let mut attempt = |options: &ProveOptions| {
            self.cache.get_or_prove(&key, &live.cancel, || {
                prove_with(&program, &input, options, console, &mut tell)
            })
        };
        let mut found = attempt(&prove_options);
        if let (Err(error), Some(folder)) = (&found, &prove_options.work_folder)
            && error.kind() == ErrorKind::WorkFolder
            && std::fs::remove_dir_all(folder).is_ok()
        {
            warn!(%error, "its segments are proven again");
            // Without a folder they may be cut anew, should a GPU have had too little memory.
            found = attempt(&ProveOptions {
                work_folder: None,
                ..prove_options
            });
        }
        match found {
            Ok((receipt, source)) => self.found(receipt, source),
            Err(error) => self.stopped(live, &error),
        }
    }

    fn found(&self, receipt: Arc<CachedReceipt>, source: Source) -> Attempt {
        let stats = match source {
            Source::Proven(stats) => {
                self.metrics.cache_misses.inc();
                self.metrics.proofs.inc();
                self.metrics.prove_seconds.observe(stats.prove_seconds);
                self.metrics.cycles_proven.inc_by(stats.cycles);
                self.metrics
                    .cycles_per_second
                    .set(stats.cycles_per_second());
                Some(stats)
            }
            found => {
                self.count_hit(&found);
                None
            }
        };
        Attempt::Proven {
            result: result(&receipt, stats.as_deref()),
            fresh: stats.is_some(),
            receipt,
        }
    }

    /// Counts a receipt that was there.
    pub(super) fn count_hit(&self, source: &Source) {
        let level = match source {
            Source::Memory => "memory",
            Source::Backing => "store",
            Source::Waited => "waited",
            Source::Proven(_) => return,
        };
        let label = LevelLabel { level };
        self.metrics.cache_hits.get_or_create(&label).inc();
    }

    fn stopped(&self, live: &Live, error: &Error) -> Attempt {
        match (error.kind(), live.stop.get()) {
            (ErrorKind::Cancelled, Some(Stop::Cancelled)) => Attempt::Ended(JobState::Cancelled),
            (ErrorKind::Cancelled, Some(Stop::Parked)) => Attempt::Later,
            (ErrorKind::Cancelled, Some(Stop::Timeout)) => {
                let limit = self.config.proving.job_timeout.as_secs_f64();
                let message = format!("it took longer than {limit} s");
                failed(Failure::new(Failure::TIMEOUT, message))
            }
            _ => failed(Failure::from(error)),
        }
    }

    /// Sees to it that a receipt is in the store until `note` has noted whose it is: the sweeper must
    /// not think meanwhile that nobody needs it. A fresh one takes the place of what is there, which
    /// may have been damaged.
    pub(super) fn keep_receipt<T>(
        &self,
        receipt: &CachedReceipt,
        fresh: bool,
        note: impl FnOnce() -> Result<T, ServiceError>,
    ) -> Result<T, ServiceError> {
        let _sweeper = self.receipts.read().unwrap_or_else(PoisonError::into_inner);
        if fresh || !self.database.has_receipt(&receipt.digest)? {
            self.store.put_receipt(&receipt.receipt).inspect_err(|_| {
                self.metrics.storage_errors.inc();
            })?;
        }
        note()
    }

    /// Writes down how a job ended, and tells.
    pub(super) fn end(&self, id: JobId, live: &Live, state: JobState) {
        let mut record = live.record();
        let now = Time::now();
        record.job.finished_at = Some(now);
        record.job.state = state;
        self.persist(&record);
        let job = record.job.clone();
        drop(record);
        self.clean_up(id, job.options.keep_input);
        let took = now.since(job.submitted_at);
        match &job.state {
            JobState::Failed { failure } => {
                let kind = failure.kind.clone();
                self.metrics
                    .job_failures
                    .get_or_create(&KindLabel { kind })
                    .inc();
                self.metrics.finished("failed", took);
                warn!(job = %id, kind = failure.kind, reason = failure.message, "failed");
            }
            JobState::Cancelled => {
                self.metrics.finished("cancelled", took);
                info!(job = %id, "cancelled");
            }
            _ => {
                self.metrics.finished("succeeded", took);
                info!(job = %id, seconds = took.as_secs_f64(), "succeeded");
            }
        }
        live.release();
        // In this order: whoever asks next finds it here or in the database.
        live.status.send_replace(JobStatus::from(job));
        self.live().remove(&id);
    }

    /// Writes a record, again and again if need be: a job that has ended must not begin anew.
    fn persist(&self, record: &super::database::JobRecord) {
        let mut pause = Duration::from_millis(50);
        for attempt in 1..=WRITES {
            match self.database.update(record) {
                Ok(()) => return,
                Err(error) => {
                    self.metrics.storage_errors.inc();
                    error!(%error, attempt, "the end of a job cannot be written down");
                }
            }
            thread::sleep(pause);
            pause *= 2;
        }
        self.broken.store(true, Ordering::Relaxed);
    }

    /// Removes what only a job that has not ended needs.
    fn clean_up(&self, id: JobId, keep_input: bool) {
        if !keep_input && let Err(error) = self.inputs.remove(id) {
            error!(job = %id, %error, "its input is still there");
        }
        let segments = self.segments.join(id.to_string());
        if segments.exists()
            && let Err(error) = std::fs::remove_dir_all(segments)
        {
            error!(job = %id, %error, "its segments are still there");
        }
    }
}

/// What a client learns of a receipt.
pub(super) fn result(receipt: &CachedReceipt, stats: Option<&Stats>) -> JobResult {
    JobResult {
        receipt_digest: receipt.digest,
        receipt_bytes: receipt.receipt.encoded_len() as u64,
        journal: hex::encode(&receipt.claim.journal),
        exit_code: receipt.claim.exit_code,
        cached: stats.is_none(),
        cost: stats.map(|stats| ProofCost {
            cycles: stats.cycles,
            segments: stats.segments as u64,
            reused_segments: stats.reused_segments as u64,
            prove_seconds: stats.execute_seconds + stats.prove_seconds,
        }),
    }
}

fn failed(failure: Failure) -> Attempt {
    Attempt::Ended(JobState::Failed { failure })
}

fn limits(max_cycles: u64) -> Limits {
    Limits {
        cycles: max_cycles,
        ..Limits::default()
    }
}

/// Whether a job is a large one. One that fails soon is not proven at all.
fn probe(program: &Program, input: &[u8], options: &JobOptions) -> Result<bool, Error> {
    let limits = limits(options.max_cycles.min(LARGE));
    match execute(program, input, &limits, &mut |_, _| {}) {
        Ok(run) if run.exit_code != 0 && !options.allow_nonzero_exit => Err(Error::GuestExit(run)),
        Ok(_) => Ok(false),
        Err(Error::Execute(ExecuteError::Limit(limit)))
            if limit.limit == LimitKind::Cycles && options.max_cycles > LARGE =>
        {
            Ok(true)
        }
        Err(error) => Err(error),
    }
}
