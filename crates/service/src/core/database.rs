//! Jobs and programs, in one file that survives crashes (redb, docs/decisions/0010).
//!
//! | table | key | value |
//! |---|---|---|
//! | `jobs` | job | [`JobRecord`], JSON |
//! | `open` | job that has not ended | |
//! | `ended` | time of its end, job | |
//! | `clients` | client, job | |
//! | `keys` | client, idempotency key | job |
//! | `receipts` | digest | jobs that it belongs to, its bytes |
//! | `cache` | cache key | digest, jobs that it belongs to |
//! | `totals` | `receipt_bytes` | sum over `receipts` |
//! | `kept` | job whose input is kept as long as its record | |
//! | `doomed` | receipt or ELF to be removed from the store | |
//! | `registrations` | client, image ID | [`ProgramRecord`], JSON |
//! | `programs` | image ID | the same, of former versions: taken over at a start |
//!
//! A change is on the disk when the call that makes it returns.

mod programs;

use std::path::Path;

use redb::backends::FileBackend;
use redb::{
    Builder, Database as Redb, ReadTransaction, ReadableDatabase, ReadableTable, TableDefinition,
    WriteTransaction,
};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use vouch_kit::ProofDigest;
use vouch_sdk::private;

use super::service::not_found;
use crate::error::{ServiceError, database as failed};
use crate::job::{Job, JobId, JobState, Time};
use programs::{PROGRAMS, is_registered};

pub use programs::{EVERYBODY, ProgramRecord, Registered, Removed};

type Id = [u8; 16];

const JOBS: TableDefinition<'_, Id, &[u8]> = TableDefinition::new("jobs");
const OPEN: TableDefinition<'_, Id, ()> = TableDefinition::new("open");
const ENDED: TableDefinition<'_, (u64, Id), ()> = TableDefinition::new("ended");
const CLIENTS: TableDefinition<'_, (&str, Id), ()> = TableDefinition::new("clients");
const KEYS: TableDefinition<'_, (&str, &str), Id> = TableDefinition::new("keys");
const RECEIPTS: TableDefinition<'_, [u8; 32], (u64, u64)> = TableDefinition::new("receipts");
const CACHE: TableDefinition<'_, &[u8], ([u8; 32], u64)> = TableDefinition::new("cache");
const TOTALS: TableDefinition<'_, &str, u64> = TableDefinition::new("totals");
const KEPT: TableDefinition<'_, Id, ()> = TableDefinition::new("kept");
const DOOMED: TableDefinition<'_, [u8; 32], ()> = TableDefinition::new("doomed");

/// Memory for pages of the file: it must not grow with the file.
const CACHE_BYTES: usize = 32 << 20;

const RECEIPT_BYTES: &str = "receipt_bytes";

/// A job, and what only the service needs of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct JobRecord {
    /// What its client sees.
    #[serde(flatten)]
    pub job: Job,
    /// Hash of all that was asked for, in hexadecimal: tells whether two requests are one.
    pub request: String,
    /// Under which its receipt is found again, in hexadecimal.
    pub cache_key: String,
}

/// What became of an attempt to add a job.
#[derive(Debug)]
pub enum Inserted {
    /// It is there now.
    New,
    /// There is one with its idempotency key.
    Existing(Box<JobRecord>),
}

/// Jobs and programs.
pub struct Database(Redb);

impl Database {
    /// The database in a file, which is made if it is not there, for its owner alone. One process at a time may
    /// have it.
    ///
    /// # Errors
    /// [`ServiceError::Database`], or [`vouch_sdk::Error::File`] if there is no such file and none can be made.
    pub fn open(path: &Path) -> Result<Self, ServiceError> {
        let file = private::open(path).map_err(|source| vouch_sdk::Error::File {
            action: "open",
            path: path.into(),
            source,
        })?;
        let mut builder = Builder::new();
        builder.set_cache_size(CACHE_BYTES);
        let database = FileBackend::new(file).and_then(|file| builder.create_with_backend(file));
        let database = Self(database.map_err(failed)?);
        // Reading a table that was never written to is an error.
        database.write(|transaction| {
            transaction.open_table(JOBS).map_err(failed)?;
            transaction.open_table(OPEN).map_err(failed)?;
            transaction.open_table(ENDED).map_err(failed)?;
            transaction.open_table(CLIENTS).map_err(failed)?;
            transaction.open_table(KEYS).map_err(failed)?;
            transaction.open_table(RECEIPTS).map_err(failed)?;
            transaction.open_table(CACHE).map_err(failed)?;
            transaction.open_table(TOTALS).map_err(failed)?;
            transaction.open_table(KEPT).map_err(failed)?;
            transaction.open_table(DOOMED).map_err(failed)?;
            transaction.open_table(PROGRAMS).map_err(failed)?;
            Ok(())
        })?;
        Ok(database)
    }

    fn write<T>(
        &self,
        change: impl FnOnce(&WriteTransaction) -> Result<T, ServiceError>,
    ) -> Result<T, ServiceError> {
        let transaction = self.0.begin_write().map_err(failed)?;
        let result = change(&transaction)?;
        transaction.commit().map_err(failed)?;
        Ok(result)
    }

    fn read(&self) -> Result<ReadTransaction, ServiceError> {
        self.0.begin_read().map_err(failed)
    }

    /// Adds a job, unless its client has one with the same idempotency key.
    ///
    /// # Errors
    /// [`ServiceError::Database`]; [`ServiceError::NotFound`] if it is to run a program that its client has not
    /// registered, or not any more.
    pub fn insert(&self, record: &JobRecord) -> Result<Inserted, ServiceError> {
        self.write(|transaction| {
            let job = &record.job;
            let id = job.id.to_bytes();
            if let Some(key) = &job.idempotency_key {
                let mut keys = transaction.open_table(KEYS).map_err(failed)?;
                let holder = keys.get((&*job.client, &**key)).map_err(failed)?;
                if let Some(holder) = holder.map(|holder| holder.value()) {
                    let jobs = transaction.open_table(JOBS).map_err(failed)?;
                    if let Some(existing) = record_in(&jobs, JobId::from_bytes(holder))? {
                        return Ok(Inserted::Existing(Box::new(existing)));
                    }
                }
                keys.insert((&*job.client, &**key), id).map_err(failed)?;
            }
            if !job.state.has_ended() && !is_registered(transaction, &job.client, &job.image_id)? {
                return Err(not_found("program", job.image_id));
            }
            let mut clients = transaction.open_table(CLIENTS).map_err(failed)?;
            clients.insert((&*job.client, id), ()).map_err(failed)?;
            put(transaction, record)?;
            if job.options.keep_input {
                let mut kept = transaction.open_table(KEPT).map_err(failed)?;
                kept.insert(id, ()).map_err(failed)?;
            }
            match job.state.has_ended() {
                true => end(transaction, record)?,
                false => {
                    let mut open = transaction.open_table(OPEN).map_err(failed)?;
                    open.insert(id, ()).map_err(failed)?;
                }
            }
            Ok(Inserted::New)
        })
    }

    /// Replaces the record of a job. When it has ended it is no longer open, and its receipt belongs
    /// to it.
    ///
    /// # Errors
    /// [`ServiceError::Database`]
    pub fn update(&self, record: &JobRecord) -> Result<(), ServiceError> {
        self.write(|transaction| {
            put(transaction, record)?;
            if record.job.state.has_ended() {
                let mut open = transaction.open_table(OPEN).map_err(failed)?;
                let was_open = open
                    .remove(record.job.id.to_bytes())
                    .map_err(failed)?
                    .is_some();
                if was_open {
                    end(transaction, record)?;
                }
            }
            Ok(())
        })
    }

    /// A job.
    ///
    /// # Errors
    /// [`ServiceError::Database`] or [`ServiceError::Record`]
    pub fn job(&self, id: JobId) -> Result<Option<JobRecord>, ServiceError> {
        let jobs = self.read()?.open_table(JOBS).map_err(failed)?;
        record_in(&jobs, id)
    }

    /// Bytes of the record of a job; 0 if there is none.
    ///
    /// # Errors
    /// [`ServiceError::Database`]
    pub fn bytes_of(&self, id: JobId) -> Result<u64, ServiceError> {
        let jobs = self.read()?.open_table(JOBS).map_err(failed)?;
        let found = jobs.get(id.to_bytes()).map_err(failed)?;
        Ok(found.map_or(0, |found| found.value().len() as u64))
    }

    /// The name of the job of a client's idempotency key.
    ///
    /// # Errors
    /// [`ServiceError::Database`]
    pub fn holder(&self, client: &str, key: &str) -> Result<Option<JobId>, ServiceError> {
        let keys = self.read()?.open_table(KEYS).map_err(failed)?;
        let found = keys.get((client, key)).map_err(failed)?;
        Ok(found.map(|id| JobId::from_bytes(id.value())))
    }

    /// The job of a client's idempotency key.
    ///
    /// # Errors
    /// As [`Self::job`].
    pub fn job_of_key(&self, client: &str, key: &str) -> Result<Option<JobRecord>, ServiceError> {
        let transaction = self.read()?;
        let keys = transaction.open_table(KEYS).map_err(failed)?;
        let Some(id) = keys.get((client, key)).map_err(failed)? else {
            return Ok(None);
        };
        let jobs = transaction.open_table(JOBS).map_err(failed)?;
        record_in(&jobs, JobId::from_bytes(id.value()))
    }

    /// Jobs that have not ended, oldest first.
    ///
    /// # Errors
    /// As [`Self::job`].
    pub fn open_jobs(&self) -> Result<Vec<JobRecord>, ServiceError> {
        let transaction = self.read()?;
        let open = transaction.open_table(OPEN).map_err(failed)?;
        let jobs = transaction.open_table(JOBS).map_err(failed)?;
        let mut found = Vec::new();
        for entry in open.iter().map_err(failed)? {
            let id = JobId::from_bytes(entry.map_err(failed)?.0.value());
            found.extend(record_in(&jobs, id)?);
        }
        Ok(found)
    }

    /// A client's jobs, newest first: at most `limit`, before the job `before`, in the state
    /// `state`. `announce` hears of the bytes of each record before anything is made of it.
    ///
    /// # Errors
    /// As [`Self::job`], and those of `announce`.
    pub fn jobs_of(
        &self,
        client: &str,
        state: Option<&str>,
        before: Option<JobId>,
        limit: usize,
        announce: &mut dyn FnMut(u64) -> Result<(), ServiceError>,
    ) -> Result<Vec<Job>, ServiceError> {
        let transaction = self.read()?;
        let clients = transaction.open_table(CLIENTS).map_err(failed)?;
        let jobs = transaction.open_table(JOBS).map_err(failed)?;
        let last = before.map_or([0xff; 16], JobId::to_bytes);
        let range = (client, [0; 16])..(client, last);
        let mut found = Vec::new();
        for entry in clients.range(range).map_err(failed)?.rev() {
            if found.len() == limit {
                break;
            }
            let id = JobId::from_bytes(entry.map_err(failed)?.0.value().1);
            let Some(stored) = jobs.get(id.to_bytes()).map_err(failed)? else {
                continue;
            };
            if state.is_none_or(|state| has_state(stored.value(), state)) {
                announce(stored.value().len() as u64)?;
                let record: JobRecord = parse(stored.value(), "job", &id.to_string())?;
                found.push(record.job);
            }
        }
        Ok(found)
    }

    /// Jobs that ended before a point in time, oldest first, at most `limit`.
    ///
    /// # Errors
    /// [`ServiceError::Database`]
    pub fn ended_before(&self, time: Time, limit: usize) -> Result<Vec<JobId>, ServiceError> {
        let transaction = self.read()?;
        let ended = transaction.open_table(ENDED).map_err(failed)?;
        let range = ended.range(..(time.0, [0; 16])).map_err(failed)?;
        let ids = range.take(limit).map(|entry| {
            let (key, _) = entry.map_err(failed)?;
            Ok(JobId::from_bytes(key.value().1))
        });
        ids.collect()
    }

    /// Removes jobs that have ended, with all that belongs to them alone; others are left. Receipts
    /// that belong to no job any more are doomed.
    ///
    /// # Errors
    /// As [`Self::job`].
    pub fn remove(&self, ids: &[JobId]) -> Result<(), ServiceError> {
        self.write(|transaction| {
            for id in ids {
                let record = record_in(&transaction.open_table(JOBS).map_err(failed)?, *id)?;
                if let Some(record) = record.filter(|record| record.job.state.has_ended()) {
                    forget(transaction, &record)?;
                }
            }
            Ok(())
        })
    }

    /// Receipts and ELFs to be removed from the store.
    ///
    /// # Errors
    /// [`ServiceError::Database`]
    pub fn doomed(&self) -> Result<Vec<ProofDigest>, ServiceError> {
        let doomed = self.read()?.open_table(DOOMED).map_err(failed)?;
        let all = doomed.iter().map_err(failed)?;
        all.map(|entry| Ok(ProofDigest(entry.map_err(failed)?.0.value())))
            .collect()
    }

    /// Notes that receipts and ELFs are no longer in the store, or needed again.
    ///
    /// # Errors
    /// [`ServiceError::Database`]
    pub fn clear_doomed(&self, digests: &[ProofDigest]) -> Result<(), ServiceError> {
        self.write(|transaction| {
            let mut doomed = transaction.open_table(DOOMED).map_err(failed)?;
            for digest in digests {
                doomed.remove(digest.0).map_err(failed)?;
            }
            Ok(())
        })
    }

    /// Whether a receipt belongs to a job.
    ///
    /// # Errors
    /// [`ServiceError::Database`]
    pub fn has_receipt(&self, digest: &ProofDigest) -> Result<bool, ServiceError> {
        let receipts = self.read()?.open_table(RECEIPTS).map_err(failed)?;
        Ok(receipts.get(digest.0).map_err(failed)?.is_some())
    }

    /// Jobs whose input is kept as long as their records.
    ///
    /// # Errors
    /// [`ServiceError::Database`]
    pub fn jobs_with_kept_input(&self) -> Result<Vec<JobId>, ServiceError> {
        let kept = self.read()?.open_table(KEPT).map_err(failed)?;
        let all = kept.iter().map_err(failed)?;
        all.map(|entry| Ok(JobId::from_bytes(entry.map_err(failed)?.0.value())))
            .collect()
    }

    /// The receipt that was proven for a cache key.
    ///
    /// # Errors
    /// [`ServiceError::Database`]
    pub fn cached(&self, key: &[u8]) -> Result<Option<ProofDigest>, ServiceError> {
        let cache = self.read()?.open_table(CACHE).map_err(failed)?;
        let found = cache.get(key).map_err(failed)?;
        Ok(found.map(|found| ProofDigest(found.value().0)))
    }

    /// Bytes of the receipt that was proven for a cache key; 0 if there is none.
    ///
    /// # Errors
    /// [`ServiceError::Database`]
    pub fn cached_bytes(&self, key: &[u8]) -> Result<u64, ServiceError> {
        let Some(digest) = self.cached(key)? else {
            return Ok(0);
        };
        let receipts = self.read()?.open_table(RECEIPTS).map_err(failed)?;
        let found = receipts.get(digest.0).map_err(failed)?;
        Ok(found.map_or(0, |found| found.value().1))
    }

    /// Bytes of all receipts.
    ///
    /// # Errors
    /// [`ServiceError::Database`]
    pub fn receipt_bytes(&self) -> Result<u64, ServiceError> {
        let totals = self.read()?.open_table(TOTALS).map_err(failed)?;
        let found = totals.get(RECEIPT_BYTES).map_err(failed)?;
        Ok(found.map_or(0, |found| found.value()))
    }
}

fn put(transaction: &WriteTransaction, record: &JobRecord) -> Result<(), ServiceError> {
    let mut jobs = transaction.open_table(JOBS).map_err(failed)?;
    let id = record.job.id.to_bytes();
    jobs.insert(id, &*json(record)?).map_err(failed)?;
    Ok(())
}

/// Notes that a job has ended, and whose its receipt is.
fn end(transaction: &WriteTransaction, record: &JobRecord) -> Result<(), ServiceError> {
    let job = &record.job;
    let mut ended = transaction.open_table(ENDED).map_err(failed)?;
    ended.insert(ended_key(job), ()).map_err(failed)?;
    let JobState::Succeeded { result } = &job.state else {
        return Ok(());
    };
    let digest = result.receipt_digest.0;
    let mut receipts = transaction.open_table(RECEIPTS).map_err(failed)?;
    let found = receipts
        .get(digest)
        .map_err(failed)?
        .map(|found| found.value());
    let (jobs, bytes) = found.unwrap_or((0, result.receipt_bytes));
    receipts.insert(digest, (jobs + 1, bytes)).map_err(failed)?;
    if jobs == 0 {
        change_total(transaction, |total| total.saturating_add(bytes))?;
    }
    let key = cache_key(record)?;
    let mut cache = transaction.open_table(CACHE).map_err(failed)?;
    let jobs = cache
        .get(&*key)
        .map_err(failed)?
        .map_or(0, |found| found.value().1);
    cache.insert(&*key, (digest, jobs + 1)).map_err(failed)?;
    Ok(())
}

/// Removes a job that has ended.
fn forget(transaction: &WriteTransaction, record: &JobRecord) -> Result<(), ServiceError> {
    let job = &record.job;
    let id = job.id.to_bytes();
    let mut jobs = transaction.open_table(JOBS).map_err(failed)?;
    jobs.remove(id).map_err(failed)?;
    let mut kept = transaction.open_table(KEPT).map_err(failed)?;
    kept.remove(id).map_err(failed)?;
    let mut ended = transaction.open_table(ENDED).map_err(failed)?;
    ended.remove(ended_key(job)).map_err(failed)?;
    let mut clients = transaction.open_table(CLIENTS).map_err(failed)?;
    clients.remove((&*job.client, id)).map_err(failed)?;
    if let Some(key) = &job.idempotency_key {
        let mut keys = transaction.open_table(KEYS).map_err(failed)?;
        keys.remove((&*job.client, &**key)).map_err(failed)?;
    }
    let JobState::Succeeded { result } = &job.state else {
        return Ok(());
    };
    let key = cache_key(record)?;
    let mut cache = transaction.open_table(CACHE).map_err(failed)?;
    let found = cache.get(&*key).map_err(failed)?.map(|found| found.value());
    match found {
        Some((digest, 2..)) => {
            let others = found.map_or(0, |(_, jobs)| jobs - 1);
            cache.insert(&*key, (digest, others)).map_err(failed)?;
        }
        _ => drop(cache.remove(&*key).map_err(failed)?),
    }
    let digest = result.receipt_digest.0;
    let mut receipts = transaction.open_table(RECEIPTS).map_err(failed)?;
    let found = receipts
        .get(digest)
        .map_err(failed)?
        .map(|found| found.value());
    match found {
        Some((jobs @ 2.., bytes)) => {
            receipts.insert(digest, (jobs - 1, bytes)).map_err(failed)?;
        }
        Some((_, bytes)) => {
            receipts.remove(digest).map_err(failed)?;
            change_total(transaction, |total| total.saturating_sub(bytes))?;
            let mut doomed = transaction.open_table(DOOMED).map_err(failed)?;
            doomed.insert(digest, ()).map_err(failed)?;
        }
        None => {}
    }
    Ok(())
}

fn change_total(
    transaction: &WriteTransaction,
    change: impl FnOnce(u64) -> u64,
) -> Result<(), ServiceError> {
    let mut totals = transaction.open_table(TOTALS).map_err(failed)?;
    let total = totals
        .get(RECEIPT_BYTES)
        .map_err(failed)?
        .map_or(0, |found| found.value());
    totals
        .insert(RECEIPT_BYTES, change(total))
        .map_err(failed)?;
    Ok(())
}

fn ended_key(job: &Job) -> (u64, Id) {
    let time = job.finished_at.unwrap_or(job.submitted_at);
    (time.0, job.id.to_bytes())
}

fn cache_key(record: &JobRecord) -> Result<Vec<u8>, ServiceError> {
    hex::decode(&record.cache_key).map_err(|error| unreadable("job", &record.job.id, error))
}

fn record_in(
    jobs: &impl ReadableTable<Id, &'static [u8]>,
    id: JobId,
) -> Result<Option<JobRecord>, ServiceError> {
    let found = jobs.get(id.to_bytes()).map_err(failed)?;
    found
        .map(|found| parse(found.value(), "job", &id.to_string()))
        .transpose()
}

/// Whether a record is of a job in this state, read without making anything of the rest.
fn has_state(record: &[u8], state: &str) -> bool {
    #[derive(Deserialize)]
    struct State<'a> {
        state: &'a str,
    }
    let found: Result<State<'_>, _> = serde_json::from_slice(record);
    // What cannot be read is an error of whoever reads all of it.
    found.map_or(true, |found| found.state == state)
}

fn parse<T: DeserializeOwned>(
    bytes: &[u8],
    what: &'static str,
    name: &str,
) -> Result<T, ServiceError> {
    serde_json::from_slice(bytes).map_err(|error| unreadable(what, &name, error))
}

fn unreadable(what: &'static str, name: &impl ToString, reason: impl ToString) -> ServiceError {
    ServiceError::Record {
        what,
        name: name.to_string(),
        reason: reason.to_string(),
    }
}

fn json(value: &impl Serialize) -> Result<Vec<u8>, ServiceError> {
    serde_json::to_vec(value).map_err(|error| ServiceError::Internal(error.to_string()))
}

#[cfg(test)]
mod tests;
