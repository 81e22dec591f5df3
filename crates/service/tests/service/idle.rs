//! Connections on which nothing is asked do not stay.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::thread::{sleep, spawn};
use std::time::Duration;

use serde_json::json;
use vouch_service::config::TlsConfig;

use crate::host::{ENDLESS, Host, word};

const LIMIT: Duration = Duration::from_millis(300);
/// Long after the limit, and before HTTP/2 misses an answer to its pings: a connection that is still there then stays for ever.
const FOR_EVER: Duration = Duration::from_secs(30);
const PAUSE: Duration = Duration::from_millis(20);

async fn host() -> Host {
    Host::with(|config| config.server.idle_timeout = LIMIT).await
}

/// Sends `first`, and then `drip` again and again, until the other side ends the connection. Returns what came.
fn until_cut_off(address: SocketAddr, first: &[u8], drip: &'static [u8]) -> Vec<u8> {
    let mut socket = TcpStream::connect(address).expect("it listens");
    socket.set_read_timeout(Some(FOR_EVER)).expect("a time");
    socket.write_all(first).expect("sent");
    let mut other = socket.try_clone().expect("a handle");
    let dripping = spawn(move || {
        while !drip.is_empty() && other.write_all(drip).is_ok() {
            sleep(PAUSE);
        }
    });
    let mut came = Vec::new();
    match socket.read_to_end(&mut came) {
        Ok(_) => {}
        Err(error) if error.kind() == ErrorKind::ConnectionReset => {}
        Err(error) => panic!("it stays: {error}"),
    }
    drop(socket);
    dripping.join().expect("no panic");
    came
}

async fn cut_off(host: &Host, first: &'static [u8], drip: &'static [u8]) -> Vec<u8> {
    let address = host.server.address();
    let task = tokio::task::spawn_blocking(move || until_cut_off(address, first, drip));
    task.await.expect("no panic")
}

/// An HTTP/2 connection on which pings are all that comes.
const HTTP2: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00";
const PING: &[u8] = b"\x00\x00\x08\x06\x00\x00\x00\x00\x00pingpong";

#[tokio::test(flavor = "multi_thread")]
async fn whoever_asks_nothing_is_cut_off() {
    let host = host().await;
    let get = b"GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n";
    let slow = b"GET /healthz HTTP/1.1\r\nhost: localhost\r\n";
    for (first, drip, expected) in [
        // Silence.
        (&b""[..], &b""[..], ""),
        // Half of what tells the versions of HTTP apart.
        (b"PRI * HT", b"", ""),
        // A head that never ends, whether it stops or not.
        (slow, b"", ""),
        (slow, b"x: y\r\n", ""),
        (b"", b"a", ""),
        // A connection kept alive after its request.
        (get, b"", "{\"status\":\"ok\"}"),
    ] {
        let came = cut_off(&host, first, drip).await;
        let came = String::from_utf8_lossy(&came);
        assert!(came.ends_with(expected), "{came}");
        assert_eq!(came.is_empty(), expected.is_empty(), "{came}");
    }
    for drip in [&b""[..], PING] {
        cut_off(&host, HTTP2, drip).await;
    }
    // An honest client is served.
    let job = host.submit_hashes(1).await;
    assert_eq!(host.until_ended(&job).await["state"], "succeeded");
}

#[tokio::test(flavor = "multi_thread")]
async fn handshakes_end() {
    let folder = tempfile::tempdir().expect("a folder");
    let names = vec!["localhost".into()];
    let made = rcgen::generate_simple_self_signed(names).expect("a key");
    let files = TlsConfig {
        certificate: folder.path().join("cert.pem"),
        key: folder.path().join("key.pem"),
    };
    std::fs::write(&files.certificate, made.cert.pem()).expect("a file");
    std::fs::write(&files.key, made.signing_key.serialize_pem()).expect("a file");
    let host = Host::with(|config| {
        config.server.idle_timeout = LIMIT;
        config.server.tls = Some(files);
    })
    .await;
    // A record of 512 bytes that begins a handshake and never comes.
    let hello = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03";
    for drip in [&b""[..], b"\x00"] {
        cut_off(&host, hello, drip).await;
    }
    cut_off(&host, b"", b"").await;
}

/// A stream without news, and a request that takes its time, are not idle.
#[tokio::test(flavor = "multi_thread")]
async fn whoever_waits_for_an_answer_stays() {
    let host = host().await;
    let fibonacci = host.fibonacci().await;
    let running = host.submit(&fibonacci, &word(ENDLESS), json!({})).await;
    // Progress of a job that waits is none.
    let waiting = host.submit(&fibonacci, &word(ENDLESS - 1), json!({})).await;
    let events = host.get(&format!("/v1/jobs/{waiting}/events")).await;
    tokio::time::sleep(4 * LIMIT).await;
    for id in [&waiting, &running] {
        host.ok("vouch_cancelJob", json!({ "id": id })).await;
    }
    let text = events.text().await.expect("it was not cut off");
    assert!(
        text.contains("event: queued") && text.contains("event: cancelled"),
        "{text}"
    );
}
