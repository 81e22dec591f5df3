//! Jobs survive the service.

use std::time::Duration;

use serde_json::json;

use crate::host::{ENDLESS, Host, LONG, word};

#[tokio::test(flavor = "multi_thread")]
async fn jobs_go_on_where_they_were() {
    let host = Host::new().await;
    let fibonacci = host.fibonacci().await;
    let long = host.submit(&fibonacci, &word(4 * LONG), json!({})).await;
    let mut waiting = Vec::new();
    for job in 0..3 {
        waiting.push(host.submit_hashes(job).await);
    }
    // A segment is there, and not all of them.
    while host.job(&long).await["progress"]["proven_segments"].as_u64() < Some(1) {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let host = host.restart(|_| {}).await;
    let job = host.until_ended(&long).await;
    assert_eq!(job["state"], "succeeded");
    let cost = &job["result"]["cost"];
    assert!(cost["reused_segments"].as_u64() >= Some(1), "{job}");
    // Being parked was no attempt of its own.
    assert_eq!(job["attempts"], 1);
    for id in &waiting {
        assert_eq!(host.until_ended(id).await["state"], "succeeded");
    }
    // And once they have ended they stay so.
    let host = host.restart(|_| {}).await;
    assert_eq!(host.job(&long).await, job);
    assert_eq!(host.metric("vouch_proofs_total").await, 0.0);
    let left = std::fs::read_dir(host.folder.join("segments")).expect("a folder");
    assert_eq!(left.count(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn damaged_segments_are_proven_again() {
    let host = Host::new().await;
    let fibonacci = host.fibonacci().await;
    let id = host.submit(&fibonacci, &word(4 * LONG), json!({})).await;
    while host.job(&id).await["progress"]["proven_segments"].as_u64() < Some(1) {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let host = host
        .restart(|config| {
            let folder = config.data.folder.join("segments").join(&id);
            let first = folder.join("segment-000000");
            assert!(first.exists());
            std::fs::write(first, "damaged").expect("it is damaged");
        })
        .await;
    let job = host.until_ended(&id).await;
    assert_eq!(job["state"], "succeeded", "{job}");
    assert_eq!(job["result"]["cost"]["reused_segments"], 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn running_jobs_get_time_to_end() {
    let grace = Duration::from_secs(600);
    let host = Host::with(|config| config.server.shutdown_grace = grace).await;
    let fibonacci = host.fibonacci().await;
    let id = host.submit(&fibonacci, &word(LONG), json!({})).await;
    let waiting = host.submit(&fibonacci, &word(5), json!({})).await;
    host.until(&id, &["running"]).await;
    let host = host
        .restart(|config| config.server.shutdown_grace = Duration::ZERO)
        .await;
    let job = host.job(&id).await;
    assert_eq!(
        (&job["state"], &job["attempts"]),
        (&json!("succeeded"), &json!(1))
    );
    assert_eq!(host.until_ended(&waiting).await["state"], "succeeded");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stopping_service_answers_but_takes_nothing() {
    let grace = Duration::from_secs(600);
    let host = Host::with(|config| config.server.shutdown_grace = grace).await;
    let fibonacci = host.fibonacci().await;
    let id = host.submit(&fibonacci, &word(ENDLESS), json!({})).await;
    host.until(&id, &["running"]).await;
    let (url, http) = (host.url.clone(), host.http.clone());
    let stopping = tokio::spawn(host.restart(|config| {
        config.server.shutdown_grace = Duration::ZERO;
    }));
    let ask = async |method: &str, params: serde_json::Value| -> serde_json::Value {
        let call = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
        let answer = http.post(format!("{url}/rpc")).json(&call).send().await;
        answer.expect("it answers").json().await.expect("JSON")
    };
    let submit = || {
        ask(
            "vouch_submitJob",
            json!({ "image_id": fibonacci, "input": word(9) }),
        )
    };
    while submit().await["error"]["data"]["code"] != "stopping" {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let ready = http
        .get(format!("{url}/readyz"))
        .send()
        .await
        .expect("it answers");
    assert_eq!(ready.status().as_u16(), 503);
    // Its client may still end it.
    let answer = ask("vouch_cancelJob", json!({ "id": id })).await;
    assert!(answer.get("error").is_none(), "{answer}");
    let host = stopping.await.expect("it stops");
    assert_eq!(host.job(&id).await["state"], "cancelled");
}

#[tokio::test(flavor = "multi_thread")]
async fn old_jobs_are_forgotten() {
    let host = Host::new().await;
    let id = host.submit_hashes(1).await;
    let job = host.until_ended(&id).await;
    let digest = job["result"]["receipt_digest"].as_str().expect("a digest");
    let path = host
        .folder
        .join("artefacts")
        .join(&digest[..2])
        .join(digest);
    assert!(path.exists());
    let host = host
        .restart(|config| config.data.retention = Duration::ZERO)
        .await;
    // The house is kept every five seconds.
    while host.call("vouch_getJob", json!({ "id": id })).await.is_ok() || path.exists() {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(
        host.refused("vouch_getJob", json!({ "id": id })).await,
        "not_found"
    );
    assert_eq!(host.ok("vouch_listJobs", json!({})).await, json!([]));
    assert_eq!(host.metric("vouch_receipts_bytes").await, 0.0);
    // What is asked again is proven again.
    let again = host.submit_hashes(1).await;
    assert_eq!(host.until_ended(&again).await["result"]["cached"], false);
}

#[tokio::test(flavor = "multi_thread")]
async fn receipts_take_as_much_room_as_they_may() {
    let host = Host::with(|config| config.data.max_receipt_bytes = 450 << 10).await;
    let mut ids = Vec::new();
    for job in 0..4 {
        let id = host.submit_hashes(job).await;
        host.until_ended(&id).await;
        ids.push(id);
    }
    while host
        .call("vouch_getJob", json!({ "id": ids[0] }))
        .await
        .is_ok()
    {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    while host.metric("vouch_receipts_bytes").await > f64::from(450 << 10) {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    // No more than had to go.
    host.job(&ids[3]).await;
    host.job(&ids[2]).await;
}
