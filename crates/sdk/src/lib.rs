//! Runs guests, proves what they did, and verifies it.
//!
//! ```
//! use vouch_sdk::{Error, Input, Program, ProveOptions, guests, image_id, prove, verify};
//!
//! // The prover: a program, its private input, a receipt.
//! let program = Program::from_elf(guests::COMMITMENT)?;
//! let input = Input::new()
//!     .bytes(&[1; 32]) // job
//!     .bytes(&[2; 32]) // model
//!     .bytes(&[3; 32]) // input
//!     .bytes(&[4; 32]); // output
//! let proven = prove(&program, &input, &ProveOptions::default())?;
//!
//! // The verifier: a receipt, and the image ID of the program that it trusts.
//! let claim = verify(&proven.receipt, &image_id(&program))?;
//! assert_eq!(claim.journal, &*input);
//! assert_eq!(claim.exit_code, 0);
//! # Ok::<(), Error>(())
//! ```
//!
//! A run that faults, reaches a limit or exits with another code than 0 is an [`Error`]; it
//! never looks like a success. (A verifier that sees a receipt still has to look at
//! [`Claim::exit_code`]: other codes can be proven, see [`ProveOptions::allow_nonzero_exit`] and
//! [`ProveOptions::allowed_exits`].)
//!
//! # Speed
//!
//! Proofs take several times as long where the compiler may not use the processor's vector
//! instructions, and it uses only those of the oldest processors unless it is told to. So put this into
//! `.cargo/config.toml` beside the `Cargo.toml` of your own workspace:
//!
//! ```toml
//! [build]
//! rustflags = ["-Ctarget-cpu=native"]
//! ```
//!
//! (The variable `RUSTFLAGS`, if it is set, takes the place of these flags.) The program then runs on
//! processors like the one that it was built on. A build that leaves instructions unused says so when it first
//! proves something, as a warning of [`tracing`] with the target `vouch::build`; so do [`Proven::slow_build`]
//! and [`Vectors::of_this_build`].
#![forbid(unsafe_code)]

mod console;
mod error;
pub mod files;
pub mod guests;
mod image;
mod input;
pub mod private;
pub mod profile;
mod prove;
mod stats;
pub mod units;
mod vectors;
mod verify;

use std::ops::ControlFlow;

pub use console::print_console;
pub use error::{Error, ErrorKind};
pub use image::{ImageIdError, image_id, parse_image_id};
pub use input::Input;
pub use prove::{
    Backend, DEFAULT_SEGMENT_CELLS, Device, Estimate, Progress, ProveOptions, Proven,
    default_max_memory, estimate, prove, prove_with,
};
pub use stats::{Stats, peak_rss_bytes, rss_bytes};
pub use vectors::{SlowBuild, VectorSet, Vectors};
pub use verify::{verifier, verify, verify_until};

pub use vouch_build as build;
pub use vouch_codec::{self as codec, JournalError, Values};
pub use vouch_emulator::{
    DebugRun, ElfError, ExecuteError, Execution, FaultKind, GuestFault, LimitKind, LimitReached,
    Limits, Program, ScopeCost, Stream, readable,
};
pub use vouch_gpu::GpuError;
pub use vouch_prover::{Cancel, ProveError};
pub use vouch_verifier::{
    Claim, DecodeError, ImageId, MAX_RECEIPT_BYTES, Profile, RECEIPT_VERSION, Receipt, Security,
    SegmentReceipt, Term, Verifier, VerifyError, security, tenths,
};

/// Runs `program` on `input` without proving anything. `console` gets what the guest
/// prints; [`print_console`] prints it.
///
/// An exit code other than 0 is a result like another here: see [`Execution::exit_code`].
///
/// # Errors
/// [`Error::Execute`] if the guest faults or reaches a limit.
pub fn execute(
    program: &Program,
    input: &[u8],
    limits: &Limits,
    console: &mut dyn FnMut(Stream, &[u8]),
) -> Result<Execution, Error> {
    let mut watch = |_| ControlFlow::Continue(());
    execute_watched(program, input, limits, console, &mut watch)
}

/// As [`execute`]. `watch` is told every few hundredths of a second, and at the end, how many
/// instructions have been executed; it returns `Break` to end the run.
///
/// # Errors
/// As [`execute`], and [`ExecuteError::Cancelled`] if `watch` ended it.
pub fn execute_watched(
    program: &Program,
    input: &[u8],
    limits: &Limits,
    console: &mut dyn FnMut(Stream, &[u8]),
    watch: &mut dyn FnMut(u64) -> ControlFlow<()>,
) -> Result<Execution, Error> {
    let run = || vouch_emulator::execute_watched(program, input, limits, console, watch);
    Ok(tracing::info_span!(target: "vouch::phase", "execute").in_scope(run)?)
}

/// As [`execute_watched`], and says what the scopes have cost that the guest names with
/// `vouch_guest::cycle_scope!`, if it was built with them. Those of a run that fails tell what ran until then.
pub fn execute_scoped(
    program: &Program,
    input: &[u8],
    limits: &Limits,
    console: &mut dyn FnMut(Stream, &[u8]),
    watch: &mut dyn FnMut(u64) -> ControlFlow<()>,
) -> (Result<Execution, Error>, Vec<ScopeCost>) {
    let run = || vouch_emulator::execute_scoped(program, input, limits, console, watch);
    let (run, scopes) = tracing::info_span!(target: "vouch::phase", "execute").in_scope(run);
    (run.map_err(Error::from), scopes)
}
