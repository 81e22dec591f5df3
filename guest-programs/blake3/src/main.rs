//! BLAKE3 of the input, by the accelerator, or with the feature `software` without it.
//!
//! Input: any bytes. Journal: their digest, 32 bytes.
#![no_std]
#![no_main]

#[cfg(feature = "software")]
use blake3::Hasher;
#[cfg(not(feature = "software"))]
use blake3_accelerated::Hasher;
use vouch_guest::io::{self, Chunk};

vouch_guest::entry!(main);

fn main() {
    let mut hasher = Hasher::new();
    let mut chunk = Chunk::<4096>::new();
    loop {
        let bytes = chunk.read();
        hasher.update(bytes);
        if bytes.len() < 4096 {
            break;
        }
    }
    io::commit_slice(hasher.finalize().as_bytes());
}
