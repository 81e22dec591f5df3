//! Bad requests, and the answer that each must get.

use crate::caller::{CallError, Caller};

/// Largest input that the service of the load test takes, in bytes.
pub const MAX_INPUT_BYTES: usize = 64 << 10;

/// A request that must be refused.
#[derive(Clone, Debug)]
pub enum Bad {
    /// A method that there is not.
    UnknownMethod,
    /// A program that is none.
    GarbageElf,
    /// More input than is taken.
    LargeInput,
    /// A program that nobody registered.
    UnknownImage,
    /// A token of nobody.
    WrongToken,
    /// JSON that is cut off; an image ID that is too short in gRPC.
    Malformed,
    /// The job of another client.
    AnotherClients(String),
}

impl Bad {
    /// One of them by number.
    pub fn pick(number: u8, job_of_another: Option<String>) -> Self {
        match (number % 7, job_of_another) {
            (0, _) => Self::UnknownMethod,
            (1, _) => Self::GarbageElf,
            (2, _) => Self::LargeInput,
            (3, _) => Self::UnknownImage,
            (4, _) => Self::WrongToken,
            (5, Some(id)) => Self::AnotherClients(id),
            _ => Self::Malformed,
        }
    }

    /// Its kind, in the report.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::UnknownMethod => "bad: unknown method",
            Self::GarbageElf => "bad: garbage ELF",
            Self::LargeInput => "bad: input too large",
            Self::UnknownImage => "bad: unknown image ID",
            Self::WrongToken => "bad: wrong token",
            Self::Malformed => "bad: malformed",
            Self::AnotherClients(_) => "bad: another client's job",
        }
    }

    /// Name and code of the error: of JSON-RPC (of HTTP for the token), or of gRPC.
    const fn expected(&self, json: bool) -> (&'static str, i64) {
        let (name, of_json, of_grpc) = match self {
            Self::UnknownMethod => ("", -32601, 12),
            Self::GarbageElf => ("elf", -32003, 3),
            Self::LargeInput => ("too_large", -32004, 11),
            Self::UnknownImage | Self::AnotherClients(_) => ("not_found", -32002, 5),
            Self::WrongToken => ("unauthenticated", 401, 16),
            Self::Malformed if json => ("", -32700, 0),
            Self::Malformed => ("invalid", 0, 3),
        };
        (name, if json { of_json } else { of_grpc })
    }

    /// Whether an answer is the right one.
    ///
    /// # Errors
    /// [`CallError::Strange`] if it is not, [`CallError::Broken`] if there was none.
    pub fn judge(&self, caller: &Caller, answer: Result<(), CallError>) -> Result<(), CallError> {
        let json = matches!(caller, Caller::Json(_));
        let expected = self.expected(json);
        match answer {
            Err(CallError::Refused { name, code, .. }) if (&*name, code) == expected => Ok(()),
            Err(CallError::Broken(reason)) => Err(CallError::Broken(reason)),
            other => Err(CallError::Strange(format!(
                "{}: expected {expected:?}, got {other:?}",
                self.kind()
            ))),
        }
    }
}
