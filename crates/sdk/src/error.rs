//! What can go wrong.

use std::io;
use std::path::PathBuf;

use thiserror::Error;
use vouch_emulator::{ElfError, ExecuteError, Execution};
use vouch_prover::ProveError;
use vouch_verifier::{DecodeError, Profile, VerifyError};

use crate::build::BuildError;

/// Why there is no result.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Error {
    /// A guest could not be built.
    #[error(transparent)]
    Build(#[from] BuildError),
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
        /// `read`, `write`, `make` or `lock`.
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
    #[error("{}: {reason}; without this file its segment is proven again", path.display())]
    WorkFile {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// Somebody asked to stop.
    #[error("cancelled when {segments} segments were proven")]
    Cancelled {
        /// Segments proven until then.
        segments: usize,
    },
    /// The threads could not be started.
    #[error("cannot start {threads} threads (0: one a core): {reason}")]
    Threads {
        /// How many; 0 for one a core.
        threads: usize,
        /// What the system says.
        reason: String,
    },
}
