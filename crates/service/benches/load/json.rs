//! A client of JSON-RPC, and of the plain HTTP beside it.

use std::net::SocketAddr;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use tokio::time::sleep;
use vouch_sdk::ImageId;

use crate::caller::{CallError, Job, Outcome, Verdict};
use crate::hostile::{Bad, MAX_INPUT_BYTES};

/// Time between two questions of a client that polls.
const POLL: Duration = Duration::from_millis(100);

/// A client of JSON-RPC.
#[derive(Clone)]
pub struct JsonRpc {
    http: reqwest::Client,
    base: String,
    token: String,
    image_id: String,
}

impl JsonRpc {
    /// Of the service at an address.
    pub fn new(
        address: SocketAddr,
        token: &str,
        image_id: &ImageId,
    ) -> Result<Self, reqwest::Error> {
        Ok(Self {
            http: reqwest::Client::builder().build()?,
            base: format!("http://{address}"),
            token: token.into(),
            image_id: image_id.to_string(),
        })
    }

    async fn get(&self, path: &str) -> Result<reqwest::Response, CallError> {
        let request = self.http.get(format!("{}{path}", self.base));
        let response = request.bearer_auth(&self.token).send().await;
        accept(response.map_err(broken)?).await
    }

    /// The text at a path, as that of the metrics.
    pub async fn text(&self, path: &str) -> Result<String, CallError> {
        self.get(path).await?.text().await.map_err(broken)
    }

    async fn post(&self, body: String, token: &str) -> Result<Value, CallError> {
        let request = self.http.post(format!("{}/rpc", self.base));
        let request = request.header("content-type", "application/json");
        let response = request.bearer_auth(token).body(body).send().await;
        let response = accept(response.map_err(broken)?).await?;
        let text = response.text().await.map_err(broken)?;
        let mut answer: Value = serde_json::from_str(&text)
            .map_err(|error| CallError::Strange(format!("no JSON: {error}")))?;
        if let Some(error) = answer.get("error") {
            return Err(CallError::Refused {
                name: text_of(&error["data"], "code"),
                code: error["code"].as_i64().unwrap_or(0),
                message: text_of(error, "message"),
            });
        }
        let result = answer.get_mut("result").map(Value::take);
        result.ok_or_else(|| CallError::Strange("neither result nor error".into()))
    }

    async fn call(&self, method: &str, params: Value) -> Result<Value, CallError> {
        let body = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
        self.post(body.to_string(), &self.token).await
    }

    fn job_of(&self, image_id: &str, input: &[u8], key: Option<&str>) -> Value {
        let input = STANDARD.encode(input);
        json!({ "image_id": image_id, "input": input, "idempotency_key": key })
    }

    /// Submits a four-hash job.
    pub async fn submit(&self, input: &[u8], key: &str) -> Result<Job, CallError> {
        let params = self.job_of(&self.image_id, input, Some(key));
        job(&self.call("vouch_submitJob", params).await?)
    }

    /// Waits for a job by asking again and again.
    pub async fn poll(&self, id: &str) -> Result<Job, CallError> {
        loop {
            let job = job(&self.call("vouch_getJob", json!({ "id": id })).await?)?;
            if job.has_ended() {
                return Ok(job);
            }
            sleep(POLL).await;
        }
    }

    /// Waits for a job by listening to its events.
    pub async fn events(&self, id: &str) -> Result<Job, CallError> {
        let mut response = self.get(&format!("/v1/jobs/{id}/events")).await?;
        let mut unread = Vec::new();
        while let Some(piece) = response.chunk().await.map_err(broken)? {
            unread.extend_from_slice(&piece);
            while let Some(end) = unread.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = unread.drain(..=end).collect();
                let Some(data) = line.strip_prefix(b"data: ") else {
                    continue;
                };
                let value = serde_json::from_slice(data)
                    .map_err(|error| CallError::Strange(format!("an event: {error}")))?;
                let job = job(&value)?;
                if job.has_ended() {
                    return Ok(job);
                }
            }
        }
        Err(CallError::Broken("events ended before the job".into()))
    }

    /// The receipt of a job.
    pub async fn receipt(&self, id: &str) -> Result<Vec<u8>, CallError> {
        let response = self.get(&format!("/v1/jobs/{id}/receipt")).await?;
        Ok(response.bytes().await.map_err(broken)?.into())
    }

    /// Lets the service verify a receipt of the commitment.
    pub async fn verify(&self, receipt: &[u8], mode: &str) -> Result<Verdict, CallError> {
        let receipt = STANDARD.encode(receipt);
        let params = json!({ "image_id": self.image_id, "receipt": receipt, "mode": mode });
        let verdict = self.call("vouch_verifyReceipt", params).await?;
        let strange = || CallError::Strange(format!("no verdict: {verdict}"));
        Ok(Verdict {
            valid: verdict["valid"].as_bool().ok_or_else(strange)?,
            journal: bytes(&verdict, "journal"),
        })
    }

    /// Jobs before this one, newest first.
    pub async fn list(&self, before: Option<&str>) -> Result<Vec<Job>, CallError> {
        let listed = self
            .call("vouch_listJobs", json!({ "before": before }))
            .await?;
        let jobs = listed.as_array().map(Vec::as_slice).unwrap_or_default();
        jobs.iter().map(job).collect()
    }

    /// Asks for something that must be refused.
    pub async fn ask_badly(&self, bad: &Bad) -> Result<(), CallError> {
        let nothing = json!({});
        let answer = match bad {
            Bad::UnknownMethod => self.call("vouch_doNothing", nothing).await,
            Bad::GarbageElf => {
                let elf = STANDARD.encode(b"\x7fELF and nothing of the kind");
                self.call("vouch_registerProgram", json!({ "elf": elf }))
                    .await
            }
            Bad::LargeInput => {
                let job = self.job_of(&self.image_id, &[1; MAX_INPUT_BYTES + 1], None);
                self.call("vouch_submitJob", job).await
            }
            Bad::UnknownImage => {
                let job = self.job_of(&"01".repeat(32), &[], None);
                self.call("vouch_submitJob", job).await
            }
            Bad::WrongToken => self.post("{}".into(), "of nobody").await,
            Bad::Malformed => self.post("{\"jsonrpc\": ".into(), &self.token).await,
            Bad::AnotherClients(id) => self.call("vouch_getJob", json!({ "id": id })).await,
        };
        answer.map(drop)
    }
}

fn broken(error: reqwest::Error) -> CallError {
    CallError::Broken(format!("{error:?}"))
}

/// A response, unless it is that of an error.
async fn accept(response: reqwest::Response) -> Result<reqwest::Response, CallError> {
    let status = response.status();
    if status.is_success() {
        return Ok(response);
    }
    let text = response.text().await.map_err(broken)?;
    let error: Value = serde_json::from_str(&text).unwrap_or_default();
    Err(CallError::Refused {
        name: text_of(&error, "code"),
        code: status.as_u16().into(),
        message: text_of(&error, "error"),
    })
}

fn text_of(value: &Value, field: &str) -> String {
    value[field].as_str().unwrap_or_default().into()
}

/// Bytes in hexadecimal; none where there are none.
fn bytes(value: &Value, field: &str) -> Vec<u8> {
    hex::decode(text_of(value, field)).unwrap_or_default()
}

fn job(value: &Value) -> Result<Job, CallError> {
    let id = text_of(value, "id");
    if id.is_empty() {
        return Err(CallError::Strange(format!("no job: {value}")));
    }
    let result = value.get("result").map(|result| Outcome {
        digest: bytes(result, "receipt_digest"),
        receipt_bytes: result["receipt_bytes"].as_u64().unwrap_or(0),
        journal: bytes(result, "journal"),
        exit_code: result["exit_code"].as_u64().unwrap_or(u64::MAX),
        cached: result["cached"].as_bool().unwrap_or(false),
    });
    Ok(Job {
        id,
        key: text_of(value, "idempotency_key"),
        state: text_of(value, "state"),
        attempts: value["attempts"].as_u64().unwrap_or(0),
        failure: value
            .get("failure")
            .map(Value::to_string)
            .unwrap_or_default(),
        result,
    })
}
