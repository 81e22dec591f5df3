//! The accelerator, or the software that it is defined by.

use crate::Words;

/// `out := a * b + c` modulo `m`, or modulo `2^256` if `m` is 0.
#[cfg(target_arch = "riscv32")]
#[inline(always)]
pub fn multiply_add(a: &Words, b: &Words, c: &Words, m: &Words, out: &mut Words) {
    vouch_guest::accelerators::mul_add_mod_256((a, b, c, m, out));
}

/// `out := a * b + c` modulo `m`, or modulo `2^256` if `m` is 0.
#[cfg(not(target_arch = "riscv32"))]
pub fn multiply_add(a: &Words, b: &Words, c: &Words, m: &Words, out: &mut Words) {
    *out = vouch_isa::accelerators::mul_add_mod::Division::new(a, b, c, m).remainder;
}
