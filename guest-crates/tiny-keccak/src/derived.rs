//! Functions derived from SHAKE (SP 800-185).

use crate::sponge::Sponge;
use crate::{Hasher, IntoXof, Xof, rate};

/// A number of bytes at most, in front of which or behind which stands how many they are.
struct Encoded {
    bytes: [u8; 9],
    start: usize,
}

impl Encoded {
    fn bytes(&self) -> &[u8] {
        &self.bytes[self.start..]
    }
}

/// The number, big-endian in as few bytes as it takes, behind their number.
fn left_encode(number: usize) -> Encoded {
    let mut bytes = [0; 9];
    bytes[1..].copy_from_slice(&(number as u64).to_be_bytes());
    let length = length(number);
    bytes[8 - length] = length as u8;
    Encoded {
        bytes,
        start: 8 - length,
    }
}

/// The number, big-endian in as few bytes as it takes, and then their number.
fn right_encode(number: usize) -> Encoded {
    let mut bytes = [0; 9];
    bytes[..8].copy_from_slice(&(number as u64).to_be_bytes());
    let length = length(number);
    bytes[8] = length as u8;
    Encoded {
        bytes,
        start: 8 - length,
    }
}

/// Bytes that a number takes, one at least.
fn length(number: usize) -> usize {
    let bits = usize::BITS - number.leading_zeros();
    bits.div_ceil(8).max(1) as usize
}

/// SHAKE with a name and a string of the user's.
#[derive(Clone)]
pub struct CShake {
    sponge: Sponge,
}

impl CShake {
    /// The one of 128 bits.
    #[must_use]
    pub fn v128(name: &[u8], custom_string: &[u8]) -> Self {
        Self::new(name, custom_string, 128)
    }

    /// The one of 256 bits.
    #[must_use]
    pub fn v256(name: &[u8], custom_string: &[u8]) -> Self {
        Self::new(name, custom_string, 256)
    }

    fn new(name: &[u8], custom_string: &[u8], bits: usize) -> Self {
        if name.is_empty() && custom_string.is_empty() {
            return Self {
                sponge: Sponge::new(rate(bits), 0x1f),
            };
        }
        let mut sponge = Sponge::new(rate(bits), 0x04);
        sponge.absorb(left_encode(rate(bits)).bytes());
        absorb_string(&mut sponge, name);
        absorb_string(&mut sponge, custom_string);
        sponge.end_block();
        Self { sponge }
    }
}

/// Absorbs a string behind its length in bits.
fn absorb_string(sponge: &mut Sponge, string: &[u8]) {
    sponge.absorb(left_encode(8 * string.len()).bytes());
    sponge.absorb(string);
}

impl Hasher for CShake {
    fn update(&mut self, input: &[u8]) {
        self.sponge.absorb(input);
    }

    fn finalize(mut self, output: &mut [u8]) {
        self.sponge.squeeze(output);
    }
}

impl Xof for CShake {
    fn squeeze(&mut self, output: &mut [u8]) {
        self.sponge.squeeze(output);
    }
}

macro_rules! derived {
    ($(
        $(#[$doc:meta])*
        $name:ident, $(#[$xof_doc:meta])* $xof:ident;
    )*) => {$(
        $(#[$doc])*
        #[derive(Clone)]
        pub struct $name {
            cshake: CShake,
        }

        $(#[$xof_doc])*
        #[derive(Clone)]
        pub struct $xof {
            cshake: CShake,
        }

        impl $name {
            /// Ends the message: what follows has so many bits, or any number if that is 0.
            fn end(&mut self, bits: usize) {
                self.cshake.update(right_encode(bits).bytes());
            }
        }

        impl IntoXof for $name {
            type Xof = $xof;

            fn into_xof(mut self) -> $xof {
                self.end(0);
                $xof { cshake: self.cshake }
            }
        }

        impl Xof for $xof {
            fn squeeze(&mut self, output: &mut [u8]) {
                self.cshake.squeeze(output);
            }
        }
    )*};
}
derived! {
    /// KMAC, a code that authenticates a message by a key.
    Kmac, /// [`Kmac`] with output of any length.
    KmacXof;
    /// TupleHash, of several strings: each [`Hasher::update`] is one.
    TupleHash, /// [`TupleHash`] with output of any length.
    TupleHashXof;
}

impl Kmac {
    /// The one of 128 bits.
    #[must_use]
    pub fn v128(key: &[u8], custom_string: &[u8]) -> Self {
        Self::new(key, custom_string, 128)
    }

    /// The one of 256 bits.
    #[must_use]
    pub fn v256(key: &[u8], custom_string: &[u8]) -> Self {
        Self::new(key, custom_string, 256)
    }

    fn new(key: &[u8], custom_string: &[u8], bits: usize) -> Self {
        let mut cshake = CShake::new(b"KMAC", custom_string, bits);
        cshake.update(left_encode(rate(bits)).bytes());
        absorb_string(&mut cshake.sponge, key);
        cshake.sponge.end_block();
        Self { cshake }
    }
}

impl Hasher for Kmac {
    fn update(&mut self, input: &[u8]) {
        self.cshake.update(input);
    }

    fn finalize(mut self, output: &mut [u8]) {
        self.end(8 * output.len());
        self.cshake.finalize(output);
    }
}

impl TupleHash {
    /// The one of 128 bits.
    #[must_use]
    pub fn v128(custom_string: &[u8]) -> Self {
        Self::new(custom_string, 128)
    }

    /// The one of 256 bits.
    #[must_use]
    pub fn v256(custom_string: &[u8]) -> Self {
        Self::new(custom_string, 256)
    }

    fn new(custom_string: &[u8], bits: usize) -> Self {
        Self {
            cshake: CShake::new(b"TupleHash", custom_string, bits),
        }
    }
}

impl Hasher for TupleHash {
    fn update(&mut self, input: &[u8]) {
        absorb_string(&mut self.cshake.sponge, input);
    }

    fn finalize(mut self, output: &mut [u8]) {
        self.end(8 * output.len());
        self.cshake.finalize(output);
    }
}
