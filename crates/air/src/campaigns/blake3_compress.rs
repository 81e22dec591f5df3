//! What the blake3_compress table is put through.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use p3_field::{PrimeCharacteristicRing, integers::QuotientMap};
use vouch_isa::accelerators::ARGUMENTS;
use vouch_isa::accelerators::blake3_compress::{
    BLOCK_WORDS, CHAINING_WORDS, IV, ROUNDS, STATE_WORDS, compress,
};
use vouch_isa::event::{Access, Invocation};
use vouch_isa::memory::{MAX_TIMESTAMP, REGISTER_BASE};
use vouch_isa::testing::SplitMix;

use super::blake3_round::{limbs, progress};
use crate::F;
use crate::bus::{CALL, MEMORY, PROGRESS, STATE};
use crate::table::TableType;
use crate::tables::Table;
use crate::tables::blake3_compress::Blake3Compress;
use crate::tables::blake3_round::first;
use crate::testkit::score::Spare;
use crate::testkit::{Campaign, EDGES, Message, Mutation, Subject, TEXT, Verdict, cells};

type Row = Blake3Compress<F>;

const NUMBER: u32 = 0x1003;
const WORDS: usize = BLOCK_WORDS + STATE_WORDS;
const STATE_AT: u32 = 4 * TEXT.end + 32;
const TS: u32 = 70_000;

/// A call and its accesses.
#[derive(Clone, Debug)]
struct Event {
    call: Invocation,
    accesses: Vec<Access>,
}

/// A call on a block and a state at byte addresses.
fn event([block_at, state_at]: [u32; 2], words: [u32; WORDS]) -> Event {
    let mut after = words;
    if let Some((block, state)) = after.split_first_chunk_mut() {
        compress(block, state.try_into().expect("so many are left"));
    }
    let indices = (block_at / 4..).take(BLOCK_WORDS);
    let indices = indices.chain((state_at / 4..).take(STATE_WORDS));
    let accesses = indices.zip(words).zip(after).enumerate();
    Event {
        call: Invocation {
            next_pc: 0x5001,
            ts: TS,
            arguments: [block_at, state_at, 3, 0, u32::MAX],
        },
        accesses: accesses
            .map(|(i, ((word, prev), next))| Access {
                word,
                prev,
                next,
                prev_ts: [0, 9, 4_464][i % 3] + i as u32,
            })
            .collect(),
    }
}

fn row(e: &Event) -> Row {
    Row::row(&(&e.call, &e.accesses[..]), &TEXT)
}

/// What an honest row of the event says, sorted.
fn messages(e: &Event) -> Vec<Message> {
    let two = |word: u32| [word & 0xffff, word >> 16];
    let Invocation {
        next_pc,
        ts,
        arguments,
    } = e.call;
    let arguments = arguments.map(two).concat();
    let call = [&[NUMBER][..], &arguments, &[next_pc, ts]].concat();
    let mut sent = alloc::vec![
        Message::received(CALL, &call),
        Message::sent(STATE, &[next_pc, ts + WORDS as u32]),
    ];
    let mut step = first(&e.call, &e.accesses);
    let given = progress([ts, 0], &limbs(&step));
    sent.extend(given.iter().map(|it| Message::sent(PROGRESS, it)));
    for _ in 0..ROUNDS {
        step = step.next();
    }
    let last = progress([ts, ROUNDS as u32], &limbs(&step));
    sent.extend(last.iter().map(|it| Message::received(PROGRESS, it)));
    for (ts, access) in (ts..).zip(&e.accesses) {
        let tuple = |value: u32, ts| [access.word, value & 0xffff, value >> 16, ts];
        let before = tuple(access.prev, access.prev_ts);
        sent.push(Message::received(MEMORY, &before));
        sent.push(Message::sent(MEMORY, &tuple(access.next, ts)));
    }
    sent.sort();
    sent
}

/// The row says what one call makes it say, if the rounds make of it what they do.
fn judge(row: &Verdict) -> Result<(), String> {
    let error = || Err(format!("{:?}", row.sent));
    if row.sent.is_empty() {
        return Ok(());
    }
    let of = |bus: &str| row.sent.iter().filter(|m| m.bus == bus).collect::<Vec<_>>();
    let (calls, memory) = (of(CALL), of(MEMORY));
    let ([call], WORDS) = (&calls[..], memory.len() / 2) else {
        return error();
    };
    let &[number, ref arguments @ .., next_pc, ts] = &call.fields[..] else {
        return error();
    };
    // What the ecall table sends, and cells hold.
    let is_word = |limbs: &[u32]| limbs.iter().all(|limb| *limb < 1 << 16);
    let may_be = call.count == -1 && is_word(arguments) && next_pc < 1 << 30 && ts < MAX_TIMESTAMP;
    if number == NUMBER && !may_be {
        return Ok(());
    }
    let word = |limbs: &[u32]| limbs[0] | limbs[1] << 16;
    let (mut before, mut after, mut prev_ts) = ([0; WORDS], [0; WORDS], [0; WORDS]);
    for (i, pair) in memory.chunks(2).enumerate() {
        let (old, new) = (&pair[0].fields, &pair[1].fields);
        if !is_word(&old[1..3]) || old[3] > MAX_TIMESTAMP {
            return Ok(());
        }
        if !is_word(&new[1..3]) || old[3] >= new[3] {
            return error();
        }
        (before[i], after[i], prev_ts[i]) = (word(&old[1..3]), word(&new[1..3]), old[3]);
    }
    let arguments: [u32; ARGUMENTS] = core::array::from_fn(|i| word(&arguments[2 * i..]));
    let [block_at, state_at, ..] = arguments;
    let mut e = event([block_at, state_at], before);
    e.call = Invocation {
        next_pc,
        ts,
        arguments,
    };
    for (access, prev_ts) in e.accesses.iter_mut().zip(prev_ts) {
        access.prev_ts = prev_ts;
    }
    let expected = messages(&e);
    // The rounds of this call end as they must, if the row begins them rightly.
    let ends = |m: &&Message| m.bus == PROGRESS && m.count == -1;
    let begins = |m: &&Message| m.bus == PROGRESS && m.count == 1;
    let sent = row.sent_sorted();
    if sent
        .iter()
        .filter(begins)
        .eq(expected.iter().filter(begins))
    {
        let is_of_call = |m: &Message| m.fields[1..3] == [ts, ROUNDS as u32];
        let is_other = |(a, b): (&Message, &Message)| a != b && is_of_call(a);
        if { sent.iter().filter(ends) }
            .zip(expected.iter().filter(ends))
            .any(is_other)
        {
            return Ok(());
        }
    }
    let is_there = |at: u32, words: usize, from: u32| {
        at.is_multiple_of(4) && at / 4 >= from && at / 4 + words as u32 <= REGISTER_BASE
    };
    let are_there = is_there(block_at, BLOCK_WORDS, 0)
        && is_there(state_at, STATE_WORDS, TEXT.end)
        && e.accesses.iter().map(|access| access.next).eq(after);
    match are_there && sent == expected {
        true => Ok(()),
        false => error(),
    }
}

fn random(seed: u64) -> Event {
    let mut random = SplitMix(seed);
    let words = [(); WORDS].map(|()| random.draw() as u32);
    event([0xa000_8000, STATE_AT + 4 * seed as u32], words)
}

/// Words at the edges of what words are, and others; blocks that lie in the code, and over the state.
fn samples() -> Vec<Event> {
    let edges = core::array::from_fn(|i| EDGES[i % EDGES.len()]);
    let mut one_block = [0; WORDS];
    one_block[BLOCK_WORDS..][..CHAINING_WORDS].copy_from_slice(&IV);
    one_block[WORDS - 1] = 11;
    alloc::vec![
        event([0, 4 * TEXT.end], one_block),
        event([4 * TEXT.start, 0xfffe_fffc], edges),
        event([0xfffe_fffc, STATE_AT], [u32::MAX; WORDS]),
        random(9),
    ]
}

/// A conjunction wrong by one, and the word that comes of it.
fn wrong_and(i: usize, byte: usize) -> Row {
    let mut row = row(&random(5));
    row.and[i][byte] += F::ONE;
    row
}

/// The `i`-th word was last accessed now or later: the gap's high limb is -1, or its low one is.
fn future(i: usize) -> [Row; 2] {
    let now = (TS + i as u32) as i32;
    [(now + 0xffff, 0), (now, -1)].map(|(prev_ts, gap_lo)| {
        let mut row = row(&samples()[3]);
        row.prev_ts[i] = F::from_int(prev_ts);
        row.gap_lo[i] = F::from_int(gap_lo);
        row
    })
}

/// Words that run into the registers, that lie in the code, or between two words.
fn other_places() -> [Row; 6] {
    let words = [5; WORDS];
    let (code, free) = (4 * (TEXT.end - 1), STATE_AT);
    let mut distance = row(&event([free, code], words));
    distance.at.above_lo = F::NEG_ONE;
    [
        row(&event([0xffff_fff8, free], words)),
        row(&event([0xa000_8001, free], words)),
        row(&event([free, 0xffff_fff8], words)),
        row(&event([free, 0xa000_8001], words)),
        row(&event([free, code], words)),
        distance,
    ]
}

pub(super) fn campaign() -> Campaign {
    let rows: Vec<_> = samples().iter().map(row).collect();
    let subject = Subject::new::<Row>(&rows);
    let last = subject.height() - 1;
    let mut mutation = Mutation::new(subject, judge, &[]);
    // Rows of 250 cells have too many pairs.
    mutation.singles = Vec::from([0, 1, 2, 3, last]);
    mutation.rows.clear();
    let and = (0..CHAINING_WORDS).flat_map(|i| (0..4).map(move |byte| wrong_and(i, byte)));
    let attacks = and.chain((0..WORDS).flat_map(future)).chain(other_places());
    mutation.attacks = attacks.map(|row| (1, cells(&row))).collect();
    Campaign::new(
        Table::Blake3Compress,
        Vec::from([mutation]),
        [Spare::one_flag()].into(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    use crate::testkit::verdict;

    fn evaluated(row: &Row) -> Verdict {
        verdict(Table::Blake3Compress, &cells(row))
    }

    #[test]
    fn honest_rows_are_accepted() {
        for e in samples().into_iter().chain((1..30).map(random)) {
            let verdict = evaluated(&row(&e));
            assert!(verdict.accepted(), "{e:?}: {verdict:?}");
            assert_eq!(verdict.sent_sorted(), messages(&e));
            assert_eq!(judge(&verdict), Ok(()), "{e:?}");
        }
    }

    #[test]
    fn words_lie_where_they_may() {
        for row in other_places() {
            let verdict = evaluated(&row);
            assert!(judge(&verdict).is_err());
            let broken = verdict.broken.len() + verdict.untrue.len();
            assert_eq!(broken, 1, "{verdict:?}");
        }
    }

    #[test]
    fn mutants_are_rejected() {
        campaign().assert();
    }
}
