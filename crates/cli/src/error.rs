//! What the command can answer instead of yes, and its exit codes.

use std::io;
use std::path::PathBuf;

use serde_json::{Map, Value, json};
use thiserror::Error;
use vouch_sdk::build::BuildError;
use vouch_sdk::{Error as SdkError, ErrorKind, Execution};

/// The answer is no.
const NO: u8 = 1;
/// Bad usage or input.
pub const BAD_INPUT: u8 = 2;
/// The guest broke a rule.
const GUEST_FAULT: u8 = 3;
/// A limit was reached.
const LIMIT: u8 = 4;
/// A bug in Vouch.
pub const INTERNAL: u8 = 5;

/// A signal came: this and its number, as shells have it.
pub const SIGNALLED: u8 = 128;

/// Why there is no yes. Every message is whole: causes are not printed again.
#[derive(Debug, Error)]
pub enum Error {
    /// The command line does not parse.
    #[error("{0}")]
    Usage(String),
    /// `--input-hex` is not hexadecimal. What it is stays private.
    #[error("--input-hex: expected two hexadecimal digits a byte, got {0}")]
    InputHex(String),
    /// Stdin cannot be read.
    #[error("cannot read stdin: {0}")]
    Stdin(io::Error),
    /// Stdin has more bytes than any input may have.
    #[error("stdin: expected at most {limit} bytes, got more")]
    StdinSize {
        /// Bytes that it may have.
        limit: u64,
    },
    /// Stdout cannot be written to.
    #[error("cannot write stdout: {0}")]
    Stdout(io::Error),
    /// The receipt proves another journal.
    #[error(
        "journal: expected the {expected} bytes of {}, got {got} bytes, which differ from byte \
         {at} on",
        path.display()
    )]
    Journal {
        /// File with the journal expected.
        path: PathBuf,
        /// Its length.
        expected: usize,
        /// Length of the journal proven.
        got: usize,
        /// Index of the first byte that differs or is missing.
        at: usize,
    },
    /// The receipt proves another exit code.
    #[error("exit code: expected {expected}, got {got}")]
    ExitCode {
        /// The exit code expected.
        expected: u32,
        /// The exit code proven.
        got: u32,
    },
    /// The receipt's profile has less security than was asked for.
    #[error("security: expected a profile for {expected} bits at least, got one for {got}")]
    Security {
        /// Bits asked for.
        expected: u32,
        /// Bits that the profile aims at.
        got: u32,
    },
    /// Something in the demonstration was not as it should be.
    #[error("demo: expected {expected}, got {got}")]
    Demo {
        /// What should have happened.
        expected: &'static str,
        /// What did.
        got: String,
    },
    /// A run that was to be measured failed, or could not be started.
    #[error("bench: {guest} at {cycles} cycles: {reason}")]
    Bench {
        /// The guest.
        guest: &'static str,
        /// The cycles that its run was to come close to.
        cycles: u64,
        /// What went wrong.
        reason: String,
        /// The exit code that the run itself would end with.
        status: u8,
    },
    /// A document cannot take the figures of a benchmark.
    #[error("{}: {reason}", path.display())]
    Document {
        /// The document.
        path: PathBuf,
        /// Why not.
        reason: String,
    },
    /// Signals cannot be watched.
    #[error("cannot watch signals: {0}")]
    Signals(io::Error),
    /// A signal stopped the command.
    #[error("stopped by signal {signal} when {segments} segments were proven; {advice}")]
    Stopped {
        /// The signal's number.
        signal: u8,
        /// Segments proven until then.
        segments: usize,
        /// How to go on.
        advice: &'static str,
    },
    /// The threads of the service cannot be started.
    #[cfg(feature = "serve")]
    #[error("cannot start the service: {0}")]
    Runtime(io::Error),
    /// The service does not run.
    #[cfg(feature = "serve")]
    #[error(transparent)]
    Serve(#[from] vouch_service::ServeError),
    /// A guest could not be built.
    #[error(transparent)]
    Build(#[from] BuildError),
    /// The library says no.
    #[error(transparent)]
    Sdk(#[from] SdkError),
}

impl Error {
    /// The process's exit code.
    pub fn exit_code(&self) -> u8 {
        self.class().1
    }

    /// What a program that called this one needs to know.
    pub fn fields(&self) -> Map<String, Value> {
        let (kind, status) = self.class();
        let mut fields = Map::new();
        fields.insert("error".into(), json!(self.to_string()));
        fields.insert("kind".into(), json!(kind));
        fields.insert("status".into(), json!(status));
        if let Self::Sdk(SdkError::GuestExit(run)) = self {
            fields.extend(execution_fields(run));
        }
        fields
    }

    /// Its name and exit code.
    fn class(&self) -> (&'static str, u8) {
        match self {
            Self::Usage(_) | Self::InputHex(_) => ("usage", BAD_INPUT),
            Self::Stdin(_) | Self::StdinSize { .. } | Self::Stdout(_) => ("file", BAD_INPUT),
            Self::Document { .. } => ("file", BAD_INPUT),
            Self::Bench { status, .. } => ("bench", *status),
            Self::Build(_) => ("build", BAD_INPUT),
            Self::Journal { .. } => ("journal", NO),
            Self::ExitCode { .. } => ("exit_code", NO),
            Self::Security { .. } => ("security", NO),
            Self::Demo { .. } => ("demo", NO),
            Self::Signals(_) => ("internal", INTERNAL),
            Self::Stopped { signal, .. } => ("stopped", SIGNALLED.saturating_add(*signal)),
            #[cfg(feature = "serve")]
            Self::Runtime(_) => ("internal", INTERNAL),
            #[cfg(feature = "serve")]
            Self::Serve(error) => serve_class(error),
            Self::Sdk(error) => sdk_class(error),
        }
    }
}

fn sdk_class(error: &SdkError) -> (&'static str, u8) {
    let kind = error.kind();
    let status = match kind {
        // Whatever was done to a receipt, the answer is the same.
        ErrorKind::GuestExit | ErrorKind::Verify | ErrorKind::Receipt => NO,
        ErrorKind::Elf | ErrorKind::File | ErrorKind::WorkFolder | ErrorKind::Options => BAD_INPUT,
        ErrorKind::Build => BAD_INPUT,
        ErrorKind::GuestFault => GUEST_FAULT,
        ErrorKind::Limit => LIMIT,
        _ => INTERNAL,
    };
    (kind.name(), status)
}

#[cfg(feature = "serve")]
fn serve_class(error: &vouch_service::ServeError) -> (&'static str, u8) {
    use vouch_service::ServeError;
    use vouch_service::error::ServiceError;
    match error {
        ServeError::Config(_) => ("config", BAD_INPUT),
        ServeError::Listen { .. } => ("listen", BAD_INPUT),
        ServeError::Tls { .. } => ("tls", BAD_INPUT),
        ServeError::Service(ServiceError::Sdk(error)) => sdk_class(error),
        ServeError::Service(ServiceError::Database(_) | ServiceError::Store(_)) => {
            ("storage", BAD_INPUT)
        }
        _ => ("internal", INTERNAL),
    }
}

/// What a run that exited says of itself.
pub fn execution_fields(run: &Execution) -> Map<String, Value> {
    let mut fields = Map::new();
    fields.insert("exit_code".into(), json!(run.exit_code));
    fields.insert("journal".into(), json!(hex::encode(&run.journal)));
    fields.insert("cycles".into(), json!(run.cycles));
    fields
}
