use std::sync::Arc;

use p3_challenger::{CanObserve, CanSample, GrindingChallenger};
use p3_field::PrimeField32;
use vouch_air::F;
use vouch_gpu::Gpu;
use vouch_gpu::field::word;
use vouch_gpu::kernels::{GpuGrinder, grind};
use vouch_verifier::Transcript;
use vouch_verifier::config::Challenger;

use crate::common::{numbers, on_devices};
use crate::oracle::zero_bits;

fn state(seed: u64) -> [u8; 32] {
    let words: Vec<u8> = { numbers(14, seed).into_iter() }
        .flat_map(|number| word(number).to_le_bytes())
        .collect();
    core::array::from_fn(|i| words[i + 24])
}

#[test]
fn the_smallest_candidate_is_found() {
    let cases = [
        (0, 1, 0),
        (0, 1, 12),
        (0, 3000, 3),
        (7, 1000, 6),
        (0, 3000, 10),
        (123_456_789, 3000, 10),
        (F::ORDER_U32 - 3000, 3000, 9),
        (F::ORDER_U32, 0, 0),
        // More than there are threads.
        (5, 600_000, 19),
    ];
    on_devices(|gpu| {
        for (i, (first, count, bits)) in cases.into_iter().enumerate() {
            let state = state(i as u64);
            let expected = (first..first + count).find(|&c| zero_bits(&state, c) >= bits);
            let found = grind(gpu, &state, first, count, bits).expect("it runs");
            assert_eq!(found, expected, "{first} {count} {bits}");
        }
    });
}

/// Proofs of work of a transcript, and what it samples after them.
fn ground(transcript: Transcript) -> Vec<F> {
    let mut challenger = Challenger::new(transcript);
    let mut nonces = Vec::new();
    for bits in [1, 16, 10, 17, 0, 12] {
        challenger.observe(F::new(bits));
        nonces.push(challenger.grind(bits as usize));
        nonces.push(challenger.sample());
        nonces.push(challenger.grind(13));
    }
    nonces
}

#[test]
fn transcripts_grind_on_devices() {
    let transcript = Transcript::new(b"some machine".to_vec());
    let expected = ground(transcript.clone());
    on_devices(|gpu: &Gpu| {
        let grinder = Arc::new(GpuGrinder::new(gpu.clone()));
        let got = ground(transcript.clone().with_grinder(grinder));
        assert_eq!(got, expected);
    });
}
