//! Verification of Vouch receipts.
//!
//! [`Verifier::verify`] answers with the [`Claim`] that a [`Receipt`] proves, or with the
//! reason why it proves nothing. It does not panic, whatever the bytes.
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

mod bytes;
mod claim;
pub mod config;
mod error;
mod key;
mod layout;
pub mod packing;
mod profile;
mod proof_error;
mod receipt;
mod security;
mod segment;
#[cfg(feature = "testing")]
pub mod testing;
mod transcript;
mod verify;
mod wire;

pub use claim::Claim;
pub use error::{DecodeError, VerifyError};
pub use key::{FIXED_COMMITMENTS, Key, MACHINE_DIGEST};
pub use layout::{TableShape, layout};
pub use profile::{ExtensionDegree, Parameters, Profile};
pub use proof_error::ProofError;
pub use receipt::{HEADER_BYTES, MAX_RECEIPT_BYTES, RECEIPT_VERSION, Receipt};
pub use security::{Security, Term, security, security_of, tenths};
pub use segment::{
    MAX_PROOF_BYTES, SEGMENT_BYTES, SegmentClaim, SegmentReceipt, TableSet, max_log_height,
};
pub use transcript::{Grinder, Transcript};
pub use verify::{Executor, Verifier};
pub use vouch_air::ImageId;
pub use wire::{EncodeError, ProofBytes, WireError, decode_proof, encode_proof, proof_bytes};
