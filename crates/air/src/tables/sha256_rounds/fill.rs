//! Filling the rows of a call.

use alloc::vec::Vec;

use p3_field::{PrimeCharacteristicRing, integers::QuotientMap};
use vouch_isa::accelerators::sha256_compress::{
    BLOCK, ROUND_CONSTANTS, STATE, big_sigma0, big_sigma1, choose, majority, sigma0, sigma1,
};
use vouch_isa::event::Access;

use super::columns::{Bits, Carry, GIVEN, ROW_ROUNDS, Round, Sha256Rounds};
use crate::gadget;
use crate::{F, Word};

/// The words of a call's operands before it.
pub(crate) fn before(accesses: &[Access]) -> ([u32; BLOCK], [u32; STATE]) {
    let word = |i: usize| accesses.get(i).map_or(0, |access| access.prev);
    (
        core::array::from_fn(word),
        core::array::from_fn(|i| word(BLOCK + i)),
    )
}

/// What a row is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// Timestamp of the call.
    pub ts: u32,
    /// Rows of the call before it.
    pub step: usize,
    /// `a` to `h`.
    pub state: [u32; STATE],
    /// Sums of the next 16 words of the message, limb by limb, as far as they are known.
    pub sums: [Word<u32>; BLOCK],
}

impl Step {
    /// The first of a call with this block, as it lies in memory, and this state.
    pub(crate) fn first(ts: u32, block: &[u32; BLOCK], state: &[u32; STATE]) -> Self {
        Self {
            ts,
            step: 0,
            state: *state,
            sums: block.map(limbs),
        }
    }

    /// Its row, and what the next one is given.
    pub(crate) fn row(&self) -> (Sha256Rounds<F>, Self) {
        let [a, b, c, d, e, f, g, h] = self.state;
        // `a` and `e` after a round, and of the three rounds before it.
        let (mut of_a, mut of_e) = ([a, b, c, d], [e, f, g, h]);
        let mut words = Vec::with_capacity(ROW_ROUNDS);
        let rounds = core::array::from_fn(|j| {
            let [a, b, c, d] = of_a;
            let [e, f, g, h] = of_e;
            let sum = self.sum(j, &words);
            let (word, word_carry) = match self.step < GIVEN {
                true => ((sum[0] | sum[1] << 16).swap_bytes(), [0; 2]),
                false => carried([sum[0].into(), sum[1].into()]),
            };
            words.push(word);
            let constant = ROUND_CONSTANTS[ROW_ROUNDS * self.step + j];
            let terms = [h, big_sigma1(e), choose(e, f, g), constant, word, d];
            let (new_e, e_carry) = carried(added(&terms));
            let [lo, hi] = added(&[new_e, big_sigma0(a), majority(a, b, c)]);
            let [d_lo, d_hi] = added(&[d]);
            let (new_a, a_carry) = carried([lo - d_lo, hi - d_hi]);
            (of_a, of_e) = ([new_a, a, b, c], [new_e, e, f, g]);
            Round {
                word: bits(word),
                word_carry: word_carry.map(Carry::new).into(),
                sigma0: gadget::word(sigma0(word)),
                sigma1: gadget::word(sigma1(word)),
                e: bits(new_e),
                e_carry: e_carry.map(Carry::new).into(),
                a: bits(new_a),
                a_carry: a_carry.map(|carry| Carry::new(carry + 1)).into(),
            }
        });
        let ([a, b, c, d], [e, f, g, h]) = (of_a, of_e);
        let next = Self {
            ts: self.ts,
            step: self.step + 1,
            state: [a, b, c, d, e, f, g, h],
            sums: core::array::from_fn(|i| self.sum(ROW_ROUNDS + i, &words)),
        };
        (self.row_of(rounds), next)
    }

    /// The row with these rounds.
    fn row_of(&self, rounds: [Round<F>; ROW_ROUNDS]) -> Sha256Rounds<F> {
        let [a, b, c, d, e, f, g, h] = self.state;
        Sha256Rounds {
            steps: core::array::from_fn(|i| F::from_bool(i == self.step)),
            ts: F::from_int(self.ts),
            a: [c, b, a].map(bits).into(),
            d: gadget::word(d),
            e: [g, f, e].map(bits).into(),
            h: gadget::word(h),
            sums: self.sums.map(|sum| sum.map(F::from_int)).into(),
            rounds: rounds.into(),
        }
    }

    /// The sum of the word at a position behind the first of this row, with what the first `words` of
    /// this row add to it.
    fn sum(&self, position: usize, words: &[u32]) -> Word<u32> {
        let mut sum = self.sums.get(position).copied().unwrap_or_default();
        if ROW_ROUNDS * self.step + position >= BLOCK {
            let word = |distance| {
                let behind = position.checked_sub(distance);
                behind.and_then(|k| words.get(k)).copied().unwrap_or(0)
            };
            for term in [sigma1(word(2)), word(7), sigma0(word(15)), word(16)] {
                let [lo, hi] = limbs(term);
                sum = [sum[0] + lo, sum[1] + hi];
            }
        }
        sum
    }
}

/// Both limbs of a word.
pub(crate) const fn limbs(word: u32) -> Word<u32> {
    [word & 0xffff, word >> 16]
}

fn bits(word: u32) -> Bits<F> {
    core::array::from_fn(|i| F::from_bool(word >> i & 1 == 1))
}

/// The sum of words, limb by limb.
fn added(words: &[u32]) -> Word<i64> {
    [0, 1].map(|i| words.iter().map(|&word| i64::from(limbs(word)[i])).sum())
}

/// The word that a sum of limbs is modulo `2^32`, and what each limb has beyond 16 bits.
fn carried([lo, hi]: Word<i64>) -> (u32, [i64; 2]) {
    let carry = lo.div_euclid(1 << 16);
    let hi = hi + carry;
    let word = lo.rem_euclid(1 << 16) | hi.rem_euclid(1 << 16) << 16;
    (word as u32, [carry, hi.div_euclid(1 << 16)])
}

impl Carry<F> {
    fn new(carry: i64) -> Self {
        Self {
            rest: F::from_int(carry % 3),
            threes: F::from_int(carry / 3),
        }
    }
}
