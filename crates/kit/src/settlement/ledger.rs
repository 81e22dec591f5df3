//! A chain of one's own: a log in a file, to which entries are only added.

use std::path::Path;

use redb::{Database, ReadableDatabase, ReadableTable, ReadableTableMetadata, TableDefinition};

use super::checkpoint::{Checkpoint, Submission, take};
use super::database::{begin_write, failed, make_table, open};
use super::seams::{Break, ChainClient, ChainError, StorageError};

/// Encoded entries by position.
const ENTRIES: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("entries");
/// Where the entry of a job is.
const JOBS: TableDefinition<'_, &[u8; 32], u64> = TableDefinition::new("jobs");

/// What the first entry follows.
const BEGINNING: [u8; 32] = [0; 32];

/// A [`ChainClient`] that enters checkpoints into a log in one file, which one process at a time has open.
///
/// An entry is its position (8 bytes, little-endian), the BLAKE3 hash of the entry before (zeros before the first),
/// and the bytes of the checkpoint. So the hash of an entry, which is in every [`Submission`], names all before it.
/// Whoever can write the file can write another log from the start: against that, keep a submission elsewhere and
/// ask for it ([`Self::check`]).
#[derive(Debug)]
pub struct LedgerFile(Database);

impl LedgerFile {
    /// Opens a file, or makes it.
    ///
    /// # Errors
    /// It cannot be made, is open elsewhere, damaged, or something else.
    pub fn open(path: &Path) -> Result<Self, StorageError> {
        let database = open(path)?;
        make_table(&database, ENTRIES)?;
        make_table(&database, JOBS)?;
        Ok(Self(database))
    }

    /// Checks every entry from the first on. Returns where the last one is, if there is one.
    ///
    /// # Errors
    /// [`ChainError::Broken`] names the first entry at fault.
    pub fn verify(&self) -> Result<Option<Submission>, ChainError> {
        let transaction = self.0.begin_read().map_err(failed)?;
        let entries = transaction.open_table(ENTRIES).map_err(failed)?;
        let jobs = transaction.open_table(JOBS).map_err(failed)?;
        let (mut previous, mut last) = (BEGINNING, None);
        for (position, found) in (0..).zip(entries.iter().map_err(failed)?) {
            let (key, bytes) = found.map_err(failed)?;
            let broken = |reason| ChainError::Broken { position, reason };
            if key.value() != position {
                return Err(broken(Break::Missing));
            }
            let entry = Entry::decode(position, bytes.value())?;
            if entry.previous != previous {
                return Err(broken(Break::Link {
                    expected: previous,
                    got: entry.previous,
                }));
            }
            let indexed = jobs.get(&entry.checkpoint.job_id).map_err(failed)?;
            if indexed.map(|found| found.value()) != Some(position) {
                return Err(broken(Break::Index));
            }
            previous = hash(bytes.value());
            last = Some(Submission {
                position,
                hash: previous,
            });
        }
        // The index leads to nothing but what was just seen.
        let (count, indexed) = (entries.len().map_err(failed)?, jobs.len().map_err(failed)?);
        match count == indexed {
            true => Ok(last),
            false => Err(ChainError::Broken {
                position: count,
                reason: Break::Missing,
            }),
        }
    }

    /// The checkpoint that was submitted so, with all before it unchanged if [`Self::verify`] says that the log is
    /// whole.
    ///
    /// # Errors
    /// [`ChainError::Broken`] if it is not there any more.
    pub fn check(&self, submission: &Submission) -> Result<Checkpoint, ChainError> {
        let position = submission.position;
        let broken = |reason| ChainError::Broken { position, reason };
        let transaction = self.0.begin_read().map_err(failed)?;
        let entries = transaction.open_table(ENTRIES).map_err(failed)?;
        let found = entries.get(position).map_err(failed)?;
        let bytes = found.ok_or_else(|| broken(Break::Missing))?;
        let (expected, got) = (submission.hash, hash(bytes.value()));
        match got == expected {
            true => Ok(Entry::decode(position, bytes.value())?.checkpoint),
            false => Err(broken(Break::Hash { expected, got })),
        }
    }
}

impl ChainClient for LedgerFile {
    fn submit(&self, checkpoint: &Checkpoint) -> Result<Submission, ChainError> {
        let transaction = begin_write(&self.0)?;
        let submission = {
            let mut entries = transaction.open_table(ENTRIES).map_err(failed)?;
            let mut jobs = transaction.open_table(JOBS).map_err(failed)?;
            let indexed = jobs.get(&checkpoint.job_id).map_err(failed)?;
            if let Some(position) = indexed.map(|found| found.value()) {
                return entered(&entries, position, checkpoint);
            }
            let (position, previous) = next(&entries)?;
            let entry = Entry {
                previous,
                checkpoint: *checkpoint,
            };
            let bytes = entry.encode(position);
            entries.insert(position, &*bytes).map_err(failed)?;
            jobs.insert(&checkpoint.job_id, position).map_err(failed)?;
            Submission {
                position,
                hash: hash(&bytes),
            }
        };
        transaction.commit().map_err(failed)?;
        Ok(submission)
    }
}

/// Where the next entry goes, and what it follows.
fn next(entries: &impl ReadableTable<u64, &'static [u8]>) -> Result<(u64, [u8; 32]), ChainError> {
    let Some((key, bytes)) = entries.last().map_err(failed)? else {
        return Ok((0, BEGINNING));
    };
    let position = key.value();
    // Nothing is built on what is broken.
    Entry::decode(position, bytes.value())?;
    Ok((position.saturating_add(1), hash(bytes.value())))
}

/// The answer to a checkpoint of a job that has an entry.
fn entered(
    entries: &impl ReadableTable<u64, &'static [u8]>,
    position: u64,
    checkpoint: &Checkpoint,
) -> Result<Submission, ChainError> {
    let found = entries.get(position).map_err(failed)?;
    let bytes = found.ok_or(ChainError::Broken {
        position,
        reason: Break::Missing,
    })?;
    let entry = Entry::decode(position, bytes.value())?;
    if entry.checkpoint != *checkpoint {
        return Err(ChainError::Conflict {
            job_id: checkpoint.job_id,
            position,
        });
    }
    let hash = hash(bytes.value());
    Ok(Submission { position, hash })
}

fn hash(entry: &[u8]) -> [u8; 32] {
    blake3::hash(entry).into()
}

/// An entry, without its position.
struct Entry {
    /// The hash of the entry before.
    previous: [u8; 32],
    checkpoint: Checkpoint,
}

impl Entry {
    fn encode(&self, position: u64) -> Vec<u8> {
        let checkpoint = self.checkpoint.to_bytes();
        [&position.to_le_bytes()[..], &self.previous, &checkpoint].concat()
    }

    fn decode(position: u64, bytes: &[u8]) -> Result<Self, ChainError> {
        let broken = |reason| ChainError::Broken { position, reason };
        let mut rest = bytes;
        let mut start = || Some((u64::from_le_bytes(take(&mut rest)?), take(&mut rest)?));
        let (got, previous) = start().ok_or_else(|| broken(Break::Encoding))?;
        let checkpoint = Checkpoint::from_bytes(rest).map_err(|_| broken(Break::Encoding))?;
        match got == position {
            true => Ok(Self {
                previous,
                checkpoint,
            }),
            false => Err(broken(Break::Position { got })),
        }
    }
}

#[cfg(test)]
mod tests;
