//! What the keccak_round table is put through.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use p3_field::{PrimeCharacteristicRing, integers::QuotientMap};
use vouch_isa::accelerators::keccak_f1600::{LANES, ROUND_CONSTANTS, round};
use vouch_isa::testing::SplitMix;

use crate::F;
use crate::bus::{PROGRESS, PROGRESS_LIMBS};
use crate::table::TableType;
use crate::tables::Table;
use crate::tables::keccak_round::{
    BITS, CONSTANT_BITS, HIGH, KeccakRound, LOW, Round, after_chi, constant, constant_bit, flipped,
    join_bits, parity_after,
};
use crate::testkit::{Campaign, Message, Mutation, Subject, TEXT, Verdict, cells};

type Row = KeccakRound<F>;

const NUMBER: u32 = 0x1001;
/// Messages that a state takes.
pub(super) const PARTS: usize = 100 / PROGRESS_LIMBS;

fn row(e: &Round) -> Row {
    Row::row(e, &TEXT)
}

/// The messages in which a state goes from row to row.
pub(super) fn progress(
    ts: u32,
    step: u32,
    lanes: &[u64; LANES],
    message: fn(&'static str, &[u32]) -> Message,
) -> Vec<Message> {
    let limbs: Vec<u32> = (0..100)
        .map(|i| (lanes[i / 4] >> (16 * (i % 4)) & 0xffff) as u32)
        .collect();
    let parts = (0..).zip(limbs.chunks(PROGRESS_LIMBS));
    parts
        .map(|(part, limbs)| message(PROGRESS, &[&[NUMBER, ts, step, part], limbs].concat()))
        .collect()
}

/// Time, step and lanes of a state that is sent so many times in messages of one row, in their order; `None` if
/// they are no state.
pub(super) fn state(messages: &[Message], count: i64) -> Option<(u32, u32, [u64; LANES])> {
    let &[_, ts, step, ..] = &messages.first()?.fields[..] else {
        return None;
    };
    let limbs: Vec<u64> = { messages.iter() }
        .flat_map(|m| m.fields.iter().skip(4).map(|limb| u64::from(*limb)))
        .collect();
    let lanes = core::array::from_fn(|i| {
        (0..4).fold(0, |lane, j| {
            lane | limbs.get(4 * i + j).copied().unwrap_or(0) << (16 * j)
        })
    });
    let same = |message: fn(&'static str, &[u32]) -> Message| {
        progress(ts, step, &lanes, message) == messages
    };
    let is_this = match count {
        1 => same(Message::sent),
        _ => same(Message::received),
    };
    is_this.then_some((ts, step, lanes))
}

/// The row makes of a state of 16-bit limbs what the round of its step makes of it.
fn judge(row: &Verdict) -> Result<(), String> {
    if row.sent.is_empty() {
        return Ok(());
    }
    let is_true = || {
        let (before, after) = row.sent.split_at_checked(PARTS)?;
        let (ts, step, mut lanes) = state(before, -1)?;
        round(&mut lanes, *ROUND_CONSTANTS.get(step as usize)?);
        Some(state(after, 1)? == (ts, step + 1, lanes))
    };
    match is_true() {
        Some(true) => Ok(()),
        _ => Err(format!("{:?}", row.sent)),
    }
}

/// What all other cells of a row follow from.
#[derive(Clone)]
struct Cells {
    high: [F; HIGH],
    low: [F; LOW],
    parity: [F; 320],
    /// A parity after theta that does not follow.
    parity_after: Option<(usize, F)>,
    bits: [F; BITS],
    /// A bit after chi that does not follow.
    chi: Option<(usize, F)>,
}

impl Cells {
    /// Zeros in the first round.
    fn zeros() -> Self {
        let first = |i: usize| F::from_bool(i == 0);
        Self {
            high: core::array::from_fn(first),
            low: core::array::from_fn(first),
            parity: [F::ZERO; 320],
            parity_after: None,
            bits: [F::ZERO; BITS],
            chi: None,
        }
    }

    /// Sets `count` bits in column `i`.
    fn set(&mut self, i: usize, count: usize) {
        for y in 0..count {
            self.bits[320 * y + i] = F::ONE;
        }
    }

    /// The row that follows, by field arithmetic alone.
    fn row(&self) -> Row {
        let mut after: [F; 320] = core::array::from_fn(|i| parity_after(|i| self.parity[i], i));
        if let Some((i, wrong)) = self.parity_after {
            after[i] = wrong;
        }
        let bits = |i: usize| self.bits[i];
        let mut chi = core::array::from_fn(|j| after_chi(bits, constant_bit(j)));
        if let Some((j, wrong)) = self.chi {
            chi[j] = wrong;
        }
        let before = |i: usize| bits(i).xor3(&self.parity[i % 320], &after[i % 320]);
        let last = |i: usize| match flipped(i) {
            Some(j) => chi[j].xor(&constant(&self.high, &self.low, j)),
            None => after_chi(bits, i),
        };
        KeccakRound {
            ts: F::from_int(70_000),
            high: self.high,
            low: self.low,
            before: core::array::from_fn(|i| join_bits(i, before)),
            parity: self.parity,
            parity_after: after,
            bits: self.bits,
            chi,
            after: core::array::from_fn(|i| join_bits(i, last)),
        }
    }
}

/// The columns that the parity of column `i` has a part in after theta.
fn reached(i: usize) -> impl Iterator<Item = usize> {
    let one = move |j: usize| F::from_bool(j == i);
    (0..320).filter(move |&j| parity_after(one, j) == F::ONE)
}

/// Every rule of theta broken, one at a time.
fn wrong_theta() -> impl Iterator<Item = Cells> {
    let no_bit = |i: usize| {
        let mut cells = Cells::zeros();
        cells.parity[i] = F::TWO;
        reached(i).for_each(|j| cells.set(j, 2));
        cells
    };
    // What else follows from it is as it should be, but not what it is the parity of.
    let wrong = |i: usize| {
        let mut cells = Cells::zeros();
        cells.parity[i] = F::ONE;
        { reached(i).filter(|&j| j != i) }.for_each(|j| cells.set(j, 1));
        cells
    };
    let wrong_after = |i: usize| {
        let mut cells = Cells::zeros();
        cells.parity_after = Some((i, F::ONE));
        cells.set(i, 1);
        cells
    };
    (0..320).flat_map(move |i| [no_bit(i), wrong(i), wrong_after(i)])
}

/// A bit that is 2, in place of the bit above it, for each bit.
fn no_bits() -> impl Iterator<Item = Cells> {
    (0..BITS).map(|i| {
        let mut cells = Cells::zeros();
        cells.bits[i] = F::TWO;
        cells
    })
}

/// Bits after chi other than they are.
fn wrong_chi() -> impl Iterator<Item = Cells> {
    (0..CONSTANT_BITS).map(|j| {
        let mut cells = Cells::zeros();
        cells.chi = Some((j, F::ONE));
        cells
    })
}

/// Digits of which one is -1 and two are 1, that are two numbers, or none.
fn wrong_digits() -> impl Iterator<Item = Cells> {
    let high = (0..HIGH).map(|i| {
        let mut cells = Cells::zeros();
        cells.high = [F::ZERO; HIGH];
        for (digit, value) in [(i, F::NEG_ONE), (i + 1, F::ONE), (i + 2, F::ONE)] {
            cells.high[digit % HIGH] = value;
        }
        cells
    });
    let low = (0..LOW).map(|i| {
        let mut cells = Cells::zeros();
        cells.low = [F::ONE, F::ONE, F::ONE, F::ZERO];
        cells.low.rotate_right(i);
        cells.low[i] = F::NEG_ONE;
        cells
    });
    let mut two = Cells::zeros();
    (two.high[1], two.low[1]) = (F::ONE, F::ONE);
    let mut none = Cells::zeros();
    none.low[0] = F::ZERO;
    high.chain(low).chain([two, none])
}

fn random_lanes(random: &mut SplitMix) -> [u64; LANES] {
    [(); LANES].map(|()| random.draw())
}

pub(super) fn campaign() -> Campaign {
    let mut random = SplitMix(5);
    let samples = [[0; LANES], [u64::MAX; LANES], random_lanes(&mut random)];
    let rows: Vec<_> = { [0, 23, 10].into_iter().zip(samples) }
        .map(|(step, lanes)| {
            row(&Round {
                ts: 70_000,
                step,
                lanes,
            })
        })
        .collect();
    let subject = Subject::new::<Row>(&rows);
    let last = subject.height() - 1;
    let mut mutation = Mutation::new(subject, judge, &[]);
    // All rows of 2,458 cells are too many, and so are their pairs.
    mutation.singles = Vec::from([2, last]);
    mutation.rows.clear();
    let attacks = { wrong_theta() }
        .chain(no_bits())
        .chain(wrong_chi())
        .chain(wrong_digits());
    mutation.attacks = attacks.map(|wrong| (1, cells(&wrong.row()))).collect();
    Campaign::new(Table::KeccakRound, Vec::from([mutation]), Vec::new())
}

#[cfg(test)]
mod tests {
    use super::*;
    use p3_keccak_air::{KeccakCols, NUM_KECCAK_COLS, generate_trace_rows};
    use p3_matrix::Matrix;

    use crate::tables::keccak_round::rounds;
    use crate::testkit::verdict;

    fn evaluated(row: &Row) -> Verdict {
        verdict(Table::KeccakRound, &cells(row))
    }

    #[test]
    fn honest_rows_are_accepted() {
        let mut random = SplitMix(6);
        for _ in 0..3 {
            let mut lanes = random_lanes(&mut random);
            for e in rounds(70_000, lanes) {
                assert_eq!(e.lanes, lanes);
                let verdict = evaluated(&row(&e));
                assert!(verdict.accepted(), "{:?}", verdict.broken_rules());
                assert_eq!(judge(&verdict), Ok(()));
                let step = e.step as u32;
                let mut expected = progress(70_000, step, &lanes, Message::received);
                round(&mut lanes, ROUND_CONSTANTS[e.step]);
                expected.extend(progress(70_000, step + 1, &lanes, Message::sent));
                assert_eq!(verdict.sent, expected);
                assert!(verdict.asked.is_empty());
            }
        }
    }

    /// The cells of a round are those of p3-keccak-air, which has the bits of lane 0 apart.
    #[test]
    fn rows_are_those_of_plonky3() {
        let mut random = SplitMix(7);
        let states = [(); 4].map(|()| random_lanes(&mut random));
        let trace = generate_trace_rows::<F>(states.to_vec(), 0);
        assert_eq!(trace.width(), NUM_KECCAK_COLS);
        let own = states.into_iter().flat_map(|lanes| rounds(1, lanes));
        for (e, cells) in own.zip(trace.row_slices()) {
            let row = row(&e);
            let p3: &KeccakCols<F> = core::borrow::Borrow::borrow(cells);
            assert_eq!(p3.step_flags[e.step], F::ONE);
            assert_eq!(p3.a.as_flattened().as_flattened(), row.before);
            assert_eq!(p3.c.as_flattened(), row.parity);
            assert_eq!(p3.c_prime.as_flattened(), row.parity_after);
            assert_eq!(p3.a_prime.as_flattened().as_flattened(), row.bits);
            let chi = row.chi.iter().enumerate();
            for (j, chi) in chi {
                assert_eq!(p3.a_prime_prime_0_0_bits[constant_bit(j)], *chi);
            }
            assert_eq!(p3.a_prime_prime_prime_0_0_limbs[..], row.after[..4]);
            let after = p3.a_prime_prime.as_flattened().as_flattened();
            assert_eq!(after[4..], row.after[4..]);
        }
    }

    /// The rows of attacks are made as rows are, where nothing is wrong.
    #[test]
    fn zeros_are_filled_alike() {
        let e = Round {
            ts: 70_000,
            step: 0,
            lanes: [0; LANES],
        };
        assert_eq!(cells(&Cells::zeros().row()), cells(&row(&e)));
    }

    /// Each attack breaks one rule, and none of them twice the same.
    #[test]
    fn attacks_break_a_rule_each() {
        let attacks = { wrong_theta() }
            .chain(no_bits())
            .chain(wrong_chi())
            .chain(wrong_digits());
        let mut broken: Vec<&str> = Vec::new();
        for attack in attacks {
            let rules = evaluated(&attack.row()).broken_rules();
            assert_eq!(rules.len(), 1, "{rules:?}");
            broken.extend(rules);
        }
        let count = broken.len();
        broken.sort_unstable();
        broken.dedup();
        assert_eq!((count, broken.len()), (3 * 320 + BITS + 7 + 12, count));
    }

    #[test]
    fn mutants_are_rejected() {
        campaign().assert();
    }
}
