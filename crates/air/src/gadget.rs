//! Pieces that several tables share.

use p3_air::AirBuilder;
use p3_field::{PrimeCharacteristicRing, integers::QuotientMap};
use vouch_isa::memory::{FIRST_TIMESTAMP, REGISTER_BASE};

use crate::bus::{self, Fact};
use crate::columns;
use crate::{Builder, F, Word};

/// `2^-16`
pub(crate) const INV_2_16: F = F::new(2_013_235_201);
/// `2^-15`
pub(crate) const INV_2_15: F = F::new(2_013_204_481);
/// `2^-14`
pub(crate) const INV_2_14: F = F::new(2_013_143_041);
/// `2^-5`
pub(crate) const INV_2_5: F = F::new(1_950_351_361);

/// A constant.
pub(crate) fn constant<B: Builder>(value: u32) -> B::Expr {
    B::Expr::from(F::from_int(value))
}

/// A block of variables as expressions.
pub(crate) fn exs<B: Builder, const N: usize>(vars: [B::Var; N]) -> [B::Expr; N] {
    vars.map(Into::into)
}

/// A limb or byte pair: `low + base * high`.
pub(crate) fn join<B: Builder>(low: B::Var, high: B::Var, base: u32) -> B::Expr {
    low + high * F::from_int(base)
}

/// Four bytes, least significant first, as a word.
pub(crate) fn word_of_bytes<B: Builder>(bytes: [B::Var; 4]) -> Word<B::Expr> {
    [
        join::<B>(bytes[0], bytes[1], 256),
        join::<B>(bytes[2], bytes[3], 256),
    ]
}

/// Flags of which at most one is set; their sum, which says whether the row is in use.
///
/// Without it a row could be two instructions at once, or half of one.
pub(crate) fn select<B: Builder>(b: &mut B, flags: &[B::Var]) -> B::Expr {
    let mut sum = B::Expr::ZERO;
    b.part("each is boolean");
    for &flag in flags {
        b.assert_bool(flag);
        sum += flag.into();
    }
    b.part("at most one is set");
    b.assert_bool(sum.clone());
    sum
}

/// `x < 2^16`
pub(crate) fn range16<B: Builder>(b: &mut B, x: B::Expr, count: &B::Expr) {
    let fields = [x, B::Expr::ZERO, B::Expr::ZERO];
    bus::ask_lookup(b, Fact::Range16, fields, count.clone());
}

/// `x < 2^14`
pub(crate) fn range14<B: Builder>(b: &mut B, x: B::Expr, count: &B::Expr) {
    let fields = [x, B::Expr::ZERO, B::Expr::ZERO];
    bus::ask_lookup(b, Fact::Range14, fields, count.clone());
}

/// `x` and `y` are bytes.
pub(crate) fn bytes<B: Builder>(b: &mut B, x: B::Expr, y: B::Expr, count: &B::Expr) {
    bus::ask_lookup(b, Fact::Bytes, [x, y, B::Expr::ZERO], count.clone());
}

/// Both limbs of a word are 16 bits.
pub(crate) fn range_word<B: Builder>(b: &mut B, word: Word<B::Expr>, count: &B::Expr) {
    for limb in word {
        range16(b, limb, count);
    }
}

/// `a + b = c` modulo `2^32`, where `filter` is set; the limbs of all three are 16 bits.
///
/// The carries are what is left over, divided by `2^16`: they need no columns. Were they not
/// boolean, any `c` would do.
pub(crate) fn add_words<B: Builder>(
    b: &mut B,
    filter: B::Expr,
    [a_lo, a_hi]: Word<B::Expr>,
    [b_lo, b_hi]: Word<B::Expr>,
    [c_lo, c_hi]: Word<B::Expr>,
) {
    let carry_lo = (a_lo + b_lo - c_lo) * INV_2_16;
    let carry_hi = (a_hi + b_hi + carry_lo.clone() - c_hi) * INV_2_16;
    b.part("low carry is boolean");
    b.when(filter.clone()).assert_bool(carry_lo);
    b.part("high carry is boolean");
    b.when(filter).assert_bool(carry_hi);
}

/// `bit` is the top bit of the 16-bit `limb`: what is left of the limb fits 15 bits.
pub(crate) fn top_bit<B: Builder>(b: &mut B, limb: B::Expr, bit: B::Var, count: &B::Expr) {
    b.part("is boolean");
    b.assert_bool(bit);
    let rest = limb - bit * F::from_int(1 << 15);
    b.part("rest is 15 bits");
    range16(b, rest.double(), count);
}

/// Takes the cell from `(prev, prev_ts)` to `(next, ts)`. The caller shows `prev_ts < ts`.
fn access<B: Builder>(
    b: &mut B,
    cell: B::Expr,
    (prev, prev_ts): (Word<B::Expr>, B::Var),
    (next, ts): (Word<B::Expr>, B::Expr),
    count: &B::Expr,
) {
    b.part("before");
    bus::receive_cell(b, cell.clone(), prev, prev_ts.into(), count.clone());
    b.part("after");
    bus::send_cell(b, cell, next, ts, count.clone());
}

/// Accesses a register: `prev` before, `next` after.
///
/// One 16-bit range shows that the previous access is older: registers that have rested
/// longer are refreshed first. Without it, an access could read a value of the future.
pub(crate) fn access_register<B: Builder>(
    b: &mut B,
    cell: B::Expr,
    prev: (Word<B::Expr>, B::Var),
    next: (Word<B::Expr>, B::Expr),
    count: &B::Expr,
) {
    let gap = next.1.clone() - prev.1 - B::Expr::ONE;
    access(b, cell + constant::<B>(REGISTER_BASE), prev, next, count);
    b.part("time since is 16 bits");
    range16(b, gap, count);
}

columns! {
    /// An access to a memory word.
    pub struct MemoryAccess {
        /// Timestamp of the previous access; pinned by the memory bus.
        prev_ts: T,
        /// Low 16 bits of the time since, less 1; range16.
        gap_lo: T,
    }
}

impl MemoryAccess<F> {
    /// Cells of an access at `ts`.
    pub(crate) fn new(prev_ts: u32, ts: u32) -> Self {
        let gap = ts.wrapping_sub(prev_ts).wrapping_sub(1);
        Self {
            prev_ts: F::from_int(prev_ts),
            gap_lo: F::from_int(gap & 0xffff),
        }
    }
}

/// Accesses a memory word: `prev` before, `next` after, at `ts`.
///
/// The time since the previous access, less 1, is `gap_lo + 2^16 * gap_hi < 2^30`. No access
/// is later than `FETCH_TIMESTAMP < p - 2^30`, so a negative difference has no such limbs.
/// Callers owe that bound: `ts` must come from the state bus or be bounded by themselves.
pub(crate) fn access_memory<B: Builder>(
    b: &mut B,
    word: B::Expr,
    prev: Word<B::Expr>,
    next: Word<B::Expr>,
    at: &MemoryAccess<B::Var>,
    ts: B::Expr,
    count: &B::Expr,
) {
    let gap_hi = (ts.clone() - at.prev_ts - B::Expr::ONE - at.gap_lo) * INV_2_16;
    access(b, word, (prev, at.prev_ts), (next, ts), count);
    b.part("low time since is 16 bits");
    range16(b, at.gap_lo.into(), count);
    b.part("high time since is 14 bits");
    range14(b, gap_hi, count);
}

columns! {
    /// A read of a register.
    pub struct ReadRegister {
        /// Its value; both limbs 16 bits because whoever wrote them checked.
        value: Word<T>,
        /// Timestamp of the previous access; pinned by the memory bus.
        prev_ts: T,
    }
}

impl ReadRegister<F> {
    pub(crate) fn new(value: u32, prev_ts: u32) -> Self {
        Self {
            value: word(value),
            prev_ts: F::from_int(prev_ts),
        }
    }
}

columns! {
    /// A write of a register.
    pub struct WriteRegister {
        /// Its old value; pinned by the memory bus.
        prev: Word<T>,
        /// Timestamp of the previous access; pinned by the memory bus.
        prev_ts: T,
    }
}

impl WriteRegister<F> {
    pub(crate) fn new(prev: u32, prev_ts: u32) -> Self {
        Self {
            prev: word(prev),
            prev_ts: F::from_int(prev_ts),
        }
    }
}

columns! {
    /// Comparison of two words, signed or not.
    pub struct LessThan {
        /// High limb of `a`, with its top bit flipped if signed; range16.
        a_top: T,
        /// High limb of `b`, likewise; range16.
        b_top: T,
        /// Low limb of `a - b`; range16.
        diff_lo: T,
        /// `a < b`; boolean.
        less: T,
    }
}

impl LessThan<F> {
    pub(crate) fn new(a: u32, b: u32, signed: bool) -> Self {
        let flip = u32::from(signed) << 15;
        let (a_top, b_top) = (a >> 16 ^ flip, b >> 16 ^ flip);
        let less = (a_top, a & 0xffff) < (b_top, b & 0xffff);
        Self {
            a_top: F::from_int(a_top),
            b_top: F::from_int(b_top),
            diff_lo: F::from_int(a.wrapping_sub(b) & 0xffff),
            less: F::from_bool(less),
        }
    }
}

/// Constrains [`LessThan`]. `signed` is boolean.
///
/// Flipping the top bits turns the signed order into the unsigned one: `a_top` differs from
/// `a_hi + 2^15` by a multiple of `2^16` and fits 16 bits, so it is determined. `a - b` plus
/// `2^32 * less` then has two 16-bit limbs; with the wrong `less` it has not.
pub(crate) fn compare<B: Builder>(
    b: &mut B,
    [x_lo, x_hi]: Word<B::Expr>,
    [y_lo, y_hi]: Word<B::Expr>,
    signed: &B::Expr,
    cols: &LessThan<B::Var>,
    count: &B::Expr,
) {
    let flip = signed.clone() * F::from_int(1 << 15);
    b.part("top limb of the first");
    b.assert_bool((x_hi + flip.clone() - cols.a_top) * INV_2_16);
    b.part("top limb of the second");
    b.assert_bool((y_hi + flip - cols.b_top) * INV_2_16);
    let borrow = (cols.diff_lo - x_lo + y_lo) * INV_2_16;
    b.part("borrow is boolean");
    b.assert_bool(borrow.clone());
    b.part("less is boolean");
    b.assert_bool(cols.less);
    let diff_hi = cols.a_top - cols.b_top - borrow + cols.less * F::from_int(1 << 16);
    b.part("limbs are 16 bits");
    for x in [
        cols.a_top.into(),
        cols.b_top.into(),
        cols.diff_lo.into(),
        diff_hi,
    ] {
        range16(b, x, count);
    }
}

columns! {
    /// The word that a load or store accesses.
    pub struct Address {
        /// Low 14 bits of the word index; range14.
        word_lo: T,
        /// High 16 bits of the word index; range16.
        word_hi: T,
    }
}

impl Address<F> {
    pub(crate) fn new(addr: u32) -> Self {
        Self {
            word_lo: F::from_int(addr >> 2 & 0x3fff),
            word_hi: F::from_int(addr >> 16),
        }
    }
}

impl<T: Copy> Address<T> {
    /// The word index, below `2^30`: no store reaches the registers.
    pub(crate) fn word<B: Builder<Var = T>>(&self) -> B::Expr {
        join::<B>(self.word_lo, self.word_hi, 1 << 14)
    }
}

/// `4 * word + offset = base + imm` modulo `2^32`, for a signed 12-bit `imm` and an offset
/// of 0 to 3.
///
/// The carries out of the two limbs are -1, 0 or 1; with 14 and 16 bits for the word, they
/// and the address are determined.
pub(crate) fn address<B: Builder>(
    b: &mut B,
    [base_lo, base_hi]: Word<B::Expr>,
    imm: B::Expr,
    offset: B::Expr,
    cols: &Address<B::Var>,
    count: &B::Expr,
) {
    let low = cols.word_lo * F::from_int(4) + offset;
    let carry_lo = (base_lo + imm - low) * INV_2_16;
    let carry_hi = (base_hi + carry_lo.clone() - cols.word_hi) * INV_2_16;
    b.part("carries are -1, 0 or 1");
    for carry in [carry_lo, carry_hi] {
        b.assert_zero(carry.clone() * (carry.square() - B::Expr::ONE));
    }
    b.part("low part is 14 bits");
    range14(b, cols.word_lo.into(), count);
    b.part("high part is 16 bits");
    range16(b, cols.word_hi.into(), count);
}

/// Word indices as limbs of 14 and 16 bits.
pub(crate) type Index<T> = [T; 2];

/// `index >= bound`; all limbs are in range. `rest_lo` is the low limb of the difference.
///
/// The borrow is what is left over, divided by `2^14`; with the wrong one, the low or the
/// high limb of the difference is out of range.
pub(crate) fn assert_at_least<B: Builder>(
    b: &mut B,
    [lo, hi]: Index<B::Expr>,
    [bound_lo, bound_hi]: Index<B::Expr>,
    rest_lo: B::Var,
    count: &B::Expr,
) {
    let borrow = (rest_lo - lo + bound_lo) * INV_2_14;
    b.part("borrow is boolean");
    b.when(count.clone()).assert_bool(borrow.clone());
    b.part("low distance is 14 bits");
    range14(b, rest_lo.into(), count);
    b.part("high distance is 16 bits");
    range16(b, hi - bound_hi - borrow, count);
}

/// The end of the executable range, from the public values
/// ([`Public::TextEnd`](crate::table::Public) or more).
pub(crate) fn text_end<B: Builder>(b: &B) -> Index<B::Expr> {
    core::array::from_fn(|i| b.public_values()[i].into())
}

/// The start of the executable range, from the public values
/// ([`Public::Text`](crate::table::Public)).
pub(crate) fn text_start<B: Builder>(b: &B) -> Index<B::Expr> {
    core::array::from_fn(|i| b.public_values()[2 + i].into())
}

/// The word lies at or above the end of the executable range. `above_lo` holds the low 14
/// bits of the distance.
///
/// Otherwise a store could change code that a later segment executes.
pub(crate) fn assert_storable<B: Builder>(
    b: &mut B,
    index: Index<B::Expr>,
    above_lo: B::Var,
    count: &B::Expr,
) {
    let end = text_end(b);
    assert_at_least(b, index, end, above_lo, count);
}

/// Low 14 bits of the distance of `word` above `text_end`, for [`assert_storable`].
pub(crate) fn above_lo(word: u32, text_end: u32) -> F {
    F::from_int(word.wrapping_sub(text_end) & 0x3fff)
}

/// A word as field elements.
pub(crate) fn word(value: u32) -> Word<F> {
    [F::from_int(value & 0xffff), F::from_int(value >> 16)]
}

/// The bytes of a word as field elements, least significant first.
pub(crate) fn word_bytes(value: u32) -> [F; 4] {
    value.to_le_bytes().map(F::from_int)
}

/// A signed number as a field element.
pub(crate) fn signed(value: u32) -> F {
    F::from_int(value as i32)
}

const _: () = assert!(FIRST_TIMESTAMP > 0, "memory is initialised at timestamp 0");

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture::{Capture, Row, Sink};

    /// Rows of `select` on three flags: all of -1, 0, 1 and 2.
    #[test]
    fn at_most_one_flag_is_set() {
        struct Broken(bool);
        impl Sink for Broken {
            fn constraint(&mut self, value: F) {
                self.0 |= value != F::ZERO;
            }
            fn message(&mut self, _: &str, _: &[F], _: F, _: u32) {}
        }
        for choice in 0..64 {
            let flags: [i32; 3] = core::array::from_fn(|i| (choice >> (2 * i) & 3) - 1);
            let cells = flags.map(F::from_int);
            let row = Row {
                current: &cells,
                next: &cells,
                preprocessed: &[],
                periodic: &[],
                public: &[],
                is_first: F::ZERO,
                is_last: F::ZERO,
                is_transition: F::ONE,
            };
            let mut broken = Broken(false);
            let sum = select(&mut Capture::new(row, &mut broken), &cells);
            let is_one_hot =
                flags.iter().all(|x| [0, 1].contains(x)) && flags.iter().sum::<i32>() < 2;
            assert_eq!(!broken.0, is_one_hot, "{flags:?}");
            assert!(broken.0 || sum == F::from_int(flags.iter().sum::<i32>()));
        }
    }

    #[test]
    fn inverse_powers_of_two() {
        assert_eq!(INV_2_16 * F::from_int(1u32 << 16), F::ONE);
        assert_eq!(INV_2_14 * F::from_int(1u32 << 14), F::ONE);
        assert_eq!(INV_2_5 * F::from_int(1u32 << 5), F::ONE);
    }
}
