//! `(a * b + c) mod m` for numbers of 256 bits, the least significant word first.
//!
//! All of them may be any numbers: the result is below `m`, and modulo `2^256` if `m` is 0.

use super::{ARGUMENTS, Accelerates, Operand, mul_add_mod};

/// Words of a number.
pub const WORDS: usize = 8;

/// The accelerator: `a0` to `a4` point to `a`, `b`, `c`, `m` and where the result goes.
pub struct MulAddMod256;

impl Accelerates for MulAddMod256 {
    const NUMBER: u32 = 0x1004;
    const NAME: &'static str = "mul_add_mod_256";
    const OPERANDS: [Operand; ARGUMENTS] = [
        Operand::Read(WORDS as u32),
        Operand::Read(WORDS as u32),
        Operand::Read(WORDS as u32),
        Operand::Read(WORDS as u32),
        Operand::Update(WORDS as u32),
    ];
    type Arguments<'a> = (
        &'a [u32; WORDS],
        &'a [u32; WORDS],
        &'a [u32; WORDS],
        &'a [u32; WORDS],
        &'a mut [u32; WORDS],
    );

    fn compute(words: &mut [u32]) {
        mul_add_mod::compute::<WORDS>(words);
    }
}
