//! What clients of both interfaces have in common.

use thiserror::Error;

use crate::grpc::Grpc;
use crate::hostile::Bad;
use crate::json::JsonRpc;

/// Why there is no answer, or not the one that was wanted.
#[derive(Clone, Debug, Error)]
pub enum CallError {
    /// The connection broke, or was never made.
    #[error("no answer: {0}")]
    Broken(String),
    /// The service says no.
    #[error("refused with {code} {name:?}: {message}")]
    Refused {
        /// The error's name, empty where the protocol's own layer said no.
        name: String,
        /// Of JSON-RPC, of HTTP or of gRPC.
        code: i64,
        /// In words.
        message: String,
    },
    /// Something that is no answer to what was asked.
    #[error("a strange answer: {0}")]
    Strange(String),
}

/// A job, as a client sees it.
#[derive(Clone, Debug, Default)]
pub struct Job {
    /// Its ID.
    pub id: String,
    /// Its idempotency key.
    pub key: String,
    /// `queued`, `running`, `succeeded`, `failed` or `cancelled`.
    pub state: String,
    /// Times that it was begun.
    pub attempts: u64,
    /// Why it failed.
    pub failure: String,
    /// What it came to, if it succeeded.
    pub result: Option<Outcome>,
}

impl Job {
    /// Whether nothing will change any more.
    pub fn has_ended(&self) -> bool {
        !matches!(&*self.state, "queued" | "running")
    }
}

/// What a job came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// BLAKE3 of the receipt.
    pub digest: Vec<u8>,
    /// Its size in bytes.
    pub receipt_bytes: u64,
    /// The public output.
    pub journal: Vec<u8>,
    /// The code that the guest exited with.
    pub exit_code: u64,
    /// Whether the receipt was there already.
    pub cached: bool,
}

/// What the service says of a receipt.
#[derive(Clone, Debug)]
pub struct Verdict {
    /// Whether it proves a run of the program.
    pub valid: bool,
    /// The public output that it proves.
    pub journal: Vec<u8>,
}

/// A client of one interface.
#[derive(Clone)]
pub enum Caller {
    /// Of JSON-RPC, with events and receipts over plain HTTP.
    Json(JsonRpc),
    /// Of gRPC.
    Grpc(Box<Grpc>),
}

impl Caller {
    /// Submits a four-hash job.
    pub async fn submit(&self, input: &[u8], key: &str) -> Result<Job, CallError> {
        match self {
            Self::Json(json) => json.submit(input, key).await,
            Self::Grpc(grpc) => grpc.submit(input, key).await,
        }
    }

    /// Waits until a job has ended, told by the service or by asking again and again (JSON-RPC).
    pub async fn wait(&self, id: &str, poll: bool) -> Result<Job, CallError> {
        match self {
            Self::Json(json) if poll => json.poll(id).await,
            Self::Json(json) => json.events(id).await,
            Self::Grpc(grpc) => grpc.watch(id).await,
        }
    }

    /// The receipt of a job that succeeded.
    pub async fn receipt(&self, id: &str) -> Result<Vec<u8>, CallError> {
        match self {
            Self::Json(json) => json.receipt(id).await,
            Self::Grpc(grpc) => grpc.receipt(id).await,
        }
    }

    /// Lets the service verify a receipt of the commitment.
    pub async fn verify(&self, receipt: &[u8], mode: &str) -> Result<Verdict, CallError> {
        match self {
            Self::Json(json) => json.verify(receipt, mode).await,
            Self::Grpc(grpc) => grpc.verify(receipt, mode).await,
        }
    }

    /// Jobs before this one, newest first.
    pub async fn list(&self, before: Option<&str>) -> Result<Vec<Job>, CallError> {
        match self {
            Self::Json(json) => json.list(before).await,
            Self::Grpc(grpc) => grpc.list(before).await,
        }
    }

    /// Asks for something that must be refused.
    pub async fn ask_badly(&self, bad: &Bad) -> Result<(), CallError> {
        match self {
            Self::Json(json) => json.ask_badly(bad).await,
            Self::Grpc(grpc) => grpc.ask_badly(bad).await,
        }
    }
}
