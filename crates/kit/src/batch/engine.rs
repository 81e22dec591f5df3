//! The threads of a batch.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::SyncSender;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::available_parallelism;
use std::time::{Duration, Instant};

use vouch_sdk::{Cancel, Error, ProveOptions, Proven, prove};

use super::adaptive::{self, Machine, Sampler};
use super::dealer::{BatchPlan, Ceiling, Dealer, Share};
use super::{
    BatchItemError, BatchJob, BatchMode, BatchProgress, BatchProof, BatchProver, BatchResult,
    OnProgress,
};
use crate::cache::{CacheKey, CachedReceipt, ReceiptCache, Source};
use crate::sync::{POLL, lock};

/// Time between two decisions in adaptive mode: several times what use of processors is measured over.
const REVISE_EVERY: Duration = Duration::from_millis(500);
/// Bytes of stack of each thread.
const STACK: usize = 4 << 20;

/// A cache, and the scope of its keys.
#[derive(Clone)]
pub(super) struct Cache {
    pub cache: Arc<ReceiptCache>,
    pub scope: Option<String>,
}

type ProveItem = dyn Fn(&BatchJob, &ProveOptions) -> Result<Proven, Error> + Send + Sync;

/// Where tests take the place of prover and machine.
pub(super) struct Seams {
    pub prove: Box<ProveItem>,
    pub sample: Box<dyn FnMut() -> Machine + Send>,
    pub revise_every: Duration,
    pub stack: usize,
}

impl Default for Seams {
    fn default() -> Self {
        let mut sampler = Sampler::new();
        Self {
            prove: Box::new(|job, options| prove(job.program.program(), &job.input, options)),
            sample: Box::new(move || sampler.sample()),
            revise_every: REVISE_EVERY,
            stack: STACK,
        }
    }
}

/// A batch under way.
pub(super) struct Engine<I> {
    mode: BatchMode,
    options: ProveOptions,
    cache: Option<Cache>,
    ceiling: Ceiling,
    /// Threads of the pool that the whole process shares.
    cores: usize,
    sample: Mutex<Box<dyn FnMut() -> Machine + Send>>,
    prove: Box<ProveItem>,
    revise_every: Duration,
    pub stack: usize,
    jobs: Mutex<Jobs<I>>,
    table: Mutex<BatchState>,
    /// There may be room for another item.
    room: Condvar,
    /// The last worker has left.
    ended: Condvar,
    progress: Mutex<BatchProgress>,
    on_progress: Arc<OnProgress>,
    start: Instant,
    /// Ends all threads: the caller wants it, or nobody wants the results.
    pub stop: Cancel,
}

struct Jobs<I> {
    jobs: I,
    taken: usize,
}

struct BatchState {
    dealer: Dealer,
    /// There are no more jobs.
    exhausted: bool,
    /// Threads that may still take one.
    workers: usize,
}

impl<I: Iterator<Item = BatchJob> + Send> Engine<I> {
    pub fn new(prover: &BatchProver, jobs: I, mut seams: Seams) -> Self {
        let options = prover.options.prove.clone();
        let ceiling = Ceiling {
            memory: options.max_memory.unwrap_or(u64::MAX),
            threads: prover.threads(),
        };
        let plan = match prover.options.mode {
            BatchMode::Sequential => BatchPlan::fixed(1, ceiling),
            BatchMode::Parallel(at_once) => BatchPlan::fixed(at_once, ceiling),
            BatchMode::Adaptive => adaptive::first(ceiling, &(seams.sample)()),
        };
        let total = match jobs.size_hint() {
            (least, Some(most)) if least == most => Some(most),
            _ => None,
        };
        Self {
            mode: prover.options.mode,
            options,
            cache: prover.cache.clone(),
            ceiling,
            // Asking takes the system tens of microseconds.
            cores: available_parallelism().map_or(1, usize::from),
            sample: Mutex::new(seams.sample),
            prove: seams.prove,
            revise_every: seams.revise_every,
            stack: seams.stack,
            jobs: Mutex::new(Jobs { jobs, taken: 0 }),
            table: Mutex::new(BatchState {
                dealer: Dealer::new(plan, total),
                exhausted: false,
                workers: 0,
            }),
            room: Condvar::new(),
            ended: Condvar::new(),
            progress: Mutex::new(BatchProgress {
                total,
                ..BatchProgress::default()
            }),
            on_progress: prover.on_progress.clone(),
            start: Instant::now(),
            stop: Cancel::default(),
        }
    }

    /// Most items at once, whatever becomes of the plan.
    pub fn most_at_once(&self) -> usize {
        match self.mode {
            BatchMode::Adaptive => self.ceiling.threads,
            _ => lock(&self.table).dealer.plan().at_once,
        }
    }

    /// One more thread that proves items.
    pub fn worker(self: &Arc<Self>) -> Worker<I> {
        lock(&self.table).workers += 1;
        Worker(self.clone())
    }

    /// Looks after the batch until its last thread has ended: passes cancellation on, and changes the
    /// plan.
    pub fn watch(&self) {
        let mut revised = Instant::now();
        let mut table = lock(&self.table);
        while table.workers > 0 {
            if self.options.cancel.is_cancelled() {
                self.stop.cancel();
            }
            if self.mode == BatchMode::Adaptive && revised.elapsed() >= self.revise_every {
                drop(table);
                let machine = (lock(&self.sample))();
                table = lock(&self.table);
                let (plan, held) = (table.dealer.plan(), table.dealer.held());
                let plan = adaptive::decide(&plan, self.ceiling, held, &machine);
                table.dealer.set_plan(plan);
                self.room.notify_all();
                revised = Instant::now();
            }
            let waited = self.ended.wait_timeout(table, POLL.min(self.revise_every));
            table = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    fn wait_for_share(&self) -> Option<Share> {
        let mut table = lock(&self.table);
        loop {
            if table.exhausted || self.stop.is_cancelled() {
                return None;
            }
            if let Some(share) = table.dealer.deal() {
                return Some(share);
            }
            let waited = self.room.wait_timeout(table, POLL);
            table = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    fn give_back(&self, share: &Share) {
        lock(&self.table).dealer.give_back(share);
        self.room.notify_all();
    }

    /// The next job and its place. Others wait while it comes.
    fn next_job(&self) -> Option<(usize, BatchJob)> {
        // Poisoned by a panic of the caller's code, which ends the batch.
        let mut jobs = self.jobs.lock().ok()?;
        if self.options.cancel.is_cancelled() || self.stop.is_cancelled() {
            return None;
        }
        let job = jobs.jobs.next()?;
        let index = jobs.taken;
        jobs.taken += 1;
        Some((index, job))
    }

    fn tell(&self, change: impl FnOnce(&mut BatchProgress)) {
        // Held while the callback runs, so that it is told in order; poisoned if that panicked.
        let Ok(mut progress) = self.progress.lock() else {
            return;
        };
        change(&mut progress);
        progress.elapsed = self.start.elapsed();
        (self.on_progress)(&progress);
    }

    fn prove_item(&self, job: &BatchJob, share: &Share) -> Result<BatchProof, BatchItemError> {
        let options = ProveOptions {
            max_memory: Some(share.memory),
            // With all of them, it shares the process's threads rather than starting its own.
            threads: (share.threads != self.cores).then_some(share.threads),
            cancel: self.stop.clone(),
            ..self.options.clone()
        };
        let prove = || self.find_or_prove(job, &options);
        match catch_unwind(AssertUnwindSafe(prove)) {
            Ok(Ok((receipt, source))) => Ok(BatchProof { receipt, source }),
            Ok(Err(error)) => Err(error.into()),
            Err(_) => Err(BatchItemError::Panicked),
        }
    }

    fn find_or_prove(
        &self,
        job: &BatchJob,
        options: &ProveOptions,
    ) -> Result<(Arc<CachedReceipt>, Source), Error> {
        let prove = || (self.prove)(job, options);
        // The cache's keys know all exit codes or none but 0, not some.
        let cache = self.cache.as_ref();
        let Some(Cache { cache, scope }) = cache.filter(|_| options.allowed_exits.is_empty())
        else {
            let (receipt, stats) = CachedReceipt::of(prove()?);
            return Ok((Arc::new(receipt), Source::Proven(Box::new(stats))));
        };
        let key = CacheKey::new(job.program.image_id(), &job.input, options.profile)
            .allowing_nonzero_exit(options.allow_nonzero_exit);
        let key = match scope {
            Some(scope) => key.scoped(scope),
            None => key,
        };
        cache.get_or_prove(&key, &options.cancel, prove)
    }
}

/// Proves items. The engine counts it until it is dropped.
pub(super) struct Worker<I>(Arc<Engine<I>>);

impl<I: Iterator<Item = BatchJob> + Send> Worker<I> {
    /// Proves items until there are no more. A panic here is one of the caller's code, and ends the
    /// batch.
    pub fn work(self, results: &SyncSender<BatchResult>) {
        let engine = &self.0;
        while let Some(share) = engine.wait_for_share() {
            let Some((index, job)) = engine.next_job() else {
                lock(&engine.table).exhausted = true;
                engine.give_back(&share);
                return;
            };
            engine.tell(|progress| progress.running += 1);
            let result = engine.prove_item(&job, &share);
            drop(job);
            engine.give_back(&share);
            engine.tell(|progress| {
                progress.running -= 1;
                progress.done += 1;
                progress.failed += usize::from(result.is_err());
            });
            if results.send(BatchResult { index, result }).is_err() {
                // Nobody wants the others either.
                engine.stop.cancel();
            }
        }
    }
}

impl<I> Drop for Worker<I> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.stop.cancel();
        }
        lock(&self.0.table).workers -= 1;
        self.0.room.notify_all();
        self.0.ended.notify_all();
    }
}
