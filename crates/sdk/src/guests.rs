//! The guests of `guest-programs/`, built. docs/guests.md says what each reads and writes.

/// An embedded guest.
#[derive(Clone, Copy, Debug)]
pub struct Guest {
    /// Name of its directory.
    pub name: &'static str,
    /// Its ELF.
    pub elf: &'static [u8],
}

/// Commits to four hashes of 32 bytes: job, model, input, output.
pub const COMMITMENT: &[u8] = include_bytes!("../../../guest-programs/prebuilt/commitment.elf");
/// CRC-32 of its input, written in C.
pub const CRC32_C: &[u8] = include_bytes!("../../../guest-programs/prebuilt/crc32-c.elf");
/// A Fibonacci number modulo 2^32.
pub const FIBONACCI: &[u8] = include_bytes!("../../../guest-programs/prebuilt/fibonacci.elf");
/// Keccak-256 of its input.
pub const KECCAK: &[u8] = include_bytes!("../../../guest-programs/prebuilt/keccak.elf");
/// Panics.
pub const PANICKING: &[u8] = include_bytes!("../../../guest-programs/prebuilt/panicking.elf");
/// How many primes there are up to a number.
pub const PRIMES: &[u8] = include_bytes!("../../../guest-programs/prebuilt/primes.elf");
/// Exercises of the guest runtime.
pub const RUNTIME: &[u8] = include_bytes!("../../../guest-programs/prebuilt/runtime.elf");
/// SHA-256 of its input.
pub const SHA256: &[u8] = include_bytes!("../../../guest-programs/prebuilt/sha256.elf");
/// Sorts and counts numbers.
pub const SORT: &[u8] = include_bytes!("../../../guest-programs/prebuilt/sort.elf");

/// Every guest.
pub const ALL: &[Guest] = &[
    guest("commitment", COMMITMENT),
    guest("crc32-c", CRC32_C),
    guest("fibonacci", FIBONACCI),
    guest("keccak", KECCAK),
    guest("panicking", PANICKING),
    guest("primes", PRIMES),
    guest("runtime", RUNTIME),
    guest("sha256", SHA256),
    guest("sort", SORT),
];

const fn guest(name: &'static str, elf: &'static [u8]) -> Guest {
    Guest { name, elf }
}
