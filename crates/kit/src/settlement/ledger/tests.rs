use std::sync::Barrier;

use super::*;
use crate::ProofDigest;

fn checkpoint(job: u8) -> Checkpoint {
    Checkpoint {
        job_id: [job; 32],
        tokens: 100,
        proof_digest: ProofDigest([job; 32]),
        timestamp_ms: 1_700_000_000_000,
    }
}

/// A ledger of four entries.
fn ledger() -> (tempfile::TempDir, LedgerFile, Vec<Submission>) {
    let folder = tempfile::tempdir().expect("a folder");
    let ledger = LedgerFile::open(&folder.path().join("ledger.redb")).expect("a ledger");
    let submit = |job| ledger.submit(&checkpoint(job)).expect("it is entered");
    let submissions = (0..4).map(submit).collect();
    (folder, ledger, submissions)
}

/// Changes entries as somebody would who has the file.
fn tamper(ledger: &LedgerFile, change: impl FnOnce(&mut redb::Table<'_, u64, &'static [u8]>)) {
    let transaction = ledger.0.begin_write().expect("a transaction");
    change(&mut transaction.open_table(ENTRIES).expect("a table"));
    transaction.commit().expect("it is written");
}

fn set(ledger: &LedgerFile, position: u64, bytes: &[u8]) {
    tamper(ledger, |entries| {
        entries.insert(position, bytes).expect("it is inserted");
    });
}

fn entry(ledger: &LedgerFile, position: u64) -> Vec<u8> {
    let transaction = ledger.0.begin_read().expect("a transaction");
    let entries = transaction.open_table(ENTRIES).expect("a table");
    let found = entries.get(position).expect("it answers");
    found.expect("an entry").value().to_vec()
}

/// What is wrong, and where.
fn broken<T>(result: Result<T, ChainError>) -> (u64, Break) {
    match result.map(drop) {
        Err(ChainError::Broken { position, reason }) => (position, reason),
        other => panic!("expected a broken ledger, got {other:?}"),
    }
}

#[test]
fn entries_follow_each_other() {
    let (folder, ledger, submissions) = ledger();
    let positions: Vec<_> = submissions.iter().map(|one| one.position).collect();
    assert_eq!(positions, [0, 1, 2, 3]);
    assert_eq!(ledger.verify().expect("whole"), submissions.last().copied());
    for (job, submission) in (0..).zip(&submissions) {
        let found = ledger.check(submission).expect("it is there");
        assert_eq!(found, checkpoint(job));
        // As documented.
        let before = job.checked_sub(1).map(|i| submissions[i as usize].hash);
        let bytes = [
            u64::from(job).to_le_bytes().to_vec(),
            before.unwrap_or([0; 32]).to_vec(),
            checkpoint(job).to_bytes().to_vec(),
        ]
        .concat();
        assert_eq!(submission.hash, *blake3::hash(&bytes).as_bytes());
    }
    drop(ledger);
    let ledger = LedgerFile::open(&folder.path().join("ledger.redb")).expect("a ledger");
    let fifth = ledger.submit(&checkpoint(9)).expect("it is entered");
    assert_eq!(fifth.position, 4);
    assert_eq!(ledger.verify().expect("whole"), Some(fifth));
}

#[test]
fn an_empty_ledger_is_whole() {
    let folder = tempfile::tempdir().expect("a folder");
    let ledger = LedgerFile::open(&folder.path().join("ledger.redb")).expect("a ledger");
    assert_eq!(ledger.verify().expect("whole"), None);
}

#[test]
fn a_checkpoint_is_entered_once() {
    let (_folder, ledger, submissions) = ledger();
    for (job, submission) in (0..).zip(&submissions) {
        let again = ledger.submit(&checkpoint(job)).expect("the same");
        assert_eq!(again, *submission);
    }
    let other = Checkpoint {
        tokens: 101,
        ..checkpoint(2)
    };
    let error = ledger.submit(&other).expect_err("another of the same job");
    let expected = [2; 32];
    assert!(matches!(error, ChainError::Conflict { job_id, position: 2 } if job_id == expected));
    assert_eq!(ledger.verify().expect("whole"), submissions.last().copied());
}

#[test]
fn threads_enter_a_checkpoint_once() {
    let (_folder, ledger, submissions) = ledger();
    let barrier = Barrier::new(8);
    let all: Vec<_> = std::thread::scope(|scope| {
        let submit = || {
            barrier.wait();
            ledger.submit(&checkpoint(77)).expect("it is entered")
        };
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(submit)).collect();
        let join = |thread: std::thread::ScopedJoinHandle<'_, _>| thread.join().expect("no panic");
        threads.into_iter().map(join).collect()
    });
    assert!(all.iter().all(|one| *one == all[0]));
    assert_eq!(all[0].position, submissions.len() as u64);
    assert_eq!(ledger.verify().expect("whole"), Some(all[0]));
}

#[test]
fn a_changed_entry_breaks_the_next_ones_link() {
    let (_folder, ledger, submissions) = ledger();
    let mut bytes = entry(&ledger, 1);
    // The tokens.
    bytes[8 + 32 + 10 + 32] ^= 1;
    set(&ledger, 1, &bytes);
    let (expected, got) = (*blake3::hash(&bytes).as_bytes(), submissions[1].hash);
    assert_eq!(broken(ledger.verify()), (2, Break::Link { expected, got }));
    let (expected, got) = (got, expected);
    let found = broken(ledger.check(&submissions[1]));
    assert_eq!(found, (1, Break::Hash { expected, got }));
}

#[test]
fn a_changed_last_entry_is_not_what_was_submitted() {
    let (_folder, ledger, submissions) = ledger();
    let mut bytes = entry(&ledger, 3);
    bytes[8 + 32 + 10 + 32] ^= 1;
    set(&ledger, 3, &bytes);
    // Nothing follows it: only who knows the submission notices.
    ledger.verify().expect("whole");
    assert_eq!(broken(ledger.check(&submissions[3])).0, 3);
}

#[test]
fn a_first_entry_that_follows_something_is_wrong() {
    let (_folder, ledger, _) = ledger();
    let mut bytes = entry(&ledger, 0);
    bytes[8] = 1;
    set(&ledger, 0, &bytes);
    assert!(matches!(broken(ledger.verify()), (0, Break::Link { .. })));
}

#[test]
fn entries_of_other_places_are_noticed() {
    let (_folder, ledger, _) = ledger();
    let bytes = entry(&ledger, 2);
    set(&ledger, 1, &bytes);
    assert_eq!(broken(ledger.verify()), (1, Break::Position { got: 2 }));
}

#[test]
fn bytes_that_are_no_entry_are_noticed() {
    for wrong in [&b""[..], &[0; 39], &[0; 130], &[0; 131]] {
        let (_folder, ledger, _) = ledger();
        set(&ledger, 3, wrong);
        let expected = (3, Break::Encoding);
        assert_eq!(broken(ledger.verify()), expected);
        // Nothing is built on it.
        assert_eq!(broken(ledger.submit(&checkpoint(9))), expected);
        assert_eq!(broken(ledger.submit(&checkpoint(3))), expected);
    }
}

#[test]
fn missing_entries_are_noticed() {
    for position in 0..4 {
        let (_folder, ledger, submissions) = ledger();
        tamper(&ledger, |entries| {
            entries.remove(position).expect("it was there");
        });
        let expected = (position, Break::Missing);
        assert_eq!(broken(ledger.verify()), expected);
        let submission = &submissions[position as usize];
        assert_eq!(broken(ledger.check(submission)), expected);
        let again = ledger.submit(&checkpoint(position as u8));
        assert_eq!(broken(again), expected);
    }
}

#[test]
fn an_index_that_leads_elsewhere_is_noticed() {
    for wrong in [None, Some(3)] {
        let (_folder, ledger, _) = ledger();
        let transaction = ledger.0.begin_write().expect("a transaction");
        let mut jobs = transaction.open_table(JOBS).expect("a table");
        match wrong {
            Some(position) => drop(jobs.insert(&[1; 32], position).expect("it is inserted")),
            None => drop(jobs.remove(&[1; 32]).expect("it was there")),
        }
        drop(jobs);
        transaction.commit().expect("it is written");
        assert_eq!(broken(ledger.verify()), (1, Break::Index));
    }
}
