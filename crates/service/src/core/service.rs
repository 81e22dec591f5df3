//! The operations.

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, RwLock};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use tokio::sync::watch;
use tracing::{error, info};
use vouch_kit::cache::{CacheKey, ReceiptCache};
use vouch_kit::store::ArtifactStore;
use vouch_kit::verification::{VerificationOptions, Verifications};
use vouch_sdk::{Cancel, guests, private};

use super::database::{Database, JobRecord};
use super::inputs::{Inputs, sweep};
use super::loaded::Loaded;
use super::queue::Queue;
use super::receipts::StoredReceipts;
use crate::admission::Admission;
use crate::api::quote;
use crate::clients::{Client, Clients, OpenJob};
use crate::config::{CacheScope, Config};
use crate::error::ServiceError;
use crate::job::{Job, JobId, JobResult, JobState, JobStatus, Time};
use crate::metrics::{Metrics, OpenState, StateLabel};

/// Cores that a large job makes good use of.
const CORES_A_LARGE_JOB: usize = 8;
/// Jobs in a list, at most.
pub const MAX_LIST: usize = 100;

/// Why a job that runs is to stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stop {
    /// Its client wants it no more.
    Cancelled,
    /// It takes too long.
    Timeout,
    /// The service stops, and goes on with it later.
    Parked,
}

/// A job that has not ended.
pub(super) struct Live {
    /// Its record, as in the database.
    pub record: Mutex<JobRecord>,
    /// Tells whoever watches.
    pub status: watch::Sender<JobStatus>,
    /// Stops its proof.
    pub cancel: Cancel,
    /// Why it was stopped.
    pub stop: OnceLock<Stop>,
    /// When its proof began.
    pub started: Mutex<Option<Instant>>,
    /// Counts towards its client's quota until it has ended.
    open: Mutex<Option<OpenJob>>,
}

impl Live {
    pub fn record(&self) -> MutexGuard<'_, JobRecord> {
        self.record.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes when its proof began, or that it waits.
    pub fn set_started(&self, at: Option<Instant>) {
        *self.started.lock().unwrap_or_else(PoisonError::into_inner) = at;
    }

    /// Time since its proof began; `None` while it waits.
    pub fn running_for(&self) -> Option<Duration> {
        let started = *self.started.lock().unwrap_or_else(PoisonError::into_inner);
        started.map(|at| at.elapsed())
    }

    /// Counts towards its client's quota no more: whoever hears of its end may submit the next.
    pub fn release(&self) {
        let open = self
            .open
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        drop(open);
    }

    /// Stops its proof, for the first reason given.
    pub fn stop(&self, reason: Stop) {
        let _ = self.stop.set(reason);
        self.cancel.cancel();
    }
}

/// The proof service.
pub struct Service {
    pub(super) config: Config,
    pub(super) clients: Clients,
    pub(super) database: Arc<Database>,
    pub(super) store: ArtifactStore,
    pub(super) inputs: Inputs,
    /// Proven segments of large jobs, a folder each.
    pub(super) segments: PathBuf,
    pub(super) cache: ReceiptCache,
    pub(super) verifications: Verifications,
    pub(super) queue: Queue,
    pub(super) metrics: Metrics,
    pub(super) live: Mutex<HashMap<JobId, Arc<Live>>>,
    admission: Arc<Admission>,
    pub(super) programs: Loaded,
    /// Held for writing while receipts are removed that belong to no job.
    pub(super) receipts: RwLock<()>,
    pub(super) stopping: AtomicBool,
    /// Whether the database or the store has failed so that jobs cannot go on.
    pub(super) broken: AtomicBool,
}

/// A service with its threads.
pub struct Started {
    /// The service.
    pub service: Arc<Service>,
    threads: Vec<JoinHandle<()>>,
}

impl Service {
    /// Opens everything, takes up the jobs that had not ended, and begins to prove.
    ///
    /// # Errors
    /// The configuration makes no sense; there is no GPU where one is asked for; the data folder, the
    /// database or the store cannot be used.
    pub fn start(config: Config) -> Result<Started, ServiceError> {
        let service = Arc::new(Self::open(config)?);
        let mut threads = Vec::new();
        for index in 0..service.config.proving.concurrency() {
            let worker = service.clone();
            threads.push(spawn(&format!("prove-{index}"), move || worker.work())?);
        }
        let keeper = service.clone();
        threads.push(spawn("housekeeping", move || keeper.keep_house())?);
        Ok(Started { service, threads })
    }

    fn open(config: Config) -> Result<Self, ServiceError> {
        // Before anything is touched: without the GPU that was asked for it does not start.
        let device = config.proving.backend.device()?;
        if let Some(reason) = &device.why_cpu {
            info!("{reason}; proving on the CPU");
        }
        let folder = &config.data.folder;
        let failed = |source| {
            let (action, path) = ("make", folder.clone());
            vouch_sdk::Error::File {
                action,
                path,
                source,
            }
        };
        private::folder(folder).map_err(failed)?;
        let segments = folder.join("segments");
        private::folder(&segments).map_err(failed)?;
        let store = match &config.data.store {
            Some(address) => ArtifactStore::open(address, config.data.store_options.clone())?,
            None => ArtifactStore::folder(&folder.join("artefacts"))?,
        };
        let database = Arc::new(Database::open(&folder.join("vouch.redb"))?);
        let backing = StoredReceipts {
            database: database.clone(),
            store: store.clone(),
        };
        let cores = thread::available_parallelism().map_or(1, usize::from);
        let metrics = Metrics::new();
        metrics.queue_capacity.set(config.limits.queue as i64);
        metrics.start_time.set((Time::now().0 / 1000) as i64);
        metrics
            .memory_limit
            .set(config.proving.max_memory.min(i64::MAX as u64) as i64);
        let service = Self {
            clients: Clients::new(&config.clients),
            inputs: Inputs::open(folder.join("inputs"))?,
            cache: ReceiptCache::new(config.cache.memory).backed_by(Arc::new(backing)),
            verifications: Verifications::new(VerificationOptions::default())?,
            queue: Queue::new(config.limits.queue, cores.div_ceil(CORES_A_LARGE_JOB)),
            live: Mutex::default(),
            admission: Arc::new(Admission::new(&config)),
            programs: Loaded::new(config.cache.program_memory),
            receipts: RwLock::new(()),
            stopping: AtomicBool::new(false),
            broken: AtomicBool::new(false),
            config,
            database,
            store,
            segments,
            metrics,
        };
        service.resume()?;
        Ok(service)
    }

    /// Takes up the jobs that had not ended.
    fn resume(&self) -> Result<(), ServiceError> {
        self.add_embedded(guests::COMMITMENT)?;
        self.database.take_over_programs()?;
        let records = self.database.open_jobs()?;
        let kept = |record: &JobRecord| record.job.id;
        let known: HashSet<JobId> = records.iter().map(kept).collect();
        let mut with_input = known.clone();
        with_input.extend(self.database.jobs_with_kept_input()?);
        self.inputs.sweep(&with_input)?;
        sweep(&self.segments, &known)?;
        for mut record in records {
            let (id, priority) = (record.job.id, record.job.options.priority);
            if record.job.state == JobState::Running {
                record.job.state = JobState::Queued;
                self.metrics.jobs_resumed.inc();
                info!(job = %id, attempts = record.job.attempts, "it goes on");
            }
            let client = self.clients.named(&record.job.client);
            let since = record.job.submitted_at;
            let open = client.open_job_anyway(record.job.input_bytes);
            self.add_live(record, open);
            self.queue.push(id, priority, since);
        }
        Ok(())
    }

    pub(super) fn add_live(&self, record: JobRecord, open: OpenJob) -> Arc<Live> {
        let id = record.job.id;
        let live = Arc::new(Live {
            status: watch::Sender::new(record.job.clone().into()),
            record: Mutex::new(record),
            cancel: Cancel::default(),
            stop: OnceLock::new(),
            started: Mutex::default(),
            open: Mutex::new(Some(open)),
        });
        self.live().insert(id, live.clone());
        live
    }

    pub(super) fn live(&self) -> MutexGuard<'_, HashMap<JobId, Arc<Live>>> {
        self.live.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Everybody who may ask.
    pub fn clients(&self) -> &Clients {
        &self.clients
    }

    /// What requests share.
    pub fn admission(&self) -> &Arc<Admission> {
        &self.admission
    }

    /// What is counted.
    pub fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    /// How it was set up.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Under which a job's receipt is kept.
    pub(super) fn cache_key(&self, client: &str, job: &Job, input: &[u8]) -> CacheKey {
        let options = &job.options;
        let key = CacheKey::new(&job.image_id, input, options.profile)
            .allowing_nonzero_exit(options.allow_nonzero_exit);
        match self.config.cache.scope {
            CacheScope::Client => key.scoped(client),
            CacheScope::Shared => key,
        }
    }

    /// How a job is doing.
    ///
    /// # Errors
    /// There is none of this name.
    pub fn status(&self, client: &Client, id: JobId) -> Result<JobStatus, ServiceError> {
        let live = self.live().get(&id).cloned();
        let status = match live {
            Some(live) => live.status.borrow().clone(),
            None => self.ended(id)?.into(),
        };
        let mut status = own(client, status)?;
        status.jobs_ahead = self.queue.ahead(id);
        Ok(status)
    }

    /// The record of a job that has ended.
    fn ended(&self, id: JobId) -> Result<Job, ServiceError> {
        let record = self.database.job(id)?;
        Ok(record.ok_or_else(|| not_found("job", id))?.job)
    }

    /// Tells how a job is doing, until it has ended.
    ///
    /// # Errors
    /// There is none of this name.
    pub fn watch(
        &self,
        client: &Client,
        id: JobId,
    ) -> Result<watch::Receiver<JobStatus>, ServiceError> {
        let live = self.live().get(&id).cloned();
        if let Some(live) = live {
            let receiver = live.status.subscribe();
            own(client, receiver.borrow().clone())?;
            return Ok(receiver);
        }
        let status = own(client, self.ended(id)?.into())?;
        Ok(watch::Sender::new(status).subscribe())
    }

    /// What a job came to.
    ///
    /// # Errors
    /// There is none of this name, or it has no result.
    pub fn result(&self, client: &Client, id: JobId) -> Result<JobResult, ServiceError> {
        match self.status(client, id)?.job.state {
            JobState::Succeeded { result } => Ok(result),
            JobState::Failed { failure } => Err(ServiceError::JobFailed(failure)),
            JobState::Cancelled => Err(ServiceError::JobCancelled),
            state @ (JobState::Queued | JobState::Running) => Err(ServiceError::NotFinished {
                state: state.name(),
            }),
        }
    }

    /// The encoded receipt of a job.
    ///
    /// # Errors
    /// As [`Self::result`], or the store does not have it.
    pub fn receipt(&self, client: &Client, id: JobId) -> Result<Vec<u8>, ServiceError> {
        let result = self.result(client, id)?;
        self.store.get(&result.receipt_digest).map_err(|error| {
            self.metrics.storage_errors.inc();
            error!(job = %id, %error, "its receipt cannot be read");
            error.into()
        })
    }

    /// A client's jobs, newest first: at most `limit` (and [`MAX_LIST`]), before the job `before`,
    /// in the state `state`. `announce` hears of the bytes of each before anything is made of it.
    ///
    /// # Errors
    /// There is no such state; and those of `announce`.
    pub fn list(
        &self,
        client: &Client,
        state: Option<&str>,
        before: Option<JobId>,
        limit: usize,
        announce: &mut dyn FnMut(u64) -> Result<(), ServiceError>,
    ) -> Result<Vec<JobStatus>, ServiceError> {
        const STATES: [&str; 5] = ["queued", "running", "succeeded", "failed", "cancelled"];
        if let Some(state) = state.filter(|state| !STATES.contains(state)) {
            return Err(ServiceError::Invalid {
                field: "state",
                reason: format!("expected one of {STATES:?}, got {}", quote(state)),
            });
        }
        let limit = limit.clamp(1, MAX_LIST);
        let jobs = &self.database;
        let jobs = jobs.jobs_of(client.name(), state, before, limit, announce)?;
        Ok(jobs.into_iter().map(JobStatus::from).collect())
    }

    /// Whether jobs are taken and proven.
    ///
    /// # Errors
    /// [`ServiceError::Stopping`], or what lies beneath the service is broken.
    pub fn ready(&self) -> Result<(), ServiceError> {
        self.check_running()?;
        if self.broken.load(Ordering::Relaxed) {
            let reason = "the end of a job could not be written down".into();
            return Err(ServiceError::Internal(reason));
        }
        self.database.receipt_bytes()?;
        Ok(self.store.check()?)
    }

    pub(super) fn check_running(&self) -> Result<(), ServiceError> {
        match self.stopping.load(Ordering::Relaxed) {
            true => Err(ServiceError::Stopping),
            false => Ok(()),
        }
    }

    /// Everything that is counted, as text, with what is counted only when somebody asks.
    pub fn encode_metrics(&self) -> String {
        let metrics = &self.metrics;
        let running = self.running();
        let open = self.live().len();
        for (state, jobs) in [
            (OpenState::queued, open.saturating_sub(running)),
            (OpenState::running, running),
        ] {
            let label = StateLabel { state };
            metrics.jobs.get_or_create(&label).set(jobs as i64);
        }
        let cache = self.cache.stats();
        metrics.cache_bytes.set(cache.bytes as i64);
        metrics.cache_corrupted.set(cache.corrupted as i64);
        let open = self.admission.used().map(|used| used as i64);
        metrics.requests_open.set(open[0]);
        metrics.streams_open.set(open[1]);
        metrics.request_memory.set(open[2]);
        metrics.queue_length.set(self.queue.len() as i64);
        let oldest = self.queue.oldest().map(|since| Time::now().since(since));
        metrics
            .queue_oldest
            .set(oldest.unwrap_or_default().as_secs_f64());
        if let Some(bytes) = vouch_sdk::rss_bytes() {
            metrics.memory.set(bytes as i64);
        }
        metrics.encode()
    }
}

impl Started {
    /// Takes no more jobs, gives those that run some time, and parks the rest: their work is kept,
    /// and they go on when the service starts again.
    pub fn stop(self, grace: Duration) {
        let service = &self.service;
        service.stopping.store(true, Ordering::Relaxed);
        service.queue.stop();
        let end = Instant::now() + grace;
        while Instant::now() < end && service.running() > 0 {
            thread::sleep(Duration::from_millis(20));
        }
        for live in service.live().values() {
            live.stop(Stop::Parked);
        }
        for thread in self.threads {
            if thread.join().is_err() {
                error!("a thread of the service panicked");
            }
        }
        info!(parked = service.live().len(), "stopped");
    }
}

impl Service {
    /// Jobs that are being proven.
    fn running(&self) -> usize {
        let running = |live: &&Arc<Live>| live.status.borrow().job.state == JobState::Running;
        self.live().values().filter(running).count()
    }
}

/// A job, if it is this client's.
fn own(client: &Client, status: JobStatus) -> Result<JobStatus, ServiceError> {
    match status.job.client == client.name() {
        true => Ok(status),
        false => Err(not_found("job", status.job.id)),
    }
}

pub(super) fn not_found(what: &'static str, name: impl ToString) -> ServiceError {
    let name = name.to_string();
    ServiceError::NotFound { what, name }
}

fn spawn(name: &str, work: impl FnOnce() + Send + 'static) -> Result<JoinHandle<()>, ServiceError> {
    let builder = thread::Builder::new().name(name.into());
    builder
        .spawn(work)
        .map_err(|error| ServiceError::Internal(error.to_string()))
}
