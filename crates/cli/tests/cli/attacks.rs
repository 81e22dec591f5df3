//! One client's attack on a real `vouch serve`: its memory stays within what was configured, and another
//! client goes on being served.

use std::io::{Read, Write};
use std::thread::{self, sleep};
use std::time::Duration;

use serde_json::{Value, json};
use tonic::Code;
use vouch_sdk::guests;
use vouch_service::proto::{
    GetJobRequest, RegisterProgramRequest, SubmitJobRequest, VerifyReceiptRequest,
};

use crate::common::Place;
use crate::victim::{Victim, read};

/// A batch of calls for the receipt of a job.
fn receipts(id: &str, calls: usize) -> String {
    let call = |n| {
        let params = json!({ "id": id, "receipt": true });
        json!({ "jsonrpc": "2.0", "id": n, "method": "vouch_getResult", "params": params })
    };
    Value::from((0..calls).map(call).collect::<Vec<_>>()).to_string()
}

#[test]
fn batches_whose_answers_nobody_reads() {
    let place = Place::new();
    // Less than a hundred receipts, and thirty times as much is more than there is for all requests.
    let victim = Victim::start(&place, "", "[limits]\nanswer_bytes = \"16MiB\"");
    let id = victim.job("evil", 1);
    let batch = receipts(&id, 100);
    let mut unread = Vec::new();
    for batches in 1..=30 {
        unread.push(victim.send("evil", "POST /rpc", &batch));
        // One after the other: what the last one holds is held though it has been made.
        let calls = "vouch_requests_total{api=\"json_rpc\",method=\"vouch_getResult\"";
        victim.until(calls, |calls| calls == f64::from(100 * batches));
    }
    for job in 2..6 {
        victim.serves_the_good(job);
    }
    victim.stayed_small("30 batches of 100 receipts");
    drop(unread);
    // One that is read has what fits, and says of each other call why not.
    let answer = read(victim.send("evil", "POST /rpc", &receipts(&id, 100)));
    let (_, body) = answer.split_once("\r\n\r\n").expect("a body");
    let body: Vec<Value> = serde_json::from_str(body).expect("a list");
    assert_eq!(body.len(), 100);
    let codes: Vec<_> = body
        .iter()
        .filter_map(|call| call["error"]["data"]["code"].as_str())
        .collect();
    assert!((10..50).contains(&codes.len()), "{}", codes.len());
    assert!(
        codes
            .iter()
            .all(|code| ["busy", "too_large"].contains(code)),
        "{codes:?}"
    );
    assert!(body[0]["result"]["receipt"].is_string());
    victim.stayed_small("and one that is read");
}

#[test]
fn bodies_that_grow_when_they_are_parsed() {
    let place = Place::new();
    let victim = Victim::start(&place, "", "");
    let zeros = format!("[{}0]", "0,".repeat(17 << 20));
    let answer = read(victim.send("evil", "POST /rpc", &zeros));
    assert!(answer.contains("too_large"), "{answer:.300}");
    // Whose errors would quote them, with an escape for each byte.
    let bells = "\\u0007".repeat(5 << 20);
    for params in [
        format!("{{\"id\": \"{bells}\", \"receipt\": \"{bells}\"}}"),
        format!("{{\"{bells}\": 1}}"),
        format!("{{\"limit\": \"{bells}\"}}"),
    ] {
        let call = format!(
            "{{\"jsonrpc\": \"2.0\", \"id\": 1, \"method\": \"vouch_listJobs\", \"params\": {params}}}"
        );
        let answer = read(victim.send("evil", "POST /rpc", &call));
        assert!(
            answer.contains("error") && answer.len() < 8 << 10,
            "{answer:.300}"
        );
    }
    victim.serves_the_good(1);
    victim.stayed_small("JSON that grows");
}

#[test]
fn streams_leave_requests_their_places() {
    let place = Place::new();
    let victim = Victim::start(&place, "max_requests = 16\nmax_streams = 16", "");
    let mut evil = victim.caller("evil");
    let elf = guests::FIBONACCI.to_vec();
    let endless = victim.runtime.block_on(async {
        let program = evil.register_program(RegisterProgramRequest { elf }).await;
        let request = SubmitJobRequest {
            image_id: program.expect("a program").into_inner().image_id,
            input: 400_000_000u32.to_le_bytes().to_vec(),
            ..Default::default()
        };
        evil.submit_job(request)
            .await
            .expect("a job")
            .into_inner()
            .id
    });
    let mut open = Vec::new();
    let mut streams = Vec::new();
    for _ in 0..4 {
        let path = format!("GET /v1/jobs/{endless}/events");
        open.push(victim.send("evil", &path, ""));
        let watched = evil.watch_job(GetJobRequest {
            id: endless.clone(),
        });
        streams.push(
            victim
                .runtime
                .block_on(watched)
                .expect("its half")
                .into_inner(),
        );
    }
    // Its half is used up, for streams of any kind.
    victim.until("vouch_streams_open", |open| open == 8.0);
    let more = evil.watch_job(GetJobRequest {
        id: endless.clone(),
    });
    let refused = victim
        .runtime
        .block_on(more)
        .map(drop)
        .expect_err("no more");
    assert_eq!(refused.code(), Code::Unavailable);
    let more = victim.get("evil", &format!("/v1/jobs/{endless}/receipt"));
    assert!(
        more.starts_with("HTTP/1.1 503") && more.contains("busy"),
        "{more}"
    );
    let cancel = evil.cancel_job(GetJobRequest { id: endless });
    victim
        .runtime
        .block_on(cancel)
        .expect("requests are no streams");
    victim.serves_the_good(1);
    victim.stayed_small("streams");
}

/// A program of the machine with so many bytes of data, none of them 0.
fn large_elf(bytes: u32, number: u8) -> Vec<u8> {
    const HEADERS: u32 = 52 + 2 * 32;
    let mut elf = b"\x7fELF\x01\x01\x01".to_vec();
    elf.resize(16, 0);
    let half = |elf: &mut Vec<u8>, n: u16| elf.extend(n.to_le_bytes());
    half(&mut elf, 2);
    half(&mut elf, 243);
    for word in [1, 0x1000, 52, 0, 0] {
        elf.extend(u32::to_le_bytes(word));
    }
    for n in [52, 32, 2, 0, 0, 0] {
        half(&mut elf, n);
    }
    for (offset, address, size, flags) in [(HEADERS, 0x1000, 4, 5), (HEADERS + 4, 0x2000, bytes, 6)]
    {
        for word in [1, offset, address, address, size, size, flags, 4] {
            elf.extend(u32::to_le_bytes(word));
        }
    }
    elf.extend(0x0000_0073u32.to_le_bytes());
    elf.extend((0..bytes).map(|i| (i % 250) as u8 ^ number | 1));
    elf
}

/// They outlive their time: nobody may forget that they are still being worked on.
#[test]
fn registrations_that_outlive_their_requests() {
    let place = Place::new();
    let victim = Victim::start(&place, "request_timeout = \"500ms\"", "");
    let size = 8 << 20;
    thread::scope(|scope| {
        for number in 0..30 {
            let mut evil = victim.caller("evil");
            let victim = &victim;
            scope.spawn(move || {
                let elf = large_elf(size, number * 2);
                let sent = evil.register_program(RegisterProgramRequest { elf });
                // Registered, refused or too late.
                let _ = victim.runtime.block_on(sent);
            });
        }
        for job in 1..4 {
            victim.serves_the_good(job);
        }
    });
    victim.until("vouch_request_memory_bytes", |bytes| bytes == 0.0);
    victim.stayed_small("30 registrations of 8 MiB");
}

/// Receipts of 20 MiB, of as many segments as an honest one has, that fail at the end.
#[test]
fn verifications_that_outlive_their_requests() {
    let place = Place::new();
    let victim = Victim::start(&place, "request_timeout = \"1s\"", "");
    let id = victim.job("evil", 1);
    let mut evil = victim.caller("evil");
    let receipt = victim.runtime.block_on(async {
        let pieces = evil.get_receipt(GetJobRequest { id }).await;
        let mut pieces = pieces.expect("a stream").into_inner();
        let mut bytes = Vec::new();
        while let Some(piece) = pieces.message().await.expect("a piece") {
            bytes.extend(piece.data);
        }
        vouch_sdk::Receipt::from_bytes(&bytes).expect("a receipt")
    });
    // The first says that it goes on where it began, and is wrong only by that.
    let last = receipt.segments[0].clone();
    let mut first = last.clone();
    first.claim.exit_code = None;
    first.claim.end_pc = first.claim.start_pc;
    first.claim.end_root = first.claim.start_root;
    let mut forged = receipt.clone();
    forged.segments = vec![first; 20];
    forged.segments.push(last);
    let bytes = forged.to_bytes();
    thread::scope(|scope| {
        for _ in 0..30 {
            let (mut evil, bytes, victim) = (victim.caller("evil"), &bytes, &victim);
            scope.spawn(move || {
                for _ in 0..2 {
                    let message = |piece: &[u8]| VerifyReceiptRequest {
                        image_id: guests::COMMITMENT_IMAGE_ID.0.into(),
                        mode: "full".into(),
                        data: piece.into(),
                    };
                    let messages: Vec<_> = bytes.chunks(1 << 20).map(message).collect();
                    let stream = tokio_stream(messages);
                    // Refused or too late, if it is no verdict.
                    let verdict = victim.runtime.block_on(evil.verify_receipt(stream));
                    assert!(verdict.is_err() || verdict.is_ok_and(|v| !v.into_inner().valid));
                }
            });
        }
        for job in 2..6 {
            victim.serves_the_good(job);
        }
    });
    victim.until("vouch_request_memory_bytes", |bytes| bytes == 0.0);
    victim.stayed_small("60 verifications of 21 MiB");
}

/// Messages as a stream.
fn tokio_stream<T: Send + 'static>(
    messages: Vec<T>,
) -> impl tonic::codegen::tokio_stream::Stream<Item = T> + Send {
    tonic::codegen::tokio_stream::iter(messages)
}

#[test]
fn peers_that_do_not_read_are_cut_off() {
    let place = Place::new();
    let victim = Victim::start(&place, "write_timeout = \"1s\"", "");
    let id = victim.job("evil", 1);
    // More than all buffers on the way hold.
    let batch = receipts(&id, 100);
    let unread = victim.send("evil", "POST /rpc", &batch);
    victim.until("vouch_slow_readers_total", |closed| closed == 1.0);
    victim.until("vouch_request_memory_bytes", |bytes| bytes == 0.0);
    let answer = read(unread);
    assert!(answer.starts_with("HTTP/1.1 200") && !answer.ends_with(']'));
    // Whoever reads slowly, but reads, gets all of it.
    let mut slow = victim.send("evil", "POST /rpc", &batch);
    let mut got = Vec::new();
    let mut buffer = vec![0; 1 << 20];
    loop {
        match slow.read(&mut buffer).expect("it goes on") {
            0 => break,
            length => got.extend_from_slice(&buffer[..length]),
        }
        sleep(Duration::from_millis(50));
    }
    assert!(got.ends_with(b"]"));
    // Over HTTP/2 the socket is read, but no window is opened.
    let mut socket = victim.connect();
    let path = format!("/v1/jobs/{id}/receipt");
    socket
        .write_all(&http2_request(&path, "evil"))
        .expect("sent");
    victim.until("vouch_slow_readers_total", |closed| closed == 2.0);
    let mut rest = Vec::new();
    let _ = socket.read_to_end(&mut rest);
    victim.until("vouch_streams_open", |open| open == 0.0);
    victim.until("vouch_request_memory_bytes", |bytes| bytes == 0.0);
    victim.serves_the_good(2);
}

/// What a client of HTTP/2 sends that wants something and opens no window for it.
fn http2_request(path: &str, token: &str) -> Vec<u8> {
    let frame = |kind: u8, flags: u8, stream: u32, payload: &[u8]| {
        let length = (payload.len() as u32).to_be_bytes();
        let head = [&length[1..], &[kind, flags], &stream.to_be_bytes()].concat();
        [&head[..], payload].concat()
    };
    let mut fields = Vec::new();
    for (name, value) in [
        (":method", "GET"),
        (":scheme", "http"),
        (":authority", "x"),
        (":path", path),
        ("authorization", &format!("Bearer {token}")),
    ] {
        // A literal, not to be indexed, without Huffman's code.
        fields.push(0);
        for text in [name, value] {
            fields.push(text.len() as u8);
            fields.extend_from_slice(text.as_bytes());
        }
    }
    // SETTINGS_INITIAL_WINDOW_SIZE is 0.
    let settings = frame(4, 0, 0, &[0, 4, 0, 0, 0, 0]);
    let headers = frame(1, 0x5, 1, &fields);
    [b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", &settings[..], &headers].concat()
}
