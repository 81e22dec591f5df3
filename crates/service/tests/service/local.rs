//! A page in a browser of the same machine gets nothing from a service without tokens.

use reqwest::header::{HOST, HeaderName, ORIGIN};
use serde_json::json;
use tonic::Code;
use tonic::transport::Endpoint;
use vouch_service::proto::ListProgramsRequest;
use vouch_service::proto::vouch_client::VouchClient;

use crate::host::{ENDLESS, Host, client, word};

const PATHS: [(&str, &str); 9] = [
    ("POST", "/rpc"),
    ("GET", "/v1/jobs/{id}/events"),
    ("GET", "/v1/jobs/{id}/receipt"),
    ("GET", "/metrics"),
    ("GET", "/healthz"),
    ("GET", "/readyz"),
    ("GET", "/openapi.json"),
    ("GET", "/openrpc.json"),
    ("OPTIONS", "/rpc"),
];

/// The status and the error of a request to a path of a job's, with a header.
async fn ask(
    host: &Host,
    (method, path): (&str, &str),
    id: &str,
    (name, value): (HeaderName, &str),
) -> (u16, String) {
    let url = format!("{}{}", host.url, path.replace("{id}", id));
    let list = json!({ "jsonrpc": "2.0", "id": 1, "method": "vouch_listJobs" });
    let request = host.http.request(method.parse().expect("a method"), url);
    let mut request = request.header(name, value);
    if let Some(token) = &host.token {
        request = request.bearer_auth(token);
    }
    if method == "POST" {
        request = request.json(&list);
    }
    let response = request.send().await.expect("it answers");
    let status = response.status().as_u16();
    if status != 403 {
        // It may be a stream.
        return (status, String::new());
    }
    let body: serde_json::Value = response.json().await.expect("JSON");
    (status, body["code"].as_str().expect("a code").to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_of_others_are_refused_everywhere() {
    let host = Host::new().await;
    let fibonacci = host.fibonacci().await;
    let id = host.submit(&fibonacci, &word(ENDLESS), json!({})).await;
    let port = host.server.address().port();
    let rebound = format!("evil.example:{port}");
    let mut refused = 0.0;
    for path in PATHS {
        for header in [
            (HOST, rebound.as_str()),
            (HOST, "evil.example"),
            (HOST, "localhost:1"),
            (ORIGIN, "http://evil.example"),
            (ORIGIN, "null"),
        ] {
            let request = format!("{path:?} {header:?}");
            let answer = ask(&host, path, &id, header).await;
            assert_eq!(answer, (403, "forbidden".into()), "{request}");
            refused += 1.0;
        }
        for value in [
            format!("localhost:{port}"),
            "localhost".into(),
            "127.0.0.9".into(),
        ] {
            let (status, _) = ask(&host, path, &id, (HOST, &value)).await;
            assert_ne!(status, 403, "{path:?} {value}");
        }
        let (status, _) = ask(&host, path, &id, (ORIGIN, &host.url)).await;
        assert_ne!(status, 403, "{path:?}");
    }
    let name = "vouch_requests_total{api=\"http\",method=\"refused\",code=\"forbidden\"}";
    assert_eq!(host.metric(name).await, refused);
    // And an honest client is served.
    host.ok("vouch_cancelJob", json!({ "id": id })).await;
    let job = host.submit_hashes(1).await;
    assert_eq!(host.until_ended(&job).await["state"], "succeeded");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_authority_of_a_grpc_call_is_looked_at() {
    let host = Host::new().await;
    let list = async |origin: Option<&'static str>| {
        let mut endpoint = Endpoint::from_shared(host.url.clone()).expect("a URL");
        if let Some(origin) = origin {
            endpoint = endpoint.origin(origin.parse().expect("a URI"));
        }
        let channel = endpoint.connect().await.expect("it listens");
        let answer = VouchClient::new(channel)
            .list_programs(ListProgramsRequest {})
            .await;
        answer.map(|programs| programs.into_inner().programs.len())
    };
    assert_eq!(list(None).await.expect("a list"), 1);
    assert_eq!(list(Some("http://localhost")).await.expect("a list"), 1);
    let status = list(Some("http://evil.example"))
        .await
        .expect_err("another name");
    assert_eq!(status.code(), Code::PermissionDenied);
    let name = status.metadata().get("vouch-error").expect("a name");
    assert_eq!(name, "forbidden");
}

/// With tokens it is reached by whatever name its operator gives it.
#[tokio::test(flavor = "multi_thread")]
async fn with_tokens_names_are_the_operators() {
    let mut host = Host::with(|config| config.clients = vec![client("a")]).await;
    for header in [(HOST, "vouch.example"), (ORIGIN, "https://vouch.example")] {
        let (status, _) = ask(&host, PATHS[0], "", header.clone()).await;
        assert_eq!(status, 200);
        host.token = None;
        let (status, _) = ask(&host, PATHS[0], "", header).await;
        assert_eq!(status, 401);
        host.token = Some(crate::host::token("a"));
    }
}
