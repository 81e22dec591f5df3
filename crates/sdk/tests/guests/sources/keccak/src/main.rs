//! Hashes its input by all crates that the accelerator is under, and by one in software.
//!
//! Input: any bytes, 4,096 at most. Journal: Keccak-256 by `tiny-keccak` and by the software, then SHA3-256 by these and
//! by `sha3` 0.11 and 0.10, 32 bytes each.
#![no_std]
#![no_main]

use sha3::Digest;
use vouch_guest::io::{Chunk, commit_slice};

vouch_guest::entry!(main);

/// By a type of either `tiny-keccak`, in two pieces.
macro_rules! hash {
    ($crate_name:ident::$type:ident, $bytes:expr) => {{
        use $crate_name::Hasher;
        let mut hasher = $crate_name::$type::v256();
        let (head, tail) = $bytes.split_at($bytes.len() / 3);
        hasher.update(head);
        hasher.update(tail);
        let mut digest = [0; 32];
        hasher.finalize(&mut digest);
        commit_slice(&digest);
    }};
}

fn main() {
    let mut chunk = Chunk::<4096>::new();
    let bytes = chunk.read();
    hash!(tiny_keccak::Keccak, bytes);
    hash!(original::Keccak, bytes);
    hash!(tiny_keccak::Sha3, bytes);
    hash!(original::Sha3, bytes);
    commit_slice(&sha3::Sha3_256::digest(bytes));
    commit_slice(&<sha3_010::Sha3_256 as sha3_010::Digest>::digest(bytes));
}
