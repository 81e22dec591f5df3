//! Accelerators: the machine computes in one call what would take many instructions.
//!
//! Where there is no such call, as under `qemu-riscv32`, software computes the same
//! ([`vouch_isa::accelerators`], which programs for other machines call as well).
#![expect(
    unsafe_code,
    reason = "the host writes to memory that pointers lead to"
)]

use core::mem::MaybeUninit;

use vouch_isa::accelerators::{ARGUMENTS, Accelerates, Accelerator, Arguments, Operand};

use crate::syscall;

macro_rules! functions {
    ($($module:ident::$name:ident,)*) => {$(
        #[doc = concat!("Calls [`vouch_isa::accelerators::", stringify!($module), "`].")]
        #[inline]
        pub fn $module(
            arguments: <vouch_isa::accelerators::$module::$name as Accelerates>::Arguments<'_>,
        ) {
            call::<vouch_isa::accelerators::$module::$name>(arguments.pointers());
        }
    )*};
}
vouch_isa::accelerators!(functions!);

#[inline]
fn call<A: Accelerates>(pointers: [*mut u32; ARGUMENTS]) {
    // Registers that mean nothing are left as they are.
    let arguments = core::array::from_fn(|i| match A::OPERANDS[i] {
        Operand::Unused => MaybeUninit::uninit(),
        Operand::Read(_) | Operand::Update(_) => MaybeUninit::new(pointers[i]),
    });
    // SAFETY: the pointers are those of references, which are borrowed until this function returns.
    let is_done = unsafe { syscall::accelerate(A::NUMBER, arguments) };
    if !is_done {
        // SAFETY: the same.
        unsafe { compute::<A>(pointers) };
    }
}

/// In software.
///
/// # Safety
/// `pointers` must be valid for what [`Accelerates::OPERANDS`] says of them.
#[cold]
#[inline(never)]
unsafe fn compute<A: Accelerates>(pointers: [*mut u32; ARGUMENTS]) {
    let mut words = [0; Accelerator::MOST_WORDS];
    let mut used = 0;
    let operands = || pointers.into_iter().zip(A::OPERANDS);
    let mut room = words.iter_mut();
    for (pointer, operand) in operands() {
        for (i, word) in (0..operand.words() as usize).zip(&mut room) {
            // SAFETY: the caller's promise.
            *word = unsafe { pointer.add(i).read() };
            used += 1;
        }
    }
    let (words, _) = words.split_at_mut(used);
    A::compute(words);
    let mut computed = words.iter();
    for (pointer, operand) in operands() {
        for (i, word) in (0..operand.words() as usize).zip(&mut computed) {
            if operand.is_written() {
                // SAFETY: the caller's promise.
                unsafe { pointer.add(i).write(*word) };
            }
        }
    }
}
