//! What the service can answer instead of yes.

use std::time::Duration;

use thiserror::Error;
use vouch_kit::store::StoreError;
use vouch_sdk::ElfError;

use crate::job::Failure;

/// Why a request was not met.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ServiceError {
    /// No token, or none that is known.
    #[error("expected a valid bearer token")]
    Unauthenticated,
    /// There is nothing of this name, or it is another client's.
    #[error("no {what} {name}")]
    NotFound {
        /// `job`, `program` or `receipt`.
        what: &'static str,
        /// Its name.
        name: String,
    },
    /// Part of the request means nothing.
    #[error("{field}: {reason}")]
    Invalid {
        /// Which part.
        field: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// The program is none that the machine runs.
    #[error("elf: {0}")]
    Elf(#[from] ElfError),
    /// Part of the request is too large.
    #[error("{what}: expected at most {limit}, got {got}")]
    TooLarge {
        /// Which part, in which unit.
        what: &'static str,
        /// What is allowed.
        limit: u64,
        /// What was asked for.
        got: u64,
    },
    /// The key was used for another request.
    #[error("idempotency key: expected the request of job {job}, got another")]
    Conflict {
        /// The job that has the key.
        job: String,
    },
    /// So many jobs wait that no more are taken.
    #[error("the queue is full: {limit} jobs wait")]
    QueueFull {
        /// Jobs that may wait.
        limit: usize,
    },
    /// The client has as much as it may have.
    #[error("quota reached: {limit} {what}")]
    Quota {
        /// Of what.
        what: &'static str,
        /// How many.
        limit: u64,
    },
    /// The client asks too often.
    #[error("too many requests; the next one in {} s", retry_after.as_secs() + 1)]
    RateLimited {
        /// When to try again.
        retry_after: Duration,
    },
    /// The service has as much to do as it can hold.
    #[error("too many requests at once")]
    Busy,
    /// The job has not ended yet.
    #[error("expected a job that has ended, got one that is {state}")]
    NotFinished {
        /// Its state.
        state: &'static str,
    },
    /// The job has ended without a receipt.
    #[error("the job failed: {}: {}", .0.kind, .0.message)]
    JobFailed(Failure),
    /// The job was cancelled.
    #[error("the job was cancelled")]
    JobCancelled,
    /// The service is being stopped.
    #[error("the service is stopping")]
    Stopping,
    /// It took too long.
    #[error("the request took longer than {} s", limit.as_secs_f64())]
    Timeout {
        /// Time that it may take.
        limit: Duration,
    },
    /// The database does not do what it should.
    #[error("database: {0}")]
    Database(#[from] Box<redb::Error>),
    /// A record in the database cannot be read.
    #[error("database: record of {what} {name}: {reason}")]
    Record {
        /// `job` or `program`.
        what: &'static str,
        /// Its name.
        name: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The store does not do what it should.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The library says no.
    #[error(transparent)]
    Sdk(#[from] vouch_sdk::Error),
    /// A bug.
    #[error("internal error: {0}")]
    Internal(String),
}

/// What a [`ServiceError`] comes to, in the words of each interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Code {
    /// Its name, in JSON and in metrics.
    pub name: &'static str,
    /// Of JSON-RPC.
    pub json_rpc: i32,
    /// Of HTTP.
    pub http: u16,
    /// Of gRPC.
    pub grpc: tonic::Code,
}

impl ServiceError {
    /// What it comes to.
    pub fn code(&self) -> Code {
        use tonic::Code as Grpc;
        let (name, json_rpc, http, grpc) = match self {
            Self::Unauthenticated => ("unauthenticated", -32001, 401, Grpc::Unauthenticated),
            Self::NotFound { .. } => ("not_found", -32002, 404, Grpc::NotFound),
            Self::Invalid { .. } => ("invalid", -32602, 400, Grpc::InvalidArgument),
            Self::Elf(_) => ("elf", -32003, 400, Grpc::InvalidArgument),
            Self::TooLarge { .. } => ("too_large", -32004, 413, Grpc::OutOfRange),
            Self::Conflict { .. } => ("conflict", -32005, 409, Grpc::AlreadyExists),
            Self::QueueFull { .. } => ("queue_full", -32006, 429, Grpc::ResourceExhausted),
            Self::Quota { .. } => ("quota", -32007, 429, Grpc::ResourceExhausted),
            Self::RateLimited { .. } => ("rate_limited", -32008, 429, Grpc::ResourceExhausted),
            Self::Busy => ("busy", -32009, 503, Grpc::Unavailable),
            Self::NotFinished { .. } => ("not_finished", -32010, 409, Grpc::FailedPrecondition),
            Self::JobFailed(_) => ("job_failed", -32011, 409, Grpc::FailedPrecondition),
            Self::JobCancelled => ("job_cancelled", -32012, 409, Grpc::FailedPrecondition),
            Self::Stopping => ("stopping", -32013, 503, Grpc::Unavailable),
            Self::Timeout { .. } => ("timeout", -32014, 504, Grpc::DeadlineExceeded),
            Self::Database(_) | Self::Record { .. } | Self::Store(_) => {
                ("storage", -32015, 500, Grpc::Internal)
            }
            Self::Sdk(_) | Self::Internal(_) => ("internal", -32603, 500, Grpc::Internal),
        };
        Code {
            name,
            json_rpc,
            http,
            grpc,
        }
    }

    /// What a client learns: nothing of what lies beneath the service.
    pub fn public_message(&self) -> String {
        match self.code().http {
            500 => format!("{} error; the service's log says more", self.code().name),
            _ => self.to_string(),
        }
    }
}

/// Errors of the database come in many types.
pub(crate) fn database<E: Into<redb::Error>>(error: E) -> ServiceError {
    ServiceError::Database(Box::new(error.into()))
}
