//! The Fiat-Shamir transcript: Blake3 over bytes.

use alloc::vec::Vec;

use p3_blake3::Blake3;
use p3_challenger::{ByteGrindingChallenger, CanObserve, CanSample, HashChallenger};
use p3_maybe_rayon::prelude::*;

/// p3's hash challenger, but for proofs of work: it finds the *smallest* nonce, so that a
/// proof's bytes do not depend on how many threads search.
#[derive(Clone, Debug)]
pub struct Transcript {
    inner: HashChallenger<u8, Blake3, 32>,
}

/// Candidates that Blake3 hashes together.
const LANES: u64 = p3_blake3::LANES as u64;
/// Candidates searched before the smallest hit is taken: at first, so that easy work is little
/// work, and at most.
const WINDOWS: (u64, u64) = (1 << 9, 1 << 14);

impl Transcript {
    /// A transcript that has absorbed `seed`.
    pub fn new(seed: Vec<u8>) -> Self {
        Self {
            inner: HashChallenger::new(seed, Blake3),
        }
    }
}

impl CanObserve<u8> for Transcript {
    fn observe(&mut self, value: u8) {
        self.inner.observe(value);
    }
}

impl CanSample<u8> for Transcript {
    fn sample(&mut self) -> u8 {
        self.inner.sample()
    }
}

impl ByteGrindingChallenger for Transcript {
    fn find_witness<const W: usize, const S: usize>(
        &self,
        candidates: u64,
        encode: impl Fn(u64) -> [u8; W] + Sync,
        accepts: impl Fn([u8; S]) -> bool + Sync,
    ) -> Option<u64> {
        // One vector of candidates: p3 takes the first hit of it.
        let search = |first: u64| {
            let count = LANES.min(candidates - first);
            let found = self
                .inner
                .find_witness(count, |i| encode(first + i), &accepts)?;
            Some(first + found)
        };
        let (mut window, largest) = WINDOWS;
        let mut first = 0;
        while first < candidates {
            let end = candidates.min(first.saturating_add(window));
            let vectors = 0..(end - first).div_ceil(LANES);
            let hits = vectors
                .into_par_iter()
                .filter_map(|i| search(first + i * LANES));
            let hit = hits.min();
            if hit.is_some() {
                return hit;
            }
            first = end;
            window = largest.min(2 * window);
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One candidate after the other, each on a copy.
    fn smallest(transcript: &Transcript, candidates: u64, bits: u32) -> Option<u64> {
        (0..candidates).find(|candidate| {
            let mut attempt = transcript.clone();
            attempt.observe_slice(&candidate.to_le_bytes());
            u32::from_le_bytes(attempt.sample_array()).trailing_zeros() >= bits
        })
    }

    #[test]
    fn the_smallest_nonce_is_found() {
        for (i, length) in [0usize, 1, 31, 64, 200, 1024, 3000].into_iter().enumerate() {
            let transcript = Transcript::new(alloc::vec![i as u8; length]);
            for (candidates, bits) in [(1 << 20, 0), (1 << 20, 3), (1 << 20, 11), (700, 11), (5, 3)]
            {
                let accepts = |sampled| u32::from_le_bytes(sampled).trailing_zeros() >= bits;
                let found = transcript.find_witness(candidates, u64::to_le_bytes, accepts);
                let expected = smallest(&transcript, candidates, bits);
                assert_eq!(
                    found, expected,
                    "{length} bytes, {bits} bits of {candidates}"
                );
            }
        }
    }
}
