//! What the dot_i32 table is put through.

use alloc::string::String;
use alloc::vec::Vec;

use p3_field::{Field, PrimeCharacteristicRing, integers::QuotientMap};
use vouch_isa::accelerators::Accelerator;
use vouch_isa::accelerators::dot_i32::LENGTH;
use vouch_isa::testing::SplitMix;

use crate::F;
use crate::table::TableType;
use crate::tables::Table;
use crate::tables::dot_i32::{DotI32, LIMBS, READ, STRADDLING, WORDS};
use crate::testkit::calls::{Call, future, judge_call};
use crate::testkit::score::Spare;
use crate::testkit::{Campaign, Mutation, P, Subject, TEXT, Verdict, as_signed, cells};

type Row = DotI32<F>;

const ACCELERATOR: Accelerator = Accelerator::DotI32;
const SUM_AT: u32 = 4 * TEXT.end + 32;

/// Where the vectors lie, in the code even: they are only read.
const VECTORS_AT: [u32; 2] = [4 * TEXT.start, 0xa000_8000];

/// The written operand between two words, so far up that a quarter of a word taken for a borrow leaves the distance
/// from the code a limb.
const BETWEEN: (usize, u32) = (2, 0xa000_8001);

fn judge(row: &Verdict) -> Result<(), String> {
    judge_call(ACCELERATOR, row)
}

fn call(sum_at: u32, words: &[u32; WORDS]) -> Call {
    let [left, right] = VECTORS_AT;
    Call::new(ACCELERATOR, [left, right, sum_at, 3, u32::MAX], words)
}

fn row(call: &Call) -> Row {
    Row::row(&(&call.invocation, &call.accesses[..]), &TEXT)
}

/// Vectors of one word each.
fn uniform(left: u32, right: u32, sum: [u32; 2]) -> Call {
    let mut words = [left; WORDS];
    words[LENGTH..READ].fill(right);
    words[READ..].copy_from_slice(&sum);
    call(SUM_AT, &words)
}

/// All bytes are small, but none is 0.
fn varied() -> Call {
    let mut random = SplitMix(5);
    let words = core::array::from_fn(|i| match i {
        ..READ => {
            let mut bytes = [(); 4].map(|()| (random.draw() % 100) as u8 + 1);
            if random.draw().is_multiple_of(2) {
                bytes[3] = bytes[3].wrapping_neg();
            }
            u32::from_le_bytes(bytes)
        }
        _ => 0x2345_6789,
    });
    call(SUM_AT, &words)
}

/// The extremes of what is added up, and others.
fn samples() -> Vec<Call> {
    alloc::vec![
        varied(),
        uniform(u32::MAX, u32::MAX, [0; 2]),
        uniform(0x7fff_ffff, 0x7fff_ffff, [u32::MAX; 2]),
        uniform(0x8000_0000, 0x7fff_ffff, [0; 2]),
        uniform(0x8000_0000, 0x8000_0000, [u32::MAX, 0]),
        uniform(0x80ff_ffff, 0x80ff_ffff, [u32::MAX; 2]),
        uniform(0xff00_00ff, 0x80ff_ff00, [0; 2]),
        call(4 * TEXT.end, &[0; WORDS]),
    ]
}

/// The sum of products in a place.
fn place(row: &Row, place: usize) -> i64 {
    let (left, right) = row.bytes.split_at(4 * LENGTH);
    let byte = |bytes: &[F], i: usize| bytes.get(i).map_or(0, |&byte| as_signed(byte));
    let pairs = left.chunks(4).zip(right.chunks(4));
    pairs
        .flat_map(|(x, y)| (0..=place).map(move |i| byte(x, i) * byte(y, place - i)))
        .sum()
}

/// Makes the sums in places that straddle limbs, and all behind them, fit the bytes.
fn solve(row: &mut Row) {
    for i in 0..STRADDLING {
        let sum = place(row, 2 * i + 1);
        row.low[i] = F::from_int(sum & 0xff);
        row.high[i] = F::from_int(sum >> 8);
    }
    solve_limbs(row, 0);
}

/// Makes the limbs of the sum fit what is below them, from the `first` on.
fn solve_limbs(row: &mut Row, first: usize) {
    for i in first..LIMBS {
        let straddling = |cells: &[F], i: usize| cells.get(i).map_or(0, |&cell| as_signed(cell));
        let low = row
            .low
            .get(i)
            .map_or(F::ZERO, |&low| low * F::from_int(256));
        let mut limb = place(row, 2 * i) + as_signed(low);
        limb += as_signed(row.before[i]);
        if let Some(below) = i.checked_sub(1) {
            limb += straddling(&row.high, below) + as_signed(row.carry[below]);
        }
        row.after[i] = F::from_int(limb & 0xffff);
        row.carry[i] = F::from_int(limb >> 16);
    }
}

/// Small bytes on one side and ones on the other: the bytes are what adds up.
fn ones(side: usize) -> Call {
    let mut words = [1; WORDS];
    let others = varied().accesses;
    let others = others.iter().map(|access| access.prev).enumerate();
    for (i, word) in others.filter(|(i, _)| i / LENGTH != side) {
        words[i] = word;
    }
    call(SUM_AT, &words)
}

/// The bytes of the `i`-th word other than they are, though its limbs are the same.
///
/// As integers, bytes of any size add up to the word. One that is `p / 256` more behind one that is one more are the
/// same limb in the field, and add `p` to the sum. And a sign is another, which the third byte makes up for.
fn other_bytes(i: usize) -> [Row; 4] {
    let ones = row(&ones(1 - i / LENGTH));
    let changed = |honest: Row, steps: [F; 4], sign: F| {
        let mut row = honest;
        for (byte, step) in row.bytes[4 * i..].iter_mut().zip(steps) {
            *byte += step;
        }
        row.is_negative[i] += sign;
        solve(&mut row);
        row
    };
    let [zero, one, far] = [0, 1, P / 256].map(F::from_int);
    let sign = F::ONE - ones.is_negative[i].double();
    [
        changed(ones, [one, far, zero, zero], zero),
        changed(ones, [zero, zero, one, far], zero),
        changed(ones, [zero, zero, -sign * F::from_int(1 << 16), zero], sign),
        changed(
            row(&varied()),
            [zero, zero, zero, one],
            -F::from_int(256).inverse(),
        ),
    ]
}

/// The sum in the `i`-th place that straddles limbs is taken for another, or cut otherwise.
fn other_places_sums(i: usize) -> [Row; 3] {
    let honest = row(&varied());
    let sum = place(&honest, 2 * i + 1);
    let mut more = honest;
    more.low[i] = F::from_int((sum & 0xff) ^ 1);
    // Of the low part, `2^16 (p >> 16)` is `p - 1`: one more in the limb, and the high part within its bits.
    let mut low = honest;
    low.low[i] -= F::from_int((P >> 16) << 8);
    low.high[i] += F::from_int(P >> 16);
    // The low byte is another, and the high part a fraction: a large number.
    let mut high = honest;
    high.low[i] = F::from_int((sum + 1) & 0xff);
    high.high[i] = (F::from_int(sum) - high.low[i]) * F::from_int(256).inverse();
    [more, low, high].map(|mut row| {
        solve_limbs(&mut row, i);
        row
    })
}

/// Another `i`-th limb of the sum.
fn other_limbs(i: usize) -> [Row; 3] {
    let honest = row(&varied());
    let mut other = honest;
    other.after[i] += F::ONE;
    let mut beyond = honest;
    beyond.after[i] += F::from_int(1 << 16);
    beyond.carry[i] -= F::ONE;
    // What is carried is a fraction: a large number.
    let mut far = honest;
    far.after[i] += F::ONE;
    far.carry[i] += F::from_int(P >> 16);
    [other, beyond, far].map(|mut row| {
        solve_limbs(&mut row, i + 1);
        row
    })
}

/// The `i`-th word was last accessed now or later.
fn futures(i: usize) -> [Row; 2] {
    let call = varied();
    future(call.invocation.ts + i as u32).map(|(prev_ts, gap_lo)| {
        let mut row = row(&call);
        row.accesses.prev_ts[i] = prev_ts;
        row.accesses.gap_lo[i] = gap_lo;
        row
    })
}

/// Operands that run into the registers or lie between two words, and a sum that lies in the code.
fn other_places() -> Vec<Row> {
    let words = [5; WORDS];
    let [left, right] = VECTORS_AT;
    let arguments = [left, right, SUM_AT, 0, 0];
    let ends = (0..=2).map(|i| (i, 0xffff_fffc));
    let between = (0..2).map(|i| (i, arguments[i] + 1));
    let last_of_code = (2, 4 * (TEXT.end - 1));
    let mut rows: Vec<_> = { ends.chain(between) }
        .chain([last_of_code, BETWEEN])
        .map(|(i, pointer)| {
            let mut arguments = arguments;
            arguments[i] = pointer;
            row(&Call::new(ACCELERATOR, arguments, &words))
        })
        .collect();
    // The distance is negative, but for its high limb.
    let mut distance = row(&call(last_of_code.1, &words));
    distance.sum.above_lo = F::NEG_ONE;
    rows.push(distance);
    rows
}

fn attacks() -> impl Iterator<Item = Row> {
    { (0..READ).flat_map(other_bytes) }
        .chain((0..STRADDLING).flat_map(other_places_sums))
        .chain((0..LIMBS).flat_map(other_limbs))
        .chain((0..WORDS).flat_map(futures))
        .chain(other_places())
}

pub(super) fn campaign() -> Campaign {
    let rows: Vec<_> = samples().iter().map(row).collect();
    let subject = Subject::new::<Row>(&rows);
    let last = subject.height() - 1;
    let mut mutation = Mutation::new(subject, judge, &[]);
    // A row has 500 cells, and too many pairs of them.
    mutation.singles = Vec::from([0, last]);
    mutation.rows.clear();
    mutation.attacks = attacks().map(|row| (1, cells(&row))).collect();
    Campaign::new(
        Table::DotI32,
        Vec::from([mutation]),
        [
            Spare::one_flag(),
            Spare::first_operands(
                ["low bytes are bytes"],
                "of a limb whose upper byte is one the lower is what is left, a small number: as integers, both make the \
                 same word whatever it is",
            ),
        ]
        .into(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testkit::verdict;

    #[test]
    fn honest_rows_are_accepted() {
        let mut random = SplitMix(4);
        let others =
            (0..20).map(|i| call(SUM_AT + 4 * i, &[(); WORDS].map(|()| random.draw() as u32)));
        for call in samples().into_iter().chain(others.collect::<Vec<_>>()) {
            let verdict = verdict(Table::DotI32, &cells(&row(&call)));
            assert!(verdict.accepted(), "{call:?}: {verdict:?}");
            assert_eq!(verdict.sent_sorted(), call.messages());
            assert_eq!(judge(&verdict), Ok(()), "{call:?}");
        }
    }

    /// Each attack breaks one rule, and would do harm without it.
    #[test]
    fn attacks_break_a_rule_each() {
        for (i, row) in attacks().enumerate() {
            let verdict = verdict(Table::DotI32, &cells(&row));
            assert!(judge(&verdict).is_err(), "{i}");
            let broken = verdict.broken.len() + verdict.untrue.len();
            assert_eq!(broken, 1, "{i}: {verdict:?}");
        }
    }

    #[test]
    fn mutants_are_rejected() {
        campaign().assert();
    }
}
