//! Keccak-256 (Ethereum's) of the input, by the accelerator; in software with the feature `software`.
//!
//! Input: any bytes. Journal: their digest, 32 bytes.
#![no_std]
#![no_main]

#[cfg(feature = "software")]
use tiny_keccak::{Hasher, Keccak};
#[cfg(not(feature = "software"))]
use tiny_keccak_accelerated::{Hasher, Keccak};
use vouch_guest::io::{self, Chunk};

vouch_guest::entry!(main);

fn main() {
    let mut hasher = Keccak::v256();
    let mut chunk = Chunk::<4096>::new();
    loop {
        let bytes = chunk.read();
        hasher.update(bytes);
        if bytes.len() < 4096 {
            break;
        }
    }
    let mut digest = [0; 32];
    hasher.finalize(&mut digest);
    io::commit_slice(&digest);
}
