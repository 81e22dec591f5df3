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

/// Candidates searched before the smallest hit is taken.
const WINDOW: u64 = 1 << 14;

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
        let passes = |&candidate: &u64| {
            let mut attempt = self.inner.clone();
            attempt.observe_slice(&encode(candidate));
            accepts(attempt.sample_array())
        };
        let mut first = 0;
        while first < candidates {
            let end = candidates.min(first.saturating_add(WINDOW));
            let hit = (first..end).into_par_iter().filter(passes).min();
            if hit.is_some() {
                return hit;
            }
            first = end;
        }
        None
    }
}
