//! The Fiat-Shamir transcript: Blake3 over bytes.

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;

use p3_blake3::Blake3;
use p3_challenger::{ByteGrindingChallenger, CanObserve, CanSample, HashChallenger};
use p3_field::{PrimeCharacteristicRing, PrimeField32};
use p3_maybe_rayon::prelude::*;
use vouch_air::F;

/// p3's hash challenger, but for proofs of work: it finds the *smallest* nonce, so that a
/// proof's bytes do not depend on how many threads search, nor on what does.
#[derive(Clone, Debug)]
pub struct Transcript {
    inner: HashChallenger<u8, Blake3, 32>,
    sampled: Sampled,
    grinder: Option<Arc<dyn Grinder>>,
}

/// Searches for proofs of work in the place of this processor.
pub trait Grinder: fmt::Debug + Send + Sync {
    /// The smallest field element such that in the Blake3 hash of `state` and the element (its
    /// Montgomery form, little-endian) the last four bytes, the last byte first, are a
    /// little-endian number that ends in `bits` zero bits. `None` if it has no answer: then it is
    /// searched for here.
    fn search(&self, state: &[u8; 32], bits: u32) -> Option<u32>;
}

/// What p3's challenger does not show: the digest that it is at.
#[derive(Clone, Debug, Default)]
struct Sampled {
    /// The digest's bytes, from `left` on.
    digest: [u8; 32],
    /// Bytes that are still to be sampled, the last one first; none of a digest that was
    /// observed after.
    left: Option<usize>,
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
            sampled: Sampled::default(),
            grinder: None,
        }
    }

    /// The same, its proofs of work found by `grinder`: what they are does not change.
    #[must_use]
    pub fn with_grinder(mut self, grinder: Arc<dyn Grinder>) -> Self {
        self.grinder = Some(grinder);
        self
    }

    /// The digest that was sampled from last and is all that the next hash begins with, unless
    /// something was observed since.
    fn digest(&self) -> Option<[u8; 32]> {
        let Sampled { mut digest, left } = self.sampled;
        let mut rest = self.inner.clone();
        for byte in digest[..left?].iter_mut().rev() {
            *byte = rest.sample();
        }
        Some(digest)
    }

    /// What the grinder finds, if there is one and it is asked what it can answer.
    fn ask_grinder<const W: usize, const S: usize>(
        &self,
        candidates: u64,
        encode: &(impl Fn(u64) -> [u8; W] + Sync),
        accepts: &(impl Fn([u8; S]) -> bool + Sync),
    ) -> Option<u64> {
        let grinder = self.grinder.as_ref()?;
        let state = self.digest()?;
        let one = F::ONE.to_unique_u32().to_le_bytes();
        if encode(1).as_slice() != one || S != one.len() {
            return None;
        }
        let accepts_word = |word: u32| {
            let bytes = word.to_le_bytes();
            accepts(core::array::from_fn(|i| bytes[i]))
        };
        let bits = (0..u32::BITS).find(|&bit| accepts_word(1 << bit))?;
        let found = u64::from(grinder.search(&state, bits)?);
        // Whatever the grinder did, a proof of work that is none would not do.
        let check = || self.inner.find_witness(1, |_| encode(found), accepts);
        (found < candidates && check().is_some()).then_some(found)
    }
}

impl CanObserve<u8> for Transcript {
    fn observe(&mut self, value: u8) {
        self.sampled.left = None;
        self.inner.observe(value);
    }
}

impl CanSample<u8> for Transcript {
    fn sample(&mut self) -> u8 {
        let byte = self.inner.sample();
        let Sampled { digest, left } = &mut self.sampled;
        // All of a digest, once there is nothing left of the last.
        let place = left.filter(|&left| left > 0).unwrap_or(digest.len()) - 1;
        digest[place] = byte;
        *left = Some(place);
        byte
    }
}

impl ByteGrindingChallenger for Transcript {
    fn find_witness<const W: usize, const S: usize>(
        &self,
        candidates: u64,
        encode: impl Fn(u64) -> [u8; W] + Sync,
        accepts: impl Fn([u8; S]) -> bool + Sync,
    ) -> Option<u64> {
        let found = self.ask_grinder(candidates, &encode, &accepts);
        if found.is_some() {
            return found;
        }
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
    use core::sync::atomic::{AtomicUsize, Ordering};

    use p3_challenger::{CanSampleBits, FieldChallenger, GrindingChallenger};
    use p3_symmetric::CryptographicHasher;

    use super::*;
    use crate::config::Challenger;

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
    /// Finds what it is asked for, or says what it was told to.
    #[derive(Debug, Default)]
    struct Other {
        answer: Option<Option<u32>>,
        asked: AtomicUsize,
    }

    impl Grinder for Other {
        fn search(&self, state: &[u8; 32], bits: u32) -> Option<u32> {
            self.asked.fetch_add(1, Ordering::Relaxed);
            let passes = |i: &u32| {
                let word = F::from_u32(*i).to_unique_u32().to_le_bytes();
                let digest: [u8; 32] = Blake3.hash_iter(state.iter().copied().chain(word));
                let sampled = [digest[31], digest[30], digest[29], digest[28]];
                u32::from_le_bytes(sampled).trailing_zeros() >= bits
            };
            self.answer
                .unwrap_or_else(|| (0..F::ORDER_U32).find(passes))
        }
    }

    /// Grinds in many states: after observations, and after samples that leave each number of
    /// bytes of a digest. Everything that was sampled, too.
    fn ground(mut transcript: Transcript) -> Vec<F> {
        let mut nonces = Vec::new();
        for round in 0..40u32 {
            let mut challenger = Challenger::new(transcript.clone());
            for i in 0..round % 5 {
                challenger.observe(F::from_u32(round + i));
            }
            nonces.push(challenger.grind(round as usize % 9));
            nonces.push(challenger.sample_algebra_element());
            nonces.push(F::from_usize(challenger.sample_bits(20)));
            nonces.push(challenger.grind(5));
            let byte = transcript.sample();
            nonces.push(F::from_u8(byte));
            if byte.is_multiple_of(8) {
                transcript.observe(byte);
            }
        }
        nonces
    }

    #[test]
    fn who_searches_does_not_matter() {
        let transcript = Transcript::new(b"seed".to_vec());
        let expected = ground(transcript.clone());
        // 0 is hardly ever what is searched for, and 2^31 - 1 is no field element.
        let answers = [None, Some(None), Some(Some(0)), Some(Some((1 << 31) - 1))];
        for answer in answers {
            let asked = AtomicUsize::new(0);
            let other = Arc::new(Other { answer, asked });
            let got = ground(transcript.clone().with_grinder(other.clone()));
            assert_eq!(got, expected, "{answer:?}");
            // Of 80 proofs of work, five are of no bits.
            assert_eq!(other.asked.load(Ordering::Relaxed), 75, "{answer:?}");
        }
    }
}
