//! Calls accelerators on its input, and again and again the software that computes the same.
//!
//! Input: any number of states, 64 bytes each. Journal: of each of them what the accelerators make of it, and
//! what the software does. That is its permutation; and, of numbers `a` and `b` that are its first 8 and
//! its last 8 words, and likewise 12 words, `(a * b + b) mod a`.
#![no_std]
#![no_main]

use vouch_guest::accelerators::{mul_add_mod_256, mul_add_mod_384, poseidon2_permute};
use vouch_guest::io::{Chunk, commit_word};
use vouch_isa::accelerators::mul_add_mod::Division;
use vouch_isa::accelerators::poseidon2_permute::permute;

vouch_guest::entry!(main);

fn main() {
    loop {
        let mut chunk = Chunk::<64>::new();
        let bytes = chunk.read();
        let (words, _) = bytes.as_chunks();
        let Ok(state) = <&[[u8; 4]; 16]>::try_from(words) else {
            return;
        };
        let state = state.map(u32::from_le_bytes);
        let (mut accelerated, mut software) = (state, state);
        poseidon2_permute(&mut accelerated);
        permute(&mut software);
        commit(&[accelerated, software]);
        if let (Some(a), Some(b)) = (state.first_chunk::<8>(), state.last_chunk::<8>()) {
            let mut accelerated = [0; 8];
            mul_add_mod_256((a, b, b, a, &mut accelerated));
            commit(&[accelerated, Division::new(a, b, b, a).remainder]);
        }
        if let (Some(a), Some(b)) = (state.first_chunk::<12>(), state.last_chunk::<12>()) {
            let mut accelerated = [0; 12];
            mul_add_mod_384((a, b, b, a, &mut accelerated));
            commit(&[accelerated, Division::new(a, b, b, a).remainder]);
        }
    }
}

fn commit<const N: usize>(both: &[[u32; N]; 2]) {
    for word in both.as_flattened() {
        commit_word(*word);
    }
}
