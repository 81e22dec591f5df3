//! Records in a file.

use std::path::Path;

use redb::{Database, ReadableDatabase, ReadableTable, TableDefinition};

use super::database::{begin_write, failed, make_table, open};
use super::record::Record;
use super::seams::{CheckpointStore, StorageError};

/// Records in JSON, by job.
const RECORDS: TableDefinition<'_, &[u8; 32], &[u8]> = TableDefinition::new("records");
/// Jobs that are not finished, so that a start does not read all others.
const UNFINISHED: TableDefinition<'_, &[u8; 32], ()> = TableDefinition::new("unfinished");

/// A [`CheckpointStore`] in one file, which one process at a time has open. Prompts and responses are in it until
/// they are forgotten, so its owner alone may read it. (What was forgotten may stay on the disk until its place is
/// needed.)
#[derive(Debug)]
pub struct CheckpointFile(Database);

impl CheckpointFile {
    /// Opens a file, or makes it. All of it is checked.
    ///
    /// # Errors
    /// It cannot be made, is open elsewhere, damaged, or something else.
    pub fn open(path: &Path) -> Result<Self, StorageError> {
        let database = open(path)?;
        make_table(&database, RECORDS)?;
        make_table(&database, UNFINISHED)?;
        Ok(Self(database))
    }
}

fn decode(job_id: &[u8; 32], bytes: &[u8]) -> Result<Record, StorageError> {
    // What serde says may repeat what is there.
    serde_json::from_slice(bytes).map_err(|error| StorageError::Record {
        job_id: *job_id,
        column: error.column(),
    })
}

fn encode(record: &Record) -> Result<Vec<u8>, StorageError> {
    serde_json::to_vec(record).map_err(|error| StorageError::Other(error.into()))
}

impl CheckpointStore for CheckpointFile {
    fn load(&self, job_id: &[u8; 32]) -> Result<Option<Record>, StorageError> {
        let transaction = self.0.begin_read().map_err(failed)?;
        let records = transaction.open_table(RECORDS).map_err(failed)?;
        let found = records.get(job_id).map_err(failed)?;
        found.map(|found| decode(job_id, found.value())).transpose()
    }

    fn replace(
        &self,
        job_id: &[u8; 32],
        expected: Option<&Record>,
        new: &Record,
    ) -> Result<bool, StorageError> {
        let bytes = encode(new)?;
        let transaction = begin_write(&self.0)?;
        {
            let mut records = transaction.open_table(RECORDS).map_err(failed)?;
            let found = match records.get(job_id).map_err(failed)? {
                Some(found) => Some(decode(job_id, found.value())?),
                None => None,
            };
            if found.as_ref() != expected {
                return Ok(false);
            }
            records.insert(job_id, &*bytes).map_err(failed)?;
            let mut unfinished = transaction.open_table(UNFINISHED).map_err(failed)?;
            match new.state.is_finished() {
                true => drop(unfinished.remove(job_id).map_err(failed)?),
                false => drop(unfinished.insert(job_id, ()).map_err(failed)?),
            }
        }
        transaction.commit().map_err(failed)?;
        Ok(true)
    }

    fn unfinished(&self) -> Result<Vec<[u8; 32]>, StorageError> {
        let transaction = self.0.begin_read().map_err(failed)?;
        let unfinished = transaction.open_table(UNFINISHED).map_err(failed)?;
        let jobs = unfinished.iter().map_err(failed)?;
        jobs.map(|job| Ok(*job.map_err(failed)?.0.value()))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ProofDigest;
    use crate::settlement::{BlockReason, Check, State};

    const JOB: [u8; 32] = [1; 32];

    fn record(proof: u8) -> Record {
        Record {
            result: None,
            proof: ProofDigest([proof; 32]),
            state: State::Held,
        }
    }

    #[test]
    fn records_are_replaced_only_as_expected() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("checkpoints.redb");
        let store = CheckpointFile::open(&path).expect("a store");
        let (first, second) = (record(1), record(2));
        assert_eq!(store.load(&JOB).expect("it answers"), None);
        let replace = |expected, new| store.replace(&JOB, expected, new).expect("it answers");
        assert!(!replace(Some(&first), &second));
        assert!(replace(None, &first));
        assert!(!replace(None, &second));
        assert!(!replace(Some(&second), &second));
        assert_eq!(store.load(&JOB).expect("it answers"), Some(first.clone()));
        assert!(replace(Some(&first), &second));
        drop(store);
        let store = CheckpointFile::open(&path).expect("a store");
        assert_eq!(store.load(&JOB).expect("it answers"), Some(second));
        assert_eq!(store.load(&[2; 32]).expect("it answers"), None);
    }

    #[test]
    fn finished_jobs_are_not_listed() {
        let folder = tempfile::tempdir().expect("a folder");
        let store = CheckpointFile::open(&folder.path().join("file")).expect("a store");
        let held = record(1);
        for job in [[1; 32], [2; 32]] {
            assert!(store.replace(&job, None, &held).expect("it answers"));
        }
        assert_eq!(store.unfinished().expect("it answers"), [[1; 32], [2; 32]]);
        let reason = BlockReason::Invalid {
            check: Check::Proof,
            text: String::new(),
        };
        let blocked = Record {
            state: State::Blocked { reason },
            ..record(1)
        };
        let replaced = store.replace(&JOB, Some(&held), &blocked);
        assert!(replaced.expect("it answers"));
        assert_eq!(store.unfinished().expect("it answers"), [[2; 32]]);
        let replaced = store.replace(&JOB, Some(&blocked), &held);
        assert!(replaced.expect("it answers"));
        assert_eq!(store.unfinished().expect("it answers").len(), 2);
    }

    #[test]
    fn what_is_no_record_is_an_error_that_tells_nothing() {
        let folder = tempfile::tempdir().expect("a folder");
        let store = CheckpointFile::open(&folder.path().join("file")).expect("a store");
        let transaction = begin_write(&store.0).expect("a transaction");
        let mut records = transaction.open_table(RECORDS).expect("a table");
        let wrong = br#"{"result":"secret"}"#;
        records
            .insert(&JOB, wrong.as_slice())
            .expect("it is inserted");
        drop(records);
        transaction.commit().expect("it is written");
        let load = store.load(&JOB).map(drop);
        let replace = store.replace(&JOB, None, &record(1)).map(drop);
        for result in [load, replace] {
            let error = result.expect_err("it is no record");
            assert!(matches!(error, StorageError::Record { job_id: JOB, .. }));
            assert!(!format!("{error} {error:?}").contains("secret"));
        }
    }
}
