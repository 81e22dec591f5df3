//! The rounds of `keccak_f1600` calls.
//!
//! - Given: the state before a round, from the call or from the round before.
//! - Proves: what it sends is the state after that round, and both have limbs of 16 bits. The step says
//!   which round it is, and is no more than 23.
//! - Buses: progress. Degree 3. One row a round, 24 a call.
//!
//! Columns and constraints of a round are those of p3-keccak-air, less what carries a state from row to row
//! there: the bus does that, so no row looks at the next one (docs/decisions/0017). Lane `x + 5y` has the bits
//! `64 (x + 5y) + z` and the limbs `4 (x + 5y) + z / 16`; a column of five lanes, for theta, is `64 x + z`.
//!
//! A row of zeros is a round of zeros without a constant: padding needs no more.

use alloc::borrow::Cow;
use core::ops::Range;

use p3_field::{PrimeCharacteristicRing, integers::QuotientMap};
use vouch_isa::accelerators::Accelerator;
use vouch_isa::accelerators::keccak_f1600::{
    LANES, ROTATIONS, ROUND_CONSTANTS, ROUNDS, lanes, round,
};
use vouch_isa::event::Counts;

use super::keccak_f1600::{KIND, LIMBS};
use crate::bus;
use crate::gadget;
use crate::table::{Context, TableType};
use crate::{Builder, F};

pub(crate) const BITS: usize = 64 * LANES;
/// Bits of a limb.
const LIMB: usize = 16;
/// Bits that some round's constant has: `2^j - 1` for `j < 7`.
pub(crate) const CONSTANT_BITS: usize = 7;
/// Values of the digits of the step: `LOW * high + low`.
pub(crate) const HIGH: usize = 6;
pub(crate) const LOW: usize = 4;
const _: () = assert!(HIGH * LOW == ROUNDS);

crate::columns! {
    /// A row.
    pub struct KeccakRound {
        /// Timestamp of the call; pinned by the progress bus.
        ts: T,
        /// High digit of the step; booleans, at most one.
        high: [T; HIGH],
        /// Low digit of the step; booleans, as many as of the high one.
        low: [T; LOW],
        /// Limbs of the state before; pinned by the progress bus.
        before: [T; LIMBS],
        /// Parities of the columns of five lanes; boolean.
        parity: [T; 320],
        /// The same after theta; determined.
        parity_after: [T; 320],
        /// Bits of the lanes after theta; boolean.
        bits: [T; BITS],
        /// The bits of lane 0 after chi that a constant can flip; determined.
        chi: [T; CONSTANT_BITS],
        /// Limbs of the state after; determined.
        after: [T; LIMBS],
    }
}

/// A round of a call.
#[derive(Clone, Debug)]
pub struct Round {
    /// Timestamp of the call.
    pub ts: u32,
    /// Which round it is.
    pub step: usize,
    /// The state before.
    pub lanes: [u64; LANES],
}

impl TableType for KeccakRound<F> {
    const ID: u8 = 26;
    const NAME: &'static str = "keccak_round";
    // The calls that fit a segment's time, 2^16, have 24 * 2^16 rows. With ten messages each, that is a hundredth of
    // what keeps counts from wrapping.
    const MAX_LOG_HEIGHT: usize = 21;
    type Columns<T: Copy> = KeccakRound<T>;
    type Event<'a> = Round;

    fn rows(counts: &Counts, _: u64) -> u64 {
        ROUNDS as u64 * counts.accelerated[Accelerator::KeccakF1600 as usize]
    }

    fn events<'a>(cx: &Context<'a>) -> Cow<'a, [Round]> {
        let calls = cx.segment.invocations(Accelerator::KeccakF1600);
        let rounds = calls.flat_map(|(call, accesses)| {
            let word = |i: usize| accesses.get(i).map_or(0, |access| access.prev);
            rounds(call.ts, lanes(&core::array::from_fn(word)))
        });
        Cow::Owned(rounds.collect())
    }

    fn eval<B: Builder>(b: &mut B, c: &KeccakRound<B::Var>) {
        let (real, step) = eval_step(b, c);
        let (before, after) = (c.before.map(Into::into), c.after.map(Into::into));
        b.rule("state before");
        let ts: B::Expr = c.ts.into();
        bus::receive_progress(b, KIND, ts.clone(), step.clone(), &before, real.clone());
        b.rule("state after");
        bus::send_progress(b, KIND, ts, step + B::Expr::ONE, &after, real);
        eval_theta(b, c);
        eval_chi(b, c);
    }

    fn row(e: &Round, _: &Range<u32>) -> KeccakRound<F> {
        let digit = |is: bool| F::from_bool(is);
        let bit = |lane: u64, z: usize| F::from_bool(lane >> (z % 64) & 1 == 1);
        let parity: [u64; 5] =
            core::array::from_fn(|x| (0..5).fold(0, |parity, y| parity ^ e.lanes[x + 5 * y]));
        let effect: [u64; 5] =
            core::array::from_fn(|x| parity[(x + 4) % 5] ^ parity[(x + 1) % 5].rotate_left(1));
        let bits: [u64; LANES] = core::array::from_fn(|i| e.lanes[i] ^ effect[i % 5]);
        let mut after = e.lanes;
        round(&mut after, 0);
        let chi = after[0];
        after[0] ^= ROUND_CONSTANTS[e.step];
        KeccakRound {
            ts: F::from_int(e.ts),
            high: core::array::from_fn(|i| digit(e.step / LOW == i)),
            low: core::array::from_fn(|i| digit(e.step % LOW == i)),
            before: limbs(&e.lanes),
            parity: core::array::from_fn(|i| bit(parity[i / 64], i)),
            parity_after: core::array::from_fn(|i| bit(parity[i / 64] ^ effect[i / 64], i)),
            bits: core::array::from_fn(|i| bit(bits[i / 64], i)),
            chi: core::array::from_fn(|j| bit(chi, constant_bit(j))),
            after: limbs(&after),
        }
    }
}

fn limbs(lanes: &[u64; LANES]) -> [F; LIMBS] {
    core::array::from_fn(|i| F::from_int(lanes[i / 4] >> (LIMB * (i % 4)) & 0xffff))
}

/// The rounds of a call that is given these lanes.
pub(crate) fn rounds(ts: u32, mut lanes: [u64; LANES]) -> impl Iterator<Item = Round> {
    { ROUND_CONSTANTS.into_iter().enumerate() }.map(move |(step, constant)| {
        let before = lanes;
        round(&mut lanes, constant);
        Round {
            ts,
            step,
            lanes: before,
        }
    })
}

/// Whether the row is a round, and which one.
///
/// With two digits the constant of a round has degree 2, which leaves one for what it flips. Two digits at
/// once would be a step that no round is.
fn eval_step<B: Builder>(b: &mut B, c: &KeccakRound<B::Var>) -> (B::Expr, B::Expr) {
    b.rule("high digit");
    let real = gadget::select(b, &c.high);
    b.rule("low digit is boolean");
    for digit in c.low {
        b.assert_bool(digit);
    }
    b.rule("low digit is there");
    let any: B::Expr = c.low.into_iter().map(Into::into).sum();
    b.assert_eq(any, real.clone());
    let value = |digits: &[B::Var], unit: usize| -> B::Expr {
        let terms = digits.iter().enumerate();
        terms.map(|(i, &digit)| digit * scalar(unit * i)).sum()
    };
    (real, value(&c.high, LOW) + value(&c.low, 1))
}

/// Theta: each bit is flipped if the parities of two columns beside it differ.
///
/// `bits` are the bits after, so the bits before, which the limbs are made of, are computed from them. Let `P`
/// be the parities of the bits before. `parity_after = parity + effect`, and the sum of five bits after
/// is `P + 5 effect`: they agree only if `parity = P`. (Over bits, where five times a bit is the bit.)
fn eval_theta<B: Builder>(b: &mut B, c: &KeccakRound<B::Var>) {
    b.rule("parity is boolean");
    for parity in c.parity {
        b.assert_bool(parity);
    }
    // Otherwise a bit would be flipped that is not to be, or by something that is no bit.
    b.rule("parity after theta");
    for (i, after) in c.parity_after.into_iter().enumerate() {
        b.assert_eq(after, parity_after::<B::Expr>(|i| c.parity[i].into(), i));
    }
    b.rule("bits have that parity");
    for (i, parity) in c.parity_after.into_iter().enumerate() {
        let sum: B::Expr = (0..5).map(|y| c.bits[320 * y + i].into()).sum();
        let rest = sum - parity;
        let two = B::Expr::TWO;
        b.assert_zero(rest.clone() * (rest.clone() - two.clone()) * (rest - two.double()));
    }
    // They are what chi computes with: anything else than bits there has no meaning.
    b.rule("bit is boolean");
    for bit in c.bits {
        b.assert_bool(bit);
    }
    b.rule("limb before");
    let effect: [B::Expr; 320] = core::array::from_fn(|i| {
        let parity: B::Expr = c.parity[i].into();
        parity.xor(&c.parity_after[i].into())
    });
    for (i, limb) in c.before.into_iter().enumerate() {
        let bit = |i: usize| effect[i % 320].xor(&c.bits[i].into());
        b.assert_eq(limb, join_bits::<B::Expr>(i, bit));
    }
}

/// Rho, pi, chi and iota: the limbs after, from the bits.
fn eval_chi<B: Builder>(b: &mut B, c: &KeccakRound<B::Var>) {
    let bits = |i: usize| -> B::Expr { c.bits[i].into() };
    // Chi has degree 3, which leaves none for the constant.
    b.rule("bit after chi");
    for (j, chi) in c.chi.into_iter().enumerate() {
        b.assert_eq(chi, after_chi(bits, constant_bit(j)));
    }
    b.rule("limb after");
    let (high, low) = (c.high.map(Into::into), c.low.map(Into::into));
    let constants: [B::Expr; CONSTANT_BITS] = core::array::from_fn(|j| constant(&high, &low, j));
    for (i, limb) in c.after.into_iter().enumerate() {
        let bit = |bit: usize| match flipped(bit) {
            Some(j) => constants[j].xor(&c.chi[j].into()),
            None => after_chi(bits, bit),
        };
        b.assert_eq(limb, join_bits::<B::Expr>(i, bit));
    }
}

/// Which bit of the state the `j`-th bit of a round's constant flips.
pub(crate) const fn constant_bit(j: usize) -> usize {
    (1 << j) - 1
}

/// Which bit of the constants flips a bit of the state, if any.
pub(crate) fn flipped(bit: usize) -> Option<usize> {
    (0..CONSTANT_BITS).find(|&j| constant_bit(j) == bit)
}

/// The `j`-th bit of the constant of the round that the digits say.
pub(crate) fn constant<E: PrimeCharacteristicRing>(
    high: &[E; HIGH],
    low: &[E; LOW],
    j: usize,
) -> E {
    let is_set = |step: usize| ROUND_CONSTANTS[step] >> constant_bit(j) & 1 == 1;
    let of_high = |(i, high): (usize, &E)| {
        let lows = low.iter().enumerate();
        let lows = lows.filter(|(l, _)| is_set(LOW * i + l));
        high.clone() * lows.map(|(_, low)| low.clone()).sum::<E>()
    };
    high.iter().enumerate().map(of_high).sum()
}

/// The parity of column `i` after theta, given those before.
pub(crate) fn parity_after<E: PrimeCharacteristicRing>(parity: impl Fn(usize) -> E, i: usize) -> E {
    let [left, right] = beside(i);
    parity(i).xor3(&parity(left), &parity(right))
}

/// The columns whose parities flip column `i`.
pub(crate) const fn beside(i: usize) -> [usize; 2] {
    let (x, z) = (i / 64, i % 64);
    [64 * ((x + 4) % 5) + z, 64 * ((x + 1) % 5) + (z + 63) % 64]
}

/// A bit after chi, given those after theta.
pub(crate) fn after_chi<E: PrimeCharacteristicRing>(bits: impl Fn(usize) -> E, i: usize) -> E {
    let (x, y, z) = (i / 64 % 5, i / 320, i % 64);
    let moved = |x| bits(moved_from(x % 5, y, z));
    moved(x + 1).andn(&moved(x + 2)).xor(&moved(x))
}

/// The bit that rho and pi move to place `z` of lane `(x, y)`.
const fn moved_from(x: usize, y: usize, z: usize) -> usize {
    let lane = (x + 3 * y) % 5 + 5 * x;
    64 * lane + (z + 64 - ROTATIONS[lane] as usize) % 64
}

/// The `i`-th limb of a state with these bits.
pub(crate) fn join_bits<E: PrimeCharacteristicRing>(i: usize, bit: impl Fn(usize) -> E) -> E {
    let bits = (LIMB * i..LIMB * (i + 1)).rev();
    bits.fold(E::ZERO, |sum, i| sum.double() + bit(i))
}

fn scalar(number: usize) -> F {
    F::from_int(number as u32)
}
