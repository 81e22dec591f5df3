//! Hash functions of the Keccak family (FIPS 202, SP 800-185), with the interface of `tiny-keccak` 2. In a guest,
//! the permutation is one call of the accelerator.
//!
//! ```
//! use tiny_keccak::{Hasher, Keccak};
//!
//! let mut keccak = Keccak::v256();
//! keccak.update(b"any bytes, ");
//! keccak.update(b"in any pieces");
//! let mut digest = [0; 32];
//! keccak.finalize(&mut digest);
//! ```
#![no_std]

mod derived;
mod fips202;
mod sponge;

pub use derived::{CShake, Kmac, KmacXof, TupleHash, TupleHashXof};
pub use fips202::{Keccak, Sha3, Shake};
use vouch_isa::accelerators::keccak_f1600::{ROUND_CONSTANTS, round};

/// Hashes bytes that come in pieces.
pub trait Hasher {
    /// Adds bytes to the message.
    fn update(&mut self, input: &[u8]);

    /// Fills `output` with the digest.
    fn finalize(self, output: &mut [u8]);
}

/// What becomes an [`Xof`] when its message is complete.
pub trait IntoXof {
    /// What it becomes.
    type Xof: Xof;

    /// Ends the message.
    fn into_xof(self) -> Self::Xof;
}

/// A function whose output may have any length.
pub trait Xof {
    /// Fills `output` with what comes next.
    fn squeeze(&mut self, output: &mut [u8]);
}

/// Keccak-f\[1600\] of a state in place: 25 lanes, lane `x + 5y`.
pub fn keccakf(state: &mut [u64; 25]) {
    #[cfg(target_arch = "riscv32")]
    if let Some(words) = bytemuck::cast_slice_mut(state).as_mut_array() {
        return vouch_guest::accelerators::keccak_f1600(words);
    }
    for constant in ROUND_CONSTANTS {
        round(state, constant);
    }
}

/// The rate, in bytes, of a function that is as strong as so many bits.
const fn rate(bits: usize) -> usize {
    200 - bits / 4
}
