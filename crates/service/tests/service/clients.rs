//! Tokens, quotas, and whose jobs are whose.

use serde_json::json;
use vouch_sdk::guests;
use vouch_service::config::CacheScope;
use vouch_service::{Config, ServeError, Server};

use crate::host::{ENDLESS, Host, base64, client, hashes, id_of, token, word};

#[tokio::test(flavor = "multi_thread")]
async fn only_tokens_open() {
    let mut host = Host::with(|config| config.clients = vec![client("a"), client("b")]).await;
    for (wanted, status) in [
        (Some(token("a")), 200),
        (Some(token("b")), 200),
        (None, 401),
        (Some(String::new()), 401),
        (Some(token("c")), 401),
        (Some("token".into()), 401),
    ] {
        host.token = wanted;
        let body = json!({ "jsonrpc": "2.0", "id": 1, "method": "vouch_listJobs" }).to_string();
        let answer = host.post(body).await;
        assert_eq!(answer.status().as_u16(), status, "{:?}", host.token);
        assert_eq!(host.get("/metrics").await.status().as_u16(), status);
        let challenge = answer.headers().get("www-authenticate");
        assert_eq!(challenge.is_some(), status == 401);
    }
    // Another scheme is none.
    let path = format!("{}/metrics", host.url);
    let basic = host.http.get(path).basic_auth("a", Some(token("a")));
    assert_eq!(
        basic.send().await.expect("it answers").status().as_u16(),
        401
    );
    host.token = Some(token("a"));
    assert_eq!(host.metric("vouch_unauthenticated_total").await, 9.0);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_tokens_nobody_else_may_come_in() {
    let mut config = Config::default();
    config.server.listen = "0.0.0.0:0".parse().expect("an address");
    let refused = Server::start(config).await.err();
    assert!(
        matches!(refused, Some(ServeError::Config(_))),
        "{refused:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn jobs_belong_to_their_clients() {
    let mut host = Host::with(|config| config.clients = vec![client("a"), client("b")]).await;
    let own = host.submit_hashes(1).await;
    host.until_ended(&own).await;
    host.token = Some(token("b"));
    let named = json!({ "id": own });
    for method in ["vouch_getJob", "vouch_getResult", "vouch_cancelJob"] {
        assert_eq!(
            host.refused(method, named.clone()).await,
            "not_found",
            "{method}"
        );
    }
    for path in ["events", "receipt"] {
        let (status, _) = host.json(&format!("/v1/jobs/{own}/{path}")).await;
        assert_eq!(status, 404, "{path}");
    }
    assert_eq!(host.ok("vouch_listJobs", json!({})).await, json!([]));
}

/// That another client had the same input proven is not to be seen.
#[tokio::test(flavor = "multi_thread")]
async fn clients_find_their_own_receipts_alone() {
    for (scope, shared) in [(CacheScope::Client, false), (CacheScope::Shared, true)] {
        let mut host = Host::with(|config| {
            config.clients = vec![client("a"), client("b")];
            config.cache.scope = scope;
        })
        .await;
        let mut cached = Vec::new();
        for name in ["a", "a", "b"] {
            host.token = Some(token(name));
            let id = host.submit_hashes(1).await;
            let job = host.until_ended(&id).await;
            cached.push(job["result"]["cached"].clone());
        }
        assert_eq!(cached, [json!(false), json!(true), json!(shared)]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_of_clients_are_their_own() {
    let mut host = Host::with(|config| config.clients = vec![client("a"), client("b")]).await;
    let mut ids = Vec::new();
    for name in ["a", "b"] {
        host.token = Some(token(name));
        let more = json!({ "idempotency_key": "key" });
        let input = base64(&hashes(1));
        ids.push(host.submit(&id_of(guests::COMMITMENT), &input, more).await);
    }
    assert_ne!(ids[0], ids[1]);
}

#[tokio::test(flavor = "multi_thread")]
async fn quotas_hold() {
    let mut host = Host::with(|config| {
        let mut limited = client("a");
        limited.quota.max_jobs = 2;
        limited.quota.max_programs = 1;
        limited.quota.max_priority = 3;
        limited.quota.max_input_bytes = 1000;
        config.clients = vec![limited, client("b")];
    })
    .await;
    let fibonacci = host.fibonacci().await;
    let elf = json!({ "elf": base64(guests::SORT) });
    assert_eq!(
        host.refused("vouch_registerProgram", elf.clone()).await,
        "quota"
    );
    let job = |more: serde_json::Value| {
        let mut job = json!({ "image_id": fibonacci, "input": word(ENDLESS) });
        let fields = job.as_object_mut().expect("an object");
        fields.extend(more.as_object().expect("an object").clone());
        job
    };
    let urgent = job(json!({ "priority": 4 }));
    assert_eq!(host.refused("vouch_submitJob", urgent).await, "too_large");
    let large = job(json!({ "input": base64(&[0; 1001]) }));
    assert_eq!(host.refused("vouch_submitJob", large).await, "quota");
    let mut ids = Vec::new();
    for n in 0..2 {
        let input = word(ENDLESS - n);
        ids.push(
            host.submit(&fibonacci, &input, json!({ "priority": 3 }))
                .await,
        );
    }
    assert_eq!(
        host.refused("vouch_submitJob", job(json!({}))).await,
        "quota"
    );
    // Others are not concerned.
    host.token = Some(token("b"));
    host.ok("vouch_registerProgram", elf).await;
    host.fibonacci().await;
    let other = host
        .submit(&fibonacci, &word(5), json!({ "priority": 9 }))
        .await;
    host.token = Some(token("a"));
    for id in &ids {
        host.ok("vouch_cancelJob", json!({ "id": id })).await;
        host.until_ended(id).await;
    }
    let again = host.submit(&fibonacci, &word(6), json!({})).await;
    host.until_ended(&again).await;
    host.token = Some(token("b"));
    assert_eq!(host.until_ended(&other).await["state"], "succeeded");
}

#[tokio::test(flavor = "multi_thread")]
async fn too_many_requests_are_refused() {
    let host = Host::with(|config| {
        let mut limited = client("a");
        limited.quota.max_requests_per_minute = 3;
        config.clients = vec![limited];
    })
    .await;
    for _ in 0..3 {
        host.ok("vouch_listJobs", json!({})).await;
    }
    assert_eq!(
        host.refused("vouch_listJobs", json!({})).await,
        "rate_limited"
    );
    let response = host.get("/v1/jobs/x/receipt").await;
    assert_eq!(response.status().as_u16(), 429);
    assert!(response.headers().contains_key("retry-after"));
}
