//! Half of the function that mixes four words: a sum, an exclusive or, and both once more.

use p3_field::{PrimeCharacteristicRing, integers::QuotientMap};

use crate::bus::{self, Fact};
use crate::gadget;
use crate::{Builder, F, Word};

crate::columns! {
    /// Half of the function that mixes words `a`, `b`, `c` and `d`: for four such words each.
    pub struct Halves {
        /// Bytes of `a + b` and a word of the block; bytes by lookup.
        a: [[T; 4]; 4],
        /// `d & a`; lookup.
        d_and: [[T; 4]; 4],
        /// Bytes of `c + d`; bytes by lookup.
        c: [[T; 4]; 4],
        /// `b & c`; lookup.
        b_and: [[T; 4]; 4],
        /// What the limbs of `b` hand to each other as they are turned by bits. 4 bits by lookup, or boolean.
        top: [Word<T>; 4],
    }
}

/// One of [`Halves`].
#[derive(Clone, Copy, Debug)]
pub(crate) struct Half<T> {
    pub a: [T; 4],
    pub d_and: [T; 4],
    pub c: [T; 4],
    pub b_and: [T; 4],
    pub top: Word<T>,
}

impl<T: Copy> Halves<T> {
    /// One of them.
    pub(crate) fn at(&self, i: usize) -> Half<T> {
        Half {
            a: self.a[i],
            d_and: self.d_and[i],
            c: self.c[i],
            b_and: self.b_and[i],
            top: self.top[i],
        }
    }

    /// All of them.
    pub(crate) fn of_each(halves: [Half<T>; 4]) -> Self {
        Self {
            a: halves.map(|half| half.a),
            d_and: halves.map(|half| half.d_and),
            c: halves.map(|half| half.c),
            b_and: halves.map(|half| half.b_and),
            top: halves.map(|half| half.top),
        }
    }
}

/// The four words: limbs where they are only added, bytes where they are xored.
pub(crate) struct Words<E> {
    pub a: Word<E>,
    pub b: [E; 4],
    pub c: Word<E>,
    pub d: [E; 4],
}

/// By how much a half of the function turns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Turn {
    /// `d` by 2 bytes to the right, `b` also by 4 bits to the left.
    First,
    /// `d` by 1 byte to the right, `b` also by 1 bit to the left.
    Second,
}

impl Turn {
    /// Bytes to the right.
    const fn bytes(self) -> usize {
        match self {
            Self::First => 2,
            Self::Second => 1,
        }
    }

    /// Bits to the left, of `b` only.
    const fn bits(self) -> u32 {
        match self {
            Self::First => 4,
            Self::Second => 1,
        }
    }
}

/// Half of the function: `a += b + x; d = (d ^ a) turned; c += d; b = (b ^ c) turned`.
pub(crate) fn half<B: Builder>(
    b: &mut B,
    words: &mut Words<B::Expr>,
    [x_lo, x_hi]: Word<B::Expr>,
    cols: &Half<B::Var>,
    turn: Turn,
    real: &B::Expr,
) -> Word<B::Expr> {
    let [a_lo, a_hi] = words.a.clone();
    let [b_lo, b_hi] = joined::<B>(words.b.clone());
    words.a = gadget::word_of_bytes::<B>(cols.a);
    b.rule("a is the sum");
    let sum = [a_lo + b_lo + x_lo, a_hi + b_hi + x_hi];
    assert_sum(b, sum, words.a.clone(), 3);
    b.rule("d and a");
    let d = xor(b, &words.d, &cols.a, &cols.d_and, real);
    words.d = turned(d, turn);
    let [c_lo, c_hi] = words.c.clone();
    let [d_lo, d_hi] = joined::<B>(words.d.clone());
    words.c = gadget::word_of_bytes::<B>(cols.c);
    b.rule("c is the sum");
    assert_sum(b, [c_lo + d_lo, c_hi + d_hi], words.c.clone(), 2);
    b.rule("b and c");
    let of_b = xor(b, &words.b, &cols.c, &cols.b_and, real);
    let limbs = joined::<B>(turned(of_b, turn));
    turned_left(b, limbs, &cols.top, turn, real)
}

fn turned<E: Clone>(bytes: [E; 4], turn: Turn) -> [E; 4] {
    core::array::from_fn(|i| bytes[(i + turn.bytes()) % 4].clone())
}

/// `result` is the sum of so many words, 2 or 3, which is given limb by limb, modulo `2^32`. All limbs are
/// 16 bits.
///
/// The carries are what is left over, divided by `2^16`. Were they any others, any result would do.
fn assert_sum<B: Builder>(
    b: &mut B,
    [sum_lo, sum_hi]: Word<B::Expr>,
    [lo, hi]: Word<B::Expr>,
    words: u32,
) {
    let carry_lo = (sum_lo - lo) * gadget::INV_2_16;
    let carry_hi = (sum_hi + carry_lo.clone() - hi) * gadget::INV_2_16;
    for (part, carry) in [("low carry", carry_lo), ("high carry", carry_hi)] {
        b.part(part);
        let mut product = carry.clone();
        for other in 1..words {
            product *= carry.clone() - gadget::constant::<B>(other);
        }
        b.assert_zero(product);
    }
}

/// `x ^ y`, byte by byte, given `x & y`. The lookup shows that all three are bytes, and so is the result.
fn xor<B: Builder>(
    b: &mut B,
    x: &[B::Expr; 4],
    y: &[B::Var; 4],
    and: &[B::Var; 4],
    real: &B::Expr,
) -> [B::Expr; 4] {
    core::array::from_fn(|i| {
        let fields = [x[i].clone(), y[i].into(), and[i].into()];
        bus::ask_lookup(b, Fact::And, fields, real.clone());
        x[i].clone() + y[i] - and[i] * F::TWO
    })
}

/// A word, whose limbs are 16 bits, turned to the left by `n = turn.bits()`: the limbs of the result. Who
/// takes them apart shows that they are 16 bits.
///
/// The low one is `2^n lo - 2^16 top_lo + top_hi`. If both tops have `n` bits, a single `top_lo` leaves 16.
/// Otherwise others would, as `30720 * 2^16 = -1`: with a top 30720 more, one limb is 1 more, the other
/// 30720.
///
/// Of `n = 4`, it is enough that 16 times the tops are bytes: `top_hi` is the limb after, less `16 lo`, and 4096
/// times the byte `16 top_lo`. So it is a whole number below `2^21`, and 16 times it is a byte also without `p`.
fn turned_left<B: Builder>(
    b: &mut B,
    [lo, hi]: Word<B::Expr>,
    &[top_lo, top_hi]: &Word<B::Var>,
    turn: Turn,
    real: &B::Expr,
) -> Word<B::Expr> {
    match turn {
        Turn::First => {
            b.rule("tops of b have 4 bits");
            let [x, y] = [top_lo, top_hi].map(|top| top * F::from_int(16));
            gadget::bytes(b, x, y, real);
        }
        Turn::Second => {
            b.rule("tops of b are bits");
            b.assert_bool(top_lo);
            b.assert_bool(top_hi);
        }
    }
    let (shift, over) = (F::from_int(1u32 << turn.bits()), F::from_int(1u32 << 16));
    [
        lo * shift - top_lo * over + top_hi,
        hi * shift - top_hi * over + top_lo,
    ]
}

/// Bytes, least significant first, as a word.
pub(crate) fn joined<B: Builder>([b0, b1, b2, b3]: [B::Expr; 4]) -> Word<B::Expr> {
    let high = F::from_int(256);
    [b0 + b1 * high, b2 + b3 * high]
}

/// The cells of half of the function, and the four words after.
pub(crate) fn half_row([a, b, c, d]: [u32; 4], x: u32, turn: Turn) -> (Half<F>, [u32; 4]) {
    let right = 8 * turn.bytes() as u32;
    let a = a.wrapping_add(b).wrapping_add(x);
    let d_after = (d ^ a).rotate_right(right);
    let c = c.wrapping_add(d_after);
    let of_b = (b ^ c).rotate_right(right);
    let top = |limb: u32| F::from_int(limb >> (16 - turn.bits()));
    let cols = Half {
        a: gadget::word_bytes(a),
        d_and: gadget::word_bytes(d & a),
        c: gadget::word_bytes(c),
        b_and: gadget::word_bytes(b & c),
        top: [top(of_b & 0xffff), top(of_b >> 16)],
    };
    (cols, [a, of_b.rotate_left(turn.bits()), c, d_after])
}
