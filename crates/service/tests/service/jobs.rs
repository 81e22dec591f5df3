//! What becomes of jobs.

use std::time::Duration;

use serde_json::{Value, json};
use vouch_sdk::guests;

use crate::host::{ENDLESS, Host, LONG, base64, hashes, id_of, word};

#[tokio::test(flavor = "multi_thread")]
async fn failures_say_why() {
    let host = Host::with(|config| config.limits.cycles = 1 << 40).await;
    let fibonacci = host.fibonacci().await;
    let panicking = host.register(guests::PANICKING).await;
    let commitment = id_of(guests::COMMITMENT);
    let faulty = host.register(&faulty()).await;
    for (image, input, more, kind) in [
        (
            &fibonacci,
            word(1000),
            json!({ "max_cycles": 100 }),
            "limit",
        ),
        (
            &fibonacci,
            word(ENDLESS),
            json!({ "max_cycles": 3_000_000 }),
            "limit",
        ),
        (&panicking, String::new(), json!({}), "guest_exit"),
        (&commitment, base64(&[1; 5]), json!({}), "guest_exit"),
        (&faulty, base64(&hashes(1)), json!({}), "guest_fault"),
    ] {
        let id = host.submit(image, &input, more).await;
        let job = host.until_ended(&id).await;
        assert_eq!(
            (&job["state"], &job["failure"]["kind"]),
            (&json!("failed"), &json!(kind))
        );
        assert!(
            job["failure"]["message"]
                .as_str()
                .is_some_and(|text| text.len() > 10)
        );
        let refused = host.refused("vouch_getResult", json!({ "id": id })).await;
        assert_eq!(refused, "job_failed");
    }
    let inputs = std::fs::read_dir(host.folder.join("inputs")).expect("a folder");
    assert_eq!(inputs.count(), 0);
    // None of that hurt the service.
    let id = host.submit_hashes(1).await;
    assert_eq!(host.until_ended(&id).await["state"], "succeeded");
}

/// The commitment with an instruction that is none where it begins.
fn faulty() -> Vec<u8> {
    let mut elf = guests::COMMITMENT.to_vec();
    let field = |at: usize| {
        let bytes = elf[at..at + 4].try_into().expect("four bytes");
        u32::from_le_bytes(bytes) as usize
    };
    let (entry, segments) = (field(24), field(28));
    let size = u16::from_le_bytes([elf[42], elf[43]]) as usize;
    let count = u16::from_le_bytes([elf[44], elf[45]]) as usize;
    let place = (0..count).find_map(|index| {
        let header = segments + index * size;
        let (offset, address, length) = (field(header + 4), field(header + 8), field(header + 16));
        let within = (address..address + length).contains(&entry) && field(header) == 1;
        within.then(|| offset + entry - address)
    });
    let place = place.expect("a segment with the entry");
    elf[place..place + 4].fill(0);
    elf
}

#[tokio::test(flavor = "multi_thread")]
async fn other_exit_codes_can_be_proven() {
    let host = Host::new().await;
    let panicking = host.register(guests::PANICKING).await;
    let more = json!({ "allow_nonzero_exit": true });
    let id = host.submit(&panicking, "", more).await;
    let job = host.until_ended(&id).await;
    assert_eq!(job["state"], "succeeded");
    assert_ne!(job["result"]["exit_code"], 0);
    // Whoever does not want such a receipt does not get it.
    let id = host.submit(&panicking, "", json!({})).await;
    assert_eq!(host.until_ended(&id).await["failure"]["kind"], "guest_exit");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_profile_is_proven() {
    let host = Host::new().await;
    let commitment = id_of(guests::COMMITMENT);
    for (profile, security) in [("fast", 128), ("compact", 100), ("compact", 128)] {
        let more = json!({ "profile": profile, "security": security });
        let id = host.submit(&commitment, &base64(&hashes(1)), more).await;
        let job = host.until_ended(&id).await;
        assert_eq!(job["state"], "succeeded", "{job}");
        assert_eq!(
            (&job["profile"], &job["security"]),
            (&json!(profile), &json!(security))
        );
        assert_eq!(job["result"]["cached"], false);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_one_job() {
    let host = Host::new().await;
    let commitment = id_of(guests::COMMITMENT);
    let job = |input: u8| {
        json!({
            "image_id": commitment, "input": base64(&hashes(input)), "idempotency_key": "key"
        })
    };
    // At once, and again when it has ended.
    let at_once = (0..8).map(|_| host.ok("vouch_submitJob", job(1)));
    let jobs = futures_util::future::join_all(at_once).await;
    let id = jobs[0]["id"].as_str().expect("an ID");
    assert!(jobs.iter().all(|job| job["id"] == id));
    host.until_ended(id).await;
    assert_eq!(host.ok("vouch_submitJob", job(1)).await["id"], id);
    assert_eq!(host.refused("vouch_submitJob", job(2)).await, "conflict");
    let all = host.ok("vouch_listJobs", json!({})).await;
    assert_eq!(all.as_array().map(Vec::len), Some(1));
    assert_eq!(host.metric("vouch_proofs_total").await, 1.0);
}

#[tokio::test(flavor = "multi_thread")]
async fn equal_jobs_at_once_are_proven_once() {
    let host = Host::with(|config| config.proving.concurrency = Some(4)).await;
    let mut ids = Vec::new();
    for _ in 0..8 {
        ids.push(host.submit_hashes(1).await);
    }
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 8);
    for id in &ids {
        assert_eq!(host.until_ended(id).await["state"], "succeeded");
    }
    assert_eq!(host.metric("vouch_proofs_total").await, 1.0);
}

#[tokio::test(flavor = "multi_thread")]
async fn priorities_come_first() {
    let host = Host::new().await;
    let fibonacci = host.fibonacci().await;
    // Nothing begins before all are there.
    let blocker = host.submit(&fibonacci, &word(LONG), json!({})).await;
    host.until(&blocker, &["running"]).await;
    let mut ids = Vec::new();
    for (index, priority) in [0, 5, 9, 5].into_iter().enumerate() {
        let input = word(10 + index as u32);
        let more = json!({ "priority": priority });
        ids.push(host.submit(&fibonacci, &input, more).await);
    }
    let waiting = host.job(&ids[0]).await;
    assert_eq!(
        (&waiting["state"], &waiting["jobs_ahead"]),
        (&json!("queued"), &json!(3))
    );
    let mut ended = Vec::new();
    for id in &ids {
        let job = host.until_ended(id).await;
        ended.push((job["finished_at"].as_str().expect("a time").to_owned(), id));
    }
    ended.sort_unstable();
    let order: Vec<_> = ended.into_iter().map(|(_, id)| id).collect();
    assert_eq!(order, [&ids[2], &ids[1], &ids[3], &ids[0]]);
}

/// A large job does not keep others waiting for the next large one.
#[tokio::test(flavor = "multi_thread")]
async fn ordinary_jobs_pass_large_ones() {
    let host = Host::with(|config| config.proving.concurrency = Some(3)).await;
    let fibonacci = host.fibonacci().await;
    let mut large = Vec::new();
    for n in 0..20 {
        large.push(host.submit(&fibonacci, &word(ENDLESS - n), json!({})).await);
    }
    let id = host.submit_hashes(1).await;
    assert_eq!(host.until_ended(&id).await["state"], "succeeded");
    for id in &large {
        host.ok("vouch_cancelJob", json!({ "id": id })).await;
    }
    for id in &large {
        assert_eq!(host.until_ended(id).await["state"], "cancelled");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn jobs_are_cancelled_wherever_they_are() {
    let host = Host::new().await;
    let fibonacci = host.fibonacci().await;
    let running = host.submit(&fibonacci, &word(ENDLESS), json!({})).await;
    let waiting = host.submit(&fibonacci, &word(5), json!({})).await;
    host.until(&running, &["running"]).await;
    let cancelled = host.ok("vouch_cancelJob", json!({ "id": waiting })).await;
    assert_eq!(cancelled["state"], "cancelled");
    for id in [&running, &waiting] {
        host.ok("vouch_cancelJob", json!({ "id": id })).await;
        assert_eq!(host.until_ended(id).await["state"], "cancelled");
        let refused = host.refused("vouch_getResult", json!({ "id": id })).await;
        assert_eq!(refused, "job_cancelled");
    }
    for folder in ["inputs", "segments"] {
        let left = std::fs::read_dir(host.folder.join(folder)).expect("a folder");
        assert_eq!(left.count(), 0, "{folder}");
    }
    let id = host.submit_hashes(1).await;
    assert_eq!(host.until_ended(&id).await["state"], "succeeded");
}

#[tokio::test(flavor = "multi_thread")]
async fn jobs_that_take_too_long_end() {
    let limit = Duration::from_millis(300);
    let host = Host::with(|config| config.proving.job_timeout = limit).await;
    let fibonacci = host.fibonacci().await;
    let id = host.submit(&fibonacci, &word(ENDLESS), json!({})).await;
    assert_eq!(host.until_ended(&id).await["failure"]["kind"], "timeout");
}

#[tokio::test(flavor = "multi_thread")]
async fn inputs_are_private_and_go_unless_kept() {
    let host = Host::new().await;
    let fibonacci = host.fibonacci().await;
    let blocker = host.submit(&fibonacci, &word(ENDLESS), json!({})).await;
    let commitment = id_of(guests::COMMITMENT);
    let input = base64(&hashes(1));
    let plain = host.submit(&commitment, &input, json!({})).await;
    let kept = host
        .submit(
            &commitment,
            &base64(&hashes(2)),
            json!({ "keep_input": true }),
        )
        .await;
    let path = |id: &str| host.folder.join("inputs").join(id);
    #[cfg(unix)]
    for id in [&blocker, &plain, &kept] {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(path(id))
            .expect("a file")
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    host.ok("vouch_cancelJob", json!({ "id": blocker })).await;
    for id in [&plain, &kept] {
        host.until_ended(id).await;
    }
    assert!(!path(&plain).exists());
    assert_eq!(std::fs::read(path(&kept)).expect("a file"), hashes(2));
    // Not in the records either.
    let database = std::fs::read(host.folder.join("vouch.redb")).expect("a file");
    let part = &hashes(1)[..32];
    let journal = hex::encode(part);
    let within = |needle: &[u8]| {
        database
            .windows(needle.len())
            .any(|window| window == needle)
    };
    assert!(!within(part));
    // But the journal, which is public, is.
    assert!(within(journal.as_bytes()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receipt_that_is_there_answers_at_once() {
    let host = Host::new().await;
    let first = host.submit_hashes(1).await;
    let first = host.until_ended(&first).await;
    let fibonacci = host.fibonacci().await;
    // However much there is to do.
    let blocker = host.submit(&fibonacci, &word(ENDLESS), json!({})).await;
    let params = json!({
        "image_id": id_of(guests::COMMITMENT), "input": base64(&hashes(1))
    });
    let second = host.ok("vouch_submitJob", params).await;
    assert_eq!(second["state"], "succeeded");
    let digest = |job: &Value| job["result"]["receipt_digest"].clone();
    assert_eq!(digest(&second), digest(&first));
    let id = second["id"].as_str().expect("an ID");
    assert_eq!(
        host.get(&format!("/v1/jobs/{id}/receipt"))
            .await
            .status()
            .as_u16(),
        200
    );
    host.ok("vouch_cancelJob", json!({ "id": blocker })).await;
    host.until_ended(&blocker).await;
}

/// What was altered in the store is noticed, and proven again.
#[tokio::test(flavor = "multi_thread")]
async fn damaged_receipts_are_not_handed_out() {
    let host = Host::with(|config| config.cache.memory = 0).await;
    let first = host.submit_hashes(1).await;
    let job = host.until_ended(&first).await;
    let digest = job["result"]["receipt_digest"].as_str().expect("a digest");
    let path = host
        .folder
        .join("artefacts")
        .join(&digest[..2])
        .join(digest);
    let mut bytes = std::fs::read(&path).expect("a file");
    bytes[5000] ^= 1;
    std::fs::write(&path, &bytes).expect("it is damaged");
    let (status, body) = host.json(&format!("/v1/jobs/{first}/receipt")).await;
    assert_eq!((status, &body["code"]), (500, &json!("storage")));
    assert!(!body.to_string().contains(digest));

    let second = host.submit_hashes(1).await;
    let job = host.until_ended(&second).await;
    assert_eq!(job["result"]["cached"], false);
    for id in [&first, &second] {
        let response = host.get(&format!("/v1/jobs/{id}/receipt")).await;
        assert_eq!(response.status().as_u16(), 200);
    }
    assert!(host.metric("vouch_cache_corrupted").await > 0.0);
}
