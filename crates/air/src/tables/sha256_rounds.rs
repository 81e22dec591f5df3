//! The rounds of `sha256_compress` (FIPS 180-4, 6.2.2), eight a row, and the words of the message that they add.
//!
//! - Given: the state `a` to `h` after `8 step` rounds, and the next 16 words of the message as far as they are
//!   known: each as the sum, limb by limb, of the words that it is made of and that have been added in earlier rows.
//! - Proves: the state handed on is that after eight more rounds, the sums are those of the 16 words from the ninth
//!   on. The first 16 words are given as they lie in memory, and are swapped.
//! - Assumes: limbs of the state are 16 bits, sums are those of at most four such limbs (of one in the first two rows).
//! - Buses: progress. Degree 3. Eight rows a call; nothing else of the next row is known here.
//!
//! The words `a` and `e` of each round, and those of the message, are bits, so that rotations cost nothing. A word of
//! the message is one of four terms of later ones: it is decomposed once, where it is added, and what later
//! words need of it goes into their sums. So no row keeps 16 words in bits.

use alloc::borrow::Cow;
use alloc::vec::Vec;
use core::ops::Range;

use p3_field::{PrimeCharacteristicRing, integers::QuotientMap};
use vouch_isa::accelerators::Accelerator;
use vouch_isa::accelerators::sha256_compress::{BLOCK, ROUND_CONSTANTS};
use vouch_isa::event::{Access, Counts, Invocation};

use crate::accelerator;
use crate::bus;
use crate::gadget;
use crate::table::{Context, TableType};
use crate::{Builder, F, Word};

mod columns;
mod fill;

pub use self::columns::Sha256Rounds;
pub(crate) use self::columns::{Bits, Carry, GIVEN, KIND, ROW_ROUNDS, Round, SCHEDULE, STEPS};
pub use self::fill::Step;
pub(crate) use self::fill::{before, limbs};

const ACCELERATOR: Accelerator = Accelerator::Sha256Compress;

impl TableType for Sha256Rounds<F> {
    const ID: u8 = 27;
    const NAME: &'static str = "sha256_rounds";
    const MAX_LOG_HEIGHT: usize = accelerator::max_log_height(ACCELERATOR) + STEPS.ilog2() as usize;
    type Columns<T: Copy> = Sha256Rounds<T>;
    type Event<'a> = Step;

    fn rows(counts: &Counts, _: u64) -> u64 {
        STEPS as u64 * counts.accelerated[ACCELERATOR as usize]
    }

    fn events<'a>(cx: &Context<'a>) -> Cow<'a, [Step]> {
        let first = |(call, accesses): (&Invocation, &[Access])| {
            let (block, state) = before(accesses);
            Step::first(call.ts, &block, &state)
        };
        let steps = |first| core::iter::successors(Some(first), |step: &Step| Some(step.row().1));
        let calls = cx.segment.invocations(ACCELERATOR).map(first);
        Cow::Owned(calls.flat_map(|first| steps(first).take(STEPS)).collect())
    }

    fn row(step: &Step, _: &Range<u32>) -> Sha256Rounds<F> {
        step.row().0
    }

    fn eval<B: Builder>(b: &mut B, c: &Sha256Rounds<B::Var>) {
        b.rule("flags");
        let real = gadget::select(b, &c.steps);
        b.rule("bits of the state before are boolean");
        { c.a.iter().chain(c.e.iter()) }.for_each(|word| assert_bits(b, word));
        let history_a = c.a.iter().chain(c.rounds.iter().map(|round| &round.a));
        let history_e = c.e.iter().chain(c.rounds.iter().map(|round| &round.e));
        let (a, e): (Vec<_>, Vec<_>) = (history_a.collect(), history_e.collect());
        for j in 0..ROW_ROUNDS {
            eval_word(b, c, j);
            let added = word_and_constant::<B>(c, j);
            let before = [state::<B>(&a, c.d, j), state::<B>(&e, c.h, j)];
            let bits = [&a, &e].map(|history| [2, 1, 0].map(|i| history[j + i]));
            eval_round(b, &c.rounds[j], bits, before, added, &real);
        }
        let state = |j| {
            let words = [state::<B>(&a, c.d, j), state::<B>(&e, c.h, j)];
            words.concat().concat()
        };
        let sums = |first| -> Vec<_> {
            let positions = first..first + BLOCK;
            positions.flat_map(|i| sum::<B>(c, i)).collect()
        };
        let numbers = (0..).zip(c.steps);
        let step: B::Expr = numbers.map(|(i, flag)| flag * F::from_int(i)).sum();
        let next = step.clone() + real.clone();
        let ts: B::Expr = c.ts.into();
        b.rule("state before");
        bus::receive_progress(b, KIND, ts.clone(), step.clone(), &state(0), real.clone());
        b.rule("sums before");
        let given: Vec<_> = c.sums.as_flattened().iter().map(|&x| x.into()).collect();
        bus::receive_progress(b, SCHEDULE, ts.clone(), step, &given, real.clone());
        b.rule("state after");
        bus::send_progress(
            b,
            KIND,
            ts.clone(),
            next.clone(),
            &state(ROW_ROUNDS),
            real.clone(),
        );
        // After the last rounds nobody needs them.
        let goes_on = real - c.steps[STEPS - 1];
        b.rule("sums after");
        bus::send_progress(b, SCHEDULE, ts, next, &sums(ROW_ROUNDS), goes_on);
    }
}

fn assert_bits<B: Builder>(b: &mut B, bits: &Bits<B::Var>) {
    for &bit in bits {
        b.assert_bool(bit);
    }
}

/// The limbs of the word whose bits, least significant first, are these.
fn word<B: Builder>(bit: impl Fn(usize) -> B::Expr) -> Word<B::Expr> {
    [0, 16].map(|first| {
        let bits = (first..first + 16).rev();
        // A double would be a sum of two the same, which symbolic expressions evaluate twice.
        bits.fold(B::Expr::ZERO, |limb, i| limb * F::TWO + bit(i))
    })
}

fn of_bits<B: Builder>(bits: &Bits<B::Var>) -> Word<B::Expr> {
    word::<B>(|i| bits[i].into())
}

/// The word whose bytes are those of `bits` in the opposite order.
fn swapped<B: Builder>(bits: &Bits<B::Var>) -> Word<B::Expr> {
    word::<B>(|i| bits[8 * (3 - i / 8) + i % 8].into())
}

/// The limbs of `x` rotated right by each of these, all joined by exclusive or. The last one is
/// shifted instead if `is_shifted`.
fn rotations<B: Builder>(x: &Bits<B::Var>, by: [usize; 3], is_shifted: bool) -> Word<B::Expr> {
    word::<B>(|i| {
        let [first, second, third] = by.map(|by| x[(i + by) % 32]);
        let two = xor::<B>(first.into(), second.into());
        match is_shifted && i + by[2] >= 32 {
            true => two,
            false => xor::<B>(two, third.into()),
        }
    })
}

/// Of bits.
fn xor<B: Builder>(x: B::Expr, y: B::Expr) -> B::Expr {
    x.clone() + y.clone() - x * y * F::TWO
}

fn add<B: Builder>(terms: impl IntoIterator<Item = Word<B::Expr>>) -> Word<B::Expr> {
    let zero = [B::Expr::ZERO, B::Expr::ZERO];
    let terms = terms.into_iter();
    terms.fold(zero, |[lo, hi], [more_lo, more_hi]| {
        [lo + more_lo, hi + more_hi]
    })
}

/// A sum of limbs is `word` modulo `2^32`, and has these carries, each less `less`.
///
/// A carry is at most 5, so that nothing wraps around the field. The limbs of the word are bits, so it is
/// determined.
fn assert_sum<B: Builder>(
    b: &mut B,
    [sum_lo, sum_hi]: Word<B::Expr>,
    [lo, hi]: Word<B::Expr>,
    carry: &[Carry<B::Var>; 2],
    less: &B::Expr,
) {
    let [low, high] = carry.map(|carry| {
        b.part("rest of a carry is 0, 1 or 2");
        let rest: B::Expr = carry.rest.into();
        b.assert_zero(rest.clone() * (rest.clone() - F::ONE) * (rest - F::TWO));
        b.part("threes of a carry are boolean");
        b.assert_bool(carry.threes);
        carry.rest + carry.threes * F::from_int(3) - less.clone()
    });
    b.part("low limb");
    b.assert_eq(sum_lo, lo + low.clone() * F::from_int(1 << 16));
    b.part("high limb");
    b.assert_eq(sum_hi + low, hi + high * F::from_int(1 << 16));
}

/// The sum of the word at a position behind the first of this row, with what this row adds to it.
///
/// Words of the block are no sums: nothing is added to the first 16.
fn sum<B: Builder>(c: &Sha256Rounds<B::Var>, position: usize) -> Word<B::Expr> {
    let behind = |distance| c.rounds.get(position.checked_sub(distance)?);
    let term = |limbs: Word<B::Var>| limbs.map(Into::into);
    let terms = [
        behind(2).map(|round| term(round.sigma1)),
        behind(7).map(|round| of_bits::<B>(&round.word)),
        behind(15).map(|round| term(round.sigma0)),
        behind(16).map(|round| of_bits::<B>(&round.word)),
    ];
    let known = c.sums.get(position).map(|&limbs| term(limbs));
    let more = add::<B>(terms.into_iter().flatten());
    let more = match c.steps.get(GIVEN - position / ROW_ROUNDS..) {
        Some(later) if position < BLOCK => {
            let is_later: B::Expr = later.iter().map(|&flag| flag.into()).sum();
            more.map(|limb| limb * is_later.clone())
        }
        _ => more,
    };
    add::<B>(known.into_iter().chain([more]))
}

/// A word of the message: it is what it is the sum of, and later words get what the schedule makes of it.
///
/// In the first two rows it is a word of the block, with its bytes swapped.
fn eval_word<B: Builder>(b: &mut B, c: &Sha256Rounds<B::Var>, j: usize) {
    let round = &c.rounds[j];
    b.rule("bits of the message are boolean");
    assert_bits(b, &round.word);
    let is_given: B::Expr = c.steps[..GIVEN].iter().map(|&flag| flag.into()).sum();
    let (plain, swapped) = (of_bits::<B>(&round.word), swapped::<B>(&round.word));
    let word = core::array::from_fn(|i| {
        let (plain, swapped) = (plain[i].clone(), swapped[i].clone());
        plain.clone() + is_given.clone() * (swapped - plain)
    });
    b.rule("word of the message");
    assert_sum(b, sum::<B>(c, j), word, &round.word_carry, &B::Expr::ZERO);
    b.rule("schedule of the word 15 before");
    let [lo, hi] = rotations::<B>(&round.word, [7, 18, 3], true);
    b.assert_eq(round.sigma0[0], lo);
    b.assert_eq(round.sigma0[1], hi);
    b.rule("schedule of the word 2 before");
    let [lo, hi] = rotations::<B>(&round.word, [17, 19, 10], true);
    b.assert_eq(round.sigma1[0], lo);
    b.assert_eq(round.sigma1[1], hi);
}

/// The word of the message and the constant that a round adds.
fn word_and_constant<B: Builder>(c: &Sha256Rounds<B::Var>, j: usize) -> Word<B::Expr> {
    let constant = [0, 1].map(|limb| {
        let constants = ROUND_CONSTANTS.iter().skip(j).step_by(ROW_ROUNDS);
        let constants = c.steps.iter().zip(constants);
        constants
            .map(|(&flag, &constant)| flag * F::from_int(limbs(constant)[limb]))
            .sum()
    });
    add::<B>([of_bits::<B>(&c.rounds[j].word), constant])
}

/// `a` to `d` or `e` to `h` after `j` rounds. `bits` are those of all but the last before the first round, which is
/// `oldest`, and of what each round makes.
fn state<B: Builder>(bits: &[&Bits<B::Var>], oldest: Word<B::Var>, j: usize) -> [Word<B::Expr>; 4] {
    core::array::from_fn(|i| match (j + 3).checked_sub(i + 1) {
        Some(at) => of_bits::<B>(bits[at]),
        None => oldest.map(Into::into),
    })
}

/// A round. `before` are `a` to `d` and `e` to `h`; `bits` those of `a`, `b`, `c` and of `e`, `f`, `g`.
fn eval_round<B: Builder>(
    b: &mut B,
    round: &Round<B::Var>,
    [[x, y, z], [e, f, g]]: [[&Bits<B::Var>; 3]; 2],
    before: [[Word<B::Expr>; 4]; 2],
    added: Word<B::Expr>,
    real: &B::Expr,
) {
    let [[.., d], [.., h]] = before;
    b.rule("bits of a new e are boolean");
    assert_bits(b, &round.e);
    let chosen = word::<B>(|i| g[i] + e[i] * (f[i] - g[i]));
    let first = add::<B>([h, rotations::<B>(e, [6, 11, 25], false), chosen, added]);
    let new_e = of_bits::<B>(&round.e);
    b.rule("new e");
    let sum = add::<B>([d.clone(), first]);
    assert_sum(b, sum, new_e.clone(), &round.e_carry, &B::Expr::ZERO);
    b.rule("bits of a new a are boolean");
    assert_bits(b, &round.a);
    // Two of three are ones if the first two are, or one of them and the third.
    let most = word::<B>(|i| x[i] * y[i] + z[i] * xor::<B>(x[i].into(), y[i].into()));
    let sum = add::<B>([new_e, rotations::<B>(x, [2, 13, 22], false), most]);
    let less_d: Word<B::Expr> = core::array::from_fn(|i| sum[i].clone() - d[i].clone());
    // What e grew by is what a begins with. A sum less d has a carry from -1 on.
    b.rule("new a");
    assert_sum(b, less_d, of_bits::<B>(&round.a), &round.a_carry, real);
}
