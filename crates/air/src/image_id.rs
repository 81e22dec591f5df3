//! Names of programs.

use core::fmt;

use p3_field::PrimeField32;
use vouch_isa::image::Image;

use crate::memory_tree::Compression;
use crate::{Digest, F};

/// Names a program: the hash of the machine's version, the entry point, the executable range
/// and the initial memory. 32 bytes: eight BabyBear elements, little-endian.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct ImageId(pub [u8; 32]);

impl ImageId {
    /// The image ID of a program, whose image this is.
    pub fn of(image: &Image) -> Self {
        let compression = Compression::default();
        // Of the tree only its root: all of it takes some ten times the memory of the image.
        let root = compression.root(image);
        Self::from_digest(&compression.image_id(image.entry, &image.text, root))
    }

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
