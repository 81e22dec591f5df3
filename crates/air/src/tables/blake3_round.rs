//! Rounds of BLAKE3, which [`super::blake3_compress`] hands on from row to row.
//!
//! - Given: the progress of a call: a step, a matrix of 16 words, and the 16 words of a block.
//! - Proves: the next step's matrix is that after a round, its block that in the next round's order.
//! - Assumes: the limbs that are given are 16 bits; whoever is given the next step takes its words in the second
//!   quarter, `b`, apart into bytes.
//! - Buses: progress, lookup. Degree 3. One row a round, [`ROUNDS`] a call.
//!
//! Words that are xored are bytes: `x ^ y = x + y - 2 (x & y)`, and the lookup of `x & y` shows that all are.
//! So rotations by bytes are free. Those by 12 and 7 bits are one by 2 bytes or 1, and then 4 bits or 1 to the
//! left: what each limb hands to the other is a column.

pub(crate) mod half;

use alloc::borrow::Cow;
use alloc::vec::Vec;
use core::ops::Range;

use p3_field::{PrimeCharacteristicRing, integers::QuotientMap};
use vouch_isa::accelerators::blake3_compress::{self, BLOCK_WORDS, ROUNDS};
use vouch_isa::accelerators::{Accelerates, Accelerator};
use vouch_isa::event::{Access, Counts, Invocation};

use self::half::{Half, Halves, Turn, Words, half, half_row, joined};
use crate::bus;
use crate::gadget;
use crate::table::{Context, TableType};
use crate::{Builder, F, Word};

/// The number under which calls make progress.
pub(crate) const KIND: u32 = blake3_compress::Blake3Compress::NUMBER;

/// More rows, of as many messages as one has, would be too many for the sum over all tables.
pub(crate) const MAX_LOG_HEIGHT: usize = 17;

/// What a round is given and gives: the matrix and the block, in limbs.
pub(crate) const LIMBS: usize = 2 * (16 + BLOCK_WORDS);

crate::columns! {
    /// The function that mixes words, for four of each quarter.
    pub struct Mixes {
        /// It turns by 16 and 12.
        first: Halves<T>,
        /// High bytes of the limbs of `b` in between; bytes by lookup.
        between: [Word<T>; 4],
        /// It turns by 8 and 7.
        second: Halves<T>,
    }
}

crate::columns! {
    /// A row.
    pub struct Blake3Round {
        /// Timestamp of the call; pinned by the progress bus.
        ts: T,
        /// Rounds before; pinned by the progress bus.
        step: T,
        /// The row is a round; boolean.
        is_real: T,
        /// First quarter of the matrix; pinned by the progress bus.
        a: [Word<T>; 4],
        /// Bytes of the second; bytes by lookup, pinned as limbs by the progress bus.
        b: [[T; 4]; 4],
        /// Third quarter; pinned by the progress bus.
        c: [Word<T>; 4],
        /// Bytes of the last; bytes by lookup, pinned as limbs by the progress bus.
        d: [[T; 4]; 4],
        /// The block in this round's order; pinned by the progress bus.
        block: [Word<T>; BLOCK_WORDS],
        /// Mixes the columns of the matrix.
        columns: Mixes<T>,
        /// High bytes of the limbs of `b` after that; bytes by lookup.
        between: [Word<T>; 4],
        /// Mixes its diagonals.
        diagonals: Mixes<T>,
    }
}

/// A round of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Round {
    /// Timestamp of the call.
    pub ts: u32,
    /// Rounds before.
    pub step: u32,
    /// The matrix before.
    pub matrix: [u32; 16],
    /// The block in this round's order.
    pub block: [u32; BLOCK_WORDS],
}

impl Round {
    /// The step after it, which is no round if all have been.
    pub fn next(&self) -> Self {
        let mut matrix = self.matrix;
        blake3_compress::round(&mut matrix, &self.block);
        Self {
            ts: self.ts,
            step: self.step + 1,
            matrix,
            block: blake3_compress::permuted(self.block),
        }
    }
}

/// The first round of a call, given its accesses.
pub(crate) fn first(call: &Invocation, accesses: &[Access]) -> Round {
    let word = |i: usize| accesses.get(i).map_or(0, |access| access.prev);
    Round {
        ts: call.ts,
        step: 0,
        matrix: blake3_compress::start(&core::array::from_fn(|i| word(BLOCK_WORDS + i))),
        block: core::array::from_fn(word),
    }
}

impl TableType for Blake3Round<F> {
    const ID: u8 = 28;
    const NAME: &'static str = "blake3_round";
    const MAX_LOG_HEIGHT: usize = MAX_LOG_HEIGHT;
    type Columns<T: Copy> = Blake3Round<T>;
    type Event<'a> = Round;

    fn rows(counts: &Counts, _: u64) -> u64 {
        let calls = counts.accelerated[Accelerator::Blake3Compress as usize];
        calls.saturating_mul(ROUNDS as u64)
    }

    fn events<'a>(cx: &Context<'a>) -> Cow<'a, [Round]> {
        let calls = cx.segment.invocations(Accelerator::Blake3Compress);
        let rounds = calls.flat_map(|(call, accesses)| {
            let rounds = core::iter::successors(Some(first(call, accesses)), |it| Some(it.next()));
            rounds.take(ROUNDS)
        });
        Cow::Owned(rounds.collect())
    }

    fn eval<B: Builder>(b: &mut B, c: &Blake3Round<B::Var>) {
        b.rule("flags");
        let real = gadget::select(b, &[c.is_real]);
        let before = Matrix::<B::Expr> {
            a: c.a.map(gadget::exs::<B, 2>),
            b: c.b.map(gadget::exs::<B, 4>),
            c: c.c.map(gadget::exs::<B, 2>),
            d: c.d.map(gadget::exs::<B, 4>),
        };
        let block = c.block.map(gadget::exs::<B, 2>);
        b.rule("step");
        // Steps only go up: no rounds go in a circle.
        let (ts, step) = (c.ts.into(), c.step.into());
        let limbs = limbs::<B>(&before, before.b.clone().map(joined::<B>), &block);
        bus::receive_progress(b, KIND, ts, step, &limbs, real.clone());

        let (mut matrix, mut mixed) = (before, Vec::with_capacity(4));
        for i in 0..4 {
            let words = [block[2 * i].clone(), block[2 * i + 1].clone()];
            let b_limbs = mix(b, &mut matrix, [i, i, i, i], words, &c.columns, &real);
            matrix.b[i] = bytes::<B>(b_limbs, c.between[i]);
        }
        for i in 0..4 {
            let words = [block[2 * i + 8].clone(), block[2 * i + 9].clone()];
            let places = core::array::from_fn(|quarter| (i + quarter) % 4);
            mixed.push(mix(b, &mut matrix, places, words, &c.diagonals, &real));
        }
        // The first diagonal has the second of `b`.
        let b_limbs = core::array::from_fn(|i| mixed[(i + 3) % 4].clone());
        b.rule("next step");
        let limbs = self::limbs::<B>(&matrix, b_limbs, &blake3_compress::permuted(block));
        bus::send_progress(b, KIND, c.ts.into(), c.step + B::Expr::ONE, &limbs, real);
    }

    fn row(e: &Round, _: &Range<u32>) -> Blake3Round<F> {
        row_by(e, half_row)
    }
}

/// A matrix whose words are limbs where they are only added, and bytes where they are xored.
struct Matrix<E> {
    a: [Word<E>; 4],
    b: [[E; 4]; 4],
    c: [Word<E>; 4],
    d: [[E; 4]; 4],
}

/// What is handed on. The limbs of `b` stand for its bytes.
fn limbs<B: Builder>(
    matrix: &Matrix<B::Expr>,
    b_limbs: [Word<B::Expr>; 4],
    block: &[Word<B::Expr>; BLOCK_WORDS],
) -> Vec<B::Expr> {
    let mut limbs = Vec::with_capacity(LIMBS);
    limbs.extend(matrix.a.iter().flatten().cloned());
    limbs.extend(b_limbs.into_iter().flatten());
    limbs.extend(matrix.c.iter().flatten().cloned());
    limbs.extend(matrix.d.clone().map(joined::<B>).into_iter().flatten());
    limbs.extend(block.iter().flatten().cloned());
    limbs
}

/// The bytes of a word, given the high ones of its limbs. Who looks them up shows that they are.
fn bytes<B: Builder>([lo, hi]: Word<B::Expr>, [b1, b3]: Word<B::Var>) -> [B::Expr; 4] {
    let high = F::from_int(256);
    [lo - b1 * high, b1.into(), hi - b3 * high, b3.into()]
}

/// Mixes a word of each quarter of the matrix, the `i`-th of the first, by the `i`-th of the columns. What
/// becomes of `b` is given back in limbs, whose range is left to whoever takes them apart.
fn mix<B: Builder>(
    b: &mut B,
    matrix: &mut Matrix<B::Expr>,
    [i, j, k, l]: [usize; 4],
    [x, y]: [Word<B::Expr>; 2],
    cols: &Mixes<B::Var>,
    real: &B::Expr,
) -> Word<B::Expr> {
    let mut words = Words {
        a: matrix.a[i].clone(),
        b: matrix.b[j].clone(),
        c: matrix.c[k].clone(),
        d: matrix.d[l].clone(),
    };
    let b_limbs = half(b, &mut words, x, &cols.first.at(i), Turn::First, real);
    words.b = bytes::<B>(b_limbs, cols.between[i]);
    let b_limbs = half(b, &mut words, y, &cols.second.at(i), Turn::Second, real);
    matrix.a[i] = words.a;
    matrix.c[k] = words.c;
    matrix.d[l] = words.d;
    b_limbs
}

/// The row of a round each of whose halves is filled by `half`, from `a`, `b`, `c`, `d` and a word of
/// the block; that returns the four words after, too.
pub(crate) fn row_by(
    e: &Round,
    mut half: impl FnMut([u32; 4], u32, Turn) -> (Half<F>, [u32; 4]),
) -> Blake3Round<F> {
    let mut matrix = e.matrix;
    let mut mix = |places: [usize; 4], i: usize| {
        let words = places.map(|place| matrix[place]);
        let (first, words) = half(words, e.block[i], Turn::First);
        let between = high_bytes(words[1]);
        let (second, words) = half(words, e.block[i + 1], Turn::Second);
        for (place, word) in places.into_iter().zip(words) {
            matrix[place] = word;
        }
        Mixed {
            first,
            between,
            second,
            after: high_bytes(words[1]),
        }
    };
    let columns: [_; 4] = core::array::from_fn(|i| mix([i, 4 + i, 8 + i, 12 + i], 2 * i));
    let diagonals: [_; 4] = core::array::from_fn(|i| {
        let [j, k, l] = [1, 2, 3].map(|quarter| 4 * quarter + (i + quarter) % 4);
        mix([i, j, k, l], 8 + 2 * i)
    });
    let words = |quarter: usize| core::array::from_fn(|i| gadget::word(e.matrix[4 * quarter + i]));
    let bytes = |quarter: usize| -> [_; 4] {
        core::array::from_fn(|i| gadget::word_bytes(e.matrix[4 * quarter + i]))
    };
    Blake3Round {
        ts: F::from_int(e.ts),
        step: F::from_int(e.step),
        is_real: F::ONE,
        a: words(0),
        b: bytes(1),
        c: words(2),
        d: bytes(3),
        block: e.block.map(gadget::word),
        columns: Mixes::of_each(columns),
        between: columns.map(|mixed| mixed.after),
        diagonals: Mixes::of_each(diagonals),
    }
}

/// One of [`Mixes`].
#[derive(Clone, Copy)]
struct Mixed {
    first: Half<F>,
    between: Word<F>,
    second: Half<F>,
    /// High bytes of the limbs of `b` after it.
    after: Word<F>,
}

impl Mixes<F> {
    fn of_each(mixed: [Mixed; 4]) -> Self {
        Self {
            first: Halves::of_each(mixed.map(|it| it.first)),
            between: mixed.map(|it| it.between),
            second: Halves::of_each(mixed.map(|it| it.second)),
        }
    }
}

fn high_bytes(word: u32) -> Word<F> {
    let [_, b1, _, b3] = gadget::word_bytes(word);
    [b1, b3]
}
