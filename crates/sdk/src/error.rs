//! What can go wrong.

use std::io;
use std::path::PathBuf;

use thiserror::Error;
use vouch_codec::JournalError;
use vouch_emulator::{ElfError, ExecuteError, Execution};
use vouch_gpu::GpuError;
use vouch_prover::ProveError;
use vouch_verifier::{DecodeError, Profile, VerifyError};

use crate::build::BuildError;
use crate::files::FileKind;

/// Why there is no result.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Error {
    /// A guest could not be built.
    #[error(transparent)]
    Build(#[from] BuildError),
    /// A value for the input cannot be encoded.
    #[error("input: {0}")]
    Encode(#[from] vouch_codec::Error),
    /// A journal holds other values than was expected.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The program is none that the machine runs.
    #[error(transparent)]
    Elf(#[from] ElfError),
    /// The guest faulted or reached a limit.
    #[error(transparent)]
    Execute(#[from] ExecuteError),
    /// The guest exited with another code than 0.
    #[error("the guest exited with code {}, expected 0", .0.exit_code)]
    GuestExit(Execution),
    /// A segment could not be proven.
    #[error(transparent)]
    Prove(#[from] ProveError),
    /// The run is too long for one receipt.
    #[error(
        "limit reached: {segments} proven segments take more than the {limit} bytes that a receipt may have"
    )]
    ReceiptSize {
        /// Largest receipt in bytes.
        limit: usize,
        /// Segments proven so far.
        segments: usize,
    },
    /// The prover made a receipt that does not prove the run. This is a bug in the prover.
    #[error("the prover made a receipt that does not verify: {0}")]
    SelfCheck(VerifyError),
    /// Two runs of one program on one input differ. This is a bug in the emulator.
    #[error(
        "the proven run differs from the run before it: expected exit code {expected}, got {got}"
    )]
    Diverged {
        /// Exit code of the run that was only executed.
        expected: u32,
        /// Exit code of the run that was proven; the journals may differ, too.
        got: u32,
    },
    /// The receipt does not prove what it should.
    #[error(transparent)]
    Verify(#[from] VerifyError),
    /// Segments of so few cells cannot be made.
    #[error("expected segments of {least} cells or more, which the smallest commit to, got {got}")]
    SegmentCells {
        /// Base-field cells that the smallest segments commit to in this profile.
        least: u64,
        /// [`ProveOptions::segment_cells`](crate::ProveOptions)
        got: u64,
    },
    /// There is no verifying key for the profile. This is a bug in the verifier.
    #[error("profile {} at {} bits has no verifying key", profile.name(), profile.target_bits())]
    NoKey {
        /// The profile.
        profile: Profile,
    },
    /// A file holds no receipt.
    #[error("{}: {source}", path.display())]
    Receipt {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: DecodeError,
    },
    /// A file holds no program that the machine runs.
    #[error("{}: {source}", path.display())]
    Program {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: ElfError,
    },
    /// A file is of another kind than was expected.
    #[error("{}: expected {expected}, got {found}", path.display())]
    OtherFile {
        /// The file.
        path: PathBuf,
        /// What it should be.
        expected: FileKind,
        /// What it is.
        found: FileKind,
    },
    /// A file is larger than anything useful.
    #[error("{}: expected at most {limit} bytes, got more", path.display())]
    FileSize {
        /// The file.
        path: PathBuf,
        /// Bytes that it may have.
        limit: u64,
    },
    /// A file could not be read or written.
    #[error("cannot {action} {}: {source}", path.display())]
    File {
        /// `read`, `write`, `create` or `lock`.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// A work folder cannot be used.
    #[error("work folder {}: {reason}", path.display())]
    WorkFolder {
        /// The folder.
        path: PathBuf,
        /// Why not.
        reason: String,
    },
    /// A file in a work folder is damaged, or not the one that belongs there.
    #[error("{}: {reason}; if you delete this file, its segment is proven again", path.display())]
    WorkFile {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// Somebody asked to stop.
    #[error("cancelled after {segments} segments were proven")]
    Cancelled {
        /// Segments proven until then.
        segments: usize,
    },
    /// There is no GPU that could prove.
    #[error(transparent)]
    Gpu(#[from] GpuError),
    /// The threads could not be started.
    #[error("cannot start {threads} threads (0 means one per core): {reason}")]
    Threads {
        /// How many; 0 for one a core.
        threads: usize,
        /// What the system says.
        reason: String,
    },
}

/// What an [`Error`](enum@Error) comes to, for whoever has to decide what to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// A guest could not be built.
    Build,
    /// The program is none that the machine runs.
    Elf,
    /// The guest broke a rule of the machine.
    GuestFault,
    /// The guest exited with another code than 0.
    GuestExit,
    /// A limit was reached: of the run, of memory, or of a receipt.
    Limit,
    /// A receipt does not prove what it should.
    Verify,
    /// A journal holds other values than was expected.
    Journal,
    /// Bytes that are no receipt.
    Receipt,
    /// A file could not be read or written.
    File,
    /// A work folder cannot be used.
    WorkFolder,
    /// The options cannot be met, or a type cannot be encoded.
    Options,
    /// Somebody asked to stop.
    Cancelled,
    /// A bug in Vouch.
    Internal,
}

impl ErrorKind {
    /// Its name in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Build => "build",
            Self::Elf => "elf",
            Self::GuestFault => "guest_fault",
            Self::GuestExit => "guest_exit",
            Self::Limit => "limit",
            Self::Verify => "verify",
            Self::Journal => "journal",
            Self::Receipt => "receipt",
            Self::File => "file",
            Self::WorkFolder => "work_dir",
            Self::Options => "usage",
            Self::Cancelled => "cancelled",
            Self::Internal => "internal",
        }
    }
}

impl Error {
    /// What it comes to.
    pub const fn kind(&self) -> ErrorKind {
        match self {
            Self::Build(_) => ErrorKind::Build,
            Self::Elf(_) | Self::Program { .. } => ErrorKind::Elf,
            Self::Execute(ExecuteError::Fault(_)) => ErrorKind::GuestFault,
            Self::Execute(ExecuteError::Limit(_))
            | Self::Prove(
                ProveError::Memory { .. }
                | ProveError::DeviceMemory { .. }
                | ProveError::Height { .. },
            )
            | Self::ReceiptSize { .. } => ErrorKind::Limit,
            Self::GuestExit(_) => ErrorKind::GuestExit,
            Self::Verify(_) => ErrorKind::Verify,
            Self::Journal(_) => ErrorKind::Journal,
            Self::Receipt { .. }
            | Self::OtherFile {
                expected: FileKind::Receipt,
                ..
            } => ErrorKind::Receipt,
            Self::OtherFile { .. } => ErrorKind::Elf,
            Self::File { .. } | Self::FileSize { .. } => ErrorKind::File,
            Self::WorkFolder { .. } | Self::WorkFile { .. } => ErrorKind::WorkFolder,
            Self::Encode(_) | Self::Threads { .. } | Self::Gpu(_) | Self::SegmentCells { .. } => {
                ErrorKind::Options
            }
            Self::Cancelled { .. } => ErrorKind::Cancelled,
            Self::Execute(_)
            | Self::Prove(_)
            | Self::SelfCheck(_)
            | Self::Diverged { .. }
            | Self::NoKey { .. } => ErrorKind::Internal,
        }
    }
}
