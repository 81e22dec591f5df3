//! Permutes its input by the accelerator, and again and again in software.
//!
//! Input: any number of states, 64 bytes each. Journal: each of them after the accelerator, and after the
//! software.
#![no_std]
#![no_main]

use vouch_guest::accelerators::{extension4_mul_add, extension5_mul_add, poseidon2_permute};
use vouch_guest::io::{Chunk, commit_word};
use vouch_isa::accelerators::poseidon2_permute::permute;
use vouch_isa::accelerators::{extension4_mul_add as extension4, extension5_mul_add as extension5};

vouch_guest::entry!(main);

fn main() {
    loop {
        let mut chunk = Chunk::<64>::new();
        let bytes = chunk.read();
        let (words, _) = bytes.as_chunks();
        let Ok(state) = <&[[u8; 4]; 16]>::try_from(words) else {
            return;
        };
        let mut accelerated = state.map(u32::from_le_bytes);
        let mut software = accelerated;
        poseidon2_permute(&mut accelerated);
        permute(&mut software);
        for word in accelerated.into_iter().chain(software) {
            commit_word(word);
        }
        extensions(&state.map(u32::from_le_bytes));
    }
}

/// Products in both extensions, of the first words; likewise.
fn extensions(words: &[u32; 16]) {
    let (fours, _) = words.as_chunks();
    if let [a, b, c, out] = fours {
        let mut out = *out;
        extension4_mul_add((a, b, c, &mut out));
        for word in out.into_iter().chain(extension4::mul_add(a, b, c)) {
            commit_word(word);
        }
    }
    let (fives, _) = words.as_chunks();
    if let [a, b, c] = fives {
        let mut out = *a;
        extension5_mul_add((a, b, c, &mut out));
        for word in out.into_iter().chain(extension5::mul_add(a, b, c)) {
            commit_word(word);
        }
    }
}
