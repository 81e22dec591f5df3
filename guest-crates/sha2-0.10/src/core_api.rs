//! The hashes block by block: what RustCrypto's wrappers are given.

use core::fmt;

use digest::block_buffer::Eager;
use digest::consts::{U32, U64, U128};
use digest::core_api::{
    AlgorithmName, Block, BlockSizeUser, Buffer, BufferKindUser, OutputSizeUser, TruncSide,
    UpdateCore, VariableOutputCore,
};
use digest::generic_array::GenericArray;
use digest::{HashMarker, InvalidOutputSize, Output};
use sha2_next::block_api;

/// Compresses blocks into a state, one after the other.
#[inline]
pub fn compress256(state: &mut [u32; 8], blocks: &[GenericArray<u8, U64>]) {
    for block in blocks {
        block_api::compress256(state, core::slice::from_ref(block.as_ref()));
    }
}

/// Compresses blocks into a state, one after the other.
pub fn compress512(state: &mut [u64; 8], blocks: &[GenericArray<u8, U128>]) {
    for block in blocks {
        block_api::compress512(state, core::slice::from_ref(block.as_ref()));
    }
}

/// A hash of any size that its family knows.
///
/// A macro, because the two families have words of different types.
macro_rules! core {
    (
        $(#[$doc:meta])* $name:ident, $algorithm:literal, $word:ty, $counter:ty,
        $block:ty, $output:ty, $initial:path, $compress:path, $pad:ident
    ) => {
        $(#[$doc])*
        #[derive(Clone)]
        pub struct $name {
            state: [$word; 8],
            /// Blocks so far.
            blocks: $counter,
        }

        impl HashMarker for $name {}

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
                $compress(&mut self.state, blocks);
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
                buffer.$pad(bits, |block| $compress(state, core::slice::from_ref(block)));
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
    };
}

core! {
    /// SHA-224 and SHA-256.
    Sha256VarCore, "Sha256", u32, u64,
    U64, U32, block_api::initial256, compress256, len64_padding_be
}
core! {
    /// SHA-384, SHA-512, SHA-512/224 and SHA-512/256.
    Sha512VarCore, "Sha512", u64, u128,
    U128, U64, block_api::initial512, compress512, len128_padding_be
}
