//! Hashes of every kind, by the crate over the accelerator and by the one that it replaces.
//!
//! Input: any bytes. Journal: for each of some lengths up to theirs, and each of two alignments, a hash, one with
//! a key, a derived key, and 100 bytes of output from the 20th on. Both crates must agree.
#![no_std]
#![no_main]

use vouch_guest::io::{commit_slice, read_to_end};

vouch_guest::entry!(main);

/// Lengths at the edges of blocks, chunks and subtrees.
const LENGTHS: [usize; 12] = [0, 1, 63, 64, 65, 1023, 1024, 1025, 2048, 2049, 3073, 5120];
const KEY: &[u8; 32] = b"a key of just as many as 32 byte";
const CONTEXT: &str = "vouch 2026 a context";

fn main() {
    let bytes = read_to_end();
    for length in LENGTHS {
        for shift in [0, 1] {
            if let Some(input) = bytes.get(shift..shift + length) {
                commit_answers(input);
            }
        }
    }
}

fn commit_answers(input: &[u8]) {
    let hash = blake3::hash(input);
    assert_eq!(hash.as_bytes(), original::hash(input).as_bytes());
    commit_slice(hash.as_bytes());
    let keyed = blake3::keyed_hash(KEY, input);
    assert_eq!(
        keyed.as_bytes(),
        original::keyed_hash(KEY, input).as_bytes()
    );
    commit_slice(keyed.as_bytes());
    let derived = blake3::derive_key(CONTEXT, input);
    assert_eq!(derived, original::derive_key(CONTEXT, input));
    commit_slice(&derived);
    let (mut output, mut expected) = ([0; 100], [0; 100]);
    let mut reader = blake3::Hasher::new().update(input).finalize_xof();
    reader.set_position(20);
    reader.fill(&mut output);
    let mut reader = original::Hasher::new().update(input).finalize_xof();
    reader.set_position(20);
    reader.fill(&mut expected);
    assert_eq!(output, expected);
    commit_slice(&output);
}
