//! Private input and the public journal.
//!
//! *Typed*: [`read`] takes a value of any type of serde from the input, and [`commit`] appends one
//! to the journal. The host writes and reads them with `vouch_sdk::Input::write` and
//! `vouch_sdk::Claim::decode`; docs/encoding.md has the bytes.
//!
//! *Raw*: slices of bytes, which cost neither a copy nor an instruction a byte. Both calls of the
//! machine move whole words, so they want word-aligned memory. Everything here takes any
//! slice: one that is not aligned goes through a small aligned buffer, and one that is large
//! is moved by several calls. [`Chunk`] and [`Exact`] are aligned and cost nothing to create.

mod raw;
#[cfg(feature = "serde")]
mod typed;

#[cfg(feature = "std")]
pub(crate) use raw::fill;
pub use raw::*;
#[cfg(feature = "serde")]
pub use typed::{InputError, commit, end, read, read_frame, try_end, try_read, try_read_frame};
