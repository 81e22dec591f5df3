//! Random numbers, for crates that ask the crate `getrandom` for them.
//!
//! A guest has no source of its own. With the feature `random`, [`seed`] makes one of 32 bytes, which
//! the guest takes from its input: whoever proves chooses them. Without, or before that,
//! `getrandom` returns its error `UNSUPPORTED`.
#![expect(unsafe_code, reason = "getrandom calls by name, with raw memory")]

use core::slice;

use vouch_isa::abi;

use crate::syscall;

#[cfg(feature = "random")]
pub use seeded::seed;

/// `getrandom::Error::UNSUPPORTED` of version 0.2.
const UNSUPPORTED_V02: u32 = 1 << 31;
/// The same of 0.3 and 0.4.
const UNSUPPORTED_V03: u32 = 1 << 16;

/// What link.ld puts for `__getrandom_custom`, which version 0.2 calls, unless the guest defines
/// it. Zero is success, anything else the number of an error.
///
/// # Safety
/// `[room, room + length)` must be valid for writes.
#[unsafe(no_mangle)]
unsafe fn __vouch_getrandom_v02(room: *mut u8, length: usize) -> u32 {
    // SAFETY: the caller's promise.
    unsafe { fill_raw(room, length, UNSUPPORTED_V02) }
}

/// What link.ld puts for `__getrandom_v03_custom`, which versions 0.3 and 0.4 call, unless the guest
/// defines it. They take the result for a `Result<(), Error>` whose error is a number but zero.
///
/// # Safety
/// `[room, room + length)` must be valid for writes.
#[unsafe(no_mangle)]
unsafe fn __vouch_getrandom_v03(room: *mut u8, length: usize) -> u32 {
    // SAFETY: the caller's promise.
    unsafe { fill_raw(room, length, UNSUPPORTED_V03) }
}

/// # Safety
/// `[room, room + length)` must be valid for writes.
unsafe fn fill_raw(room: *mut u8, length: usize, unsupported: u32) -> u32 {
    // SAFETY: the caller's promise; zeros make it memory that has been written to.
    let room = unsafe {
        room.write_bytes(0, length);
        slice::from_raw_parts_mut(room, length)
    };
    if is_filled(room) {
        return 0;
    }
    // The error that the caller makes of it does not say this, and most end by it.
    let hint = "no randomness: seed it by vouch_guest::random::seed (feature `random`)\n";
    syscall::write(abi::FD_STDERR, hint.as_bytes());
    unsupported
}

#[cfg(feature = "random")]
fn is_filled(room: &mut [u8]) -> bool {
    seeded::fill(room)
}

#[cfg(not(feature = "random"))]
fn is_filled(_: &mut [u8]) -> bool {
    false
}

#[cfg(feature = "random")]
mod seeded {
    use core::cell::RefCell;

    use chacha20::ChaCha20Rng;
    use chacha20::rand_core::{Rng, SeedableRng};

    static GENERATOR: Generator = Generator(RefCell::new(None));

    struct Generator(RefCell<Option<ChaCha20Rng>>);

    // SAFETY: a guest has one thread and no interrupts.
    unsafe impl Sync for Generator {}

    /// Makes `getrandom` return the key stream of ChaCha20 under this key, from its start.
    ///
    /// The numbers are as secret and as random as the seed is. Whoever proves knows it, and may try
    /// many: where that matters, take it from what they cannot choose.
    pub fn seed(seed: [u8; 32]) {
        *GENERATOR.0.borrow_mut() = Some(ChaCha20Rng::from_seed(seed));
    }

    /// Whether there is a seed, and so `room` is filled.
    pub fn fill(room: &mut [u8]) -> bool {
        match &mut *GENERATOR.0.borrow_mut() {
            Some(generator) => {
                generator.fill_bytes(room);
                true
            }
            None => false,
        }
    }
}
