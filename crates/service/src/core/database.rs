//! Jobs and programs, in one file that survives crashes (redb, docs/decisions/0010).
//!
//! | table | key | value |
//! |---|---|---|
//! | `jobs` | job | [`Record`], JSON |
//! | `open` | job that has not ended | |
//! | `ended` | time of its end, job | |
//! | `clients` | client, job | |
//! | `keys` | client, idempotency key | job |
//! | `receipts` | digest | jobs that it belongs to, its bytes |
//! | `cache` | cache key | digest, jobs that it belongs to |
//! | `totals` | `receipt_bytes` | sum over `receipts` |
//! | `kept` | job whose input is kept as long as its record | |
//! | `doomed` | receipt to be removed from the store | |
//! | `programs` | image ID | [`ProgramRecord`], JSON |
//!
//! A change is on the disk when the call that makes it returns.

use std::path::Path;

use redb::{
    Builder, Database as Redb, ReadTransaction, ReadableDatabase, ReadableTable, TableDefinition,
    WriteTransaction,
};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use vouch_kit::ProofDigest;
use vouch_sdk::ImageId;

use crate::error::{ServiceError, database as failed};
use crate::job::{Job, JobId, JobState, Time};

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
const PROGRAMS: TableDefinition<'_, [u8; 32], &[u8]> = TableDefinition::new("programs");

/// Memory for pages of the file: it must not grow with the file.
const CACHE_BYTES: usize = 32 << 20;

const RECEIPT_BYTES: &str = "receipt_bytes";

/// A job, and what only the service needs of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// What its client sees.
    #[serde(flatten)]
    pub job: Job,
    /// Hash of all that was asked for, in hexadecimal: tells whether two requests are one.
    pub request: String,
    /// Under which its receipt is found again, in hexadecimal.
    pub cache_key: String,
}

/// A program.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProgramRecord {
    /// The program's name.
    #[serde(with = "crate::job::hex_image_id")]
    pub image_id: ImageId,
    /// Its ELF, in the store.
    pub elf_digest: ProofDigest,
    /// Size of the ELF.
    pub elf_bytes: u64,
    /// Who brought it first.
    pub client: String,
    /// When.
    pub registered_at: Time,
}

/// What became of an attempt to add a job.
#[derive(Debug)]
pub enum Inserted {
    /// It is there now.
    New,
    /// There is one with its idempotency key.
    Existing(Box<Record>),
}

/// Jobs and programs.
pub struct Database(Redb);

impl Database {
    /// The database in a file, which is made if it is not there. One process at a time may have it.
    ///
    /// # Errors
    /// [`ServiceError::Database`]
    pub fn open(path: &Path) -> Result<Self, ServiceError> {
        let database = Builder::new().set_cache_size(CACHE_BYTES).create(path);
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
    /// [`ServiceError::Database`]
    pub fn insert(&self, record: &Record) -> Result<Inserted, ServiceError> {
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
    pub fn update(&self, record: &Record) -> Result<(), ServiceError> {
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
    pub fn job(&self, id: JobId) -> Result<Option<Record>, ServiceError> {
        let jobs = self.read()?.open_table(JOBS).map_err(failed)?;
        record_in(&jobs, id)
    }

    /// The job of a client's idempotency key.
    ///
    /// # Errors
    /// As [`Self::job`].
    pub fn job_of_key(&self, client: &str, key: &str) -> Result<Option<Record>, ServiceError> {
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
    pub fn open_jobs(&self) -> Result<Vec<Record>, ServiceError> {
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
    /// `state`.
    ///
    /// # Errors
    /// As [`Self::job`].
    pub fn jobs_of(
        &self,
        client: &str,
        state: Option<&str>,
        before: Option<JobId>,
        limit: usize,
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
            let record = record_in(&jobs, id)?;
            let wanted = |record: &Record| state.is_none_or(|s| s == record.job.state.name());
            found.extend(record.filter(wanted).map(|record| record.job));
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

    /// Receipts to be removed from the store.
    ///
    /// # Errors
    /// [`ServiceError::Database`]
    pub fn doomed(&self) -> Result<Vec<ProofDigest>, ServiceError> {
        let doomed = self.read()?.open_table(DOOMED).map_err(failed)?;
        let all = doomed.iter().map_err(failed)?;
        all.map(|entry| Ok(ProofDigest(entry.map_err(failed)?.0.value())))
            .collect()
    }

    /// Notes that receipts are no longer in the store, or belong to a job again.
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

    /// Bytes of all receipts.
    ///
    /// # Errors
    /// [`ServiceError::Database`]
    pub fn receipt_bytes(&self) -> Result<u64, ServiceError> {
        let totals = self.read()?.open_table(TOTALS).map_err(failed)?;
        let found = totals.get(RECEIPT_BYTES).map_err(failed)?;
        Ok(found.map_or(0, |found| found.value()))
    }

    /// Adds a program, unless it is there.
    ///
    /// # Errors
    /// [`ServiceError::Database`]
    pub fn insert_program(&self, program: &ProgramRecord) -> Result<(), ServiceError> {
        self.write(|transaction| {
            let mut programs = transaction.open_table(PROGRAMS).map_err(failed)?;
            let key = program.image_id.0;
            if programs.get(key).map_err(failed)?.is_none() {
                programs.insert(key, &*json(program)?).map_err(failed)?;
            }
            Ok(())
        })
    }

    /// A program.
    ///
    /// # Errors
    /// [`ServiceError::Database`] or [`ServiceError::Record`]
    pub fn program(&self, id: &ImageId) -> Result<Option<ProgramRecord>, ServiceError> {
        let programs = self.read()?.open_table(PROGRAMS).map_err(failed)?;
        let found = programs.get(id.0).map_err(failed)?;
        found
            .map(|found| parse(found.value(), "program", &id.to_string()))
            .transpose()
    }

    /// All programs, in the order of their IDs.
    ///
    /// # Errors
    /// As [`Self::program`].
    pub fn programs(&self) -> Result<Vec<ProgramRecord>, ServiceError> {
        let programs = self.read()?.open_table(PROGRAMS).map_err(failed)?;
        let all = programs.iter().map_err(failed)?.map(|entry| {
            let (key, value) = entry.map_err(failed)?;
            parse(value.value(), "program", &ImageId(key.value()).to_string())
        });
        all.collect()
    }
}

fn put(transaction: &WriteTransaction, record: &Record) -> Result<(), ServiceError> {
    let mut jobs = transaction.open_table(JOBS).map_err(failed)?;
    let id = record.job.id.to_bytes();
    jobs.insert(id, &*json(record)?).map_err(failed)?;
    Ok(())
}

/// Notes that a job has ended, and whose its receipt is.
fn end(transaction: &WriteTransaction, record: &Record) -> Result<(), ServiceError> {
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
fn forget(transaction: &WriteTransaction, record: &Record) -> Result<(), ServiceError> {
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

fn cache_key(record: &Record) -> Result<Vec<u8>, ServiceError> {
    hex::decode(&record.cache_key).map_err(|error| unreadable("job", &record.job.id, error))
}

fn record_in(
    jobs: &impl ReadableTable<Id, &'static [u8]>,
    id: JobId,
) -> Result<Option<Record>, ServiceError> {
    let found = jobs.get(id.to_bytes()).map_err(failed)?;
    found
        .map(|found| parse(found.value(), "job", &id.to_string()))
        .transpose()
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
mod tests {
    use super::*;
    use crate::job::JobResult;
    use crate::job::tests::sample;

    fn database() -> (tempfile::TempDir, Database) {
        let folder = tempfile::tempdir().expect("a folder");
        let database = Database::open(&folder.path().join("db")).expect("a database");
        (folder, database)
    }

    fn record(client: &str, key: Option<&str>) -> Record {
        Record {
            job: Job {
                client: client.into(),
                idempotency_key: key.map(Into::into),
                ..sample()
            },
            request: "ab".into(),
            cache_key: "cd".into(),
        }
    }

    fn succeeded(record: &Record, digest: u8, finished_at: u64) -> Record {
        let result = JobResult {
            receipt_digest: ProofDigest([digest; 32]),
            receipt_bytes: 100,
            journal: String::new(),
            exit_code: 0,
            cached: false,
            cost: None,
        };
        let mut record = record.clone();
        record.job.state = JobState::Succeeded { result };
        record.job.finished_at = Some(Time(finished_at));
        record
    }

    fn insert(database: &Database, record: &Record) {
        let inserted = database.insert(record).expect("it is written");
        assert!(matches!(inserted, Inserted::New));
    }

    #[test]
    fn jobs_survive_a_restart() {
        let (folder, database) = database();
        let (first, second) = (record("a", None), record("b", Some("key")));
        insert(&database, &first);
        insert(&database, &second);
        database
            .update(&succeeded(&first, 1, 5))
            .expect("it is written");
        drop(database);
        let database = Database::open(&folder.path().join("db")).expect("a database");
        assert_eq!(
            database.open_jobs().expect("readable"),
            vec![second.clone()]
        );
        let found = database.job(first.job.id).expect("readable");
        assert_eq!(found, Some(succeeded(&first, 1, 5)));
        assert_eq!(
            database.job_of_key("b", "key").expect("readable"),
            Some(second)
        );
        assert_eq!(database.job_of_key("a", "key").expect("readable"), None);
        assert_eq!(database.job(JobId::new()).expect("readable"), None);
    }

    #[test]
    fn only_one_may_have_the_file() {
        let (folder, _database) = database();
        let second = Database::open(&folder.path().join("db"));
        assert!(matches!(second.err(), Some(ServiceError::Database(_))));
    }

    #[test]
    fn a_key_is_one_job() {
        let (_folder, database) = database();
        let first = record("a", Some("key"));
        insert(&database, &first);
        let again = database
            .insert(&record("a", Some("key")))
            .expect("readable");
        assert!(matches!(again, Inserted::Existing(found) if *found == first));
        insert(&database, &record("b", Some("key")));
        assert_eq!(database.open_jobs().expect("readable").len(), 2);
    }

    #[test]
    fn clients_see_their_own_newest_first() {
        let (_folder, database) = database();
        let records: Vec<_> = (0..6).map(|i| record(["a", "b"][i % 2], None)).collect();
        records.iter().for_each(|record| insert(&database, record));
        database
            .update(&succeeded(&records[2], 1, 5))
            .expect("it is written");
        let ids = |state, before, limit| -> Vec<_> {
            let found = database
                .jobs_of("a", state, before, limit)
                .expect("readable");
            found.into_iter().map(|job| job.id).collect()
        };
        let [first, second, third] = [0, 2, 4].map(|i: usize| records[i].job.id);
        assert_eq!(ids(None, None, 10), [third, second, first]);
        assert_eq!(ids(None, None, 2), [third, second]);
        assert_eq!(ids(None, Some(second), 10), [first]);
        assert_eq!(ids(Some("succeeded"), None, 10), [second]);
        assert_eq!(ids(Some("queued"), Some(third), 1), [first]);
    }

    #[test]
    fn receipts_go_with_their_last_job() {
        let (_folder, database) = database();
        let (first, second) = (record("a", Some("key")), record("a", None));
        for (record, time) in [(&first, 5), (&second, 6)] {
            insert(&database, record);
            database
                .update(&succeeded(record, 1, time))
                .expect("it is written");
        }
        let open = record("a", None);
        insert(&database, &open);
        let digest = ProofDigest([1; 32]);
        assert_eq!(database.receipt_bytes().expect("readable"), 100);
        assert_eq!(database.cached(&[0xcd]).expect("readable"), Some(digest));
        assert_eq!(
            database.ended_before(Time(6), 9).expect("readable"),
            [first.job.id]
        );
        let ended = database.ended_before(Time(7), 9).expect("readable");
        assert_eq!(ended, [first.job.id, second.job.id]);
        assert_eq!(
            database.ended_before(Time(7), 1).expect("readable").len(),
            1
        );

        let ids = [first.job.id, open.job.id];
        database.remove(&ids).expect("it goes");
        assert!(database.doomed().expect("readable").is_empty());
        assert!(database.has_receipt(&digest).expect("readable"));
        assert_eq!(database.job(first.job.id).expect("readable"), None);
        assert!(database.job(open.job.id).expect("readable").is_some());
        assert_eq!(database.job_of_key("a", "key").expect("readable"), None);
        assert_eq!(database.cached(&[0xcd]).expect("readable"), Some(digest));
        database.remove(&[second.job.id]).expect("it goes");
        assert_eq!(database.doomed().expect("readable"), [digest]);
        assert!(!database.has_receipt(&digest).expect("readable"));
        database.clear_doomed(&[digest]).expect("it is written");
        assert!(database.doomed().expect("readable").is_empty());
        assert_eq!(database.cached(&[0xcd]).expect("readable"), None);
        assert_eq!(database.receipt_bytes().expect("readable"), 0);
        assert!(
            database
                .ended_before(Time(9), 9)
                .expect("readable")
                .is_empty()
        );
    }

    #[test]
    fn an_end_counts_once() {
        let (_folder, database) = database();
        let record = succeeded(&record("a", None), 1, 5);
        insert(&database, &record);
        database.update(&record).expect("it is written");
        database.remove(&[record.job.id]).expect("it goes");
        assert_eq!(database.doomed().expect("readable").len(), 1);
    }

    #[test]
    fn inputs_may_be_kept_with_their_jobs() {
        let (_folder, database) = database();
        let mut record = succeeded(&record("a", None), 1, 5);
        insert(&database, &record);
        assert!(
            database
                .jobs_with_kept_input()
                .expect("readable")
                .is_empty()
        );
        record.job.id = JobId::new();
        record.job.options.keep_input = true;
        insert(&database, &record);
        let kept = database.jobs_with_kept_input().expect("readable");
        assert_eq!(kept, [record.job.id]);
        database.remove(&kept).expect("it goes");
        assert!(
            database
                .jobs_with_kept_input()
                .expect("readable")
                .is_empty()
        );
    }

    #[test]
    fn programs_are_kept_as_they_came() {
        let (_folder, database) = database();
        let program = |client: &str, id| ProgramRecord {
            image_id: ImageId([id; 32]),
            elf_digest: ProofDigest([9; 32]),
            elf_bytes: 5,
            client: client.into(),
            registered_at: Time(1),
        };
        for program in [program("a", 2), program("b", 2), program("b", 1)] {
            database.insert_program(&program).expect("it is written");
        }
        let found = database.program(&ImageId([2; 32])).expect("readable");
        assert_eq!(found, Some(program("a", 2)));
        assert_eq!(database.program(&ImageId([3; 32])).expect("readable"), None);
        let all = database.programs().expect("readable");
        assert_eq!(all, [program("b", 1), program("a", 2)]);
    }

    #[test]
    fn a_damaged_record_says_so() {
        let (_folder, database) = database();
        let id = JobId::new();
        let write = |transaction: &WriteTransaction| {
            let mut jobs = transaction.open_table(JOBS).map_err(failed)?;
            jobs.insert(id.to_bytes(), &b"{"[..]).map_err(failed)?;
            Ok(())
        };
        database.write(write).expect("it is written");
        assert!(matches!(
            database.job(id),
            Err(ServiceError::Record { what: "job", .. })
        ));
    }
}
