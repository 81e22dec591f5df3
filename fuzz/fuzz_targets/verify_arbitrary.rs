//! An honest claim with arbitrary bytes in its proof is refused. The first number chooses the profile, the second where in the honest
//! proof the bytes go. What is behind them stays, so that the length is right.
#![no_main]

use libfuzzer_sys::fuzz_target;
use vouch_fuzz::{honest, must_be_honest, prepare};

fuzz_target!(init: { prepare() }, |input: (u8, u32, &[u8])| {
    let (profile, place, bytes) = input;
    let honest = honest(profile);
    let mut receipt = honest.receipt.clone();
    let Some(segment) = receipt.segments.first_mut() else {
        return;
    };
    let start = place as usize % segment.proof.len().max(1);
    let target = segment.proof.iter_mut().skip(start);
    target.zip(bytes).for_each(|(to, from)| *to = *from);
    must_be_honest(&receipt.to_bytes(), honest);
});
