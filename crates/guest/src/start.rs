//! How a guest begins and how it ends.
#![expect(
    unsafe_code,
    reason = "the entry point has no stack yet, so it is assembly"
)]

use core::arch::global_asm;
use core::fmt::{Debug, Display};

#[cfg(not(feature = "std"))]
use crate::syscall;

/// Names the function with which the guest begins, run once: `fn()`, or `fn() -> Result<(), E>` where `E` is
/// `Debug`, see [`Termination`].
#[macro_export]
macro_rules! entry {
    ($main:path) => {
        #[unsafe(no_mangle)]
        extern "C" fn __vouch_main() -> u32 {
            $crate::Termination::report($main())
        }
    };
}

/// What a guest's main may return.
#[diagnostic::on_unimplemented(
    message = "a guest's main returns `()` or `Result<(), E>` where `E: Debug`, not `{Self}`"
)]
pub trait Termination {
    /// The exit code, which is part of the claim, after whatever there is to print.
    fn report(self) -> u32;
}

/// Exits with code 0.
impl Termination for () {
    #[inline(always)]
    fn report(self) -> u32 {
        0
    }
}

/// `Ok` exits with code 0. `Err` prints `Error: ` and the error's `Debug` to stderr and exits with code 1, as
/// Rust's own programs do: that the guest failed can be proven, and why is not in the claim.
impl<E: Debug> Termination for Result<(), E> {
    fn report(self) -> u32 {
        match self {
            Ok(()) => 0,
            Err(error) => {
                crate::eprintln!("Error: {error:?}");
                1
            }
        }
    }
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

/// Halts with `code`, which is part of the claim, at once: no destructor of a static runs. With the feature `std`,
/// half a line that the standard library's stdout still holds is printed.
pub fn exit(code: u32) -> ! {
    #[cfg(feature = "std")]
    crate::hosted::exit(code);
    #[cfg(not(feature = "std"))]
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
