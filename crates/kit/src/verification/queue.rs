//! Verification in the background.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread::{self, Builder, JoinHandle};

use parking_lot::{Condvar, Mutex};
use tracing::error;
use vouch_sdk::{Cancel, ImageId};

use super::pending::{Pending, Slot};
use super::verdicts::{Verdicts, count};
use super::{Unverified, Verdict, VerificationError, VerificationOptions};

type Outcome = Result<Verdict, VerificationError>;
type OnDone = Box<dyn FnOnce(&Outcome) + Send>;

/// Bytes of stack of each thread.
const STACK: usize = 4 << 20;

/// A receipt that somebody is told about in the end: when it is dropped, at the latest.
struct Task {
    receipt: Unverified,
    image_id: ImageId,
    bytes: u64,
    verdicts: Arc<Verdicts>,
    slot: Arc<Slot>,
    on_done: Option<OnDone>,
}

impl Task {
    fn end(&mut self, outcome: Outcome) {
        let Some(on_done) = self.on_done.take() else {
            return;
        };
        self.verdicts.pending.fetch_sub(1, Ordering::Relaxed);
        self.slot.set(outcome.clone());
        if catch_unwind(AssertUnwindSafe(|| on_done(&outcome))).is_err() {
            error!("the callback of a verification panicked");
        }
    }
}

impl Drop for Task {
    fn drop(&mut self) {
        if self.on_done.is_some() {
            count(&self.verdicts.abandoned);
            self.end(Err(VerificationError::Abandoned));
        }
    }
}

/// Threads, and what waits for them.
pub(super) struct Workers {
    queue: Arc<Queue>,
    threads: Mutex<Vec<JoinHandle<()>>>,
    max_waiting: usize,
    max_bytes: u64,
}

#[derive(Default)]
struct Queue {
    waiting: Mutex<Waiting>,
    changed: Condvar,
}

#[derive(Default)]
struct Waiting {
    tasks: VecDeque<Task>,
    bytes: u64,
    closed: bool,
}

impl Workers {
    pub fn start(
        verdicts: &Arc<Verdicts>,
        options: &VerificationOptions,
    ) -> Result<Self, VerificationError> {
        Self::start_with(verdicts, options, STACK)
    }

    pub(super) fn start_with(
        verdicts: &Arc<Verdicts>,
        options: &VerificationOptions,
        stack: usize,
    ) -> Result<Self, VerificationError> {
        let workers = Self {
            queue: Arc::default(),
            threads: Mutex::default(),
            max_waiting: options.queue,
            max_bytes: options.queue_bytes,
        };
        let threads = options.threads.max(1);
        for _ in 0..threads {
            let (queue, verdicts) = (workers.queue.clone(), verdicts.clone());
            let builder = Builder::new().name("verify".into()).stack_size(stack);
            let thread = builder.spawn(move || queue.work(&verdicts));
            // Those started already end as `workers` is dropped.
            let thread = thread.map_err(|error| VerificationError::Threads {
                threads,
                reason: error.to_string(),
            })?;
            workers.threads.lock().push(thread);
        }
        Ok(workers)
    }

    /// Puts a receipt behind those that wait.
    pub fn take(
        &self,
        verdicts: &Arc<Verdicts>,
        receipt: Unverified,
        image_id: ImageId,
        on_done: OnDone,
    ) -> Result<Pending, VerificationError> {
        let bytes = match &receipt {
            Unverified::Receipt(receipt) => receipt.encoded_len(),
            Unverified::Bytes(bytes) => bytes.len(),
        } as u64;
        let mut waiting = self.queue.waiting.lock();
        if waiting.closed {
            return Err(VerificationError::Abandoned);
        }
        if waiting.tasks.len() >= self.max_waiting
            || waiting.bytes.saturating_add(bytes) > self.max_bytes
        {
            return Err(VerificationError::QueueFull {
                waiting: waiting.tasks.len(),
                bytes: waiting.bytes,
            });
        }
        let (pending, slot) = Pending::new();
        verdicts.pending.fetch_add(1, Ordering::Relaxed);
        waiting.bytes += bytes;
        waiting.tasks.push_back(Task {
            receipt,
            image_id,
            bytes,
            verdicts: verdicts.clone(),
            slot,
            on_done: Some(on_done),
        });
        self.queue.changed.notify_one();
        Ok(pending)
    }

    pub fn shut_down(&self) {
        let abandoned = {
            let mut waiting = self.queue.waiting.lock();
            waiting.closed = true;
            waiting.bytes = 0;
            std::mem::take(&mut waiting.tasks)
        };
        self.queue.changed.notify_all();
        drop(abandoned);
        let threads = std::mem::take(&mut *self.threads.lock());
        for handle in threads {
            // Who is called back may have held the last of it: no thread waits for itself.
            if handle.thread().id() != thread::current().id() {
                // Its panics were caught, and its receipts have their outcomes.
                let _ = handle.join();
            }
        }
    }
}

impl Drop for Workers {
    fn drop(&mut self) {
        self.shut_down();
    }
}

impl Queue {
    fn work(&self, verdicts: &Verdicts) {
        while let Some(mut task) = self.next() {
            let verify = || verdicts.cached(&task.receipt, &task.image_id, &Cancel::default());
            let outcome = catch_unwind(AssertUnwindSafe(verify)).unwrap_or_else(|_| {
                count(&verdicts.failed);
                Err(VerificationError::Panicked)
            });
            task.end(outcome);
        }
    }

    /// The next receipt, waited for; none any more once it is closed.
    fn next(&self) -> Option<Task> {
        let mut waiting = self.waiting.lock();
        loop {
            if waiting.closed {
                return None;
            }
            if let Some(task) = waiting.tasks.pop_front() {
                waiting.bytes -= task.bytes;
                return Some(task);
            }
            self.changed.wait(&mut waiting);
        }
    }
}
