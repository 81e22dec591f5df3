//! The guests of `guest-programs/`, built, with their image IDs. docs/guests.md says what each reads and writes.

use vouch_verifier::ImageId;

/// An embedded guest.
#[derive(Clone, Copy, Debug)]
pub struct Guest {
    /// Name of its directory; behind it `-software` if it is built with the feature `software`, without accelerators.
    pub name: &'static str,
    /// Its ELF.
    pub elf: &'static [u8],
    /// Its image ID, as `vouch image-id` prints it.
    pub image_id: ImageId,
}

/// BLAKE3 of its input.
pub const BLAKE3: &[u8] = include_bytes!("../prebuilt/blake3.elf");
/// The same without accelerators.
pub const BLAKE3_SOFTWARE: &[u8] = include_bytes!("../prebuilt/blake3-software.elf");
/// Commits to four hashes of 32 bytes: job, model, input, output.
pub const COMMITMENT: &[u8] = include_bytes!("../prebuilt/commitment.elf");
/// The image ID of [`COMMITMENT`].
pub const COMMITMENT_IMAGE_ID: ImageId = image_id(include_str!("../prebuilt/commitment.image-id"));
/// CRC-32 of its input, written in C.
pub const CRC32_C: &[u8] = include_bytes!("../prebuilt/crc32-c.elf");
/// Verifies an Ed25519 signature.
pub const ED25519: &[u8] = include_bytes!("../prebuilt/ed25519.elf");
/// The same without accelerators.
pub const ED25519_SOFTWARE: &[u8] = include_bytes!("../prebuilt/ed25519-software.elf");
/// A Fibonacci number modulo 2^32.
pub const FIBONACCI: &[u8] = include_bytes!("../prebuilt/fibonacci.elf");
/// Verifies an ECDSA signature over secp256k1.
pub const K256: &[u8] = include_bytes!("../prebuilt/k256.elf");
/// The same without accelerators.
pub const K256_SOFTWARE: &[u8] = include_bytes!("../prebuilt/k256-software.elf");
/// Keccak-256 of its input.
pub const KECCAK: &[u8] = include_bytes!("../prebuilt/keccak.elf");
/// The same without accelerators.
pub const KECCAK_SOFTWARE: &[u8] = include_bytes!("../prebuilt/keccak-software.elf");
/// Multiplies matrices of 8-bit integers.
pub const MATMUL: &[u8] = include_bytes!("../prebuilt/matmul.elf");
/// The same without accelerators.
pub const MATMUL_SOFTWARE: &[u8] = include_bytes!("../prebuilt/matmul-software.elf");
/// The root of a Merkle tree over SHA-256.
pub const MERKLE: &[u8] = include_bytes!("../prebuilt/merkle.elf");
/// The same without accelerators.
pub const MERKLE_SOFTWARE: &[u8] = include_bytes!("../prebuilt/merkle-software.elf");
/// Inference of a small network in 8-bit integers.
pub const MLP: &[u8] = include_bytes!("../prebuilt/mlp.elf");
/// The same without accelerators.
pub const MLP_SOFTWARE: &[u8] = include_bytes!("../prebuilt/mlp-software.elf");
/// Panics.
pub const PANICKING: &[u8] = include_bytes!("../prebuilt/panicking.elf");
/// How many primes there are up to a number.
pub const PRIMES: &[u8] = include_bytes!("../prebuilt/primes.elf");
/// Exercises of the guest runtime.
pub const RUNTIME: &[u8] = include_bytes!("../prebuilt/runtime.elf");
/// SHA-256 of its input.
pub const SHA256: &[u8] = include_bytes!("../prebuilt/sha256.elf");
/// The same without accelerators.
pub const SHA256_SOFTWARE: &[u8] = include_bytes!("../prebuilt/sha256-software.elf");
/// Sorts and counts numbers.
pub const SORT: &[u8] = include_bytes!("../prebuilt/sort.elf");
/// Totals of orders: typed input and output.
pub const TYPED: &[u8] = include_bytes!("../prebuilt/typed.elf");

/// Every guest.
pub const ALL: &[Guest] = &[
    Guest {
        name: "blake3",
        elf: BLAKE3,
        image_id: image_id(include_str!("../prebuilt/blake3.image-id")),
    },
    Guest {
        name: "blake3-software",
        elf: BLAKE3_SOFTWARE,
        image_id: image_id(include_str!("../prebuilt/blake3-software.image-id")),
    },
    Guest {
        name: "commitment",
        elf: COMMITMENT,
        image_id: COMMITMENT_IMAGE_ID,
    },
    Guest {
        name: "crc32-c",
        elf: CRC32_C,
        image_id: image_id(include_str!("../prebuilt/crc32-c.image-id")),
    },
    Guest {
        name: "ed25519",
        elf: ED25519,
        image_id: image_id(include_str!("../prebuilt/ed25519.image-id")),
    },
    Guest {
        name: "ed25519-software",
        elf: ED25519_SOFTWARE,
        image_id: image_id(include_str!("../prebuilt/ed25519-software.image-id")),
    },
    Guest {
        name: "fibonacci",
        elf: FIBONACCI,
        image_id: image_id(include_str!("../prebuilt/fibonacci.image-id")),
    },
    Guest {
        name: "k256",
        elf: K256,
        image_id: image_id(include_str!("../prebuilt/k256.image-id")),
    },
    Guest {
        name: "k256-software",
        elf: K256_SOFTWARE,
        image_id: image_id(include_str!("../prebuilt/k256-software.image-id")),
    },
    Guest {
        name: "keccak",
        elf: KECCAK,
        image_id: image_id(include_str!("../prebuilt/keccak.image-id")),
    },
    Guest {
        name: "keccak-software",
        elf: KECCAK_SOFTWARE,
        image_id: image_id(include_str!("../prebuilt/keccak-software.image-id")),
    },
    Guest {
        name: "matmul",
        elf: MATMUL,
        image_id: image_id(include_str!("../prebuilt/matmul.image-id")),
    },
    Guest {
        name: "matmul-software",
        elf: MATMUL_SOFTWARE,
        image_id: image_id(include_str!("../prebuilt/matmul-software.image-id")),
    },
    Guest {
        name: "merkle",
        elf: MERKLE,
        image_id: image_id(include_str!("../prebuilt/merkle.image-id")),
    },
    Guest {
        name: "merkle-software",
        elf: MERKLE_SOFTWARE,
        image_id: image_id(include_str!("../prebuilt/merkle-software.image-id")),
    },
    Guest {
        name: "mlp",
        elf: MLP,
        image_id: image_id(include_str!("../prebuilt/mlp.image-id")),
    },
    Guest {
        name: "mlp-software",
        elf: MLP_SOFTWARE,
        image_id: image_id(include_str!("../prebuilt/mlp-software.image-id")),
    },
    Guest {
        name: "panicking",
        elf: PANICKING,
        image_id: image_id(include_str!("../prebuilt/panicking.image-id")),
    },
    Guest {
        name: "primes",
        elf: PRIMES,
        image_id: image_id(include_str!("../prebuilt/primes.image-id")),
    },
    Guest {
        name: "runtime",
        elf: RUNTIME,
        image_id: image_id(include_str!("../prebuilt/runtime.image-id")),
    },
    Guest {
        name: "sha256",
        elf: SHA256,
        image_id: image_id(include_str!("../prebuilt/sha256.image-id")),
    },
    Guest {
        name: "sha256-software",
        elf: SHA256_SOFTWARE,
        image_id: image_id(include_str!("../prebuilt/sha256-software.image-id")),
    },
    Guest {
        name: "sort",
        elf: SORT,
        image_id: image_id(include_str!("../prebuilt/sort.image-id")),
    },
    Guest {
        name: "typed",
        elf: TYPED,
        image_id: image_id(include_str!("../prebuilt/typed.image-id")),
    },
];

/// The image ID in a file of `guest-programs/prebuilt`: 64 hexadecimal digits and a newline. Anything else
/// does not compile.
const fn image_id(text: &str) -> ImageId {
    let text = text.as_bytes();
    assert!(
        text.len() == 65 && text[64] == b'\n',
        "64 digits and a newline"
    );
    let mut bytes = [0; 32];
    let mut i = 0;
    while i < bytes.len() {
        bytes[i] = digit(text[2 * i]) << 4 | digit(text[2 * i + 1]);
        i += 1;
    }
    ImageId(bytes)
}

const fn digit(digit: u8) -> u8 {
    match digit {
        b'0'..=b'9' => digit - b'0',
        b'a'..=b'f' => digit - b'a' + 10,
        _ => panic!("expected a hexadecimal digit"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Program, image_id};

    #[test]
    fn image_ids_are_those_of_the_elfs() {
        for guest in ALL {
            let program = Program::from_elf(guest.elf).expect(guest.name);
            assert_eq!(guest.image_id, image_id(&program), "{}", guest.name);
        }
    }
}
