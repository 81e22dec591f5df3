//! What the matrix_product_i8 table is put through.

use alloc::string::String;
use alloc::vec::Vec;

use p3_field::{Field, PrimeCharacteristicRing, integers::QuotientMap};
use vouch_isa::accelerators::Accelerator;
use vouch_isa::accelerators::matrix_product_i8::{DEPTH, MATRIX_WORDS, SIDE, SUMS};
use vouch_isa::testing::SplitMix;

use crate::F;
use crate::table::TableType;
use crate::tables::Table;
use crate::tables::matrix_product_i8::{BYTES, MatrixProductI8, START, WORDS};
use crate::testkit::calls::{Call, future, judge_call};
use crate::testkit::score::Spare;
use crate::testkit::{Campaign, Mutation, Subject, TEXT, Verdict, as_signed, cells};

type Row = MatrixProductI8<F>;

const ACCELERATOR: Accelerator = Accelerator::MatrixProductI8;
const SUMS_AT: u32 = 4 * TEXT.end + 32;

/// Where the words lie that are only read, in the code even.
const READ_AT: [u32; 3] = [4 * TEXT.start, 0xa000_8000, 0x4000_0000];

/// The quotient of `p` and `2^16`, rounded down: so much more is carried if a low limb is greater by one.
const CARRY_OF_P: u32 = 15 << 11;

/// The written operand between two words, so far up that a quarter of a word taken for a borrow leaves the distance
/// from the code a limb.
const BETWEEN: (usize, u32) = (3, 0xa000_8001);

fn judge(row: &Verdict) -> Result<(), String> {
    judge_call(ACCELERATOR, row)
}

fn call(sums_at: u32, words: &[u32; WORDS]) -> Call {
    let [left, right, start] = READ_AT;
    Call::new(ACCELERATOR, [left, right, start, sums_at, u32::MAX], words)
}

fn row(call: &Call) -> Row {
    Row::row(&(&call.invocation, &call.accesses[..]), &TEXT)
}

/// Matrices of one byte each, all sums start from one number.
fn uniform([left, right]: [u8; 2], start: u32) -> Call {
    let mut words = [start; WORDS];
    words[..MATRIX_WORDS].fill(u32::from_le_bytes([left; 4]));
    words[MATRIX_WORDS..START].fill(u32::from_le_bytes([right; 4]));
    call(SUMS_AT, &words)
}

/// No byte is 0, or 127 or -128, and no sum wraps.
fn varied() -> Call {
    let mut random = SplitMix(5);
    let words = core::array::from_fn(|i| {
        let bytes = [(); 4].map(|()| (random.draw() % 126) as u8 + 1);
        let signs = u32::from_le_bytes([(); 4].map(|()| (random.draw() % 2) as u8 * 0x80));
        match i {
            ..START => u32::from_le_bytes(bytes) ^ signs,
            _ => 0x0123_4567 + (i as u32) * 0x0101_0101,
        }
    });
    call(SUMS_AT, &words)
}

/// The extremes of products and sums, and others.
fn samples() -> Vec<Call> {
    alloc::vec![
        varied(),
        uniform([0x80, 0x7f], 0),
        uniform([0x80, 0x80], u32::MAX),
        call(4 * TEXT.end, &[0; WORDS]),
    ]
}

/// Makes the `i`-th sum and carry fit the bytes.
fn solve(row: &mut Row, i: usize) {
    let (rows, columns) = row.bytes.split_at(BYTES / 2);
    let left = &rows[DEPTH * (i / SIDE)..][..DEPTH];
    let right = &columns[DEPTH * (i % SIDE)..][..DEPTH];
    let products = left.iter().zip(right);
    let products: i64 = products.map(|(&x, &y)| as_signed(x) * as_signed(y)).sum();
    let low = products + as_signed(row.start[2 * i]);
    row.after[2 * i] = F::from_int(low & 0xffff);
    carry(row, i, low >> 16);
}

/// Makes the `i`-th sum's high limb fit a carry.
fn carry(row: &mut Row, i: usize, carry: i64) {
    row.carry[i] = F::from_int(carry);
    let high = carry + as_signed(row.start[2 * i + 1]);
    row.after[2 * i + 1] = F::from_int(high & 0xffff);
}

/// The `i`-th byte is 256 away, which its sign makes up for, or by one, which a sign of a fraction makes up for.
/// A low byte of a limb has the sign that the lookup says: there it is the next byte that makes up for 256.
fn other_bytes(i: usize) -> impl Iterator<Item = Row> {
    let honest = row(&varied());
    let far = match as_signed(honest.is_negative[i]) {
        0 => (-256, F::ONE),
        _ => (256, F::NEG_ONE),
    };
    let near = (1, -F::from_int(256).inverse());
    let (over, none) = ((256, F::ZERO), F::ZERO);
    let others = match i % 2 {
        0 => [(far, none), (over, F::NEG_ONE)],
        _ => [(far, none), (near, none)],
    };
    others.into_iter().map(move |((step, sign), next)| {
        let mut row = honest;
        row.bytes[i] += F::from_int(step);
        row.is_negative[i] += sign;
        if let Some(byte) = row.bytes.get_mut(i + 1) {
            *byte += next;
        }
        (0..SUMS).for_each(|i| solve(&mut row, i));
        row
    })
}

/// Another `i`-th sum.
fn other_sums(i: usize) -> [Row; 5] {
    let honest = row(&varied());
    let carried = as_signed(honest.carry[i]);
    let mut low = honest;
    low.after[2 * i] += F::from_int(1 << 16);
    carry(&mut low, i, carried - 1);
    // A limb's fraction is all that is wrong if the carry is no small number.
    let mut far = honest;
    far.after[2 * i] += F::ONE;
    carry(&mut far, i, carried + i64::from(CARRY_OF_P));
    let mut more = honest;
    carry(&mut more, i, carried + 1);
    let mut high = honest;
    high.after[2 * i + 1] += F::from_int(1 << 16);
    let mut other = honest;
    other.after[2 * i + 1] += F::ONE;
    [low, far, more, high, other]
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

/// Operands that run into the registers or lie between two words, and sums that lie in the code.
fn other_places() -> Vec<Row> {
    let words = [5; WORDS];
    let [left, right, start] = READ_AT;
    let arguments = [left, right, start, SUMS_AT, 0];
    let ends = (0..=3).map(|i| (i, 0xffff_fff8));
    let between = (0..3).map(|i| (i, arguments[i] + 1));
    let last_of_code = (3, 4 * (TEXT.end - 1));
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
    distance.sums.above_lo = F::NEG_ONE;
    rows.push(distance);
    rows
}

fn attacks() -> impl Iterator<Item = Row> {
    { (0..BYTES).flat_map(other_bytes) }
        .chain((0..SUMS).flat_map(other_sums))
        .chain((0..WORDS).flat_map(futures))
        .chain(other_places())
}

pub(super) fn campaign() -> Campaign {
    let rows: Vec<_> = samples().iter().map(row).collect();
    let subject = Subject::new::<Row>(&rows);
    let last = subject.height() - 1;
    let mut mutation = Mutation::new(subject, judge, &[]);
    // A row has 800 cells, and too many pairs of them.
    mutation.singles = Vec::from([0, last]);
    mutation.rows.clear();
    mutation.attacks = attacks().map(|row| (1, cells(&row))).collect();
    Campaign::new(
        Table::MatrixProductI8,
        Vec::from([mutation]),
        [Spare::one_flag()].into(),
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
            (0..20).map(|i| call(SUMS_AT + 4 * i, &[(); WORDS].map(|()| random.draw() as u32)));
        for call in samples().into_iter().chain(others.collect::<Vec<_>>()) {
            let verdict = verdict(Table::MatrixProductI8, &cells(&row(&call)));
            assert!(verdict.accepted(), "{call:?}: {verdict:?}");
            assert_eq!(verdict.sent_sorted(), call.messages());
            assert_eq!(judge(&verdict), Ok(()), "{call:?}");
        }
    }

    /// Each attack breaks one rule, and would do harm without it.
    #[test]
    fn attacks_break_a_rule_each() {
        for (i, row) in attacks().enumerate() {
            let verdict = verdict(Table::MatrixProductI8, &cells(&row));
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
