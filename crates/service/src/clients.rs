//! Who asks: tokens and quotas.

use std::collections::{HashMap, HashSet};
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use governor::clock::{Clock, DefaultClock};
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use parking_lot::{Condvar, Mutex, MutexGuard};
use sha2::{Digest, Sha256};
use subtle::{Choice, ConditionallySelectable, ConstantTimeEq};

use crate::config::{ClientConfig, QuotaConfig};
use crate::error::ServiceError;

/// The client of a service without tokens.
const LOCAL: &str = "local";

/// Somebody who may ask.
pub struct Client {
    name: String,
    quota: QuotaConfig,
    requests: DefaultDirectRateLimiter,
    usage: Mutex<Usage>,
    /// Idempotency keys of requests that are under way.
    keys: Mutex<HashSet<String>>,
    key_left: Condvar,
}

/// What a client has open.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Usage {
    jobs: usize,
    input_bytes: u64,
}

impl Client {
    fn new(name: &str, quota: QuotaConfig) -> Self {
        let a_minute = NonZeroU32::new(quota.max_requests_per_minute).unwrap_or(NonZeroU32::MIN);
        Self {
            name: name.into(),
            quota,
            requests: RateLimiter::direct(Quota::per_minute(a_minute)),
            usage: Mutex::default(),
            keys: Mutex::default(),
            key_left: Condvar::new(),
        }
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What it may do.
    pub const fn quota(&self) -> &QuotaConfig {
        &self.quota
    }

    /// Counts a request.
    ///
    /// # Errors
    /// [`ServiceError::RateLimited`] if there were too many.
    pub fn count_request(&self) -> Result<(), ServiceError> {
        self.requests.check().map_err(|denied| {
            let retry_after: Duration = denied.wait_time_from(DefaultClock::default().now());
            ServiceError::RateLimited { retry_after }
        })
    }

    fn usage(&self) -> MutexGuard<'_, Usage> {
        self.usage.lock()
    }

    /// Counts a job until what is returned is dropped.
    ///
    /// # Errors
    /// [`ServiceError::Quota`] if the client has too many already, or too large ones.
    pub fn open_job(self: &Arc<Self>, input_bytes: u64) -> Result<OpenJob, ServiceError> {
        // Held until the job is counted: another could pass the same checks in between.
        let usage = self.usage();
        let quota = &self.quota;
        if usage.jobs >= quota.max_jobs {
            let (what, limit) = ("waiting or running jobs", quota.max_jobs as u64);
            return Err(ServiceError::Quota { what, limit });
        }
        if usage.input_bytes.saturating_add(input_bytes) > quota.max_input_bytes {
            let (what, limit) = ("bytes of waiting inputs", quota.max_input_bytes);
            return Err(ServiceError::Quota { what, limit });
        }
        Ok(self.count(usage, input_bytes))
    }

    /// As [`Self::open_job`], for a job that was accepted before.
    pub fn open_job_anyway(self: &Arc<Self>, input_bytes: u64) -> OpenJob {
        self.count(self.usage(), input_bytes)
    }

    fn count(self: &Arc<Self>, mut usage: MutexGuard<'_, Usage>, input_bytes: u64) -> OpenJob {
        usage.jobs += 1;
        usage.input_bytes = usage.input_bytes.saturating_add(input_bytes);
        drop(usage);
        OpenJob {
            client: self.clone(),
            input_bytes,
        }
    }

    /// Waits until no other request of this client with the same idempotency key is under way, and keeps others
    /// waiting until what is returned is dropped.
    pub fn take_turn(&self, key: &str) -> KeyTurn<'_> {
        let mut keys = self.keys.lock();
        self.key_left
            .wait_while(&mut keys, |keys| keys.contains(key));
        keys.insert(key.into());
        KeyTurn {
            client: self,
            key: key.into(),
        }
    }
}

/// While this is held, other requests of the client with the same idempotency key wait.
pub struct KeyTurn<'c> {
    client: &'c Client,
    key: String,
}

impl Drop for KeyTurn<'_> {
    fn drop(&mut self) {
        self.client.keys.lock().remove(&self.key);
        self.client.key_left.notify_all();
    }
}

/// A job that counts towards its client's quota.
pub struct OpenJob {
    client: Arc<Client>,
    input_bytes: u64,
}

impl Drop for OpenJob {
    fn drop(&mut self) {
        let mut usage = self.client.usage();
        usage.jobs -= 1;
        usage.input_bytes = usage.input_bytes.saturating_sub(self.input_bytes);
    }
}

/// Everybody who may ask.
pub struct Clients {
    by_token: Vec<([u8; 32], Arc<Client>)>,
    by_name: HashMap<String, Arc<Client>>,
    /// Whoever has no token, where none is needed.
    local: Option<Arc<Client>>,
}

impl Clients {
    /// Those of a configuration that has been checked. Without any, everybody is one and the same.
    pub fn new(configs: &[ClientConfig]) -> Self {
        let client = |config: &ClientConfig| {
            let client = Arc::new(Client::new(&config.name, config.quota.clone()));
            config.token_hash().map(|hash| (hash, client))
        };
        let by_token: Vec<_> = configs.iter().filter_map(client).collect();
        let local = configs
            .is_empty()
            .then(|| Arc::new(Client::new(LOCAL, QuotaConfig::default())));
        let everybody = by_token.iter().map(|(_, client)| client).chain(&local);
        Self {
            by_name: everybody.map(|c| (c.name.clone(), c.clone())).collect(),
            by_token,
            local,
        }
    }

    /// Whose token this is, if there is one. The time that it takes depends on the number of
    /// clients alone.
    ///
    /// # Errors
    /// [`ServiceError::Unauthenticated`]
    pub fn authenticate(&self, token: Option<&str>) -> Result<Arc<Client>, ServiceError> {
        if let Some(local) = &self.local {
            return Ok(local.clone());
        }
        let token = token.ok_or(ServiceError::Unauthenticated)?;
        let hash: [u8; 32] = Sha256::digest(token.as_bytes()).into();
        let mut found = u64::MAX;
        for (index, (expected, _)) in (0u64..).zip(&self.by_token) {
            let equal: Choice = expected.ct_eq(&hash);
            found.conditional_assign(&index, equal);
        }
        let index = usize::try_from(found).map_err(|_| ServiceError::Unauthenticated)?;
        let (_, client) = self
            .by_token
            .get(index)
            .ok_or(ServiceError::Unauthenticated)?;
        Ok(client.clone())
    }

    /// The client of a name, as that of a job that was accepted before. One that is no longer
    /// configured may do nothing new.
    pub fn named(&self, name: &str) -> Arc<Client> {
        let gone = || Arc::new(Client::new(name, QuotaConfig::default()));
        self.by_name.get(name).cloned().unwrap_or_else(gone)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    fn config(name: &str, token: &str) -> ClientConfig {
        ClientConfig {
            name: name.into(),
            token_sha256: hex::encode(Sha256::digest(token.as_bytes())),
            quota: QuotaConfig {
                max_jobs: 2,
                max_input_bytes: 10,
                max_requests_per_minute: 3,
                ..QuotaConfig::default()
            },
        }
    }

    #[test]
    fn tokens_say_who_asks() {
        let clients = Clients::new(&[config("a", "one"), config("b", "two")]);
        for (token, name) in [("one", "a"), ("two", "b")] {
            let client = clients.authenticate(Some(token)).expect("a known token");
            assert_eq!(client.name(), name);
        }
        for token in [None, Some(""), Some("one "), Some("three")] {
            let error = clients.authenticate(token).err();
            assert!(
                matches!(error, Some(ServiceError::Unauthenticated)),
                "{token:?}"
            );
        }
    }

    #[test]
    fn without_clients_everybody_is_local() {
        let clients = Clients::new(&[]);
        for token in [None, Some("any")] {
            let client = clients.authenticate(token).expect("no token is needed");
            assert_eq!(client.name(), LOCAL);
        }
    }

    #[test]
    fn quotas_count_what_is_open() {
        let clients = Clients::new(&[config("a", "one")]);
        let client = clients.named("a");
        let first = client.open_job(4).expect("the first");
        let large = client.open_job(7).err();
        assert!(matches!(large, Some(ServiceError::Quota { limit: 10, .. })));
        let second = client.open_job(6).expect("just enough");
        let third = client.open_job(0).err();
        assert!(matches!(third, Some(ServiceError::Quota { limit: 2, .. })));
        drop(first);
        let resumed = client.open_job_anyway(100);
        drop((second, resumed));
        assert_eq!(*client.usage(), Usage::default());
    }

    /// Both checks and the count are one step: with a limit of one job, one of many threads has it.
    #[test]
    fn a_quota_holds_for_many_at_once() {
        let mut limited = config("a", "one");
        limited.quota.max_jobs = 1;
        let client = Clients::new(&[limited]).named("a");
        let barrier = std::sync::Barrier::new(8);
        for _ in 0..2000 {
            let open = || {
                barrier.wait();
                client.open_job(1).ok()
            };
            let opened: Vec<_> = std::thread::scope(|scope| {
                let threads: Vec<_> = (0..8).map(|_| scope.spawn(open)).collect();
                let results = threads.into_iter().map(|thread| thread.join());
                results
                    .filter_map(|result| result.expect("no panic"))
                    .collect()
            });
            assert_eq!(opened.len(), 1);
        }
    }

    #[test]
    fn requests_with_one_key_take_turns() {
        let client = Clients::new(&[]).named("a");
        let at_it = ["a", "b"].map(|key| (key, AtomicUsize::new(0)));
        std::thread::scope(|scope| {
            for (key, at_it) in at_it.iter().cycle().take(8) {
                let client = &client;
                scope.spawn(move || {
                    for _ in 0..200 {
                        let _turn = client.take_turn(key);
                        assert_eq!(at_it.fetch_add(1, Ordering::Relaxed), 0);
                        std::thread::yield_now();
                        at_it.fetch_sub(1, Ordering::Relaxed);
                    }
                });
            }
        });
        assert!(client.keys.lock().is_empty());
    }

    #[test]
    fn too_many_requests_are_refused() {
        let clients = Clients::new(&[config("a", "one")]);
        let client = clients.named("a");
        for _ in 0..3 {
            client.count_request().expect("three at once");
        }
        let Err(ServiceError::RateLimited { retry_after }) = client.count_request() else {
            panic!("a fourth one");
        };
        assert!(retry_after <= Duration::from_secs(20));
    }

    #[test]
    fn whoever_is_gone_has_a_name_still() {
        assert_eq!(Clients::new(&[]).named("gone").name(), "gone");
    }
}
