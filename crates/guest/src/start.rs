//! How a guest begins and how it ends.
#![expect(
    unsafe_code,
    reason = "the entry point has no stack yet, so it is assembly"
)]

use core::arch::global_asm;
use core::fmt::Display;

use crate::syscall;

/// Names the function with which the guest begins: `fn()`, run once. When it returns, the
/// guest exits with code 0.
#[macro_export]
macro_rules! entry {
    ($main:path) => {
        #[unsafe(no_mangle)]
        extern "C" fn __vouch_main() -> u32 {
            let main: fn() = $main;
            main();
            0
        }
    };
}

// What begins a guest in C begins one in Rust, and calls what `entry` makes.
#[cfg(not(feature = "std"))]
global_asm!(
    ".set VOUCH_RUST, 1",
    include_str!("../c/crt0.S"),
    options(raw)
);

// With std it calls, as in C, the `main` that the compiler makes of the guest's; link.ld takes what
// `entry` makes where there is none.
#[cfg(feature = "std")]
global_asm!(include_str!("../c/crt0.S"), options(raw));

/// Halts with `code`, which is part of the claim, at once: no destructor of a static runs.
pub fn exit(code: u32) -> ! {
    syscall::exit(code)
}

/// Prints `reason` to stderr and exits with code 1: the guest declines its input.
#[cold]
pub fn refuse(reason: impl Display) -> ! {
    crate::eprintln!("refused: {reason}");
    exit(1)
}

#[cfg(not(feature = "std"))]
#[panic_handler]
fn on_panic(info: &core::panic::PanicInfo<'_>) -> ! {
    crate::eprintln!("{info}");
    #[cfg(feature = "alloc")]
    crate::heap::explain(info);
    exit(vouch_isa::abi::PANIC_EXIT_CODE)
}
