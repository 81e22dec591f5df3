//! `a b + c` in the extension of degree 4 of BabyBear by a root of `X^4 - 11`, one of those in
//! which proofs draw their challenges.
//!
//! An element is 4 words, its coefficients, the lowest first. A word stands for what it is modulo `p`, so a word of `p`
//! or more is no fault; the words of the result are below `p`.

use super::{ARGUMENTS, Accelerates, Operand, extension};

/// Words of an element.
pub const DEGREE: usize = 4;
/// The `W` of `X^4 - W`.
pub const W: u32 = 11;

/// The accelerator: `a0` to `a2` point to `a`, `b` and `c`, and `a3` to the result.
pub struct Extension4MulAdd;

impl Accelerates for Extension4MulAdd {
    const NUMBER: u32 = 0x1008;
    const NAME: &'static str = "extension4_mul_add";
    const OPERANDS: [Operand; ARGUMENTS] = [
        Operand::Read(DEGREE as u32),
        Operand::Read(DEGREE as u32),
        Operand::Read(DEGREE as u32),
        Operand::Update(DEGREE as u32),
        Operand::Unused,
    ];
    type Arguments<'a> = (
        &'a [u32; DEGREE],
        &'a [u32; DEGREE],
        &'a [u32; DEGREE],
        &'a mut [u32; DEGREE],
    );

    fn compute(words: &mut [u32]) {
        extension::compute::<DEGREE>(words, W);
    }
}

/// `a b + c`
pub fn mul_add(a: &[u32; DEGREE], b: &[u32; DEGREE], c: &[u32; DEGREE]) -> [u32; DEGREE] {
    extension::mul_add(a, b, c, W)
}
