//! What the blake3_round table is put through.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use p3_field::{PrimeCharacteristicRing, integers::QuotientMap};
use vouch_isa::testing::SplitMix;

use crate::F;
use crate::bus::{PROGRESS, PROGRESS_LIMBS};
use crate::table::TableType;
use crate::tables::Table;
use crate::tables::blake3_round::half::{Half, Turn, half_row};
use crate::tables::blake3_round::{Blake3Round, KIND, LIMBS, Round, row_by};
use crate::testkit::score::Spare;
use crate::testkit::{Campaign, EDGES, Message, Mutation, P, Subject, TEXT, Verdict, cells};

type Row = Blake3Round<F>;

/// Halves of the mixing function in a round.
const HALVES: usize = 16;

/// The limbs of a step, in the order of the bus.
pub(super) fn limbs(step: &Round) -> Vec<u32> {
    let words = step.matrix.into_iter().chain(step.block);
    words.flat_map(|word| [word & 0xffff, word >> 16]).collect()
}

/// The fields of the messages that say so of a step.
pub(super) fn progress([ts, step]: [u32; 2], limbs: &[u32]) -> Vec<Vec<u32>> {
    let part = |(i, limbs): (usize, &[u32])| {
        let mut fields = Vec::from([KIND, ts, step, i as u32]);
        fields.extend(limbs);
        fields.resize(4 + PROGRESS_LIMBS, 0);
        fields
    };
    limbs.chunks(PROGRESS_LIMBS).enumerate().map(part).collect()
}

fn row(e: &Round) -> Row {
    Row::row(e, &TEXT)
}

/// What a row says, sorted: that it takes a step to the next.
fn messages(ts: u32, step: u32, before: &[u32], after: &[u32]) -> Vec<Message> {
    let given = progress([ts, step], before);
    let next = progress([ts, (step + 1) % P], after);
    let given = given.iter().map(|it| Message::received(PROGRESS, it));
    let next = next.iter().map(|it| Message::sent(PROGRESS, it));
    let mut sent: Vec<_> = given.chain(next).collect();
    sent.sort();
    sent
}

/// The row takes one step to the one that a round makes of it.
fn judge(row: &Verdict) -> Result<(), String> {
    let error = || Err(format!("{:?}", row.sent));
    if row.sent.is_empty() {
        return Ok(());
    }
    let part = |i: usize| {
        row.sent
            .get(i)
            .map_or(&[][..], |message| &message.fields[..])
    };
    let parts = row.sent.len() / 2;
    let limbs_from = |first: usize| -> Vec<u32> {
        let fields = (first..first + parts).flat_map(|i| part(i).iter().skip(4));
        fields.copied().take(LIMBS).collect()
    };
    let (before, after) = (limbs_from(0), limbs_from(parts));
    let (&[_, ts, step, ..], LIMBS, LIMBS) = (part(0), before.len(), after.len()) else {
        return error();
    };
    let is_word = |limbs: &[u32]| limbs.iter().all(|limb| *limb < 1 << 16);
    // Nobody sends other limbs, and nobody takes other ones for `b`.
    if !is_word(&before) || !is_word(&after[8..16]) {
        return Ok(());
    }
    let word = |i: usize| before[2 * i] | before[2 * i + 1] << 16;
    let given = Round {
        ts: 0,
        step: 0,
        matrix: core::array::from_fn(word),
        block: core::array::from_fn(|i| word(16 + i)),
    };
    match row.sent_sorted() == messages(ts, step, &before, &limbs(&given.next())) {
        true => Ok(()),
        false => error(),
    }
}

fn random(seed: u64) -> Round {
    let mut random = SplitMix(seed);
    Round {
        ts: 70_000,
        step: (seed % 7) as u32,
        matrix: [(); 16].map(|()| random.draw() as u32),
        block: [(); 16].map(|()| random.draw() as u32),
    }
}

fn samples() -> Vec<Round> {
    let edges = |i: usize| EDGES[i % EDGES.len()];
    alloc::vec![
        Round {
            ts: 6,
            step: 0,
            matrix: core::array::from_fn(edges),
            block: core::array::from_fn(|i| edges(3 * i + 1)),
        },
        random(1),
        Round {
            ts: 70_000,
            step: 6,
            matrix: [u32::MAX; 16],
            block: [u32::MAX; 16],
        },
    ]
}

/// A rule of half of the mixing function.
#[derive(Clone, Copy, Debug)]
enum Fault {
    /// A byte of `d & a`.
    D(usize),
    /// A byte of `b & c`.
    B(usize),
    /// The carry of `a`'s low limb, or of the high one.
    A(usize),
    /// Likewise of `c`.
    C(usize),
    /// What a limb of `b` hands to the other.
    Top(usize),
}

const FAULTS: [Fault; 14] = [
    Fault::D(0),
    Fault::D(1),
    Fault::D(2),
    Fault::D(3),
    Fault::B(0),
    Fault::B(1),
    Fault::B(2),
    Fault::B(3),
    Fault::A(0),
    Fault::A(1),
    Fault::C(0),
    Fault::C(1),
    Fault::Top(0),
    Fault::Top(1),
];

/// `30720 * 2^16 = -1`: so much more in one limb is one less in another.
const WRAP: u32 = 30_720;

/// The word with one added to one of its limbs and [`WRAP`] to the other, or taken away; and whether it was
/// added. `None` if neither leaves limbs.
fn wrapped(word: u32, by_one: usize) -> Option<(u32, bool)> {
    let mut steps = [WRAP as i32; 2];
    steps[by_one] = 1;
    let limbs = [word & 0xffff, word >> 16].map(|limb| limb as i32);
    [1, -1].into_iter().find_map(|sign| {
        let changed: [i32; 2] = core::array::from_fn(|i| limbs[i] + sign * steps[i]);
        let [lo, hi] = changed.map(|limb| u16::try_from(limb).ok());
        Some((u32::from(lo?) | u32::from(hi?) << 16, sign == 1))
    })
}

/// Another sum, so that this carry is no number that it may be and the other one is.
fn other_sum(word: u32, carry: usize) -> Option<u32> {
    match carry {
        0 => Some(wrapped(word, 0)?.0),
        _ => Some(word ^ 1 << 16),
    }
}

/// Another byte of `x & y`, and what comes of it: a word, whose byte is one again.
fn other_and(and: &mut [F; 4], xored: u32, byte: usize) -> u32 {
    let of_xored = xored >> (8 * byte) & 0xff;
    match of_xored < 254 {
        true => {
            and[byte] -= F::ONE;
            xored + (2 << (8 * byte))
        }
        false => {
            and[byte] += F::ONE;
            xored - (2 << (8 * byte))
        }
    }
}

/// Half of the mixing function, one of its rules broken, and all behind that right. `None` if these words
/// do not let it.
fn faulty([a, b, c, d]: [u32; 4], x: u32, turn: Turn, fault: Fault) -> Option<(Half<F>, [u32; 4])> {
    let (right, bits) = match turn {
        Turn::First => (16, 4),
        Turn::Second => (8, 1),
    };
    let (mut cols, [sum, ..]) = half_row([a, b, c, d], x, turn);
    let a = match fault {
        Fault::A(carry) => other_sum(sum, carry)?,
        _ => sum,
    };
    cols.a = bytes(a);
    cols.d_and = bytes(d & a);
    let mut d_after = d ^ a;
    if let Fault::D(byte) = fault {
        d_after = other_and(&mut cols.d_and, d_after, byte);
    }
    let d_after = d_after.rotate_right(right);
    let sum = c.wrapping_add(d_after);
    let c = match fault {
        Fault::C(carry) => other_sum(sum, carry)?,
        _ => sum,
    };
    cols.c = bytes(c);
    cols.b_and = bytes(b & c);
    let mut of_b = b ^ c;
    if let Fault::B(byte) = fault {
        of_b = other_and(&mut cols.b_and, of_b, byte);
    }
    let of_b = of_b.rotate_right(right);
    let top = |limb: u32| F::from_int(limb >> (16 - bits));
    cols.top = [top(of_b & 0xffff), top(of_b >> 16)];
    let mut b_after = of_b.rotate_left(bits);
    if let Fault::Top(limb) = fault {
        let (other, is_more) = wrapped(b_after, limb)?;
        b_after = other;
        match is_more {
            true => cols.top[limb] += F::from_int(WRAP),
            false => cols.top[limb] -= F::from_int(WRAP),
        }
    }
    Some((cols, [a, b_after, c, d_after]))
}

fn bytes(word: u32) -> [F; 4] {
    word.to_le_bytes().map(F::from_int)
}

/// A round with one fault, in the half of this number.
fn wrong(e: &Round, at: usize, fault: Fault) -> Option<Row> {
    let (mut i, mut is_there) = (0, false);
    let row = row_by(e, |words, x, turn| {
        let wrong = (i == at).then(|| faulty(words, x, turn, fault)).flatten();
        is_there |= wrong.is_some();
        i += 1;
        wrong.unwrap_or_else(|| half_row(words, x, turn))
    });
    is_there.then_some(row)
}

/// Every step of a round wrong, one at a time, and all behind it right.
fn wrong_rounds() -> Vec<(Fault, Row)> {
    let places = (0..HALVES).flat_map(|at| FAULTS.map(|fault| (at, fault)));
    places
        .map(|(at, fault)| {
            let row = (1..50).find_map(|seed| wrong(&random(seed), at, fault));
            (fault, row.expect("some words let it"))
        })
        .collect()
}

pub(super) fn campaign() -> Campaign {
    let rows: Vec<_> = samples().iter().map(row).collect();
    let subject = Subject::new::<Row>(&rows);
    let last = subject.height() - 1;
    let mut mutation = Mutation::new(subject, judge, &[]);
    // Rows of 400 cells have too many pairs.
    mutation.singles = Vec::from([0, 1, 2, last]);
    mutation.rows.clear();
    let attacks = wrong_rounds().into_iter();
    mutation.attacks = attacks.map(|(_, row)| (1, cells(&row))).collect();
    Campaign::new(
        Table::Blake3Round,
        Vec::from([mutation]),
        [Spare::one_flag()].into(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    use crate::testkit::verdict;

    fn evaluated(row: &Row) -> Verdict {
        verdict(Table::Blake3Round, &cells(row))
    }

    #[test]
    fn honest_rows_are_accepted() {
        for e in samples().into_iter().chain((2..50).map(random)) {
            let verdict = evaluated(&row(&e));
            assert!(verdict.accepted(), "{e:?}: {verdict:?}");
            let next = e.next();
            let expected = messages(e.ts, e.step, &limbs(&e), &limbs(&next));
            assert_eq!(verdict.sent_sorted(), expected);
            assert_eq!((next.ts, next.step), (e.ts, e.step + 1));
            assert_eq!(judge(&verdict), Ok(()), "{e:?}");
        }
    }

    /// One wrong step breaks one rule, and is no round.
    #[test]
    fn each_step_has_its_rule() {
        for (fault, row) in wrong_rounds() {
            let verdict = evaluated(&row);
            let broken = (verdict.broken.len(), verdict.untrue.len());
            assert_eq!(broken.0 + broken.1, 1, "{fault:?}: {verdict:?}");
            assert!(judge(&verdict).is_err(), "{fault:?}");
        }
    }

    #[test]
    fn mutants_are_rejected() {
        campaign().assert();
    }
}
