//! Extensions of BabyBear by a root of `X^D - W`, as the accelerators of degree 4 and 5 compute in them.

use super::baby_bear::Element;

/// Of four operands of `D` words each, replaces the last with the product of the first two and the third.
pub(super) fn compute<const D: usize>(words: &mut [u32], w: u32) {
    if let ([a, b, c, out], []) = words.as_chunks_mut() {
        *out = mul_add::<D>(a, b, c, w);
    }
}

/// `a b + c`. An element is its coefficients, the lowest first; words are taken modulo `p`, and those of the result
/// are below `p`.
pub(super) fn mul_add<const D: usize>(
    a: &[u32; D],
    b: &[u32; D],
    c: &[u32; D],
    w: u32,
) -> [u32; D] {
    let (b, w) = (b.map(Element::new), Element::new(w));
    let mut sum = [Element::ZERO; D];
    // Horner's rule: what the higher coefficients of `a` give is multiplied by `X`.
    for coefficient in a.map(Element::new).into_iter().rev() {
        sum.rotate_right(1);
        if let Some(wrapped) = sum.first_mut() {
            *wrapped = wrapped.multiply(w);
        }
        for (sum, b) in sum.iter_mut().zip(b) {
            *sum = sum.add(coefficient.multiply(b));
        }
    }
    for (sum, c) in sum.iter_mut().zip(c) {
        *sum = sum.add(Element::new(*c));
    }
    sum.map(Element::word)
}
