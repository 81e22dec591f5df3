//! What the service can answer instead of yes.

use std::time::Duration;

use thiserror::Error;
use vouch_kit::store::StoreError;
use vouch_sdk::{ElfError, ImageId};

use crate::job::Failure;

/// Characters of a message to a client.
const MAX_MESSAGE: usize = 1000;

/// Why a request was not met.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ServiceError {
    /// No token, or none that is known.
    #[error("expected a valid bearer token")]
    Unauthenticated,
    /// There is nothing of this name, or it is another client's.
    #[error("there is no {what} {name}")]
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
    /// The client has another program of the same image ID.
    #[error(
        "program {image_id}: expected the memory map of the registered program, got another; \
         remove that program first"
    )]
    ProgramConflict {
        /// The image ID of both.
        image_id: ImageId,
    },
    /// Jobs of the program have not ended.
    #[error("program {image_id}: expected no waiting or running jobs, got {jobs}")]
    ProgramInUse {
        /// The program.
        image_id: ImageId,
        /// How many.
        jobs: usize,
    },
    /// The request is not addressed to this machine, or comes from a page of another.
    #[error("{header}: expected {expected}, got {got:?}")]
    Forbidden {
        /// `host` or `origin`.
        header: &'static str,
        /// What would have done.
        expected: String,
        /// What it says.
        got: String,
    },
    /// So many jobs wait that no more are taken.
    #[error("the queue is full: {limit} jobs are waiting")]
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
    #[error("too many requests; try again in {} s", retry_after.as_secs() + 1)]
    RateLimited {
        /// When to try again.
        retry_after: Duration,
    },
    /// The service has as much to do as it can hold.
    #[error("the service is at capacity, or this client's share of it is used up; try again later")]
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
            Self::ProgramConflict { .. } => ("program_conflict", -32020, 409, Grpc::AlreadyExists),
            Self::ProgramInUse { .. } => ("program_in_use", -32021, 409, Grpc::FailedPrecondition),
            Self::Forbidden { .. } => ("forbidden", -32022, 403, Grpc::PermissionDenied),
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
        let mut message = match self.code().http {
            500 => format!("{} error; see the service's log", self.code().name),
            _ => self.to_string(),
        };
        // It may quote what the client sent, or a program.
        if let Some((end, _)) = message.char_indices().nth(MAX_MESSAGE) {
            message.truncate(end);
            message.push_str("...");
        }
        message
    }
}

/// Errors of the database come in many types.
pub(crate) fn database<E: Into<redb::Error>>(error: E) -> ServiceError {
    ServiceError::Database(Box::new(error.into()))
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::*;

    fn one_of_each() -> Vec<ServiceError> {
        let (name, reason) = (String::new, String::new);
        vec![
            ServiceError::Unauthenticated,
            ServiceError::NotFound {
                what: "job",
                name: name(),
            },
            ServiceError::Invalid {
                field: "id",
                reason: reason(),
            },
            ServiceError::Elf(vouch_sdk::Program::from_elf(b"").expect_err("no ELF")),
            ServiceError::TooLarge {
                what: "bytes",
                limit: 1,
                got: 2,
            },
            ServiceError::Conflict { job: name() },
            ServiceError::ProgramConflict {
                image_id: ImageId([0; 32]),
            },
            ServiceError::ProgramInUse {
                image_id: ImageId([0; 32]),
                jobs: 1,
            },
            ServiceError::Forbidden {
                header: "host",
                expected: reason(),
                got: name(),
            },
            ServiceError::QueueFull { limit: 1 },
            ServiceError::Quota {
                what: "jobs",
                limit: 1,
            },
            ServiceError::RateLimited {
                retry_after: Duration::ZERO,
            },
            ServiceError::Busy,
            ServiceError::NotFinished { state: "queued" },
            ServiceError::JobFailed(Failure::internal("")),
            ServiceError::JobCancelled,
            ServiceError::Stopping,
            ServiceError::Timeout {
                limit: Duration::ZERO,
            },
            database(redb::Error::InvalidSavepoint),
            ServiceError::Record {
                what: "job",
                name: name(),
                reason: reason(),
            },
            ServiceError::Store(StoreError::Threads { reason: reason() }),
            ServiceError::Sdk(vouch_sdk::Error::Cancelled { segments: 0 }),
            ServiceError::Internal(reason()),
        ]
    }

    #[test]
    fn numbers_are_those_of_the_description() {
        let described: serde_json::Value = serde_json::from_str(crate::api::OPENRPC).expect("JSON");
        let described = described["components"]["errors"]
            .as_object()
            .expect("errors");
        let described: BTreeMap<&str, Option<i64>> = described
            .iter()
            .map(|(name, error)| (name.as_str(), error["code"].as_i64()))
            .collect();
        let codes = one_of_each();
        let codes: BTreeMap<&str, Option<i64>> = codes
            .iter()
            .map(|error| (error.code().name, Some(error.code().json_rpc.into())))
            .collect();
        assert_eq!(codes, described);
        let named: serde_json::Value = serde_json::from_str(crate::api::OPENAPI).expect("JSON");
        let named = &named["components"]["schemas"]["Error"]["properties"]["code"]["enum"];
        let named = named.as_array().expect("names").iter();
        let named: BTreeSet<&str> = named.filter_map(serde_json::Value::as_str).collect();
        assert_eq!(codes.into_keys().collect::<BTreeSet<_>>(), named);
    }

    #[test]
    fn messages_are_short_whatever_they_quote() {
        let reason = "\u{1f98a}".repeat(MAX_MESSAGE * 2);
        let error = ServiceError::Invalid {
            field: "id",
            reason,
        };
        let message = error.public_message();
        assert_eq!(message.chars().count(), MAX_MESSAGE + 3);
    }

    #[test]
    fn clients_learn_nothing_of_what_lies_beneath() {
        let secret = "/var/lib/secret";
        let error = ServiceError::Internal(secret.into());
        assert!(!error.public_message().contains(secret));
        let error = ServiceError::Store(StoreError::Threads {
            reason: secret.into(),
        });
        assert!(!error.public_message().contains(secret));
    }
}
