//! The accelerator, or what computes the same where there is none.

use crate::Words;

/// `out := a * b + c` modulo `m`, or modulo `2^256` if `m` is 0.
#[cfg(target_arch = "riscv32")]
#[inline(always)]
pub fn multiply_add(a: &Words, b: &Words, c: &Words, m: &Words, out: &mut Words) {
    unsafe {
        core::arch::asm!("ecall", in("a7") 0x1004, inout("a0") a.as_ptr() => _, in("a1") b.as_ptr(), in("a2") c.as_ptr(), in("a3") m.as_ptr(), in("a4") out.as_mut_ptr());
    }
}
/// `out := a * b + c` modulo `m`, or modulo `2^256` if `m` is 0.
#[cfg(not(target_arch = "riscv32"))]
pub fn multiply_add(a: &Words, b: &Words, c: &Words, m: &Words, out: &mut Words) {
    software(a, b, c, m, out);
}

// TEMPORARY until the accelerator is there.
#[inline(never)]
fn software(a: &Words, b: &Words, c: &Words, m: &Words, out: &mut Words) {
    let mut wide = [0u32; 17];
    wide[..8].copy_from_slice(c);
    for i in 0..8 {
        let mut carry = 0u64;
        for j in 0..8 {
            let t = a[i] as u64 * b[j] as u64 + wide[i + j] as u64 + carry;
            wide[i + j] = t as u32;
            carry = t >> 32;
        }
        wide[i + 8] = carry as u32;
    }
    if *m == [0; 8] {
        out.copy_from_slice(&wide[..8]);
        return;
    }
    let mut r = [0u32; 9];
    for i in (0..512).rev() {
        let mut carry = wide[i / 32] >> (i % 32) & 1;
        for w in &mut r {
            let next = *w >> 31;
            *w = *w << 1 | carry;
            carry = next;
        }
        let mut d = [0u32; 9];
        let mut borrow = 0i64;
        for j in 0..9 {
            let t = r[j] as i64 - if j < 8 { m[j] as i64 } else { 0 } + borrow;
            d[j] = t as u32;
            borrow = t >> 32;
        }
        if borrow == 0 {
            r = d;
        }
    }
    out.copy_from_slice(&r[..8]);
}
