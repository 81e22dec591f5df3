//! Rows that would do harm, each for a rule that keeps it out.

use super::*;
use crate::gadget::INV_2_16;
use crate::mul_add_mod::places;

impl<const W: usize, const L: usize, const N: usize, const C: usize, const H: usize>
    Row<W, L, N, C, H>
{
    /// All of them.
    pub(super) fn attacks() -> Vec<Self> {
        let mut all = Self::other_remainders();
        all.extend((1..L).map(Self::differs_above));
        all.extend((0..L).flat_map(Self::half_differences));
        all.push(Self::modulus_of_nothing());
        all.push(Self::twice_a_call());
        all.extend((0..N).map(Self::wrong_place));
        all.extend((0..C).flat_map(Self::around_the_field));
        all.extend((0..L).flat_map(Self::wide_factors));
        all.extend((0..N).flat_map(Self::wide_quotient));
        all.extend((0..L).map(Self::wide_result));
        all.push(Self::beyond_the_last_place());
        all.extend(Self::other_places());
        all.extend((0..5 * W).flat_map(Self::future));
        all
    }

    /// The carries with which every place but the last is right modulo `p`.
    fn with_carries(mut row: Self) -> Self {
        let (places, _) = places(
            [&row.a, &row.b],
            [&row.q_low, &row.q_high],
            &row.m,
            &row.is_zero,
        );
        let mut carry = F::ZERO;
        for (i, place) in places.into_iter().enumerate().take(C) {
            let rest = if i < L { row.c[i] - row.r[i] } else { F::ZERO };
            carry = (place + rest + carry) * INV_2_16;
            Self::set_carry(&mut row, i, carry);
        }
        row
    }

    /// Sets a carry, and its high part as well as a boolean can be.
    fn set_carry(row: &mut Self, i: usize, carry: F) {
        row.carry[i] = carry;
        let number = carry + F::from_int(Self::OFFSET);
        if let Some(high) = row.carry_high.get_mut(i) {
            *high = F::from_bool(number.as_canonical_u32() >= 1 << 14);
        }
    }

    /// `c` is said to be its own remainder, with all else as it would be.
    fn unreduced(c: [u32; W], m: [u32; W]) -> Self {
        event([[0; W], [0; W], c, m]).claiming(c, [[0; W]; 2])
    }

    /// Results that are not below the modulus.
    fn other_remainders() -> Vec<Self> {
        let above = Self::unreduced(small(13), small(8));
        let mut no_difference = above;
        (no_difference.differs, no_difference.difference) = ([F::ZERO; L], F::ZERO);
        let mut other_difference = above;
        other_difference.difference = F::ZERO;
        let same = Self::unreduced(small(8), small(8));
        let mut no_less = same;
        (no_less.differs[0], no_less.difference) = (F::ONE, F::NEG_ONE);
        Vec::from([above, no_difference, other_difference, same, no_less])
    }

    /// The result is less in its lowest limb, and more in this one.
    fn differs_above(i: usize) -> Self {
        let [c, m] = [(3, 13), (5, 8)].map(|(low, high)| plus(small(low), at_place(high, i)));
        let mut row = Self::unreduced(c, m);
        row.differs = [F::ZERO; L];
        (row.differs[0], row.difference) = (F::ONE, F::ONE);
        row
    }

    /// The result is more, and a difference counts as its opposite.
    fn half_differences(i: usize) -> Vec<Self> {
        let mut all = Vec::new();
        if i + 2 < L {
            // In this limb; there are two others, where there is none.
            let mut row = Self::unreduced(at_place(13, i), at_place(8, i));
            row.differs[i] = F::NEG_ONE;
            (row.differs[i + 1], row.differs[i + 2]) = (F::ONE, F::ONE);
            row.difference = F::from_int(5 - 1);
            all.push(row);
        }
        if (1..L - 1).contains(&i) {
            // In this limb, where there is none: so one below seems to be none above.
            let [c, m] = [(3, 13), (500, 8)]
                .map(|(low, high)| plus(at_place(low, i - 1), at_place(high, i + 1)));
            let mut row = Self::unreduced(c, m);
            (row.differs[i - 1], row.differs[i]) = (F::ONE, F::NEG_ONE);
            row.difference = F::from_int(500 - 3 - 5 - 1);
            all.push(row);
        }
        all
    }

    /// A modulus is said to be 0.
    fn modulus_of_nothing() -> Self {
        let mut row = Self::unreduced(small(36), small(3));
        row.differs = [F::ZERO; L];
        (row.is_zero, row.difference) = (F::ONE, F::ZERO);
        row
    }

    /// A row counts as two.
    fn twice_a_call() -> Self {
        let mut row: Self = event([[0; W]; 4]).row();
        (row.is_real, row.is_zero) = (F::TWO, F::TWO);
        row
    }

    /// `0 = 3 q + 1`, but for a number in one place.
    fn nearly_third(number: u64, i: usize) -> Self {
        let zero = [0; W];
        event([zero, zero, zero, small(3)]).claiming(small(1), third(number, i))
    }

    /// The sum is 1 too much in this place.
    fn wrong_place(i: usize) -> Self {
        let mut row = Self::nearly_third(1, i);
        (i..C).for_each(|i| Self::set_carry(&mut row, i, F::ZERO));
        row
    }

    /// The sum is `p` too much in this place: the carry out of it is not a small number.
    fn around_the_field(i: usize) -> Vec<Self> {
        let row = Self::with_carries(Self::nearly_third(P.into(), i));
        let mut all = Vec::from([row]);
        if i < H {
            // Its high part makes up for that.
            let mut row = row;
            row.carry_high[i] = F::TWO;
            all.push(row);
        }
        all
    }

    /// Two bytes of a limb of which both are none, or the upper one, with the limb as it is: the product changes by a
    /// multiple of `p` in this place.
    fn wide_factors(i: usize) -> Vec<Self> {
        let both = [INV_2_16 * F::from_int(256), -INV_2_16];
        let upper = [F::ONE, -F::from_int(256).inverse()];
        // What `256` times the bytes adds: `1` in this place and `-2^-16 = 30720` in the next, which is `p`; or `256` and
        // `-2^-8 = 120 * 2^16`, which is `256 p`.
        let wide = [(both, 1), (upper, 256)];
        wide.into_iter()
            .flat_map(|(steps, times)| Self::wider_factors(i, steps, times))
            .collect()
    }

    fn wider_factors(i: usize, steps: [F; 2], times: u64) -> [Self; 3] {
        let widen = |bytes: &mut [F; N]| {
            bytes[2 * i] += steps[0];
            bytes[2 * i + 1] += steps[1];
        };
        let number = times * u64::from(P);
        let limb = |k: usize| (number >> (16 * k)) as u32 & 0xffff;
        let places = (0..3).filter(|k| i + k < L);
        let below = places.fold([0; W], |sum, k| plus(sum, at_place(limb(k), i + k)));
        let beyond = number.checked_shr(16 * (L - i) as u32).unwrap_or(0) as u32;
        // `0 * 256`, which is a multiple of `p` in this place.
        let product = |numbers: Numbers<W>| -> Self {
            event(numbers).claiming(below, [small(beyond), [0; W]])
        };
        let zero = [0; W];
        let mut a = product([zero, small(256), zero, zero]);
        widen(&mut a.a);
        let mut b = product([small(256), zero, zero, zero]);
        widen(&mut b.b);
        // `256 * 2^(16 L - 1)` and the multiple are `256 * m`: what lies beyond the last limb is twice as many `m`.
        let m = at_place(0x8000, L - 1);
        let numbers = [small(256 + 2 * beyond), m, below, m];
        let mut m: Self = event(numbers).claiming(zero, [small(256), zero]);
        widen(&mut m.m);
        [a, b, m].map(Self::with_carries)
    }

    /// A byte of the quotient is a third, or a third of 1 / 256.
    fn wide_quotient(i: usize) -> [Self; 2] {
        [(0, 3), (1, 3 * 256)].map(|(upper, inverse)| {
            let mut row = Self::wrong_place(i);
            let byte = match i < L {
                true => &mut row.q_low[2 * i + upper],
                false => &mut row.q_high[2 * i + upper - N],
            };
            *byte = -F::from_int(inverse).inverse();
            row
        })
    }

    /// A limb of the result has `2^16` more, and what comes next 1 less.
    fn wide_result(i: usize) -> Self {
        let mut row: Self = event([some(1), some(2), some(3), [0; W]]).row();
        row.r[i] += F::from_int(1 << 16);
        match row.r.get_mut(i + 1) {
            Some(next) => *next -= F::ONE,
            None => row.q_low[0] -= F::ONE,
        }
        Self::with_carries(row)
    }

    /// `2^(16 N - 8) = q * 257`, with what lies beyond `2^(16 N)` left out.
    fn beyond_the_last_place() -> Self {
        let [root, top] = [0x1000, 0x0100].map(|limb| at_place(limb, L - 1));
        let numbers = [root, root, [0; W], small(257)];
        event(numbers).claiming([0; W], [[0; W], top])
    }

    /// Words that run into the registers, that lie in the code, or between two words.
    fn other_places() -> Vec<Self> {
        let numbers = [some(1), some(2), some(3), some(4)];
        let with = |operand: usize, address: u32| -> Self {
            let mut places = PLACES;
            places[operand] = address;
            event_at(places, numbers).row()
        };
        let at =
            |operand| [0xffff_fff8, 0x8001, 0x8002, 0x8003].map(|address| with(operand, address));
        let mut all: Vec<Self> = (0..4).flat_map(at).collect();
        let last_of_code = with(4, 4 * (TEXT.end - 1));
        let mut distance = last_of_code;
        distance.to.above_lo = F::NEG_ONE;
        let others = [
            with(4, 0xffff_fff8),
            last_of_code,
            distance,
            with(4, 0xa000_8001),
        ];
        all.extend(others);
        all
    }

    /// The `i`-th word was last accessed now or later: the gap's high limb is -1, or its low one is.
    fn future(i: usize) -> [Self; 2] {
        let now = 70_000 + i as i32;
        [(now + 0xffff, 0), (now, -1)].map(|(prev_ts, gap_lo)| {
            let mut row: Self = samples()[0].row();
            let operands = [
                &mut row.a_at,
                &mut row.b_at,
                &mut row.c_at,
                &mut row.m_at,
                &mut row.r_at,
            ];
            for at in operands.into_iter().skip(i / W).take(1) {
                at.prev_ts[i % W] = F::from_int(prev_ts);
                at.gap_lo[i % W] = F::from_int(gap_lo);
            }
            row
        })
    }
}

/// `number * 2^(16 i)`, modulo `2^(16 L)`.
fn at_place<const W: usize>(number: u32, i: usize) -> [u32; W] {
    let wide = u64::from(number) << (16 * (i % 2));
    core::array::from_fn(|word| match word.checked_sub(i / 2) {
        Some(0) => wide as u32,
        Some(1) => (wide >> 32) as u32,
        _ => 0,
    })
}

/// One of them: the other is 0 wherever it is not.
fn plus<const W: usize>(a: [u32; W], b: [u32; W]) -> [u32; W] {
    core::array::from_fn(|i| a[i] + b[i])
}

/// `(number * 2^(16 i) - 1) / 3`, for a number that leaves 1, in `2 W` words.
fn third<const W: usize>(number: u64, i: usize) -> [[u32; W]; 2] {
    let mut words = [[0; W]; 2];
    let mut rest = 0;
    for word in (0..2 * W).rev() {
        // What there is of the number in this word and above.
        let digit = match (word, i / 2, i % 2) {
            (word, at, odd) if word == at => (number << (16 * odd)) as u32,
            (word, at, odd) if word == at + 1 => (number << (16 * odd) >> 32) as u32,
            _ => 0,
        };
        let dividend = rest << 32 | u64::from(digit);
        words[word / W][word % W] = (dividend / 3) as u32;
        rest = dividend % 3;
    }
    words
}
