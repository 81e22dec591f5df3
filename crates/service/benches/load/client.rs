//! What a client does: one job after the other, everything checked.

use std::future::Future;
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

use tokio::task::spawn_blocking;
use tokio::time::{sleep, timeout};
use uuid::Uuid;
use vouch_sdk::{Receipt, verify};

use crate::Failure;
use crate::caller::{CallError, Caller, Job, Outcome};
use crate::grpc::Grpc;
use crate::host::{Host, TENANTS};
use crate::hostile::Bad;
use crate::json::JsonRpc;
use crate::tally::Tally;

/// Time until a call has been answered, at most.
const PATIENCE: Duration = Duration::from_secs(240);
/// Time after something went wrong.
const PAUSE: Duration = Duration::from_millis(500);

/// Kinds of calls, over JSON-RPC and over gRPC.
type Kind = [&'static str; 2];
const SUBMIT: Kind = ["submit, JSON-RPC", "submit, gRPC"];
const WAIT: Kind = ["wait, events or polling", "wait, WatchJob"];
const AGAIN: Kind = ["submit again, JSON-RPC", "submit again, gRPC"];
const CONFLICT: Kind = ["key used again, JSON-RPC", "key used again, gRPC"];
const RECEIPT: Kind = ["receipt, HTTP", "receipt, gRPC"];
const FULL: Kind = ["verify, full, JSON-RPC", "verify, full, gRPC"];
const CACHED: Kind = ["verify, cached, JSON-RPC", "verify, cached, gRPC"];
const ALTERED: Kind = ["verify, altered, JSON-RPC", "verify, altered, gRPC"];
/// Verification in this process.
const HERE: &str = "verify, in the client";
/// From the request to the end, as the client sees it.
pub const WHOLE: &str = "job";

/// Hashes that nobody has asked for: job, model, input and output of a client's job.
pub fn hashes(client: u32, job: u64) -> [u8; 128] {
    static RUN: LazyLock<Uuid> = LazyLock::new(Uuid::now_v7);
    let mut hashes = [0; 128];
    blake3::Hasher::new_derive_key("vouch service 2026 load test")
        .update(RUN.as_bytes())
        .update(&client.to_le_bytes())
        .update(&job.to_le_bytes())
        .finalize_xof()
        .fill(&mut hashes);
    hashes
}

/// A client.
pub struct Client {
    number: u32,
    tenant: usize,
    caller: Caller,
    host: Arc<Host>,
    tally: Arc<Tally>,
    /// Whether it does more than submit jobs and wait for them.
    mixed: bool,
}

/// A job as it was asked for.
struct Asked {
    input: [u8; 128],
    key: String,
}

impl Client {
    /// One of them; every other one speaks gRPC.
    pub fn new(
        number: u32,
        host: &Arc<Host>,
        tally: &Arc<Tally>,
        mixed: bool,
    ) -> Result<Self, Failure> {
        let tenant = (number / 2) as usize % TENANTS;
        Ok(Self {
            number,
            tenant,
            caller: caller(host, tenant, number % 2 == 1)?,
            host: host.clone(),
            tally: tally.clone(),
            mixed,
        })
    }

    /// Submits jobs until it is time to end.
    pub async fn run(self, end: Instant) {
        let mut number = 0;
        while Instant::now() < end {
            if let Err(error) = self.job(number).await {
                let client = self.number;
                self.tally
                    .wrong(format!("client {client}, job {number}: {error}"));
                sleep(PAUSE).await;
            }
            number += 1;
        }
    }

    /// A job from the request to its end, and what else comes to the client's mind. Everything is
    /// drawn from the number, and told apart by parts of a hash.
    async fn job(&self, number: u64) -> Result<(), CallError> {
        let asked = Asked {
            input: hashes(self.number, number),
            key: format!("client-{}-job-{number}", self.number),
        };
        let [twice, poll, again, other_input, fetch, mode, at, bad, ..] =
            *blake3::hash(&asked.input).as_bytes();
        let start = Instant::now();
        let id = match self.mixed && twice.is_multiple_of(8) {
            true => {
                let both = (self.submit(&asked, SUBMIT), self.submit(&asked, AGAIN));
                let (first, second) = tokio::join!(both.0, both.1);
                second?;
                first?
            }
            false => self.submit(&asked, SUBMIT).await?,
        };
        let poll = poll.is_multiple_of(8);
        let ended = self.patiently(WAIT, || self.caller.wait(&id, poll)).await?;
        self.tally.took(WHOLE, start.elapsed());
        let outcome = outcome(&ended, &asked, &id)?;
        let (bytes, attempts) = (outcome.receipt_bytes, ended.attempts);
        self.tally.succeeded(&asked.key, bytes, attempts);
        if !self.mixed {
            return Ok(());
        }
        if again.is_multiple_of(8) {
            self.submit(&asked, AGAIN).await?;
        }
        if other_input.is_multiple_of(16) {
            self.use_key_again(&asked.key).await?;
        }
        if fetch.is_multiple_of(4) {
            let receipt = self.receipt(&id, &outcome).await?;
            match fetch.is_multiple_of(8) {
                true => self.verify_here(receipt, &asked.input).await?,
                false => self.verify_there(receipt, &asked.input, mode, at).await?,
            }
        }
        match bad.is_multiple_of(4) {
            true => self.ask_badly(bad / 4).await,
            false => Ok(()),
        }
    }

    /// A call that was begun before the service was killed is made again.
    async fn patiently<T, F: Future<Output = Result<T, CallError>>>(
        &self,
        kind: Kind,
        call: impl Fn() -> F,
    ) -> Result<T, CallError> {
        let [json, grpc] = kind;
        let kind = match self.caller {
            Caller::Json(_) => json,
            Caller::Grpc(_) => grpc,
        };
        loop {
            let kills = self.host.until_up().await;
            let start = Instant::now();
            let answer = timeout(PATIENCE, call()).await;
            let late = |_| Err(CallError::Strange(format!("none in {PATIENCE:?}")));
            match answer.unwrap_or_else(late) {
                Ok(answer) => {
                    self.tally.took(kind, start.elapsed());
                    return Ok(answer);
                }
                Err(CallError::Broken(_)) if self.host.was_killed_since(kills) => {
                    self.tally.retried();
                    sleep(PAUSE / 10).await;
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Submits a job, for the first time or again: it is one job in any case.
    async fn submit(&self, asked: &Asked, kind: Kind) -> Result<String, CallError> {
        let submit = || self.caller.submit(&asked.input, &asked.key);
        let job = self.patiently(kind, submit).await?;
        match self.tally.accepted(&asked.key, self.tenant, &job.id) {
            true => Ok(job.id),
            false => Err(CallError::Strange(format!(
                "{}: a second job {}",
                asked.key, job.id
            ))),
        }
    }

    /// Submits another input under a key that has a job.
    async fn use_key_again(&self, key: &str) -> Result<(), CallError> {
        let refused = self.patiently(CONFLICT, || async {
            match self.caller.submit(b"another input", key).await {
                Err(CallError::Refused { name, .. }) if name == "conflict" => Ok(()),
                Err(CallError::Broken(reason)) => Err(CallError::Broken(reason)),
                other => Err(CallError::Strange(format!(
                    "expected a conflict, got {other:?}"
                ))),
            }
        });
        refused.await
    }

    async fn receipt(&self, id: &str, outcome: &Outcome) -> Result<Vec<u8>, CallError> {
        let receipt = self.patiently(RECEIPT, || self.caller.receipt(id)).await?;
        let digest = blake3::hash(&receipt);
        match digest.as_bytes() == &outcome.digest[..] {
            true => Ok(receipt),
            false => Err(CallError::Strange(format!(
                "job {id}: not its receipt: {digest}"
            ))),
        }
    }

    /// Verifies a receipt in this process: the service's word is not enough.
    async fn verify_here(&self, receipt: Vec<u8>, input: &[u8]) -> Result<(), CallError> {
        let image_id = *self.host.image_id();
        let start = Instant::now();
        let verified = spawn_blocking(move || {
            let receipt = Receipt::from_bytes(&receipt).map_err(|error| error.to_string())?;
            verify(&receipt, &image_id).map_err(|error| error.to_string())
        });
        let claim = verified
            .await
            .unwrap_or_else(|error| Err(error.to_string()));
        match claim {
            Ok(claim) if claim.journal == input && claim.exit_code == 0 => {
                self.tally.took(HERE, start.elapsed());
                Ok(())
            }
            other => Err(CallError::Strange(format!(
                "a receipt of something else: {other:?}"
            ))),
        }
    }

    /// Lets the service verify a receipt, as it is and with a flipped bit.
    async fn verify_there(
        &self,
        mut receipt: Vec<u8>,
        input: &[u8],
        mode: u8,
        at: u8,
    ) -> Result<(), CallError> {
        let (kind, mode) = match mode.is_multiple_of(2) {
            true => (FULL, "full"),
            false => (CACHED, "cached"),
        };
        let verdict = self
            .patiently(kind, || self.caller.verify(&receipt, mode))
            .await?;
        if !verdict.valid || verdict.journal != input {
            return Err(CallError::Strange(format!(
                "a genuine receipt: {verdict:?}"
            )));
        }
        let place = receipt.len() * usize::from(at) / 256;
        if let Some(byte) = receipt.get_mut(place) {
            *byte ^= 1 << (at % 8);
        }
        let verdict = self
            .patiently(ALTERED, || self.caller.verify(&receipt, mode))
            .await?;
        match verdict.valid {
            false => Ok(()),
            true => Err(CallError::Strange(format!(
                "valid with byte {place} altered"
            ))),
        }
    }

    async fn ask_badly(&self, number: u8) -> Result<(), CallError> {
        let bad = Bad::pick(number, self.tally.job_of_another(self.tenant));
        let kind = [bad.kind(); 2];
        let asked = self.patiently(kind, || async {
            bad.judge(&self.caller, self.caller.ask_badly(&bad).await)
        });
        asked.await
    }
}

/// A client of one interface for a tenant.
pub fn caller(host: &Host, tenant: usize, grpc: bool) -> Result<Caller, Failure> {
    let (address, token, image_id) = (host.address(), host.token(tenant), host.image_id());
    Ok(match grpc {
        true => Caller::Grpc(Box::new(Grpc::new(address, token, image_id)?)),
        false => Caller::Json(JsonRpc::new(address, token, image_id)?),
    })
}

/// What a job came to, if it is what it should be.
fn outcome(job: &Job, asked: &Asked, id: &str) -> Result<Outcome, CallError> {
    let same = job.id == id && job.key == asked.key;
    match &job.result {
        Some(outcome)
            if same
                && job.state == "succeeded"
                && outcome.journal == asked.input
                && outcome.exit_code == 0
                // Nobody asked for this before, but perhaps the service was killed meanwhile.
                && (!outcome.cached || job.attempts > 1) =>
        {
            Ok(outcome.clone())
        }
        _ => Err(CallError::Strange(format!(
            "expected {id} to succeed, got {job:?}"
        ))),
    }
}
