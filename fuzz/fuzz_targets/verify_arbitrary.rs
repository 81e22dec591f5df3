//! An honest claim with arbitrary bytes for a proof is refused. The first byte chooses the
//! profile, the second where in the honest proof the bytes go: at 0 they are all of it.
#![no_main]

use libfuzzer_sys::fuzz_target;
use vouch_fuzz::{honest, must_be_honest, prepare};

fuzz_target!(init: { prepare() }, |input: (u8, u8, &[u8])| {
    let (profile, place, bytes) = input;
    let honest = honest(profile);
    let mut receipt = honest.receipt.clone();
    let Some(segment) = receipt.segments.first_mut() else {
        return;
    };
    let keep = segment.proof.len() / 256 * usize::from(place);
    segment.proof.truncate(keep);
    segment.proof.extend_from_slice(bytes);
    must_be_honest(&receipt.to_bytes(), honest);
});
