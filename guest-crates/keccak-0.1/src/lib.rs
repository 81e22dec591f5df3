//! The permutations Keccak-f and Keccak-p (FIPS 202), with the interface of RustCrypto's `keccak` 0.1, which
//! `sha3` 0.10 stands on. In a guest, Keccak-f\[1600\] is one call of the accelerator; all else is software.
#![no_std]

use keccak_02::{Keccak, software};
pub use software::Lane as LaneSize;

/// Lanes of a state.
pub const PLEN: usize = 25;

macro_rules! functions {
    ($($p:ident, $f:ident, $with:ident, $lane:ty;)*) => {$(
        #[doc = concat!("The last `round_count` rounds of [`", stringify!($f), "`].")]
        ///
        /// # Panics
        /// If there are fewer.
        pub fn $p(state: &mut [$lane; PLEN], round_count: usize) {
            keccak_p(state, round_count);
        }

        /// Keccak-f.
        pub fn $f(state: &mut [$lane; PLEN]) {
            Keccak::new().$with(|permute| permute(state));
        }
    )*};
}
functions! {
    p200, f200, with_f200, u8;
    p400, f400, with_f400, u16;
    p800, f800, with_f800, u32;
}

/// The last `round_count` rounds of [`f1600`], all of which are one call.
///
/// # Panics
/// If there are fewer.
pub fn p1600(state: &mut [u64; PLEN], round_count: usize) {
    match round_count {
        keccak_02::F1600_ROUNDS => f1600(state),
        _ => keccak_p(state, round_count),
    }
}

/// Keccak-f\[1600\].
pub fn f1600(state: &mut [u64; PLEN]) {
    Keccak::new().with_f1600(|permute| permute(state));
}

/// The last `round_count` rounds of Keccak-f, in software.
///
/// # Panics
/// If there are fewer.
pub fn keccak_p<L: LaneSize>(state: &mut [L; PLEN], round_count: usize) {
    software::permute(state, round_count);
}
