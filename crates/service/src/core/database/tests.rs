use super::*;
use crate::job::JobResult;
use crate::job::tests::sample;

pub(super) fn database() -> (tempfile::TempDir, Database) {
    let folder = tempfile::tempdir().expect("a folder");
    let database = Database::open(&folder.path().join("db")).expect("a database");
    (folder, database)
}

pub(super) fn record(client: &str, key: Option<&str>) -> JobRecord {
    JobRecord {
        job: Job {
            client: client.into(),
            idempotency_key: key.map(Into::into),
            ..sample()
        },
        request: "ab".into(),
        cache_key: "cd".into(),
    }
}

fn succeeded(record: &JobRecord, digest: u8, finished_at: u64) -> JobRecord {
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

fn insert(database: &Database, record: &JobRecord) {
    let program = ProgramRecord {
        image_id: record.job.image_id,
        elf_digest: ProofDigest([9; 32]),
        elf_bytes: 5,
        client: record.job.client.clone(),
        registered_at: Time(1),
    };
    database.register(&program, None, 9).expect("it is written");
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

#[cfg(unix)]
#[test]
fn a_link_is_no_database() {
    let folder = tempfile::tempdir().expect("a folder");
    let [target, link] = ["target", "link"].map(|name| folder.path().join(name));
    std::os::unix::fs::symlink(&target, &link).expect("a link");
    let error = Database::open(&link).err();
    assert!(matches!(
        error,
        Some(ServiceError::Sdk(vouch_sdk::Error::File { .. }))
    ));
    assert!(!target.exists());
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
    let holder = database.holder("a", "key").expect("readable");
    assert_eq!(holder, Some(first.job.id));
    assert_eq!(database.holder("c", "key").expect("readable"), None);
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
            .jobs_of("a", state, before, limit, &mut |_| Ok(()))
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
    assert_eq!(database.cached_bytes(&[0xcd]).expect("readable"), 100);
    assert_eq!(database.cached_bytes(&[0xce]).expect("readable"), 0);
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

/// What a list will take is known before anything is made of it.
#[test]
fn lists_are_announced_job_by_job() {
    let (_folder, database) = database();
    let mut ids = Vec::new();
    for time in 0..3 {
        let mut job = succeeded(&record("a", None), 1, time);
        if let JobState::Succeeded { result } = &mut job.job.state {
            result.journal = "00".repeat(1000);
        }
        insert(&database, &job);
        ids.push(job.job.id);
    }
    insert(&database, &record("a", None));
    let mut announced = Vec::new();
    let mut announce = |bytes| {
        announced.push(bytes);
        match announced.len() {
            2 => Err(ServiceError::Busy),
            _ => Ok(()),
        }
    };
    let listed = database.jobs_of("a", Some("succeeded"), None, 10, &mut announce);
    assert!(matches!(listed, Err(ServiceError::Busy)));
    let bytes = |id: &JobId| database.bytes_of(*id).expect("readable");
    // Newest first, and none that is not in the list.
    assert_eq!(announced, [bytes(&ids[2]), bytes(&ids[1])]);
    assert!(announced.iter().all(|bytes| *bytes > 2000));
    assert_eq!(database.bytes_of(JobId::new()).expect("readable"), 0);
}
