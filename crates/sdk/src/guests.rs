//! The guests of `guest-programs/`, built. docs/guests.md says what each reads and writes.

/// An embedded guest.
#[derive(Clone, Copy, Debug)]
pub struct Guest {
    /// Name of its directory.
    pub name: &'static str,
    /// Its ELF.
    pub elf: &'static [u8],
}

macro_rules! guests {
    ($($(#[$doc:meta])* $constant:ident = $name:literal),+ $(,)?) => {
        $(
            $(#[$doc])*
            pub const $constant: &[u8] =
                include_bytes!(concat!("../../../guest-programs/prebuilt/", $name, ".elf"));
        )+

        /// Every guest.
        pub const ALL: &[Guest] = &[$(Guest { name: $name, elf: $constant }),+];
    };
}

guests! {
    /// Commits to four hashes of 32 bytes: job, model, input, output.
    COMMITMENT = "commitment",
    /// CRC-32 of its input, written in C.
    CRC32_C = "crc32-c",
    /// A Fibonacci number modulo 2^32.
    FIBONACCI = "fibonacci",
    /// Keccak-256 of its input.
    KECCAK = "keccak",
    /// Panics.
    PANICKING = "panicking",
    /// How many primes there are up to a number.
    PRIMES = "primes",
    /// Exercises of the guest runtime.
    RUNTIME = "runtime",
    /// SHA-256 of its input.
    SHA256 = "sha256",
    /// Sorts and counts numbers.
    SORT = "sort",
}
