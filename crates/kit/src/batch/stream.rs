//! Results as they come.

use std::panic::resume_unwind;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread::{Builder, JoinHandle};

use vouch_sdk::Cancel;

use super::engine::Engine;
use super::{BatchError, BatchJob, BatchResult};

/// Results that may wait, if no more items are under way: handing each over by itself would take longer
/// than finding it in a cache.
const MIN_ROOM: usize = 16;

/// The results of a batch, in the order in which items end.
///
/// Dropping it cancels what is left of the batch. What runs then ends within a second or two, and
/// nobody waits for it.
///
/// If the code that makes jobs, or that is told of progress, panics, the batch ends; when the results
/// are taken that there are, so does who takes them.
pub struct BatchStream {
    results: Receiver<BatchResult>,
    threads: Vec<JoinHandle<()>>,
    stop: Cancel,
}

impl BatchStream {
    pub(super) fn start<I: Iterator<Item = BatchJob> + Send + 'static>(
        engine: Arc<Engine<I>>,
    ) -> Result<Self, BatchError> {
        let workers = engine.most_at_once();
        let (results, receiver) = sync_channel(workers.max(MIN_ROOM));
        let mut stream = Self {
            results: receiver,
            threads: Vec::new(),
            stop: engine.stop.clone(),
        };
        // If one cannot be started, the others end as `stream` is dropped.
        for _ in 0..workers {
            let (worker, results) = (engine.worker(), results.clone());
            stream.spawn(&engine, move || worker.work(&results))?;
        }
        let watched = engine.clone();
        stream.spawn(&engine, move || watched.watch())?;
        Ok(stream)
    }

    fn spawn<I: Iterator<Item = BatchJob> + Send>(
        &mut self,
        engine: &Engine<I>,
        work: impl FnOnce() + Send + 'static,
    ) -> Result<(), BatchError> {
        let builder = Builder::new().name("batch".into()).stack_size(engine.stack);
        let thread = builder.spawn(work).map_err(|error| BatchError::Threads {
            threads: engine.most_at_once() + 1,
            reason: error.to_string(),
        })?;
        self.threads.push(thread);
        Ok(())
    }
}

impl Iterator for BatchStream {
    type Item = BatchResult;

    fn next(&mut self) -> Option<BatchResult> {
        if let Ok(result) = self.results.recv() {
            return Some(result);
        }
        for thread in self.threads.drain(..) {
            if let Err(panic) = thread.join() {
                resume_unwind(panic);
            }
        }
        None
    }
}

impl Drop for BatchStream {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}
