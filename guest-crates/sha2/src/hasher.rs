//! SHA-224 and SHA-256 as types. What is no whole block is kept in words and not in the buffer that RustCrypto's
//! wrappers have: the machine takes aligned words, and bytes that lie elsewhere than in a multiple of 4 cost three
//! times as much there.

use core::fmt;

use digest::block_api::{AlgorithmName, BlockSizeUser, Buffer, CoreProxy, CtOutWrapper, Reset};
use digest::common::hazmat::{DeserializeStateError, SerializableState, SerializedState};
use digest::consts::{U28, U32, U64};
use digest::{FixedOutput, FixedOutputReset, HashMarker, Output, OutputSizeUser, Update};

use crate::block_api::Sha256VarCore;
use crate::sha256::{compress, compress256, initial};

/// What has been hashed.
#[derive(Clone)]
struct Hasher {
    state: [u32; 8],
    /// Bytes that are no whole block, as they lie in memory; others may be behind them.
    block: [u32; 16],
    /// Bytes so far.
    length: u64,
}

impl Hasher {
    /// Nothing, by a hash of so many bytes.
    #[inline]
    fn new(output_size: usize) -> Self {
        Self {
            state: initial(output_size).unwrap_or_default(),
            block: [0; 16],
            length: 0,
        }
    }

    /// Bytes in the block.
    #[inline]
    const fn position(&self) -> usize {
        (self.length % 64) as usize
    }

    #[inline]
    fn update(&mut self, mut bytes: &[u8]) {
        let position = self.position();
        self.length = self.length.wrapping_add(bytes.len() as u64);
        if position > 0 {
            let Some((first, rest)) = bytes.split_at_checked(64 - position) else {
                return self.put(position, bytes);
            };
            self.put(position, first);
            compress(&self.block, &mut self.state);
            bytes = rest;
        }
        let (blocks, rest) = bytes.as_chunks();
        compress256(&mut self.state, blocks);
        self.put(0, rest);
    }

    /// Puts bytes into the block, as far as there is room.
    fn put(&mut self, at: usize, bytes: &[u8]) {
        let (whole, rest) = bytes.split_at(bytes.len() & !3);
        let mut done = at;
        // Words go between the words of the block without being taken apart.
        if let Ok(words) = bytemuck::try_cast_slice::<u8, u32>(whole) {
            let room = &mut self.block[at / 4..];
            match 8 * (at as u32 % 4) {
                0 => room
                    .iter_mut()
                    .zip(words)
                    .for_each(|(to, word)| *to = *word),
                shift => {
                    let mut before = room.first().copied().unwrap_or(0) & ((1 << shift) - 1);
                    let mut room = room.iter_mut();
                    // The words first: at their end no room is taken.
                    for (word, to) in words.iter().zip(&mut room) {
                        *to = before | *word << shift;
                        before = *word >> (32 - shift);
                    }
                    if let Some(to) = room.next() {
                        *to = before;
                    }
                }
            }
            done += whole.len();
        }
        let rest = if done > at { rest } else { bytes };
        let block: &mut [u8] = bytemuck::cast_slice_mut(&mut self.block);
        let room = block.iter_mut().skip(done);
        room.zip(rest).for_each(|(to, byte)| *to = *byte);
    }

    /// Hashes a one, zeros, and the length in bits (FIPS 180-4, 5.1.1). The state is the hash.
    fn finish(&mut self) {
        let position = self.position();
        let word = &mut self.block[position / 4];
        let one = 1 << (8 * (position as u32 % 4));
        *word = *word & (one - 1) | one << 7;
        // Here a loop is shorter than a call of `memset`.
        for (i, word) in self.block.iter_mut().enumerate() {
            if i > position / 4 {
                *word = 0;
            }
        }
        if position >= 56 {
            compress(&self.block, &mut self.state);
            self.block = [0; 16];
        }
        let bits = self.length.wrapping_mul(8);
        self.block[14] = ((bits >> 32) as u32).swap_bytes();
        self.block[15] = (bits as u32).swap_bytes();
        compress(&self.block, &mut self.state);
    }

    /// Hashes the end, and writes as much of the hash as there is room for.
    #[inline]
    fn finish_into(&mut self, out: &mut [u8]) {
        self.finish();
        for (bytes, word) in out.chunks_exact_mut(4).zip(self.state) {
            bytes.copy_from_slice(&word.to_be_bytes());
        }
    }

    /// The state and the number of blocks, as [`Sha256VarCore`] writes them down, and the bytes behind them.
    fn parts(&self) -> (SerializedState<Sha256VarCore>, &[u8]) {
        let core = Sha256VarCore::of(self.state, self.length / 64);
        let block: &[u8] = bytemuck::cast_slice(&self.block);
        (core.serialize(), &block[..self.position()])
    }

    fn from_parts(core: &Sha256VarCore, rest: &[u8]) -> Self {
        let (state, blocks) = core.parts();
        let mut hasher = Self {
            state,
            block: [0; 16],
            length: blocks.wrapping_mul(64).wrapping_add(rest.len() as u64),
        };
        hasher.put(0, rest);
        hasher
    }
}

#[cfg(feature = "zeroize")]
impl Drop for Hasher {
    fn drop(&mut self) {
        use digest::zeroize::Zeroize;
        self.state.zeroize();
        self.block.zeroize();
        self.length.zeroize();
    }
}

/// A macro, because types with parameters would have other names than RustCrypto's.
macro_rules! hash {
    ($(#[$doc:meta])* $name:ident, $size:ty, $bytes:literal, $oid:literal, $twin:ident) => {
        $(#[$doc])*
        #[derive(Clone)]
        pub struct $name(Hasher);

        digest::buffer_fixed!(
            /// The same with RustCrypto's buffer, for those who ask for it.
            pub struct $twin(CtOutWrapper<Sha256VarCore, $size>);
            impl: CoreProxy SerializableState;
        );

        impl $name {
            fn twin(&self) -> $twin {
                let (core, rest) = self.0.parts();
                // Any state can be read, and fewer than 64 bytes are kept.
                let core = CtOutWrapper::deserialize(&core).unwrap_or_default();
                $twin::compose(core, Buffer::<<Self as CoreProxy>::Core>::new(rest))
            }

            fn of_twin(twin: $twin) -> Result<Self, DeserializeStateError> {
                let (core, buffer) = twin.decompose();
                let core = Sha256VarCore::deserialize(&core.serialize())?;
                Ok(Self(Hasher::from_parts(&core, buffer.get_data())))
            }
        }

        impl HashMarker for $name {}

        impl BlockSizeUser for $name {
            type BlockSize = U64;
        }

        impl OutputSizeUser for $name {
            type OutputSize = $size;
        }

        impl Default for $name {
            #[inline]
            fn default() -> Self {
                Self(Hasher::new($bytes))
            }
        }

        impl Reset for $name {
            #[inline]
            fn reset(&mut self) {
                self.0.state = initial($bytes).unwrap_or_default();
                self.0.length = 0;
            }
        }

        impl Update for $name {
            #[inline]
            fn update(&mut self, bytes: &[u8]) {
                self.0.update(bytes);
            }
        }

        impl FixedOutput for $name {
            #[inline]
            fn finalize_into(mut self, out: &mut Output<Self>) {
                self.0.finish_into(out);
            }
        }

        impl FixedOutputReset for $name {
            #[inline]
            fn finalize_into_reset(&mut self, out: &mut Output<Self>) {
                self.0.finish_into(out);
                self.reset();
            }
        }

        impl AlgorithmName for $name {
            fn write_alg_name(f: &mut fmt::Formatter<'_>) -> fmt::Result {
                <Self as CoreProxy>::Core::write_alg_name(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), " { ... }"))
            }
        }

        impl CoreProxy for $name {
            type Core = CtOutWrapper<Sha256VarCore, $size>;

            fn compose(core: Self::Core, buffer: Buffer<Self::Core>) -> Self {
                Self::of_twin($twin::compose(core, buffer)).unwrap_or_default()
            }

            fn decompose(self) -> (Self::Core, Buffer<Self::Core>) {
                self.twin().decompose()
            }
        }

        impl SerializableState for $name {
            type SerializedStateSize = <$twin as SerializableState>::SerializedStateSize;

            fn serialize(&self) -> SerializedState<Self> {
                self.twin().serialize()
            }

            fn deserialize(state: &SerializedState<Self>) -> Result<Self, DeserializeStateError> {
                Self::of_twin($twin::deserialize(state)?)
            }
        }

        #[cfg(feature = "oid")]
        impl digest::const_oid::AssociatedOid for $name {
            const OID: digest::const_oid::ObjectIdentifier =
                digest::const_oid::ObjectIdentifier::new_unwrap($oid);
        }

        #[cfg(feature = "zeroize")]
        impl digest::zeroize::ZeroizeOnDrop for $name {}
    };
}

hash! {
    /// SHA-224.
    Sha224, U28, 28, "2.16.840.1.101.3.4.2.4", Buffered224
}
hash! {
    /// SHA-256.
    Sha256, U32, 32, "2.16.840.1.101.3.4.2.1", Buffered256
}
