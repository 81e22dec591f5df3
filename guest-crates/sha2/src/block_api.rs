//! The hashes block by block: compression functions, and what RustCrypto's wrappers are given.

use core::fmt;

use digest::block_api::{
    AlgorithmName, Block, BlockSizeUser, Buffer, BufferKindUser, Eager, OutputSizeUser, TruncSide,
    UpdateCore, VariableOutputCore,
};
use digest::common::hazmat::{DeserializeStateError, SerializableState, SerializedState};
use digest::consts::{U16, U32, U40, U64, U80, U128};
use digest::{CollisionResistance, HashMarker, InvalidOutputSize, Output};

pub use crate::sha256::compress256;
pub use crate::sha512::compress512;
// For our `sha2` 0.10.
use crate::{sha256, sha512};
#[doc(hidden)]
pub use crate::{sha256::initial as initial256, sha512::initial as initial512};

/// A hash of any size that its family knows.
///
/// A macro, because the two families have words of different types.
macro_rules! core {
    (
        $(#[$doc:meta])* $name:ident, $algorithm:literal, $word:ty, $counter:ty,
        $block:ty, $output:ty, $strength:ty, $state:ty, $initial:path, $compress:path, $pad:ident
    ) => {
        $(#[$doc])*
        #[derive(Clone)]
        pub struct $name {
            state: [$word; 8],
            /// Blocks so far.
            blocks: $counter,
        }

        impl HashMarker for $name {}

        impl CollisionResistance for $name {
            type CollisionResistance = $strength;
        }

        impl BlockSizeUser for $name {
            type BlockSize = $block;
        }

        impl BufferKindUser for $name {
            type BufferKind = Eager;
        }

        impl OutputSizeUser for $name {
            type OutputSize = $output;
        }

        impl UpdateCore for $name {
            #[inline]
            fn update_blocks(&mut self, blocks: &[Block<Self>]) {
                self.blocks = self.blocks.wrapping_add(blocks.len() as $counter);
                $compress(&mut self.state, Block::<Self>::cast_slice_to_core(blocks));
            }
        }

        impl VariableOutputCore for $name {
            const TRUNC_SIDE: TruncSide = TruncSide::Left;

            #[inline]
            fn new(output_size: usize) -> Result<Self, InvalidOutputSize> {
                let state = $initial(output_size).ok_or(InvalidOutputSize)?;
                Ok(Self { state, blocks: 0 })
            }

            #[inline]
            fn finalize_variable_core(&mut self, buffer: &mut Buffer<Self>, out: &mut Output<Self>) {
                const BLOCK_BITS: $counter = 8 * size_of::<[$word; 16]>() as $counter;
                let rest = 8 * buffer.get_pos() as $counter;
                let bits = self.blocks.wrapping_mul(BLOCK_BITS).wrapping_add(rest);
                let state = &mut self.state;
                buffer.$pad(bits, |block| $compress(state, core::slice::from_ref(&block.0)));
                let bytes = out.chunks_exact_mut(size_of::<$word>());
                for (bytes, word) in bytes.zip(self.state) {
                    bytes.copy_from_slice(&word.to_be_bytes());
                }
            }
        }

        impl AlgorithmName for $name {
            fn write_alg_name(f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str($algorithm)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), " { ... }"))
            }
        }

        impl SerializableState for $name {
            type SerializedStateSize = $state;

            fn serialize(&self) -> SerializedState<Self> {
                let mut all = SerializedState::<Self>::default();
                let (words, blocks) = all.split_at_mut(size_of_val(&self.state));
                for (bytes, word) in words.chunks_exact_mut(size_of::<$word>()).zip(self.state) {
                    bytes.copy_from_slice(&word.to_le_bytes());
                }
                blocks.copy_from_slice(&self.blocks.to_le_bytes());
                all
            }

            fn deserialize(all: &SerializedState<Self>) -> Result<Self, DeserializeStateError> {
                let (words, blocks) = all.split_at(size_of::<[$word; 8]>());
                let mut state = [0; 8];
                for (word, bytes) in state.iter_mut().zip(words.chunks_exact(size_of::<$word>())) {
                    *word = <$word>::from_le_bytes(bytes.try_into().map_err(|_| DeserializeStateError)?);
                }
                let blocks = blocks.try_into().map_err(|_| DeserializeStateError)?;
                Ok(Self {
                    state,
                    blocks: <$counter>::from_le_bytes(blocks),
                })
            }
        }

        #[cfg(feature = "zeroize")]
        impl Drop for $name {
            fn drop(&mut self) {
                use digest::zeroize::Zeroize;
                self.state.zeroize();
                self.blocks.zeroize();
            }
        }

        #[cfg(feature = "zeroize")]
        impl digest::zeroize::ZeroizeOnDrop for $name {}
    };
}

core! {
    /// SHA-224 and SHA-256.
    Sha256VarCore, "Sha256", u32, u64,
    U64, U32, U16, U40, sha256::initial, compress256, len64_padding_be
}
core! {
    /// SHA-384, SHA-512, SHA-512/224 and SHA-512/256.
    Sha512VarCore, "Sha512", u64, u128,
    U128, U64, U32, U80, sha512::initial, compress512, len128_padding_be
}
