//! What was seen.

use std::collections::BTreeMap;
use std::time::Duration;

use parking_lot::{Mutex, MutexGuard};

/// Texts of what went wrong that are kept; the rest is counted.
const TEXTS: usize = 20;

/// A job that the service accepted.
#[derive(Clone, Debug)]
pub struct Accepted {
    /// Whose it is.
    pub tenant: usize,
    /// Its ID.
    pub id: String,
    /// Whether its client saw it end well.
    pub ended: bool,
    /// Size of its receipt in bytes, once it is there.
    pub receipt_bytes: u64,
    /// Times that it was begun until it ended.
    pub attempts: u64,
}

/// What was seen, by all clients.
#[derive(Default)]
pub struct Tally {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// By idempotency key.
    jobs: BTreeMap<String, Accepted>,
    /// Times of calls that were answered as they should be, by their kind.
    times: BTreeMap<&'static str, Vec<Duration>>,
    /// The job that each tenant submitted last.
    last: BTreeMap<usize, String>,
    ended: u64,
    retries: u64,
    wrong: Vec<String>,
    wrongs: u64,
}

impl Tally {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock()
    }

    /// Something is not as it should be.
    pub fn wrong(&self, what: String) {
        let mut state = self.state();
        state.wrongs += 1;
        if state.wrong.len() < TEXTS {
            state.wrong.push(what);
        }
    }

    /// A call was answered as it should be.
    pub fn took(&self, kind: &'static str, time: Duration) {
        self.state().times.entry(kind).or_default().push(time);
    }

    /// A call is made again, as the service was killed meanwhile.
    pub fn retried(&self) {
        self.state().retries += 1;
    }

    /// A job was accepted under a key. `false` if the key had another job before.
    pub fn accepted(&self, key: &str, tenant: usize, id: &str) -> bool {
        let mut state = self.state();
        state.last.insert(tenant, id.into());
        let known = state.jobs.entry(key.into()).or_insert_with(|| Accepted {
            tenant,
            id: id.into(),
            ended: false,
            receipt_bytes: 0,
            attempts: 0,
        });
        known.id == id
    }

    /// A job ended well.
    pub fn succeeded(&self, key: &str, receipt_bytes: u64, attempts: u64) {
        let mut state = self.state();
        state.ended += 1;
        if let Some(job) = state.jobs.get_mut(key) {
            job.ended = true;
            job.receipt_bytes = receipt_bytes;
            job.attempts = attempts;
        }
    }

    /// A recent job of another tenant.
    pub fn job_of_another(&self, tenant: usize) -> Option<String> {
        let state = self.state();
        let mut others = state.last.iter().filter(|(owner, _)| **owner != tenant);
        others.next().map(|(_, id)| id.clone())
    }

    /// Jobs that ended well until now.
    pub fn ended(&self) -> u64 {
        self.state().ended
    }

    /// Calls made again.
    pub fn retries(&self) -> u64 {
        self.state().retries
    }

    /// All jobs accepted, by their keys.
    pub fn jobs(&self) -> BTreeMap<String, Accepted> {
        self.state().jobs.clone()
    }

    /// What went wrong: how often, and the first texts.
    pub fn wrongs(&self) -> (u64, Vec<String>) {
        let state = self.state();
        (state.wrongs, state.wrong.clone())
    }

    /// Times by kind of call, shortest first.
    pub fn times(&self) -> BTreeMap<&'static str, Vec<Duration>> {
        let mut times = self.state().times.clone();
        times.values_mut().for_each(|times| times.sort_unstable());
        times
    }
}
