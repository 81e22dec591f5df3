//! Scalars in two halves (Gallant, Lambert, Vanstone, CRYPTO 2001), for curves on which to multiply
//! a point by some `lambda` is to multiply its `x` by some `beta`.

use vouch_modular::multiply_add;
use vouch_modular::{Modulus, Words};

/// `lambda` and `beta`, and a short basis of the pairs `(i, j)` for which `i + j * lambda` is 0
/// modulo the order.
pub struct Endomorphism {
    /// What `x` is multiplied by.
    pub beta: Words,
    /// `-lambda`
    pub minus_lambda: Words,
    /// What the scalar is multiplied by to find how often a vector of the basis goes into it, times
    /// `2^384`.
    pub factors: [Words; 2],
    /// What is added to the second half as often.
    pub steps: [Words; 2],
}

/// A number below `2^160` and whether it is subtracted.
pub(crate) type Half = ([u32; 5], bool);

/// All bits set: modulo this, upper words of a product count as they do by themselves.
const ALL: Words = [u32::MAX; 8];

/// The upper 128 bits of 512.
fn quotient(a: &Words, b: &Words, out: &mut Words) {
    let (zero, modulo_power) = ([0; 8], [0; 8]);
    let mut minus_one = ALL;
    minus_one[0] -= 1;
    let [mut low, mut both, mut high] = [[0; 8]; 3];
    multiply_add(a, b, &zero, &modulo_power, &mut low);
    // The sum of upper and lower words.
    multiply_add(a, b, &zero, &ALL, &mut both);
    // The upper words of a product are not all ones: nothing else is the same modulo this.
    multiply_add(&low, &minus_one, &both, &ALL, &mut high);
    *out = [high[4], high[5], high[6], high[7], 0, 0, 0, 0];
}

impl Endomorphism {
    /// Numbers of 129 bits at most such that the first plus `lambda` times the second is `scalar`.
    pub(crate) fn split<M: Modulus>(&self, scalar: &Words) -> [Half; 2] {
        let [mut first, mut second, mut sum, mut half] = [[0; 8]; 4];
        quotient(scalar, &self.factors[0], &mut first);
        quotient(scalar, &self.factors[1], &mut second);
        M::multiply(&first, &self.steps[0], &mut sum);
        M::multiply_add(&second, &self.steps[1], &sum, &mut half);
        M::multiply_add(&half, &self.minus_lambda, scalar, &mut first);
        [signed::<M>(&first), signed::<M>(&half)]
    }
}

/// A number that is near 0 modulo the prime, from above or below.
fn signed<M: Modulus>(number: &Words) -> Half {
    let mut opposite = [0; 8];
    let is_negative = number[7] != 0;
    let [a, b, c, d, e, ..] = if is_negative {
        M::multiply(number, &M::MINUS_ONE, &mut opposite);
        opposite
    } else {
        *number
    };
    ([a, b, c, d, e], is_negative)
}
