//! A server for a test, and ways of asking it.

use std::path::PathBuf;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use reqwest::{Client, Response};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tempfile::TempDir;
use vouch_sdk::{Program, guests, image_id};
use vouch_service::config::{ClientConfig, QuotaConfig};
use vouch_service::{Config, Server};

/// The token of a client of this name.
pub fn token(name: &str) -> String {
    format!("token of {name}")
}

/// A client of this name.
pub fn client(name: &str) -> ClientConfig {
    ClientConfig {
        name: name.into(),
        token_sha256: hex::encode(Sha256::digest(token(name).as_bytes())),
        quota: QuotaConfig::default(),
    }
}

/// The image ID of a guest, as text.
pub fn id_of(elf: &[u8]) -> String {
    image_id(&Program::from_elf(elf).expect("a guest")).to_string()
}

/// Four hashes that belong to `job`.
pub fn hashes(job: u8) -> Vec<u8> {
    (0..128).map(|i| job.wrapping_mul(31) ^ i).collect()
}

pub fn base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

/// The input of `fibonacci`.
pub fn word(word: u32) -> String {
    base64(&word.to_le_bytes())
}

/// Steps of `fibonacci` that take some seconds to prove, in several segments.
pub const LONG: u32 = 300_000;
/// Steps that take longer than any test.
pub const ENDLESS: u32 = 400_000_000;

/// A running server.
pub struct Host {
    pub server: Server,
    pub url: String,
    pub folder: PathBuf,
    /// Of whoever asks; none for nobody in particular.
    pub token: Option<String>,
    pub http: Client,
    config: Config,
    _temporary: Option<TempDir>,
}

impl Host {
    /// With a configuration changed by `change`.
    pub async fn with(change: impl FnOnce(&mut Config)) -> Self {
        let temporary = tempfile::tempdir().expect("a folder");
        let mut config = Config::default();
        config.server.listen.set_port(0);
        config.server.shutdown_grace = Duration::ZERO;
        config.data.folder = temporary.path().join("data");
        config.proving.concurrency = Some(1);
        change(&mut config);
        let mut host = Self::start(config).await;
        host._temporary = Some(temporary);
        host
    }

    pub async fn new() -> Self {
        Self::with(|_| {}).await
    }

    async fn start(config: Config) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let token = config.clients.first().map(|client| token(&client.name));
        let server = Server::start(config.clone()).await.expect("it starts");
        let scheme = match config.server.tls {
            Some(_) => "https",
            None => "http",
        };
        Self {
            url: format!("{scheme}://{}", server.address()),
            server,
            folder: config.data.folder.clone(),
            token,
            http: Client::new(),
            config,
            _temporary: None,
        }
    }

    /// Stops it and starts it again on the same folder.
    pub async fn restart(self, change: impl FnOnce(&mut Config)) -> Self {
        let Self {
            server,
            mut config,
            _temporary,
            ..
        } = self;
        server.stop().await.expect("it stops");
        change(&mut config);
        let mut host = Self::start(config).await;
        host._temporary = _temporary;
        host
    }

    pub async fn get(&self, path: &str) -> Response {
        let mut request = self.http.get(format!("{}{path}", self.url));
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        request.send().await.expect("it answers")
    }

    /// What is behind a path, as JSON, with its status.
    pub async fn json(&self, path: &str) -> (u16, Value) {
        let response = self.get(path).await;
        (
            response.status().as_u16(),
            response.json().await.expect("JSON"),
        )
    }

    /// Posts to `/rpc`.
    pub async fn post(&self, body: String) -> Response {
        let mut request = self.http.post(format!("{}/rpc", self.url));
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        let request = request.header("content-type", "application/json");
        request.body(body).send().await.expect("it answers")
    }

    /// Calls a method: its result, or its error's name and message.
    pub async fn call(&self, method: &str, params: Value) -> Result<Value, (String, String)> {
        let call = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
        let answer: Value = self
            .post(call.to_string())
            .await
            .json()
            .await
            .expect("JSON");
        match answer.get("error") {
            None => Ok(answer["result"].clone()),
            Some(error) => {
                let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
                Err((text(&error["data"]["code"]), text(&error["message"])))
            }
        }
    }

    /// Calls a method that answers.
    pub async fn ok(&self, method: &str, params: Value) -> Value {
        match self.call(method, params).await {
            Ok(result) => result,
            Err(error) => panic!("{method}: {error:?}"),
        }
    }

    /// The name of the error that a method answers with.
    pub async fn refused(&self, method: &str, params: Value) -> String {
        self.call(method, params).await.expect_err(method).0
    }

    /// Submits a job for a guest that has been registered, and returns its ID.
    pub async fn submit(&self, image_id: &str, input: &str, more: Value) -> String {
        let mut params = json!({ "image_id": image_id, "input": input });
        if let (Value::Object(params), Value::Object(more)) = (&mut params, more) {
            params.extend(more);
        }
        let job = self.ok("vouch_submitJob", params).await;
        job["id"].as_str().expect("an ID").to_owned()
    }

    /// Submits the commitment to the hashes of `job`.
    pub async fn submit_hashes(&self, job: u8) -> String {
        let (id, input) = (id_of(guests::COMMITMENT), base64(&hashes(job)));
        self.submit(&id, &input, json!({})).await
    }

    /// Registers `fibonacci` and returns its image ID.
    pub async fn fibonacci(&self) -> String {
        self.register(guests::FIBONACCI).await
    }

    pub async fn register(&self, elf: &[u8]) -> String {
        let program = self
            .ok("vouch_registerProgram", json!({ "elf": base64(elf) }))
            .await;
        program["image_id"].as_str().expect("an ID").to_owned()
    }

    pub async fn job(&self, id: &str) -> Value {
        self.ok("vouch_getJob", json!({ "id": id })).await
    }

    /// Waits until a job is in one of these states, and returns it.
    pub async fn until(&self, id: &str, states: &[&str]) -> Value {
        loop {
            let job = self.job(id).await;
            let state = job["state"].as_str().expect("a state");
            if states.contains(&state) {
                return job;
            }
            assert!(
                !["succeeded", "failed", "cancelled"].contains(&state),
                "{job}"
            );
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    pub async fn until_ended(&self, id: &str) -> Value {
        self.until(id, &["succeeded", "failed", "cancelled"]).await
    }

    /// The value of a metric.
    pub async fn metric(&self, name: &str) -> f64 {
        let text = self.get("/metrics").await.text().await.expect("text");
        let line = text.lines().find_map(|line| line.strip_prefix(name));
        let value = line.unwrap_or_else(|| panic!("{name} in\n{text}"));
        value.trim().parse().expect("a number")
    }
}
