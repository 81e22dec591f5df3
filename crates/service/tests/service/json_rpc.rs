//! JSON-RPC from end to end.

use serde_json::{Map, Value, json};
use vouch_kit::ProofDigest;
use vouch_sdk::{Receipt, guests, parse_image_id, verify};

use crate::host::{Host, base64, hashes, id_of};

#[tokio::test(flavor = "multi_thread")]
async fn a_job_ends_with_a_receipt_that_verifies() {
    let host = Host::new().await;
    let id = host.submit_hashes(1).await;
    let job = host.until_ended(&id).await;
    assert_eq!(job["state"], "succeeded");
    let result = host
        .ok("vouch_getResult", json!({ "id": id, "receipt": true }))
        .await;
    assert_eq!(result["journal"], hex::encode(hashes(1)));
    let receipt = decode(&result["receipt"]);
    let digest = ProofDigest::of_bytes(&receipt).to_string();
    assert_eq!(result["receipt_digest"], digest);
    let image = id_of(guests::COMMITMENT);
    let parsed = Receipt::from_bytes(&receipt).expect("a receipt");
    let claim = verify(&parsed, &parse_image_id(&image).expect("an ID")).expect("it verifies");
    assert_eq!(claim.journal, hashes(1));
    let plain = host.ok("vouch_getResult", json!({ "id": id })).await;
    assert!(plain.get("receipt").is_none());

    let verdict = |image: String, receipt: Vec<u8>, mode: &'static str| {
        let params = json!({ "image_id": image, "receipt": base64(&receipt), "mode": mode });
        host.ok("vouch_verifyReceipt", params)
    };
    for (mode, cached) in [("cached", false), ("cached", true), ("full", false)] {
        let verdict = verdict(image.clone(), receipt.clone(), mode).await;
        let expected = (&json!(true), &json!(cached), &json!(hex::encode(hashes(1))));
        assert_eq!(
            (&verdict["valid"], &verdict["cached"], &verdict["journal"]),
            expected
        );
        assert_eq!(verdict["receipt_digest"], digest);
    }
    let mut altered = receipt.clone();
    let middle = altered.len() / 2;
    altered[middle] ^= 1;
    for (image, receipt) in [
        (image.clone(), altered),
        (image, receipt[1..].to_vec()),
        ("00".repeat(32), receipt.clone()),
        ("00".repeat(32), vec![]),
    ] {
        let verdict = verdict(image, receipt, "cached").await;
        assert_eq!(verdict["valid"], false, "{verdict}");
        assert!(
            verdict["reason"]
                .as_str()
                .is_some_and(|reason| !reason.is_empty())
        );
        assert!(verdict.get("journal").is_none());
    }
}

fn decode(text: &Value) -> Vec<u8> {
    use base64::Engine;
    let text = text.as_str().expect("base64");
    base64::engine::general_purpose::STANDARD
        .decode(text)
        .expect("base64")
}

#[tokio::test(flavor = "multi_thread")]
async fn programs_are_registered_once() {
    let host = Host::new().await;
    let all = host.ok("vouch_listPrograms", json!({})).await;
    let ids = |all: &Value| -> Vec<String> {
        let all = all.as_array().expect("a list");
        let id = |program: &Value| program["image_id"].as_str().expect("an ID").to_owned();
        all.iter().map(id).collect()
    };
    assert_eq!(ids(&all), [id_of(guests::COMMITMENT)]);
    for _ in 0..2 {
        assert_eq!(host.fibonacci().await, id_of(guests::FIBONACCI));
    }
    let all = host.ok("vouch_listPrograms", json!({})).await;
    assert_eq!(ids(&all).len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_means_nothing_is_refused_by_name() {
    let host = Host::new().await;
    let image = id_of(guests::COMMITMENT);
    let unknown = "00".repeat(32);
    let nobody = vouch_service::job::JobId::new().to_string();
    for (method, params, code) in [
        (
            "vouch_registerProgram",
            json!({ "elf": base64(b"no ELF") }),
            "elf",
        ),
        ("vouch_registerProgram", json!({ "elf": "*" }), "invalid"),
        ("vouch_registerProgram", json!({}), "invalid"),
        (
            "vouch_registerProgram",
            json!({ "elf": "", "more": 1 }),
            "invalid",
        ),
        (
            "vouch_submitJob",
            json!({ "image_id": unknown }),
            "not_found",
        ),
        ("vouch_submitJob", json!({ "image_id": "xy" }), "invalid"),
        (
            "vouch_submitJob",
            json!({ "image_id": image, "profile": "slow" }),
            "invalid",
        ),
        (
            "vouch_submitJob",
            json!({ "image_id": image, "security": 80 }),
            "invalid",
        ),
        (
            "vouch_submitJob",
            json!({ "image_id": image, "input": "a" }),
            "invalid",
        ),
        (
            "vouch_submitJob",
            json!({ "image_id": image, "priority": 10 }),
            "too_large",
        ),
        (
            "vouch_submitJob",
            json!({ "image_id": image, "priority": -1 }),
            "invalid",
        ),
        (
            "vouch_submitJob",
            json!({ "image_id": image, "max_cycles": u64::MAX }),
            "too_large",
        ),
        (
            "vouch_submitJob",
            json!({ "image_id": image, "idempotency_key": "" }),
            "invalid",
        ),
        (
            "vouch_removeProgram",
            json!({ "image_id": unknown }),
            "not_found",
        ),
        (
            "vouch_removeProgram",
            json!({ "image_id": "xy" }),
            "invalid",
        ),
        ("vouch_getJob", json!({ "id": nobody }), "not_found"),
        ("vouch_getJob", json!({ "id": "1" }), "invalid"),
        ("vouch_getResult", json!({ "id": nobody }), "not_found"),
        ("vouch_cancelJob", json!({ "id": nobody }), "not_found"),
        ("vouch_listJobs", json!({ "state": "lost" }), "invalid"),
        ("vouch_listJobs", json!({ "before": "1" }), "invalid"),
        (
            "vouch_verifyReceipt",
            json!({ "image_id": image, "receipt": "*" }),
            "invalid",
        ),
        (
            "vouch_verifyReceipt",
            json!({ "image_id": image, "receipt": "", "mode": "deferred" }),
            "invalid",
        ),
    ] {
        assert_eq!(
            host.refused(method, params.clone()).await,
            code,
            "{method} {params}"
        );
    }
    // Whatever was refused has left nothing.
    let jobs = host.ok("vouch_listJobs", json!({})).await;
    assert_eq!(jobs, json!([]));
    assert_eq!(
        std::fs::read_dir(host.folder.join("inputs"))
            .expect("a folder")
            .count(),
        0
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_protocol_is_json_rpc() {
    let host = Host::new().await;
    let answer = async |body: &str| -> (u16, String) {
        let response = host.post(body.into()).await;
        let status = response.status().as_u16();
        (status, response.text().await.expect("text"))
    };
    let code = |text: &str| -> Value {
        let answer: Value = serde_json::from_str(text).expect("JSON");
        answer["error"]["code"].clone()
    };
    assert_eq!(code(&answer("{").await.1), json!(-32700));
    assert_eq!(code(&answer(r#"{"id":1}"#).await.1), json!(-32600));
    let unknown = r#"{"jsonrpc":"2.0","id":1,"method":"vouch_none"}"#;
    assert_eq!(code(&answer(unknown).await.1), json!(-32601));

    let list = r#"{"jsonrpc":"2.0","id":7,"method":"vouch_listJobs"}"#;
    let (_, text) = answer(&format!("[{list},{unknown}]")).await;
    let both: Vec<Value> = serde_json::from_str(&text).expect("a batch");
    assert_eq!((both.len(), &both[0]["id"]), (2, &json!(7)));
    let many = vec![list; 101].join(",");
    assert!(answer(&format!("[{many}]")).await.1.contains("error"));

    let get = host.get("/rpc").await;
    assert_eq!(get.status().as_u16(), 405);
}

/// Every answer is as openrpc.json says: nothing missing, nothing more.
#[tokio::test(flavor = "multi_thread")]
async fn answers_are_as_described() {
    let host = Host::new().await;
    let described = host.ok("rpc.discover", json!({})).await;
    assert_eq!(described, host.json("/openrpc.json").await.1);
    let schemas = &described["components"]["schemas"];

    let fibonacci = host.fibonacci().await;
    let id = host.submit_hashes(1).await;
    host.until_ended(&id).await;
    let failing = json!({ "max_cycles": 10, "idempotency_key": "k" });
    let failed = host
        .submit(&fibonacci, &crate::host::word(100), failing)
        .await;
    host.until_ended(&failed).await;
    let receipt = host
        .ok("vouch_getResult", json!({ "id": id, "receipt": true }))
        .await;
    let bytes = receipt["receipt"].clone();
    let image = id_of(guests::COMMITMENT);
    for (method, params, schema) in [
        ("vouch_listPrograms", json!({}), "Program"),
        (
            "vouch_removeProgram",
            json!({ "image_id": fibonacci }),
            "Program",
        ),
        ("vouch_getJob", json!({ "id": id }), "Job"),
        ("vouch_getJob", json!({ "id": failed }), "Job"),
        ("vouch_listJobs", json!({}), "Job"),
        ("vouch_getResult", json!({ "id": id }), "Result"),
        (
            "vouch_getResult",
            json!({ "id": id, "receipt": true }),
            "Result",
        ),
        (
            "vouch_verifyReceipt",
            json!({ "image_id": image, "receipt": bytes }),
            "Verdict",
        ),
        (
            "vouch_verifyReceipt",
            json!({ "image_id": image, "receipt": "" }),
            "Verdict",
        ),
    ] {
        let answer = host.ok(method, params).await;
        let answers = answer.as_array().cloned().unwrap_or_else(|| vec![answer]);
        assert!(!answers.is_empty(), "{method}");
        for answer in answers {
            conforms(&answer, &schemas[schema], schemas, method);
        }
    }
}

/// Required fields are there, others are described, and so on within them.
fn conforms(value: &Value, schema: &Value, schemas: &Value, path: &str) {
    let empty = Map::new();
    if let Some(reference) = schema["$ref"].as_str() {
        let name = reference.rsplit('/').next().expect("a name");
        return conforms(value, &schemas[name], schemas, &format!("{path} {name}"));
    }
    if let Some(allowed) = schema["enum"].as_array() {
        assert!(allowed.contains(value), "{path}: {value}");
    }
    let kinds = match &schema["type"] {
        Value::Array(kinds) => kinds.clone(),
        Value::Null => vec![],
        kind => vec![kind.clone()],
    };
    let is = |kind: &Value| match kind.as_str() {
        Some("object") => value.is_object(),
        Some("string") => value.is_string(),
        Some("boolean") => value.is_boolean(),
        Some("integer") => value.is_u64(),
        Some("number") => value.is_number(),
        Some("null") => value.is_null(),
        _ => false,
    };
    assert!(kinds.is_empty() || kinds.iter().any(is), "{path}: {value}");
    let fields = value.as_object().unwrap_or(&empty);
    for required in schema["required"].as_array().into_iter().flatten() {
        let name = required.as_str().expect("a name");
        assert!(fields.contains_key(name), "{path}: {name} is missing");
    }
    if value.is_object() {
        let described = schema["properties"].as_object().unwrap_or(&empty);
        for (name, value) in fields {
            let schema = described
                .get(name)
                .unwrap_or_else(|| panic!("{path}: {name} is new"));
            conforms(value, schema, schemas, &format!("{path} {name}"));
        }
    }
}
