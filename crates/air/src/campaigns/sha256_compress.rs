//! What the sha256_compress table is put through.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use p3_field::{PrimeCharacteristicRing, integers::QuotientMap};
use vouch_isa::accelerators::sha256_compress::{BLOCK, STATE, compress};
use vouch_isa::event::{Access, Invocation};
use vouch_isa::memory::{MAX_TIMESTAMP, REGISTER_BASE};
use vouch_isa::testing::SplitMix;

use super::sha256_rounds::progress;
use crate::F;
use crate::bus::{CALL, MEMORY, PROGRESS, STATE as STATE_BUS};
use crate::gadget::INV_2_16;
use crate::table::TableType;
use crate::tables::Table;
use crate::tables::sha256_compress::Sha256Compress;
use crate::tables::sha256_rounds::{KIND, SCHEDULE, STEPS, limbs};
use crate::testkit::score::Spare;
use crate::testkit::{
    Campaign, EDGES, Message, Mutation, Subject, TEXT, Verdict, as_signed, cells,
};

type Row = Sha256Compress<F>;

const NUMBER: u32 = 0x1002;
const WORDS: usize = BLOCK + STATE;
const BLOCK_AT: u32 = 0x9000_0004;
const STATE_AT: u32 = 4 * TEXT.end + 32;

/// A call and its accesses.
#[derive(Clone, Debug)]
struct Event {
    call: Invocation,
    accesses: Vec<Access>,
}

/// A call with a block and a state at these byte addresses.
fn event([block_at, state_at]: [u32; 2], words: [u32; WORDS]) -> Event {
    let (block, state) = split(words);
    let mut after = state;
    compress(&block, &mut after);
    let place = |i: u32| match i.checked_sub(BLOCK as u32) {
        None => block_at / 4 + i,
        Some(i) => state_at / 4 + i,
    };
    let accesses = (0..).zip(words).zip(block.into_iter().chain(after));
    Event {
        call: Invocation {
            next_pc: 0x5001,
            ts: 70_000,
            arguments: [block_at, state_at, u32::MAX, 0, 0x5_0004],
        },
        accesses: accesses
            .map(|((i, prev), next)| Access {
                word: place(i),
                prev,
                next,
                prev_ts: [0, 9, 4_464][i as usize % 3] + i,
            })
            .collect(),
    }
}

fn split(words: [u32; WORDS]) -> ([u32; BLOCK], [u32; STATE]) {
    let word = |i: usize| words[i];
    (
        core::array::from_fn(word),
        core::array::from_fn(|i| word(BLOCK + i)),
    )
}

fn row(e: &Event) -> Row {
    Row::row(&(&e.call, &e.accesses[..]), &TEXT)
}

/// What an honest row of the event says, sorted.
fn messages(e: &Event) -> Vec<Message> {
    let Invocation {
        next_pc,
        ts,
        arguments,
    } = e.call;
    let arguments = arguments.map(limbs).concat();
    let call = [&[NUMBER][..], &arguments, &[next_pc, ts]].concat();
    let mut sent = Vec::from([
        Message::received(CALL, &call),
        Message::sent(STATE_BUS, &[next_pc, ts + WORDS as u32]),
    ]);
    let words = |list: &[Access]| -> Vec<u32> {
        list.iter().flat_map(|access| limbs(access.prev)).collect()
    };
    let (block, state) = e.accesses.split_at(BLOCK);
    let mixed = state
        .iter()
        .map(|access| access.next.wrapping_sub(access.prev));
    let mixed: Vec<u32> = mixed.flat_map(limbs).collect();
    sent.extend(progress([KIND, ts, 0], &words(state), 1));
    sent.extend(progress([SCHEDULE, ts, 0], &words(block), 1));
    sent.extend(progress([KIND, ts, STEPS as u32], &mixed, -1));
    for (ts, access) in (ts..).zip(&e.accesses) {
        let tuple = |value: u32, ts| [access.word, value & 0xffff, value >> 16, ts];
        let before = tuple(access.prev, access.prev_ts);
        sent.push(Message::received(MEMORY, &before));
        sent.push(Message::sent(MEMORY, &tuple(access.next, ts)));
    }
    sent.sort();
    sent
}

const fn word(limbs: &[u32]) -> u32 {
    limbs[0] | limbs[1] << 16
}

fn is_word(limbs: &[u32]) -> bool {
    limbs.iter().all(|limb| *limb < 1 << 16)
}

/// Whether the rounds of this state and block, both as the row sends them, make what it receives.
fn rounds_say_so(row: &Verdict) -> bool {
    let told = |kind: u32, count: i64| -> Vec<u32> {
        let about = { row.sent.iter() }
            .filter(|m| m.bus == PROGRESS && m.count == count && m.fields[0] == kind);
        about.flat_map(|m| m.fields[4..].iter().copied()).collect()
    };
    let [state, block, mixed] = [(KIND, 1), (SCHEDULE, 1), (KIND, -1)].map(|(k, c)| told(k, c));
    if [&state, &block, &mixed].map(Vec::len) != [20, 40, 20] {
        return false;
    }
    if ![&state, &block, &mixed]
        .into_iter()
        .all(|limbs| is_word(limbs))
    {
        return false;
    }
    let block = core::array::from_fn(|i| word(&block[2 * i..]));
    let state: [u32; STATE] = core::array::from_fn(|i| word(&state[2 * i..]));
    let mut after = state;
    compress(&block, &mut after);
    (0..STATE).all(|i| word(&mixed[2 * i..]) == after[i].wrapping_sub(state[i]))
}

/// The row says what one call makes it say: it compresses a block in memory into a state above the code.
fn judge(row: &Verdict) -> Result<(), String> {
    let error = || Err(format!("{:?}", row.sent));
    if row.sent.is_empty() {
        return Ok(());
    }
    let calls: Vec<_> = row.sent.iter().filter(|m| m.bus == CALL).collect();
    let memory: Vec<_> = row.sent.iter().filter(|m| m.bus == MEMORY).collect();
    let ([call], true) = (&calls[..], memory.len() == 2 * WORDS) else {
        return error();
    };
    let &[number, ref arguments @ .., next_pc, ts] = &call.fields[..] else {
        return error();
    };
    // What the ecall table sends.
    let may_be = call.count == -1 && is_word(arguments) && next_pc < 1 << 30 && ts < MAX_TIMESTAMP;
    if number == NUMBER && !may_be {
        return Ok(());
    }
    let (mut before, mut after, mut prev_ts) = ([0; WORDS], [0; WORDS], [0; WORDS]);
    for (i, pair) in memory.chunks(2).enumerate() {
        let (old, new) = (&pair[0].fields, &pair[1].fields);
        // What cells hold.
        if !is_word(&old[1..3]) || old[3] > MAX_TIMESTAMP {
            return Ok(());
        }
        if !is_word(&new[1..3]) || old[3] >= new[3] {
            return error();
        }
        (before[i], after[i], prev_ts[i]) = (word(&old[1..]), word(&new[1..]), old[3]);
    }
    if !rounds_say_so(row) {
        return Ok(());
    }
    let arguments: [u32; 5] = core::array::from_fn(|i| word(&arguments[2 * i..]));
    let places = [arguments[0], arguments[1]];
    let mut e = event(places, before);
    e.call = Invocation {
        next_pc,
        ts,
        arguments,
    };
    for (access, prev_ts) in e.accesses.iter_mut().zip(prev_ts) {
        access.prev_ts = prev_ts;
    }
    let ends = |i: usize, words: usize| places[i] / 4 + words as u32 <= REGISTER_BASE;
    let is_there = places.iter().all(|place| place.is_multiple_of(4))
        && places[1] / 4 >= TEXT.end
        && ends(0, BLOCK)
        && ends(1, STATE)
        && e.accesses.iter().map(|access| access.next).eq(after);
    match is_there && row.sent_sorted() == messages(&e) {
        true => Ok(()),
        false => error(),
    }
}

fn random_words(seed: u64) -> [u32; WORDS] {
    let mut random = SplitMix(seed);
    [(); WORDS].map(|()| random.draw() as u32)
}

/// Words at the edges, and others; a block in the code, operands that overlap, the last words of memory.
fn samples() -> Vec<Event> {
    let edges = core::array::from_fn(|i| EDGES[i % EDGES.len()]);
    Vec::from([
        event([BLOCK_AT, STATE_AT], random_words(1)),
        event([0, 4 * TEXT.end], edges),
        event([0xfffe_fffc, 0xfffe_fffc], [u32::MAX; WORDS]),
        event([4 * TEXT.start, 0xa000_8000], [0; WORDS]),
    ])
}

/// The `i`-th word after is another: a limb and its carry do not fit, or it has more than 16 bits. A limb
/// that is one too large makes a fraction of a carry, which is the integer 30720 in the field.
fn other_sums(i: usize) -> [Row; 4] {
    let e = &samples()[0];
    let next = e.accesses[BLOCK + i].next;
    let honest = row(e);
    let [lo, hi] = limbs(next).map(F::from_int);
    let one = F::from_int(1 << 16);
    let sum = honest.prev[i][0] + honest.mixed[i][0];
    let carry = F::from_bool(sum != lo);
    let with = |lo: F, hi: F| {
        let mut row = row(e);
        row.next[i] = [lo, hi];
        row
    };
    // The high limb that goes with this low one, with 16 bits.
    let fitting = |lo: F| {
        let total = honest.prev[i][1] + honest.mixed[i][1] + (sum - lo) * INV_2_16;
        F::from_int(as_signed(total).rem_euclid(1 << 16))
    };
    let other_carry = sum - (F::ONE - carry) * one;
    let total_hi = honest.prev[i][1] + honest.mixed[i][1] + carry;
    let other_hi = if total_hi == hi { hi - one } else { total_hi };
    // One of both leaves the high limb a carry of 0 or 1.
    let mut beside = [lo + F::ONE, lo - F::ONE].into_iter();
    let beside = beside.find(|&beside| {
        let total = honest.prev[i][1] + honest.mixed[i][1] + (sum - beside) * INV_2_16;
        let [limb, total] = [beside, total].map(as_signed);
        (0..1 << 16).contains(&limb) && (0..1 << 17).contains(&total)
    });
    let beside = beside.expect("one above or below");
    [
        with(beside, fitting(beside)),
        with(lo, F::from_int((next >> 16) ^ 1)),
        with(other_carry, fitting(other_carry)),
        with(lo, other_hi),
    ]
}

/// The `i`-th word was last accessed now or later: the gap's high limb is -1, or its low one is.
fn future(i: usize) -> [Row; 2] {
    let now = 70_000 + i as i32;
    [(now + 0xffff, 0), (now, -1)].map(|(prev_ts, gap_lo)| {
        let mut row = row(&samples()[0]);
        row.at[i].prev_ts = F::from_int(prev_ts);
        row.at[i].gap_lo = F::from_int(gap_lo);
        row
    })
}

/// Words that run into the registers, that lie in the code, or between two words.
fn other_places() -> [Row; 6] {
    let words = random_words(2);
    let at = |block, state| row(&event([block, state], words));
    let last_of_code = 4 * (TEXT.end - 1);
    let mut distance = at(BLOCK_AT, last_of_code);
    distance.state.above_lo = F::NEG_ONE;
    [
        at(0xffff_fff8, STATE_AT),
        at(BLOCK_AT + 2, STATE_AT),
        at(BLOCK_AT, 0xffff_fff8),
        at(BLOCK_AT, last_of_code),
        distance,
        at(BLOCK_AT, 0xa000_8001),
    ]
}

pub(super) fn campaign() -> Campaign {
    let rows: Vec<_> = samples().iter().map(row).collect();
    let subject = Subject::new::<Row>(&rows);
    let last = subject.height() - 1;
    let mut mutation = Mutation::new(subject, judge, &[]);
    // Pairs of so many cells would be too many.
    mutation.singles = Vec::from([0, 1, 2, last]);
    mutation.rows.clear();
    let words = (0..WORDS).flat_map(future);
    let sums = (0..STATE).flat_map(other_sums);
    let attacks = words.chain(sums).chain(other_places());
    mutation.attacks = attacks.map(|row| (1, cells(&row))).collect();
    Campaign::new(
        Table::Sha256Compress,
        Vec::from([mutation]),
        [Spare::one_flag()].into(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testkit::verdict;

    fn evaluated(row: &Row) -> Verdict {
        verdict(Table::Sha256Compress, &cells(row))
    }

    #[test]
    fn honest_rows_are_accepted() {
        let others = (0..20).map(|i| event([BLOCK_AT, STATE_AT + 4 * i], random_words(i.into())));
        for e in samples().into_iter().chain(others) {
            let verdict = evaluated(&row(&e));
            assert!(verdict.accepted(), "{e:?}: {verdict:?}");
            assert_eq!(verdict.sent_sorted(), messages(&e));
            assert_eq!(judge(&verdict), Ok(()), "{e:?}");
        }
    }

    /// Each attack breaks one rule, so that this one keeps it out.
    #[test]
    fn attacks_break_one_rule_each() {
        let sums = (0..STATE).flat_map(other_sums);
        for row in sums.chain(other_places()) {
            let verdict = evaluated(&row);
            assert!(judge(&verdict).is_err(), "{verdict:?}");
            let broken = verdict.broken.len() + verdict.untrue.len();
            assert_eq!(broken, 1, "{verdict:?}");
        }
    }

    #[test]
    fn mutants_are_rejected() {
        campaign().assert();
    }
}
