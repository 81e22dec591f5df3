//! What the command can answer instead of yes, and its exit codes.

use std::io;
use std::path::PathBuf;

use serde_json::{Map, Value, json};
use thiserror::Error;
use vouch_sdk::build::BuildError;
use vouch_sdk::{Error as SdkError, Execution};

use crate::kind::{INTERNAL, Kind, SIGNALLED};

/// Number of the signal that ends what writes to a pipe that nobody reads.
const SIGPIPE: u8 = 13;

/// Why there is no yes. Every message is whole: causes are not printed again.
#[derive(Debug, Error)]
pub enum Error {
    /// The command line does not parse.
    #[error("{0}")]
    Usage(String),
    /// `--input-hex` is not hexadecimal. What it is stays private.
    #[error("--input-hex: expected two hexadecimal digits per byte, got {0}")]
    InputHex(String),
    /// Stdin is named more often than it can be read.
    #[error(
        "--input -: expected stdin once, got it {0} times; save its bytes to a file to give them again"
    )]
    StdinAgain(usize),
    /// The guest exited with 1, as one does that refuses its input, which it got without frames.
    #[error("the guest exited with code {}, expected 0", .0.exit_code)]
    Unframed(Execution),
    /// Two files of a command line are one.
    #[error("{output}: expected a file other than {other}, got {}", path.display())]
    SameFile {
        /// What would be written.
        output: &'static str,
        /// What else it is.
        other: &'static str,
        /// Its path.
        path: PathBuf,
    },
    /// A project's folder does not name a package.
    #[error(
        "{}: expected a name of letters, digits, - and _ that begins with a letter, got {reason}",
        path.display()
    )]
    ProjectName {
        /// The folder.
        path: PathBuf,
        /// What is there instead.
        reason: &'static str,
    },
    /// A project would be written over something.
    #[error("{}: expected an empty folder or none, got files", path.display())]
    NotEmpty {
        /// The folder.
        path: PathBuf,
    },
    /// What should be a checkout of Vouch is none.
    #[error("--vouch {}: expected a checkout of Vouch, but {reason}", path.display())]
    NotACheckout {
        /// The folder.
        path: PathBuf,
        /// What is missing.
        reason: &'static str,
    },
    /// A variable of the environment is no text.
    #[cfg(feature = "serve")]
    #[error("environment variable {name}: expected UTF-8, got other bytes")]
    Environment {
        /// Its name; what it holds may be a secret.
        name: &'static str,
    },
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
    #[error("cannot write to stdout: {0}")]
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
    #[error("security: expected a profile of at least {expected} bits, got one of {got}")]
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
    #[error("bench: {run}: {reason}")]
    Bench {
        /// The guest, and how long its run was to be.
        run: String,
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
    /// A debugger cannot be waited for, or talked to any more.
    #[error("--gdb: {0}")]
    Debugger(String),
    /// Signals cannot be watched.
    #[error("cannot listen for signals: {0}")]
    Signals(io::Error),
    /// A signal ended the command.
    #[error("stopped by signal {signal}")]
    Ended {
        /// The signal's number.
        signal: u8,
    },
    /// A panic, which is a bug.
    #[error("a bug in Vouch: {0}")]
    Panicked(String),
    /// A signal stopped a proof.
    #[error("stopped by signal {signal} after {segments} segments were proven; {advice}")]
    Stopped {
        /// The signal's number.
        signal: u8,
        /// Segments proven until then.
        segments: usize,
        /// How to go on.
        advice: &'static str,
    },
    /// This command was built without the service.
    #[cfg(not(feature = "serve"))]
    #[error(
        "expected a `vouch` with the service, got one that was built without its feature `serve`"
    )]
    NoService,
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
        match self {
            Self::Bench { status, .. } => *status,
            Self::Ended { signal } | Self::Stopped { signal, .. } => {
                SIGNALLED.saturating_add(*signal)
            }
            // As if SIGPIPE had ended it, as it ends other programs.
            _ if self.is_broken_pipe() => SIGNALLED + SIGPIPE,
            _ => self.kind().status().unwrap_or(INTERNAL),
        }
    }

    /// Whether whoever read stdout has gone. There is nobody to tell.
    pub fn is_broken_pipe(&self) -> bool {
        matches!(self, Self::Stdout(error) if error.kind() == io::ErrorKind::BrokenPipe)
    }

    /// What a program that called this one needs to know.
    pub fn fields(&self) -> Map<String, Value> {
        let mut fields = Map::new();
        fields.insert("error".into(), json!(self.to_string()));
        fields.insert("kind".into(), json!(self.kind().name()));
        fields.insert("status".into(), json!(self.exit_code()));
        if let Some(hint) = self.hint() {
            fields.insert("hint".into(), json!(hint));
        }
        if let Self::Ended { signal } | Self::Stopped { signal, .. } = self {
            fields.insert("signal".into(), json!(signal));
        }
        if let Self::Unframed(run) | Self::Sdk(SdkError::GuestExit(run)) = self {
            fields.extend(execution_fields(run));
        }
        fields
    }

    /// What it is, for programs.
    fn kind(&self) -> Kind {
        match self {
            Self::Usage(_)
            | Self::InputHex(_)
            | Self::StdinAgain(_)
            | Self::SameFile { .. }
            | Self::ProjectName { .. }
            | Self::NotACheckout { .. } => Kind::Usage,
            Self::NotEmpty { .. } => Kind::File,
            #[cfg(feature = "serve")]
            Self::Environment { .. } => Kind::Usage,
            #[cfg(not(feature = "serve"))]
            Self::NoService => Kind::Usage,
            Self::Stdin(_) | Self::StdinSize { .. } | Self::Stdout(_) => Kind::File,
            Self::Document { .. } => Kind::File,
            Self::Debugger(_) => Kind::Debugger,
            Self::Bench { .. } => Kind::Bench,
            Self::Build(_) => Kind::Build,
            Self::Journal { .. } => Kind::Journal,
            Self::ExitCode { .. } => Kind::ExitCode,
            Self::Unframed(_) => Kind::GuestExit,
            Self::Security { .. } => Kind::Security,
            Self::Demo { .. } => Kind::Demo,
            Self::Signals(_) | Self::Panicked(_) => Kind::Internal,
            Self::Ended { .. } | Self::Stopped { .. } => Kind::Stopped,
            #[cfg(feature = "serve")]
            Self::Runtime(_) => Kind::Internal,
            #[cfg(feature = "serve")]
            Self::Serve(error) => of_service(error),
            Self::Sdk(error) => error.kind().into(),
        }
    }
}

#[cfg(feature = "serve")]
fn of_service(error: &vouch_service::ServeError) -> Kind {
    use vouch_service::ServeError;
    use vouch_service::error::ServiceError;
    match error {
        ServeError::Config(_) => Kind::Config,
        ServeError::Listen { .. } => Kind::Listen,
        ServeError::Tls { .. } => Kind::Tls,
        ServeError::Service(ServiceError::Sdk(error)) => error.kind().into(),
        ServeError::Service(ServiceError::Database(_) | ServiceError::Store(_)) => Kind::Storage,
        _ => Kind::Internal,
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
