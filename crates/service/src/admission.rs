//! What requests share, how much of it a client gets, and what each request holds until all is over.
//!
//! A request has a [`Visit`]. Whatever works on it keeps a clone, a thread that nobody can stop
//! included, and so does each byte of its answer that has not been sent: its places and its memory
//! are given back when the last of them has gone, whatever became of who asked.

use std::collections::HashMap;
use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::Mutex;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use vouch_sdk::Cancel;

use crate::clients::Client;
use crate::config::{Config, QuotaConfig};
use crate::error::ServiceError;

/// Requests for metrics at once.
const MONITORING: u64 = 32;
/// Bytes of memory for a byte of a request: as it comes, whole, and as parameters.
pub const REQUEST_COPIES: u64 = 3;
/// Bytes of memory for a byte of an answer while it is made: the value, and its JSON, which grows by
/// doubling, alone and in a batch.
pub const ANSWER_COPIES: u64 = 5;

/// A number of something that may not go beyond a bound.
#[derive(Debug)]
pub struct Budget {
    limit: u64,
    used: AtomicU64,
}

impl Budget {
    /// Of which nothing is taken.
    pub fn new(limit: u64) -> Arc<Self> {
        Arc::new(Self {
            limit,
            used: AtomicU64::new(0),
        })
    }

    /// What is taken of it now.
    pub fn used(&self) -> u64 {
        self.used.load(Ordering::Acquire)
    }

    /// Takes so much; it is given back when what is returned is dropped.
    ///
    /// # Errors
    /// [`ServiceError::Busy`] if so much is not there.
    pub fn take(self: &Arc<Self>, amount: u64) -> Result<Share, ServiceError> {
        self.add(amount)?;
        Ok(Share {
            budget: self.clone(),
            amount,
        })
    }

    fn add(&self, amount: u64) -> Result<(), ServiceError> {
        let fits = |used: u64| used.checked_add(amount).filter(|sum| *sum <= self.limit);
        let added = (self.used).fetch_update(Ordering::AcqRel, Ordering::Acquire, fits);
        added.map(drop).map_err(|_| ServiceError::Busy)
    }

    fn remove(&self, amount: u64) {
        self.used.fetch_sub(amount, Ordering::AcqRel);
    }
}

/// What was taken of a [`Budget`].
#[derive(Debug)]
pub struct Share {
    budget: Arc<Budget>,
    amount: u64,
}

impl Share {
    fn grow(&mut self, amount: u64) -> Result<(), ServiceError> {
        self.budget.add(amount)?;
        self.amount += amount;
        Ok(())
    }

    fn shrink_to(&mut self, amount: u64) {
        let excess = self.amount.saturating_sub(amount);
        self.budget.remove(excess);
        self.amount -= excess;
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.budget.remove(self.amount);
    }
}

/// Work of one kind, of which so much is done at once, and so much waits.
struct Lane {
    at_once: Arc<Semaphore>,
    waiting: Arc<Budget>,
}

impl Lane {
    fn new(at_once: usize, waiting: usize) -> Self {
        Self {
            at_once: Arc::new(Semaphore::new(at_once)),
            waiting: Budget::new(waiting as u64),
        }
    }

    async fn enter(&self) -> Result<OwnedSemaphorePermit, ServiceError> {
        if let Ok(place) = self.at_once.clone().try_acquire_owned() {
            return Ok(place);
        }
        let _waits = self.waiting.take(1)?;
        let place = self.at_once.clone().acquire_owned().await;
        place.map_err(|_| ServiceError::Stopping)
    }
}

/// Work that takes long enough to be done only so often at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Work {
    /// Of a receipt that a client brought.
    Verification,
    /// Of a program.
    Registration,
}

/// Where a request belongs. None can use up the places of another kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pool {
    /// It is answered as soon as may be.
    Requests,
    /// It lasts as long as its client wants.
    Streams,
    /// It says how the service is.
    Monitoring,
}

/// Places in each pool, memory, and the work that takes long.
struct Bounds {
    requests: Arc<Budget>,
    streams: Arc<Budget>,
    monitoring: Arc<Budget>,
    memory: Arc<Budget>,
    verifications: Lane,
    registrations: Lane,
}

impl Bounds {
    /// Of the whole service.
    fn whole(config: &Config) -> Self {
        let (server, limits) = (&config.server, &config.limits);
        // Who may wait is decided client by client.
        let waiting = Semaphore::MAX_PERMITS;
        Self {
            requests: Budget::new(server.max_requests as u64),
            streams: Budget::new(server.max_streams as u64),
            monitoring: Budget::new(MONITORING),
            memory: Budget::new(server.max_request_memory),
            verifications: Lane::new(limits.verifications, waiting),
            registrations: Lane::new(limits.registrations, waiting),
        }
    }

    /// Of one client: half of everything, unless it says otherwise or is alone.
    fn of_client(config: &Config, quota: &QuotaConfig, alone: bool) -> Self {
        let (server, limits) = (&config.server, &config.limits);
        let part = |whole: u64| if alone { whole } else { whole.div_ceil(2) };
        let places = |own: Option<usize>, whole: usize| {
            Budget::new(own.map_or_else(|| part(whole as u64), |own| own as u64))
        };
        let lane = |whole: usize| Lane::new(part(whole as u64) as usize, limits.waiting);
        let memory = quota.max_request_memory;
        Self {
            requests: places(quota.max_requests, server.max_requests),
            streams: places(quota.max_streams, server.max_streams),
            monitoring: Budget::new(part(MONITORING)),
            memory: Budget::new(memory.unwrap_or_else(|| part(server.max_request_memory))),
            verifications: lane(limits.verifications),
            registrations: lane(limits.registrations),
        }
    }

    const fn places(&self, pool: Pool) -> &Arc<Budget> {
        match pool {
            Pool::Requests => &self.requests,
            Pool::Streams => &self.streams,
            Pool::Monitoring => &self.monitoring,
        }
    }

    const fn lane(&self, work: Work) -> &Lane {
        match work {
            Work::Verification => &self.verifications,
            Work::Registration => &self.registrations,
        }
    }
}

/// What requests share.
pub struct Admission {
    whole: Bounds,
    clients: HashMap<String, Arc<Bounds>>,
    /// Of whoever is not configured, where nobody is.
    local: Arc<Bounds>,
    answer_bytes: u64,
}

impl Admission {
    /// Within the bounds of a configuration.
    pub fn new(config: &Config) -> Self {
        let alone = config.clients.len() < 2;
        let of = |quota: &QuotaConfig| Arc::new(Bounds::of_client(config, quota, alone));
        let clients = config.clients.iter();
        Self {
            whole: Bounds::whole(config),
            clients: clients.map(|c| (c.name.clone(), of(&c.quota))).collect(),
            local: of(&QuotaConfig::default()),
            answer_bytes: config.limits.answer_bytes,
        }
    }

    /// Lets a request of a client in.
    ///
    /// # Errors
    /// [`ServiceError::Busy`] if the service or the client has too many.
    pub fn enter(self: &Arc<Self>, client: Arc<Client>, pool: Pool) -> Result<Visit, ServiceError> {
        let own = self.clients.get(client.name()).unwrap_or(&self.local);
        let bounds = [own, &self.whole];
        let [own_place, place] = bounds.map(|bounds| bounds.places(pool).take(1));
        let [own_memory, memory] = bounds.map(|bounds| bounds.memory.take(0));
        Ok(Visit(Arc::new(Held {
            _places: [own_place?, place?],
            memory: Mutex::new([own_memory?, memory?]),
            answered: AtomicU64::new(0),
            cancel: Cancel::default(),
            own: own.clone(),
            all: self.clone(),
            client,
        })))
    }

    /// Memory that something takes for a moment, whoever asked for it.
    ///
    /// # Errors
    /// [`ServiceError::Busy`]
    pub fn memory(&self, bytes: u64) -> Result<Share, ServiceError> {
        self.whole.memory.take(bytes)
    }

    /// Requests, streams, and bytes of memory now.
    pub fn used(&self) -> [u64; 3] {
        let Bounds {
            requests,
            streams,
            memory,
            ..
        } = &self.whole;
        [requests, streams, memory].map(|budget| budget.used())
    }
}

/// Who asks, and what the request holds. Clones are one and the same.
#[derive(Clone)]
pub struct Visit(Arc<Held>);

struct Held {
    client: Arc<Client>,
    all: Arc<Admission>,
    own: Arc<Bounds>,
    cancel: Cancel,
    _places: [Share; 2],
    memory: Mutex<[Share; 2]>,
    /// Bytes of answers that were announced.
    answered: AtomicU64,
}

impl Deref for Visit {
    type Target = Arc<Client>;

    fn deref(&self) -> &Arc<Client> {
        &self.0.client
    }
}

impl Visit {
    /// Counts memory, before it is needed.
    ///
    /// # Errors
    /// [`ServiceError::Busy`] if there is not enough now, [`ServiceError::TooLarge`] if there never is.
    pub fn hold(&self, bytes: u64) -> Result<(), ServiceError> {
        let mut shares = self.0.memory.lock();
        let [own, all] = &mut *shares;
        let (limit, got) = (
            own.budget.limit.min(all.budget.limit),
            own.amount.saturating_add(bytes),
        );
        if got > limit {
            let what = "bytes of memory for a request";
            return Err(ServiceError::TooLarge { what, limit, got });
        }
        own.grow(bytes)?;
        all.grow(bytes)
            .inspect_err(|_| own.shrink_to(own.amount - bytes))
    }

    /// Whether so much could be held now, as [`Self::hold`].
    ///
    /// # Errors
    /// As [`Self::hold`].
    pub fn could_hold(&self, bytes: u64) -> Result<(), ServiceError> {
        self.hold(bytes)?;
        self.give_back(bytes);
        Ok(())
    }

    fn give_back(&self, bytes: u64) {
        let mut shares = self.0.memory.lock();
        for share in &mut *shares {
            share.shrink_to(share.amount.saturating_sub(bytes));
        }
    }

    /// Counts part of an answer, by its bytes as they are sent, before it is made.
    ///
    /// # Errors
    /// As [`Self::hold`]; and [`ServiceError::TooLarge`] if all parts together are larger than an
    /// answer may be.
    pub fn answer(&self, bytes: u64) -> Result<(), ServiceError> {
        let before = self.0.answered.fetch_add(bytes, Ordering::AcqRel);
        let (limit, got) = (self.0.all.answer_bytes, before.saturating_add(bytes));
        if got > limit {
            // What is not sent leaves room for other parts.
            self.0.answered.fetch_sub(bytes, Ordering::AcqRel);
            let what = "bytes in an answer";
            return Err(ServiceError::TooLarge { what, limit, got });
        }
        self.hold(bytes.saturating_mul(ANSWER_COPIES))
    }

    /// The answer is made and has so many bytes: nothing else is held any more.
    pub fn settle(&self, bytes: u64) {
        let mut shares = self.0.memory.lock();
        for share in &mut *shares {
            share.shrink_to(bytes);
        }
    }

    /// Waits until a place is free for work of this kind.
    ///
    /// # Errors
    /// [`ServiceError::Busy`] if too much of the client's waits already.
    pub async fn begin(&self, work: Work) -> Result<[OwnedSemaphorePermit; 2], ServiceError> {
        // Its own first: whoever has much to do waits for itself, not before others.
        let own = self.0.own.lane(work).enter().await?;
        let place = self.0.all.whole.lane(work).enter().await?;
        Ok([own, place])
    }

    /// Set once nobody waits for the answer any more.
    pub fn cancel(&self) -> &Cancel {
        &self.0.cancel
    }
}

#[cfg(test)]
mod tests;
