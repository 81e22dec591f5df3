//! Rows with one lie in them, and all that follows from it: a cheating prover's.

use alloc::vec::Vec;

use p3_field::{Field, PrimeCharacteristicRing, integers::QuotientMap};
use vouch_isa::accelerators::sha256_compress::ROUND_CONSTANTS;
use vouch_isa::testing::SplitMix;

use crate::F;
use crate::Word;
use crate::columns::Array;
use crate::tables::sha256_rounds::{
    Bits, Carry, ROW_ROUNDS, Round, STEPS, Sha256Rounds, Step, limbs,
};
use crate::testkit::as_signed;

/// A word that a round makes, or is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Made {
    /// Its word of the message.
    Word,
    /// The new `e`.
    E,
    /// The new `a`.
    A,
}

/// What a row lies about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lie {
    /// A flag is no boolean.
    Flag(usize),
    /// Two flags are set.
    TwoFlags,
    /// A bit of a word before is no boolean.
    Given(Made, usize, usize),
    /// A bit of a new word is no boolean.
    Bit(Made, usize, usize),
    /// The rest of a limb's carry is something else.
    Rest(Made, usize, usize),
    /// The threes of a limb's carry are no boolean.
    Threes(Made, usize, usize),
    /// A limb is not the sum.
    Limb(Made, usize, usize),
    /// What the schedule makes of a word is something else.
    Sigma0(usize, usize),
    /// The same, of the word 2 before.
    Sigma1(usize, usize),
}

impl Lie {
    /// One for each rule.
    pub fn all() -> impl Iterator<Item = Self> {
        let flags = (0..STEPS).map(Self::Flag).chain([Self::TwoFlags]);
        let given = [Made::A, Made::E].into_iter().flat_map(|made| {
            (0..3).flat_map(move |word| (0..32).map(move |i| Self::Given(made, word, i)))
        });
        let made = [Made::Word, Made::E, Made::A].into_iter();
        let made = made.flat_map(|made| (0..ROW_ROUNDS).map(move |j| (made, j)));
        let made = made.flat_map(|(made, j)| {
            let limbs = [Self::Rest, Self::Threes, Self::Limb].into_iter();
            let limbs = limbs.flat_map(move |lie| [0, 1].map(|limb| lie(made, j, limb)));
            (0..32).map(move |i| Self::Bit(made, j, i)).chain(limbs)
        });
        let schedule = [Self::Sigma0, Self::Sigma1].into_iter();
        let schedule = schedule
            .flat_map(|lie| (0..ROW_ROUNDS).flat_map(move |j| [0, 1].map(|limb| lie(j, limb))));
        flags.chain(given).chain(made).chain(schedule)
    }
}

/// A row that is given what `step` is, except that it lies; `None` if the rest of the row cannot follow.
pub fn forge(step: &Step, lie: Lie, random: &mut SplitMix) -> Option<Sha256Rounds<F>> {
    let (mut row, _) = step.row();
    match lie {
        // The others make up for it in the sum of all.
        Lie::Flag(flag) => {
            // Those of the block's rows together are none, and those of later rows one.
            let [first, second] = match flag {
                0 => [1, 3],
                1 => [0, 3],
                3 | 4 => [5, 6],
                _ => [3, 4],
            };
            row.steps = [F::ZERO; STEPS];
            row.steps[flag] = F::NEG_ONE;
            row.steps[first] = F::ONE;
            row.steps[second] = F::ONE;
        }
        Lie::TwoFlags => row.steps[4] = F::ONE,
        Lie::Given(made, word, i) => {
            let words = if made == Made::A {
                &mut row.a
            } else {
                &mut row.e
            };
            let half = &mut words[word].as_chunks_mut::<16>().0[i / 16];
            *half = other_bits(half, i % 16, random);
        }
        _ => {}
    }
    let added = |row: &Sha256Rounds<F>, j: usize| {
        [0, 1].map(|limb| {
            let constants = ROUND_CONSTANTS.iter().skip(j).step_by(ROW_ROUNDS);
            let constants = { row.steps.iter().zip(constants) }
                .map(|(&flag, &constant)| flag * F::from_int(limbs(constant)[limb]));
            constants.sum::<F>()
        })
    };
    // Oldest first.
    let (mut a, mut e) = (row.a.to_vec(), row.e.to_vec());
    for j in 0..ROW_ROUNDS {
        let [d, h] = match j.checked_sub(1) {
            None => [row.d, row.h],
            Some(behind) => [word(&a[behind]), word(&e[behind])],
        };
        let ([z, y, x], [g, f, of_e]) = ([a[j], a[j + 1], a[j + 2]], [e[j], e[j + 1], e[j + 2]]);
        let round = row.rounds[j];
        let sum = sum(&row, j);
        let (new, carry) = solve(sum, F::ZERO, Lies::of(lie, Made::Word, j), random)?;
        let schedule = [
            rotations(&new, [7, 18, 3], true),
            rotations(&new, [17, 19, 10], true),
        ];
        let [mut first, mut second] = schedule;
        match lie {
            Lie::Sigma0(at, limb) if at == j => first[limb] += F::ONE,
            Lie::Sigma1(at, limb) if at == j => second[limb] += F::ONE,
            _ => {}
        }
        let mut made = Round {
            word: new,
            word_carry: carry,
            sigma0: first,
            sigma1: second,
            ..round
        };
        row.rounds[j] = made;
        let chosen = word_of(|i| g[i] + of_e[i] * (f[i] - g[i]));
        let most = word_of(|i| x[i] * y[i] + z[i] * xor(x[i], y[i]));
        let turned = rotations(&of_e, [6, 11, 25], false);
        let sum = add([h, turned, chosen, word(&new), added(&row, j), d]);
        (made.e, made.e_carry) = solve(sum, F::ZERO, Lies::of(lie, Made::E, j), random)?;
        let [lo, hi] = add([word(&made.e), rotations(&x, [2, 13, 22], false), most]);
        let sum = [lo - d[0], hi - d[1]];
        let less = row.steps.iter().copied().sum();
        (made.a, made.a_carry) = solve(sum, less, Lies::of(lie, Made::A, j), random)?;
        row.rounds[j] = made;
        a.push(made.a);
        e.push(made.e);
    }
    Some(row)
}

/// What is a lie about one new word.
#[derive(Clone, Copy)]
struct Lies(Option<Lie>);

impl Lies {
    fn of(lie: Lie, made: Made, j: usize) -> Self {
        let is_here = match lie {
            Lie::Bit(of, at, _)
            | Lie::Rest(of, at, _)
            | Lie::Threes(of, at, _)
            | Lie::Limb(of, at, _) => (of, at) == (made, j),
            _ => false,
        };
        Self(is_here.then_some(lie))
    }
}

/// The carries of a sum of limbs.
type Carries = Array<F, Carry<F>, 2>;

/// The bits and carries of a sum of limbs.
fn solve(sum: Word<F>, less: F, lies: Lies, random: &mut SplitMix) -> Option<(Bits<F>, Carries)> {
    let mut bits = [F::ZERO; 32];
    let mut carries = [Carry {
        rest: F::ZERO,
        threes: F::ZERO,
    }; 2];
    let mut carry = F::ZERO;
    for (limb, sum) in sum.into_iter().enumerate() {
        let sum = sum + carry;
        let number = as_signed(sum);
        let mut low = number.rem_euclid(1 << 16);
        let is_off = |of: usize| of == limb;
        match lies.0 {
            Some(Lie::Rest(_, _, of) | Lie::Threes(_, _, of) | Lie::Limb(_, _, of))
                if is_off(of) =>
            {
                low ^= 1;
            }
            _ => {}
        }
        let mut half: [F; 16] = core::array::from_fn(|i| F::from_bool(low >> i & 1 == 1));
        if let Some(Lie::Bit(_, _, i)) = lies.0
            && i / 16 == limb
        {
            half = other_bits(&half, i % 16, random);
            // One bit may be worth what the carry is worth.
            let lent = random.draw() % 2;
            half[i % 16] += F::from_int(lent << (16 - i % 16));
        }
        bits[16 * limb..][..16].copy_from_slice(&half);
        // What is left of the sum is the carry, a fraction if there is a lie.
        let value = match lies.0 {
            Some(Lie::Limb(_, _, of)) if is_off(of) => F::from_int(low ^ 1),
            _ => half_value(&half),
        };
        carry = (sum - value) * F::from_int(1 << 16).inverse();
        let kept = carry + less;
        let (rest, threes) = match lies.0 {
            Some(Lie::Rest(_, _, of)) if is_off(of) => (kept, F::ZERO),
            Some(Lie::Threes(_, _, of)) if is_off(of) => (F::ZERO, kept * F::from_int(3).inverse()),
            _ => {
                let kept = as_signed(kept);
                if !(0..6).contains(&kept) {
                    return None;
                }
                (F::from_int(kept % 3), F::from_int(kept / 3))
            }
        };
        carries[limb] = Carry { rest, threes };
    }
    Some((bits, carries.into()))
}

fn half_value(half: &[F; 16]) -> F {
    let bits = half.iter().rev();
    bits.fold(F::ZERO, |value, &bit| value.double() + bit)
}

/// Bits that are worth the same, one other of which differs: the `i`-th makes up for it.
fn other_bits(half: &[F; 16], i: usize, random: &mut SplitMix) -> [F; 16] {
    let others: Vec<_> = (0..16).filter(|other| *other != i).collect();
    let other = others[random.draw() as usize % others.len()];
    let mut bits = *half;
    bits[other] = F::ONE - half[other];
    bits[i] = F::ZERO;
    bits[i] = (half_value(half) - half_value(&bits)) * F::from_int(1 << i).inverse();
    bits
}

fn word_of(bit: impl Fn(usize) -> F) -> Word<F> {
    [0, 16].map(|first| half_value(&core::array::from_fn(|i| bit(first + i))))
}

fn word(bits: &Bits<F>) -> Word<F> {
    word_of(|i| bits[i])
}

fn xor(x: F, y: F) -> F {
    x + y - (x * y).double()
}

fn rotations(x: &Bits<F>, [first, second, third]: [usize; 3], is_shifted: bool) -> Word<F> {
    word_of(|i| {
        let two = xor(x[(i + first) % 32], x[(i + second) % 32]);
        match is_shifted && i + third >= 32 {
            true => two,
            false => xor(two, x[(i + third) % 32]),
        }
    })
}

fn add<const N: usize>(words: [Word<F>; N]) -> Word<F> {
    [0, 1].map(|limb| words.iter().map(|word| word[limb]).sum())
}

/// The sum of the `j`-th word of the row, which is not one of the block.
fn sum(row: &Sha256Rounds<F>, j: usize) -> Word<F> {
    let zero = [F::ZERO; 2];
    let behind = |distance| j.checked_sub(distance).map(|k: usize| row.rounds[k]);
    let more = add([
        behind(2).map_or(zero, |round| round.sigma1),
        behind(7).map_or(zero, |round| word(&round.word)),
    ]);
    let is_later: F = row.steps[2..].iter().copied().sum();
    add([row.sums[j], more.map(|limb| limb * is_later)])
}
