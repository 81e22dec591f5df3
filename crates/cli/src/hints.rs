//! What to do about an error, where there is something to do.

use std::io;

use vouch_sdk::files::FileKind;
use vouch_sdk::{Error as SdkError, ErrorKind, ExecuteError, LimitKind, LimitReached, ProveError};

use crate::error::Error;

/// The exit code of a panic.
const PANICKED: u32 = 101;

impl Error {
    /// What a user could do about it; the message says what is the matter.
    pub fn hint(&self) -> Option<String> {
        match self {
            #[cfg(not(feature = "serve"))]
            Self::NoService => {
                Some("build one with cargo install --path crates/cli --features serve".into())
            }
            Self::Build(error) => error.hint(),
            Self::Unframed(run) => Some(format!(
                "if the guest reads values (io::read, io::read_frame), give --frames; {}",
                of_exit(run.exit_code)
            )),
            Self::Sdk(error) => of_library(error),
            _ => None,
        }
    }
}

fn of_exit(code: u32) -> String {
    let proven = format!("vouch prove --allow-exit {code} proves such a run");
    match code {
        PANICKED => format!("the guest panicked, see its message on stderr; {proven}"),
        _ => proven,
    }
}

fn of_library(error: &SdkError) -> Option<String> {
    let text = match error {
        SdkError::Execute(ExecuteError::Limit(LimitReached {
            limit: LimitKind::Cycles,
            ..
        })) => "allow more with --max-cycles N",
        SdkError::Prove(ProveError::Memory { .. }) => {
            "allow more with --max-memory BYTES, if the machine has it"
        }
        SdkError::GuestExit(run) => return Some(of_exit(run.exit_code)),
        SdkError::Execute(ExecuteError::Fault(_)) => {
            "vouch run --gdb PORT stops a debugger at the instruction at fault (docs/cli.md)"
        }
        SdkError::OtherFile {
            found: FileKind::Receipt,
            ..
        } => "vouch inspect shows what a receipt says, and vouch verify checks it",
        SdkError::OtherFile {
            expected: FileKind::Receipt,
            found: FileKind::Elf,
            ..
        } => "vouch verify takes the receipt first, and the program after --elf",
        SdkError::File {
            action: "read",
            source,
            path,
        } if source.kind() == io::ErrorKind::IsADirectory && path.join("Cargo.toml").is_file() => {
            "build the guest's crate first: vouch build DIR -o guest.elf"
        }
        _ if error.kind() == ErrorKind::Elf => {
            "vouch build makes programs that the machine runs; docs/guests.md explains how, for C as well"
        }
        _ => return None,
    };
    Some(text.into())
}
