//! Columns of a row, and what holds of their sizes.

use p3_field::{PrimeCharacteristicRing, PrimeField32};
use vouch_isa::accelerators::Accelerator;

use crate::F;
use crate::accelerator::{Accesses, Called, Written};

crate::columns! {
    /// A row: `LIMBS` is 2 and `BYTES` 4 times `WORDS`, and `CARRIES` one less than `BYTES`. `WIDE` is `CARRIES`
    /// if they need more than 14 bits, else 0.
    pub struct MulAddMod [WORDS, LIMBS, BYTES, CARRIES, WIDE] {
        /// The call.
        call: Called<T>,
        /// The row is a call; boolean.
        is_real: T,
        /// Where the result goes.
        to: Written<T>,
        /// Bytes of `a`; bytes by lookup, pinned as limbs by the memory bus.
        a: [T; BYTES],
        /// Bytes of `b`, likewise.
        b: [T; BYTES],
        /// Limbs of `c`; pinned by the memory bus.
        c: [T; LIMBS],
        /// Bytes of `m`, as of `a`.
        m: [T; BYTES],
        /// Limbs of what the result replaces; pinned by the memory bus.
        old: [T; LIMBS],
        /// Limbs of the result; range16.
        r: [T; LIMBS],
        /// Bytes of the quotient, the low half of them; bytes by lookup.
        q_low: [T; BYTES],
        /// The high half, which is not 0 if the modulus is small; likewise.
        q_high: [T; BYTES],
        /// Carries out of the places of 16 bits, but for the last; range14 less an offset.
        carry: [T; CARRIES],
        /// The carry and its offset are `2^14` or more; boolean.
        carry_high: [T; WIDE],
        /// The modulus is 0; determined.
        is_zero: T,
        /// This limb is the highest in which result and modulus differ; boolean, one unless the modulus is 0.
        differs: [T; LIMBS],
        /// The modulus's limb less the result's there, less 1; range16.
        difference: T,
        /// Accesses to the words of `a`.
        a_at: Accesses<T, WORDS>,
        /// To those of `b`.
        b_at: Accesses<T, WORDS>,
        /// To those of `c`.
        c_at: Accesses<T, WORDS>,
        /// To those of `m`.
        m_at: Accesses<T, WORDS>,
        /// To those of the result.
        r_at: Accesses<T, WORDS>,
    }
}

impl<
    const WORDS: usize,
    const LIMBS: usize,
    const BYTES: usize,
    const CARRIES: usize,
    const WIDE: usize,
> MulAddMod<F, WORDS, LIMBS, BYTES, CARRIES, WIDE>
{
    pub(crate) const ACCELERATOR: Accelerator = match WORDS {
        8 => Accelerator::MulAddMod256,
        _ => Accelerator::MulAddMod384,
    };
    /// What makes a carry a number from 0 on.
    pub(crate) const OFFSET: u32 = if WIDE == 0 { 1 << 13 } else { 1 << 14 };
    /// The equation of a place holds as one of numbers if its sides, all of them together, are below `p`; and
    /// every carry that there can be has its range.
    pub(super) const IS_SOUND: () = {
        let bytes = BYTES as u64 * 255 * 255 + 255;
        let sums = 257 * bytes + 0xffff + Self::OFFSET as u64;
        assert!(WIDE == 0 || WIDE == CARRIES);
        assert!(LIMBS == 2 * WORDS && BYTES == 4 * WORDS && CARRIES == BYTES - 1);
        assert!(sums + ((Self::OFFSET as u64) << 16) < F::ORDER_U32 as u64);
        assert!(sums >> 16 < Self::OFFSET as u64);
    };
}

/// `a * b - q * m` by places of 16 bits, where `2^(8 N)` stands for a modulus of 0; and the sum of what `q * m`
/// has in places of 8 bits from `2 N` on.
///
/// `a * b + c` is below `2^(16 N)`, so `q * m` has nothing there. All terms of the sum are numbers from 0 on,
/// and too few to add up to `p`.
pub(crate) fn places<E: PrimeCharacteristicRing, const N: usize>(
    [a, b]: [&[E; N]; 2],
    [q_low, q_high]: [&[E; N]; 2],
    m: &[E; N],
    is_zero: &E,
) -> ([E; N], E) {
    let quotient = |i: usize| if i < N { &q_low[i] } else { &q_high[i - N] };
    let divided = |place: usize| -> E {
        let factors = (0..N).filter(|j| (*j..*j + 2 * N).contains(&place));
        let sum: E = factors
            .map(|j| quotient(place - j).clone() * m[j].clone())
            .sum();
        match (N..3 * N).contains(&place) {
            true => sum + quotient(place - N).clone() * is_zero.clone(),
            false => sum,
        }
    };
    let product = |place: usize| -> E {
        let factors = (0..N).filter(|j| (*j..*j + N).contains(&place));
        factors.map(|j| a[place - j].clone() * b[j].clone()).sum()
    };
    let byte = |place: usize| product(place) - divided(place);
    let places = core::array::from_fn(|i| byte(2 * i) + byte(2 * i + 1) * E::from_u32(256));
    (places, (2 * N..3 * N).map(divided).sum())
}
