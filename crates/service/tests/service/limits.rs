//! What asks for too much costs nothing but itself.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::json;
use vouch_sdk::guests;

use crate::host::{ENDLESS, Host, base64, client, hashes, id_of, word};

#[tokio::test(flavor = "multi_thread")]
async fn a_full_queue_says_so() {
    let host = Host::with(|config| config.limits.queue = 2).await;
    let fibonacci = host.fibonacci().await;
    let running = host.submit(&fibonacci, &word(ENDLESS), json!({})).await;
    host.until(&running, &["running"]).await;
    let mut waiting = Vec::new();
    for n in 0..2 {
        waiting.push(host.submit(&fibonacci, &word(n), json!({})).await);
    }
    let params = json!({ "image_id": fibonacci, "input": word(7) });
    assert_eq!(
        host.refused("vouch_submitJob", params.clone()).await,
        "queue_full"
    );
    assert_eq!(host.metric("vouch_queue_rejections_total").await, 1.0);
    assert_eq!(host.metric("vouch_queue_length").await, 2.0);
    assert!(host.metric("vouch_queue_oldest_seconds").await > 0.0);
    host.ok("vouch_cancelJob", json!({ "id": waiting[0] }))
        .await;
    host.ok("vouch_submitJob", params).await;
    host.ok("vouch_cancelJob", json!({ "id": running })).await;
    assert_eq!(host.until_ended(&waiting[1]).await["state"], "succeeded");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_too_large_is_refused() {
    let host = Host::with(|config| {
        config.limits.elf_bytes = 20_000;
        config.limits.input_bytes = 1000;
        config.limits.receipt_bytes = 20_000;
        config.limits.cycles = 1 << 30;
    })
    .await;
    let commitment = id_of(guests::COMMITMENT);
    for (method, params) in [
        (
            "vouch_registerProgram",
            json!({ "elf": base64(&[0; 20_001]) }),
        ),
        (
            "vouch_submitJob",
            json!({ "image_id": commitment, "input": base64(&[0; 1001]) }),
        ),
        (
            "vouch_submitJob",
            json!({ "image_id": commitment, "max_cycles": (1u64 << 30) + 1 }),
        ),
        (
            "vouch_verifyReceipt",
            json!({ "image_id": commitment, "receipt": base64(&[0; 20_001]) }),
        ),
    ] {
        assert_eq!(host.refused(method, params).await, "too_large", "{method}");
    }
    host.fibonacci().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_are_bounded_before_they_are_read() {
    let host = Host::with(|config| {
        config.limits.elf_bytes = 1000;
        config.limits.input_bytes = 1000;
        config.limits.receipt_bytes = 1000;
    })
    .await;
    let response = host.post("x".repeat(100_000)).await;
    assert_eq!(response.status().as_u16(), 413);
    // One that does not say how long it is.
    let endless = futures_util::stream::repeat_with(|| Ok::<_, std::io::Error>(vec![b' '; 10_000]));
    let body = reqwest::Body::wrap_stream(futures_util::StreamExt::take(endless, 1000));
    let url = format!("{}/rpc", host.url);
    let request = host
        .http
        .post(url)
        .header("content-type", "application/json")
        .body(body);
    // Refused, or cut off while it is being sent.
    if let Ok(response) = request.send().await {
        assert!(response.status().is_client_error() || response.status().is_server_error());
    }
    let id = host.submit_hashes(1).await;
    assert_eq!(host.until_ended(&id).await["state"], "succeeded");
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_share_a_bounded_memory() {
    let host = Host::with(|config| config.server.max_request_memory = 64 << 10).await;
    let large = base64(&[0; 100_000]);
    let params = json!({ "image_id": id_of(guests::COMMITMENT), "input": large });
    let call = json!({ "jsonrpc": "2.0", "id": 1, "method": "vouch_submitJob", "params": params });
    let response = host.post(call.to_string()).await;
    assert_eq!(response.status().as_u16(), 413);
    let body: serde_json::Value = response.json().await.expect("JSON");
    assert_eq!(body["code"], "too_large");
    // What is answered is given back.
    for job in 0..20 {
        let params = json!({
            "image_id": id_of(guests::COMMITMENT), "input": base64(&hashes(job))
        });
        host.ok("vouch_submitJob", params).await;
    }
    // A receipt is larger than that.
    let id = host.submit_hashes(1).await;
    host.until_ended(&id).await;
    let (status, body) = host.json(&format!("/v1/jobs/{id}/receipt")).await;
    assert_eq!((status, &body["code"]), (413, &json!("too_large")));
}

#[tokio::test(flavor = "multi_thread")]
async fn streams_at_once_are_bounded() {
    let host = Host::with(|config| config.server.max_streams = 2).await;
    let fibonacci = host.fibonacci().await;
    let id = host.submit(&fibonacci, &word(ENDLESS), json!({})).await;
    let events = format!("/v1/jobs/{id}/events");
    let (first, second) = (host.get(&events).await, host.get(&events).await);
    assert_eq!(
        (first.status().as_u16(), second.status().as_u16()),
        (200, 200)
    );
    assert_eq!(host.get(&events).await.status().as_u16(), 503);
    // A stream that was left gives its place back.
    drop(first);
    while host.metric("vouch_streams_open").await > 1.0 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(host.get(&events).await.status().as_u16(), 200);
    drop(second);
    assert_eq!(host.get("/healthz").await.status().as_u16(), 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_at_once_are_bounded() {
    let host = Host::with(|config| config.server.max_connections = 2).await;
    let address = host.server.address();
    let done = tokio::task::spawn_blocking(move || {
        let ask = || {
            let mut socket = TcpStream::connect(address).expect("it listens");
            // One that is not taken in may be gone already.
            let request = format!("GET /healthz HTTP/1.1\r\nhost: {address}\r\n\r\n");
            let _ = socket.write_all(request.as_bytes());
            let mut answer = [0; 12];
            let answered = socket.read_exact(&mut answer).is_ok();
            answered.then_some((socket, answer))
        };
        let open: Vec<_> = (0..2).map(|_| ask().expect("there is room")).collect();
        assert!(open.iter().all(|(_, answer)| answer == b"HTTP/1.1 200"));
        assert!(ask().is_none());
        drop(open);
        while ask().is_none() {
            std::thread::sleep(Duration::from_millis(10));
        }
    });
    done.await.expect("no panic");
}

#[tokio::test(flavor = "multi_thread")]
async fn slow_requests_end() {
    let limit = Duration::from_millis(300);
    let host = Host::with(|config| config.server.request_timeout = limit).await;
    let address = host.server.address();
    let answer = tokio::task::spawn_blocking(move || {
        let mut socket = TcpStream::connect(address).expect("it listens");
        // The body never comes.
        let head = "POST /rpc HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n\
                    content-length: 10\r\n\r\n{";
        socket.write_all(head.as_bytes()).expect("sent");
        let mut answer = [0; 12];
        socket.read_exact(&mut answer).expect("an answer");
        answer
    });
    assert_eq!(&answer.await.expect("no panic"), b"HTTP/1.1 504");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_http_is_cut_off() {
    let host = Host::new().await;
    let address = host.server.address();
    for garbage in [
        &b"\x00\xff\xfe garbage\r\n\r\n"[..],
        b"GET / HTTP/9\r\n\r\n",
        b"\r\n",
    ] {
        let bytes = garbage.to_vec();
        let done = tokio::task::spawn_blocking(move || {
            let mut socket = TcpStream::connect(address).expect("it listens");
            socket.write_all(&bytes).expect("sent");
            socket.shutdown(std::net::Shutdown::Write).expect("sent");
            let mut answer = Vec::new();
            // Whatever comes, the connection ends.
            let _ = socket.read_to_end(&mut answer);
        });
        done.await.expect("no panic");
    }
    assert_eq!(host.get("/healthz").await.status().as_u16(), 200);
}

/// Whatever passes a limit of one is one job.
#[tokio::test(flavor = "multi_thread")]
async fn a_quota_holds_for_requests_at_once() {
    let host = Host::with(|config| {
        let mut limited = client("a");
        limited.quota.max_jobs = 1;
        config.clients = vec![limited, client("b")];
    })
    .await;
    let fibonacci = host.fibonacci().await;
    let submit = |n: u32, key: Option<&str>| {
        let mut job = json!({ "image_id": fibonacci, "input": word(ENDLESS - n) });
        if let Some(key) = key {
            job["idempotency_key"] = key.into();
        }
        host.call("vouch_submitJob", job)
    };
    for round in 0..5 {
        let answers = futures_util::future::join_all((0..32).map(|n| submit(n, None))).await;
        let (accepted, refused): (Vec<_>, Vec<_>) = answers.into_iter().partition(Result::is_ok);
        assert_eq!(accepted.len(), 1);
        let quota =
            |refused: &Result<_, (String, _)>| matches!(refused, Err((code, _)) if code == "quota");
        assert!(refused.iter().all(quota), "{refused:?}");
        cancel(&host, accepted).await;

        // One request, made many times at once: all of them are told the one job.
        let key = format!("key {round}");
        let answers = futures_util::future::join_all((0..32).map(|_| submit(0, Some(&key)))).await;
        let ids: std::collections::HashSet<_> = answers
            .iter()
            .map(|answer| answer.as_ref().expect("accepted, or there already")["id"].to_string())
            .collect();
        assert_eq!(ids.len(), 1);
        cancel(&host, answers).await;
    }
}

async fn cancel(host: &Host, accepted: Vec<Result<serde_json::Value, (String, String)>>) {
    let job = accepted.into_iter().flatten().next().expect("a job");
    let id = job["id"].as_str().expect("an ID");
    host.ok("vouch_cancelJob", json!({ "id": id })).await;
    host.until_ended(id).await;
}
