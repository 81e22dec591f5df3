//! What a receipt says.

use alloc::vec::Vec;
use core::fmt;

use p3_field::PrimeField32;
use vouch_air::{Digest, F};

/// Names a program: the hash of the machine's version, the entry point, the executable range
/// and the initial memory. 32 bytes: eight BabyBear elements, little-endian.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct ImageId(pub [u8; 32]);

impl ImageId {
    /// The image ID of a digest.
    pub fn from_digest(digest: &Digest<F>) -> Self {
        let mut bytes = [0; 32];
        for (chunk, element) in bytes.chunks_exact_mut(4).zip(digest) {
            chunk.copy_from_slice(&element.as_canonical_u32().to_le_bytes());
        }
        Self(bytes)
    }
}

impl fmt::Display for ImageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for ImageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ImageId({self})")
    }
}

/// What a verifier learns: this program, on some input, ran to its end, wrote this journal
/// and exited with this code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// The program.
    pub image_id: ImageId,
    /// What it wrote to its journal.
    pub journal: Vec<u8>,
    /// What it passed to `exit`.
    pub exit_code: u32,
}
