//! SHA-256 of the input, by the accelerator, or with the feature `software` without it.
//!
//! Input: any bytes. Journal: their digest, 32 bytes.
#![no_std]
#![no_main]

#[cfg(feature = "software")]
use sha2::{Digest, Sha256};
#[cfg(not(feature = "software"))]
use sha2_accelerated::{Digest, Sha256};
use vouch_guest::io::{self, Chunk};

vouch_guest::entry!(main);

fn main() {
    let mut hasher = Sha256::new();
    let mut chunk = Chunk::<4096>::new();
    loop {
        let bytes = chunk.read();
        hasher.update(bytes);
        if bytes.len() < 4096 {
            break;
        }
    }
    io::commit_slice(&hasher.finalize());
}
