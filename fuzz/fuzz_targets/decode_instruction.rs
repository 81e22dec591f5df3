//! A word is no instruction, or the instruction encodes to the same word.
#![no_main]

use libfuzzer_sys::fuzz_target;
use vouch_isa::{decode, encode};

fuzz_target!(|word: u32| {
    if let Some(instruction) = decode(word) {
        assert_eq!(encode(&instruction), word, "{instruction:?}");
    }
});
