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
//! [`Claim::exit_code`]: other codes can be proven, see [`ProveOptions::allow_nonzero_exit`].)
#![forbid(unsafe_code)]

pub mod build;
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
mod verify;

pub use error::{Error, ErrorKind};
pub use image::{ImageIdError, image_id, parse_image_id};
pub use input::Input;
pub use prove::{
    Backend, DEFAULT_SEGMENT_CELLS, Device, Progress, ProveOptions, Proven, default_max_memory,
    prove, prove_with,
};
pub use stats::{Stats, peak_rss_bytes, rss_bytes};
pub use verify::{verifier, verify, verify_until};

pub use vouch_emulator::{
    ElfError, ExecuteError, Execution, GuestFault, LimitKind, LimitReached, Limits, Program, Stream,
};
pub use vouch_gpu::GpuError;
pub use vouch_prover::{Cancel, ProveError};
pub use vouch_verifier::{
    Claim, DecodeError, ImageId, MAX_RECEIPT_BYTES, Profile, RECEIPT_VERSION, Receipt, Security,
    SegmentReceipt, Term, Verifier, VerifyError, security,
};

/// Runs `program` on `input` without proving anything. `console` gets what the guest prints.
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
    let run = || vouch_emulator::execute(program, input, limits, console);
    Ok(tracing::info_span!(target: "vouch::phase", "execute").in_scope(run)?)
}
