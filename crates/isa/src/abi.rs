//! The guest ABI: a subset of RISC-V Linux user mode, so that the same ELF also runs under
//! `qemu-riscv32`.
//!
//! A call puts its number in `a7`, its arguments in `a0` to `a4` and finds the result in `a0`.

/// `exit(code)`: halts; the code is part of the claim.
pub const EXIT: u32 = 93;
/// `read(fd, ptr, len)`: private input into `[ptr, ptr + len)`; returns the bytes read,
/// `min(len, bytes left)`. `ptr` is word-aligned.
pub const READ: u32 = 63;
/// `write(fd, ptr, len)`: appends to the journal or the console; returns `len`. A journal
/// write's `ptr` is word-aligned.
pub const WRITE: u32 = 64;

/// File descriptor of the private input.
pub const FD_INPUT: u32 = 0;
/// File descriptor of the console; not proven.
pub const FD_STDOUT: u32 = 1;
/// File descriptor of the console's error stream; not proven.
pub const FD_STDERR: u32 = 2;
/// File descriptor of the public journal.
pub const FD_JOURNAL: u32 = 3;

/// First call number of the [accelerators](mod@crate::accelerators); qemu answers `ENOSYS`.
pub const PRECOMPILE_BASE: u32 = 0x1000;

/// Exit code with which the guest runtime's panic handler ends, as Rust programs on Linux do.
pub const PANIC_EXIT_CODE: u32 = 101;

/// Registers by their ABI role.
pub mod reg {
    /// Stack pointer.
    pub const SP: u8 = 2;
    /// First argument and result.
    pub const A0: u8 = 10;
    /// Second argument.
    pub const A1: u8 = 11;
    /// Third argument.
    pub const A2: u8 = 12;
    /// Fourth argument.
    pub const A3: u8 = 13;
    /// Fifth argument.
    pub const A4: u8 = 14;
    /// Call number.
    pub const A7: u8 = 17;
}
