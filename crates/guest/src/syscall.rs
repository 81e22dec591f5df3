//! The calls of the ABI. Nothing else in the runtime touches `ecall`.
#![expect(unsafe_code, reason = "a call to the host is an instruction")]

use core::arch::asm;
use core::mem::MaybeUninit;

use vouch_isa::abi;
use vouch_isa::accelerators::ARGUMENTS;

/// Reads private input into `[room, room + len)`: `min(len, bytes left)` bytes, which is also
/// the result. On Vouch a `room` that is not word-aligned is a guest fault.
///
/// # Safety
/// `[room, room + len)` must be valid for writes.
#[inline]
pub unsafe fn read(room: *mut u8, len: usize) -> usize {
    let result: usize;
    // SAFETY: the call writes at most `len` bytes from `room` on, which the caller owns, and
    // changes no register but a0.
    unsafe {
        asm!(
            "ecall",
            in("a7") abi::READ,
            inlateout("a0") abi::FD_INPUT => result,
            in("a1") room,
            in("a2") len,
            options(nostack),
        );
    }
    if result > len {
        failed("vouch_guest: read failed\n");
    }
    result
}

/// Appends `bytes` to the journal or a console stream. On Vouch a journal write from bytes
/// that are not word-aligned is a guest fault.
#[inline]
pub fn write(fd: u32, bytes: &[u8]) {
    if raw_write(fd, bytes) != bytes.len() {
        failed("vouch_guest: write failed\n");
    }
}

/// Calls an accelerator; false if there is none, and nothing has been done.
///
/// # Safety
/// The pointers must be valid for what the accelerator does with them.
#[inline]
pub unsafe fn accelerate(
    number: u32,
    [a0, a1, a2, a3, a4]: [MaybeUninit<*mut u32>; ARGUMENTS],
) -> bool {
    let result: *mut u32;
    // SAFETY: the call writes where the caller lets it, and changes no register but a0.
    unsafe {
        asm!(
            "ecall",
            in("a7") number,
            inlateout("a0") a0 => result,
            in("a1") a1,
            in("a2") a2,
            in("a3") a3,
            in("a4") a4,
            options(nostack),
        );
    }
    // Vouch answers 0, qemu with the number of an error.
    result.is_null()
}

/// Halts with `code`.
#[inline]
pub fn exit(code: u32) -> ! {
    // SAFETY: the call does not return and touches no memory.
    unsafe {
        asm!(
            "ecall",
            in("a7") abi::EXIT,
            in("a0") code,
            options(noreturn, nostack),
        )
    }
}

#[inline]
fn raw_write(fd: u32, bytes: &[u8]) -> usize {
    let result: usize;
    // SAFETY: the call only reads `bytes` and changes no register but a0.
    unsafe {
        asm!(
            "ecall",
            in("a7") abi::WRITE,
            inlateout("a0") fd => result,
            in("a1") bytes.as_ptr(),
            in("a2") bytes.len(),
            options(nostack, readonly),
        );
    }
    result
}

/// The host answered with what the ABI does not know, as qemu does when a file descriptor is
/// not open. Without formatting, and without minding whether this write succeeds.
#[cold]
fn failed(message: &str) -> ! {
    raw_write(abi::FD_STDERR, message.as_bytes());
    exit(abi::PANIC_EXIT_CODE)
}
