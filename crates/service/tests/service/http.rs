//! Plain HTTP.

use std::time::Duration;

use futures_util::StreamExt;
use serde_json::{Value, json};
use vouch_kit::ProofDigest;

use crate::host::{ENDLESS, Host, LONG, word};

/// The events of a stream: their names and data, until it ends.
async fn events(host: &Host, id: &str) -> Vec<(String, Value)> {
    let text = host
        .get(&format!("/v1/jobs/{id}/events"))
        .await
        .text()
        .await
        .expect("text");
    let event = |block: &str| {
        let field = |name: &str| block.lines().find_map(|line| line.strip_prefix(name));
        let data = serde_json::from_str(field("data: ")?).expect("JSON");
        Some((field("event: ")?.to_owned(), data))
    };
    text.split("\n\n").filter_map(event).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn events_tell_of_a_job_until_it_ends() {
    let host = Host::new().await;
    let fibonacci = host.fibonacci().await;
    let id = host.submit(&fibonacci, &word(LONG), json!({})).await;
    let seen = events(&host, &id).await;
    let (last, job) = seen.last().expect("its end");
    assert_eq!(
        (last.as_str(), &job["state"]),
        ("succeeded", &json!("succeeded"))
    );
    let running = |(name, job): &&(String, Value)| {
        name == "running" && job["progress"]["proven_cycles"].as_u64() > Some(0)
    };
    assert!(seen.iter().any(|event| running(&event)), "{seen:?}");
    assert_eq!(events(&host, &id).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn receipts_are_files() {
    let host = Host::new().await;
    let id = host.submit_hashes(1).await;
    host.until_ended(&id).await;
    let response = host.get(&format!("/v1/jobs/{id}/receipt")).await;
    let header = |name: &str| {
        let value = response.headers().get(name).expect(name);
        value.to_str().expect("text").to_owned()
    };
    assert_eq!(header("content-type"), "application/octet-stream");
    let (tag, file) = (header("etag"), header("content-disposition"));
    assert!(file.contains(&format!("{id}.vouch")));
    let bytes = response.bytes().await.expect("bytes");
    assert_eq!(tag, format!("\"{}\"", ProofDigest::of_bytes(&bytes)));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_there_is_said() {
    let host = Host::new().await;
    let fibonacci = host.fibonacci().await;
    let running = host.submit(&fibonacci, &word(ENDLESS), json!({})).await;
    let unknown = vouch_service::job::JobId::new();
    for (path, status, code) in [
        ("/v1/jobs/x/receipt".to_owned(), 404, "not_found"),
        (format!("/v1/jobs/{unknown}/receipt"), 404, "not_found"),
        (format!("/v1/jobs/{unknown}/events"), 404, "not_found"),
        (format!("/v1/jobs/{running}/receipt"), 409, "not_finished"),
    ] {
        let (found, body) = host.json(&path).await;
        assert_eq!((found, &body["code"]), (status, &json!(code)), "{path}");
    }
    assert_eq!(host.get("/nothing").await.status().as_u16(), 404);
    host.ok("vouch_cancelJob", json!({ "id": running })).await;
    host.until_ended(&running).await;
    let (status, body) = host.json(&format!("/v1/jobs/{running}/receipt")).await;
    assert_eq!((status, &body["code"]), (409, &json!("job_cancelled")));
}

#[tokio::test(flavor = "multi_thread")]
async fn health_and_descriptions_are_open_to_all() {
    let mut host = Host::with(|config| config.clients = vec![crate::host::client("a")]).await;
    host.token = None;
    assert_eq!(
        host.json("/healthz").await,
        (200, json!({ "status": "ok" }))
    );
    assert_eq!(
        host.json("/readyz").await,
        (200, json!({ "status": "ready" }))
    );
    let (_, openapi) = host.json("/openapi.json").await;
    let paths = openapi["paths"].as_object().expect("paths");
    for (path, operations) in paths {
        let path = path.replace("{id}", "x");
        let known = match operations.get("get") {
            Some(_) => host.get(&path).await.status().as_u16(),
            None => host.post("{}".into()).await.status().as_u16(),
        };
        // They are there: some want a token.
        let open = operations["get"]["security"] == json!([]);
        assert_eq!(known, if open { 200 } else { 401 }, "{path}");
    }
    assert_eq!(host.json("/metrics").await.1["code"], "unauthenticated");
}

#[tokio::test(flavor = "multi_thread")]
async fn metrics_count_what_happens() {
    let host = Host::new().await;
    let id = host.submit_hashes(1).await;
    host.until_ended(&id).await;
    host.submit_hashes(1).await;
    host.refused("vouch_getJob", json!({ "id": "x" })).await;
    for (metric, value) in [
        ("vouch_jobs_submitted_total", 2.0),
        ("vouch_jobs_finished_total{outcome=\"succeeded\"}", 2.0),
        ("vouch_proofs_total", 1.0),
        ("vouch_cache_misses_total", 1.0),
        ("vouch_jobs{state=\"queued\"}", 0.0),
        ("vouch_jobs{state=\"running\"}", 0.0),
        ("vouch_prove_seconds_count", 1.0),
        (
            "vouch_requests_total{api=\"json_rpc\",method=\"vouch_submitJob\",code=\"ok\"}",
            2.0,
        ),
        (
            "vouch_requests_total{api=\"json_rpc\",method=\"vouch_getJob\",code=\"invalid\"}",
            1.0,
        ),
    ] {
        assert_eq!(host.metric(metric).await, value, "{metric}");
    }
    assert!(host.metric("vouch_cycles_proven_total").await > 0.0);
    assert!(host.metric("vouch_memory_rss_bytes").await > 1e6);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_begins_at_once() {
    let host = Host::new().await;
    let fibonacci = host.fibonacci().await;
    let id = host.submit(&fibonacci, &word(ENDLESS), json!({})).await;
    let response = host.get(&format!("/v1/jobs/{id}/events")).await;
    let mut pieces = response.bytes_stream();
    let first = tokio::time::timeout(Duration::from_secs(60), pieces.next()).await;
    let first = first.expect("in time").expect("a piece").expect("bytes");
    assert!(first.starts_with(b"event: "));
}
