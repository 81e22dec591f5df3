//! The crate `blake3`, for guests of Vouch: the same types, functions and features. Each block of 64 bytes takes a
//! call of the accelerator `blake3_compress`. Elsewhere all is software.
//!
//! ```
//! let hash = blake3::hash(b"abc");
//! assert_eq!(hash.to_hex()[..8], *"6437b3ac");
//! ```
#![no_std]

#[cfg(feature = "std")]
extern crate std;

mod hash;
mod hasher;
mod node;
mod output;
#[cfg(feature = "digest")]
mod traits;

pub use hash::{Hash, HexError};
pub use hasher::Hasher;
pub use output::OutputReader;

/// Bytes of a [`struct@Hash`].
pub const OUT_LEN: usize = 32;
/// Bytes of a key.
pub const KEY_LEN: usize = 32;
/// Bytes of a block.
pub const BLOCK_LEN: usize = 64;
/// Bytes of a chunk, which is a leaf of the tree of chaining values.
pub const CHUNK_LEN: usize = 1024;

/// The hash of `input`.
pub fn hash(input: &[u8]) -> Hash {
    Hasher::new().update(input).finalize()
}

/// The hash of `input` with a key: a message authentication code.
pub fn keyed_hash(key: &[u8; KEY_LEN], input: &[u8]) -> Hash {
    Hasher::new_keyed(key).update(input).finalize()
}

/// A key made of `key_material` for one purpose, which `context` names: a constant of the program, and no
/// other's.
pub fn derive_key(context: &str, key_material: &[u8]) -> [u8; OUT_LEN] {
    let hash = Hasher::new_derive_key(context)
        .update(key_material)
        .finalize();
    hash.into()
}
