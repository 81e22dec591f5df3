//! Accelerators: the machine computes in one call what would take many instructions.
//!
//! Where there is no such call, as under `qemu-riscv32`, software computes the same
//! ([`vouch_isa::accelerators`], which programs for other machines call as well).
#![expect(
    unsafe_code,
    reason = "the host writes to memory that pointers lead to"
)]

use core::arch::{asm, naked_asm};
use core::mem::MaybeUninit;

use vouch_isa::accelerators::{ARGUMENTS, Accelerates, Accelerator, Arguments, Operand};

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

#[inline(always)]
fn call<A: Accelerates>(pointers: [*mut u32; ARGUMENTS]) {
    // Registers that mean nothing are left as they are.
    let [a0, a1, a2, a3, a4] = core::array::from_fn(|i| match A::OPERANDS[i] {
        Operand::Unused => MaybeUninit::uninit(),
        Operand::Read(_) | Operand::Update(_) => MaybeUninit::new(pointers[i]),
    });
    // SAFETY: the pointers are those of references, which are borrowed until this function returns.
    // Vouch changes no register but a0, which it sets to 0, and qemu sets it to the number of an error:
    // then `keep_registers` calls the software, and leaves all registers but those that are named here.
    unsafe {
        asm!(
            "ecall",
            "beqz a0, 2f",
            "mv a0, {first}",
            "lui t1, %hi({software})",
            "addi t1, t1, %lo({software})",
            "call t0, {keep_registers}",
            "2:",
            first = in(reg) a0,
            software = sym compute::<A>,
            keep_registers = sym keep_registers,
            in("a7") A::NUMBER,
            inout("a0") a0 => _,
            in("a1") a1,
            in("a2") a2,
            in("a3") a3,
            in("a4") a4,
            out("t0") _,
            out("t1") _,
        );
    }
}

/// Calls the function at `t1` for code that continues at `t0`, and keeps the registers that a function
/// may change. So the compiler need not expect the call beside each ecall, which would cost more than
/// the ecall itself.
#[unsafe(naked)]
unsafe extern "C" fn keep_registers() {
    naked_asm!(
        "addi sp, sp, -64",
        "sw ra, 0(sp)",
        "sw t0, 4(sp)",
        "sw t2, 8(sp)",
        "sw t3, 12(sp)",
        "sw t4, 16(sp)",
        "sw t5, 20(sp)",
        "sw t6, 24(sp)",
        "sw a1, 28(sp)",
        "sw a2, 32(sp)",
        "sw a3, 36(sp)",
        "sw a4, 40(sp)",
        "sw a5, 44(sp)",
        "sw a6, 48(sp)",
        "sw a7, 52(sp)",
        "jalr t1",
        "lw ra, 0(sp)",
        "lw t0, 4(sp)",
        "lw t2, 8(sp)",
        "lw t3, 12(sp)",
        "lw t4, 16(sp)",
        "lw t5, 20(sp)",
        "lw t6, 24(sp)",
        "lw a1, 28(sp)",
        "lw a2, 32(sp)",
        "lw a3, 36(sp)",
        "lw a4, 40(sp)",
        "lw a5, 44(sp)",
        "lw a6, 48(sp)",
        "lw a7, 52(sp)",
        "addi sp, sp, 64",
        "jr t0",
    )
}

/// In software.
///
/// # Safety
/// The pointers must be valid for what [`Accelerates::OPERANDS`] says of them.
unsafe extern "C" fn compute<A: Accelerates>(
    a: *mut u32,
    b: *mut u32,
    c: *mut u32,
    d: *mut u32,
    e: *mut u32,
) {
    let pointers = [a, b, c, d, e];
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
