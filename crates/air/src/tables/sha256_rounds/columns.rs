//! The columns of a row.

use vouch_isa::accelerators::Accelerates;
use vouch_isa::accelerators::sha256_compress::{BLOCK, ROUNDS, Sha256Compress};

use crate::Word;
use crate::columns::Array;

/// What messages about a call's state begin with.
pub(crate) const KIND: u32 = Sha256Compress::NUMBER;
/// What messages about the sums of its message's words begin with: no call has this number.
pub(crate) const SCHEDULE: u32 = 1 << 16 | KIND;
/// Rounds of a row.
pub(crate) const ROW_ROUNDS: usize = 8;
/// Rows of a call.
pub(crate) const STEPS: usize = ROUNDS / ROW_ROUNDS;
/// Rows of a call whose words are those of its block.
pub(crate) const GIVEN: usize = BLOCK / ROW_ROUNDS;

/// The bits of a word, least significant first.
pub(crate) type Bits<T> = [T; 32];

crate::columns! {
    /// What a sum of limbs has beyond its 16 bits: 0 to 5.
    pub struct Carry {
        /// What is left when it is divided by 3; 0 to 2 by a constraint.
        rest: T,
        /// How often 3 is in it; boolean.
        threes: T,
    }
}

crate::columns! {
    /// A round.
    pub struct Round {
        /// Its word of the message; boolean.
        word: Bits<T>,
        /// Carries of the sums that the word is made of.
        word_carry: Array<T, Carry<T>, 2>,
        /// What the message schedule does to the word 15 before; pinned by constraints.
        sigma0: Word<T>,
        /// What it does to the word 2 before; pinned by constraints.
        sigma1: Word<T>,
        /// The new `e`; boolean.
        e: Bits<T>,
        /// Carries of the sum that it is.
        e_carry: Array<T, Carry<T>, 2>,
        /// The new `a`; boolean.
        a: Bits<T>,
        /// Carries of the sum that it is, each 1 more: one term is subtracted.
        a_carry: Array<T, Carry<T>, 2>,
    }
}

crate::columns! {
    /// A row.
    pub struct Sha256Rounds {
        /// Which of a call's rows it is; boolean, at most one.
        steps: [T; STEPS],
        /// Timestamp of the call; pinned by the progress bus.
        ts: T,
        /// `c`, `b` and `a` before: `a` of the last three rounds; boolean, as limbs pinned by the progress bus.
        a: Array<T, Bits<T>, 3>,
        /// `d` before; pinned by the progress bus.
        d: Word<T>,
        /// `g`, `f` and `e` before; boolean, as limbs pinned by the progress bus.
        e: Array<T, Bits<T>, 3>,
        /// `h` before; pinned by the progress bus.
        h: Word<T>,
        /// Sums of the next 16 words of the message, as far as they are known; pinned by the progress bus.
        sums: Array<T, Word<T>, BLOCK>,
        /// The rounds.
        rounds: Array<T, Round<T>, ROW_ROUNDS>,
    }
}
