//! How a guest begins and how it ends.
#![expect(
    unsafe_code,
    reason = "the entry point has no stack yet, so it is assembly"
)]

use core::arch::naked_asm;
use core::fmt::Display;
use core::panic::PanicInfo;

use vouch_isa::abi;

use crate::syscall;

/// Names the function with which the guest begins: `fn()`, run once. When it returns, the
/// guest exits with code 0.
#[macro_export]
macro_rules! entry {
    ($main:path) => {
        #[unsafe(no_mangle)]
        extern "C" fn __vouch_main() {
            let main: fn() = $main;
            main()
        }
    };
}

/// First instruction of every guest. Vouch starts with all registers 0, qemu with a stack of
/// its own; both get the stack of link.ld, whose top is page-aligned: `lui` alone reaches it.
///
/// # Safety
/// Only a loader may enter here: it abandons the caller's stack.
#[unsafe(naked)]
#[unsafe(no_mangle)]
#[unsafe(link_section = ".text._start")]
unsafe extern "C" fn _start() -> ! {
    naked_asm!(
        "lui sp, %hi(__stack_top)",
        "call __vouch_main",
        "li a0, 0",
        "li a7, {exit}",
        "ecall",
        // Not reached: exit halts.
        "ebreak",
        exit = const abi::EXIT,
    )
}

/// Halts with `code`, which is part of the claim.
pub fn exit(code: u32) -> ! {
    syscall::exit(code)
}

/// Prints `reason` to stderr and exits with code 1: the guest declines its input.
#[cold]
pub fn refuse(reason: impl Display) -> ! {
    crate::eprintln!("refused: {reason}");
    exit(1)
}

#[panic_handler]
fn on_panic(info: &PanicInfo<'_>) -> ! {
    crate::eprintln!("{info}");
    exit(abi::PANIC_EXIT_CODE)
}
