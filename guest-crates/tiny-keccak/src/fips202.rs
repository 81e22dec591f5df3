//! Functions that are a sponge and nothing else.

use crate::sponge::Sponge;
use crate::{Hasher, Xof, rate};

macro_rules! hashes {
    ($(
        $(#[$doc:meta])*
        $name:ident, $delimiter:literal: $($new:ident = $bits:literal),*;
    )*) => {$(
        $(#[$doc])*
        #[derive(Clone)]
        pub struct $name {
            sponge: Sponge,
        }

        impl $name {
            $(
                #[doc = concat!("The one of ", stringify!($bits), " bits.")]
                #[must_use]
                pub fn $new() -> Self {
                    Self {
                        sponge: Sponge::new(rate($bits), $delimiter),
                    }
                }
            )*
        }

        impl Hasher for $name {
            fn update(&mut self, input: &[u8]) {
                self.sponge.absorb(input);
            }

            fn finalize(mut self, output: &mut [u8]) {
                self.sponge.squeeze(output);
            }
        }
    )*};
}
hashes! {
    /// Keccak as it was before it became SHA-3: what Ethereum hashes with.
    Keccak, 0x01: v224 = 224, v256 = 256, v384 = 384, v512 = 512;
    /// SHA-3.
    Sha3, 0x06: v224 = 224, v256 = 256, v384 = 384, v512 = 512;
    /// SHAKE, whose output may have any length.
    Shake, 0x1f: v128 = 128, v256 = 256;
}

impl Xof for Shake {
    fn squeeze(&mut self, output: &mut [u8]) {
        self.sponge.squeeze(output);
    }
}
