//! What the keccak_f1600 table is put through.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use p3_field::{PrimeCharacteristicRing, integers::QuotientMap};
use vouch_isa::accelerators::keccak_f1600::{ROUNDS, WORDS, lanes, permute};
use vouch_isa::event::{Access, Invocation};
use vouch_isa::memory::{MAX_TIMESTAMP, REGISTER_BASE};

use super::keccak_round::{PARTS, progress, state};
use crate::F;
use crate::bus::{CALL, MEMORY, PROGRESS, STATE};
use crate::table::TableType;
use crate::tables::Table;
use crate::tables::keccak_f1600::KeccakF1600;
use crate::testkit::score::Spare;
use crate::testkit::{Campaign, EDGES, Message, Mutation, Subject, TEXT, Verdict, cells};

type Row = KeccakF1600<F>;

const NUMBER: u32 = 0x1001;
const STATE_AT: u32 = 4 * TEXT.end + 32;
const TS: u32 = 70_000;

/// A call and its accesses.
#[derive(Clone, Debug)]
struct Event {
    call: Invocation,
    accesses: Vec<Access>,
}

/// A call on these words at a byte address.
fn event(address: u32, words: [u32; WORDS]) -> Event {
    let mut permuted = words;
    permute(&mut permuted);
    let accesses = (0..).zip(words).zip(permuted);
    Event {
        call: Invocation {
            next_pc: 0x5001,
            ts: TS,
            arguments: [address, 3, u32::MAX, 0, 0x5_0004],
        },
        accesses: accesses
            .map(|((i, prev), next)| Access {
                word: address / 4 + i,
                prev,
                next,
                prev_ts: [0, 9, 4_464][i as usize % 3] + i,
            })
            .collect(),
    }
}

fn row(e: &Event) -> Row {
    Row::row(&(&e.call, &e.accesses[..]), &TEXT)
}

/// What an honest row of the event says, sorted.
fn messages(e: &Event) -> Vec<Message> {
    let limbs = |word: u32| [word & 0xffff, word >> 16];
    let Invocation {
        next_pc,
        ts,
        arguments,
    } = e.call;
    let arguments = arguments.map(limbs).concat();
    let call = [&[NUMBER][..], &arguments, &[next_pc, ts]].concat();
    let mut sent = alloc::vec![
        Message::received(CALL, &call),
        Message::sent(STATE, &[next_pc, ts + WORDS as u32]),
    ];
    let words = |word: fn(&Access) -> u32| {
        lanes(&core::array::from_fn(|i| e.accesses.get(i).map_or(0, word)))
    };
    let last = ROUNDS as u32;
    sent.extend(progress(ts, 0, &words(|a| a.prev), Message::sent));
    sent.extend(progress(ts, last, &words(|a| a.next), Message::received));
    for (ts, access) in (ts..).zip(&e.accesses) {
        let tuple = |value: u32, ts| [access.word, value & 0xffff, value >> 16, ts];
        sent.push(Message::received(
            MEMORY,
            &tuple(access.prev, access.prev_ts),
        ));
        sent.push(Message::sent(MEMORY, &tuple(access.next, ts)));
    }
    sent.sort();
    sent
}

/// The row says what one call makes it say: it permutes words of memory above the code, if the rounds permute
/// what they are given.
fn judge(row: &Verdict) -> Result<(), String> {
    let error = || Err(format!("{:?}", row.sent));
    if row.sent.is_empty() {
        return Ok(());
    }
    let on = |bus| row.sent.iter().filter(move |m| m.bus == bus);
    let memory: Vec<_> = on(MEMORY).collect();
    let rounds: Vec<Message> = on(PROGRESS).cloned().collect();
    let (Some(call), 1, 100) = (on(CALL).next(), on(CALL).count(), memory.len()) else {
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
    let (mut before, mut prev_ts) = ([0; WORDS], [0; WORDS]);
    for (i, pair) in memory.chunks(2).enumerate() {
        let (old, new) = (&pair[0].fields, &pair[1].fields);
        if !is_word(&old[1..3]) || old[3] > MAX_TIMESTAMP {
            return Ok(());
        }
        if old[3] >= new[3] {
            return error();
        }
        (before[i], prev_ts[i]) = (word(&old[1..3]), old[3]);
    }
    let address = word(arguments);
    let mut e = event(address, before);
    // The rounds' answer to what they are asked.
    let asked = rounds.get(..PARTS).and_then(|sent| state(sent, 1));
    let answer = rounds.get(PARTS..).and_then(|sent| state(sent, -1));
    let permuted = lanes(&core::array::from_fn(|i| e.accesses[i].next));
    if asked == Some((ts, 0, lanes(&before))) && answer != Some((ts, ROUNDS as u32, permuted)) {
        return Ok(());
    }
    e.call = Invocation {
        next_pc,
        ts,
        arguments: core::array::from_fn(|i| word(&arguments[2 * i..])),
    };
    for (access, prev_ts) in e.accesses.iter_mut().zip(prev_ts) {
        access.prev_ts = prev_ts;
    }
    let first = address / 4;
    let is_there =
        address.is_multiple_of(4) && first >= TEXT.end && first + WORDS as u32 <= REGISTER_BASE;
    match is_there && row.sent_sorted() == messages(&e) {
        true => Ok(()),
        false => error(),
    }
}

/// States at the edges of what words are and of where they lie.
fn samples() -> Vec<Event> {
    let edges = core::array::from_fn(|i| EDGES[i % EDGES.len()]);
    alloc::vec![
        event(STATE_AT, [0; WORDS]),
        event(4 * TEXT.end, edges),
        event(0xfffe_fffc, [u32::MAX; WORDS]),
        event(
            0xa000_8000,
            core::array::from_fn(|i| 0x1234_5678_u32.wrapping_mul(i as u32))
        ),
    ]
}

/// The `i`-th word was last accessed now or later: the gap's high limb is -1, or its low one is.
fn future(i: usize) -> [Row; 2] {
    let now = TS as i32 + i as i32;
    [(now + 0xffff, 0), (now, -1)].map(|(prev_ts, gap_lo)| {
        let mut row = row(&samples()[0]);
        row.prev_ts[i] = F::from_int(prev_ts);
        row.gap_lo[i] = F::from_int(gap_lo);
        row
    })
}

/// Words that run into the registers, that lie in the code, or between two words.
fn other_places() -> [Row; 4] {
    let words = [5; WORDS];
    let last_of_code = event(4 * (TEXT.end - 1), words);
    let mut distance = row(&last_of_code);
    distance.state.above_lo = F::NEG_ONE;
    let between = event(0xa000_8001, words);
    [
        row(&event(0xffff_fff8, words)),
        row(&last_of_code),
        distance,
        row(&between),
    ]
}

pub(super) fn campaign() -> Campaign {
    let rows: Vec<_> = samples().iter().map(row).collect();
    let subject = Subject::new::<Row>(&rows);
    let last = subject.height() - 1;
    let mut mutation = Mutation::new(subject, judge, &[]);
    // All rows of 315 cells are many, and their pairs too many.
    mutation.singles = Vec::from([0, 1, 3, last]);
    mutation.rows.clear();
    let attacks = (0..WORDS).flat_map(future).chain(other_places());
    mutation.attacks = attacks.map(|row| (1, cells(&row))).collect();
    Campaign::new(
        Table::KeccakF1600,
        Vec::from([mutation]),
        [Spare::one_flag()].into(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use vouch_isa::testing::SplitMix;

    use crate::testkit::verdict;

    fn evaluated(row: &Row) -> Verdict {
        verdict(Table::KeccakF1600, &cells(row))
    }

    #[test]
    fn honest_rows_are_accepted() {
        let mut random = SplitMix(4);
        let others =
            (0..20).map(|i| event(STATE_AT + 4 * i, [(); WORDS].map(|()| random.draw() as u32)));
        for e in samples().into_iter().chain(others) {
            let verdict = evaluated(&row(&e));
            assert!(verdict.accepted(), "{e:?}: {verdict:?}");
            assert_eq!(verdict.sent_sorted(), messages(&e));
            assert_eq!(judge(&verdict), Ok(()), "{e:?}");
        }
    }

    #[test]
    fn words_lie_in_memory_above_the_code() {
        for row in other_places() {
            let verdict = evaluated(&row);
            assert!(judge(&verdict).is_err());
            let broken = verdict.broken.len() + verdict.untrue.len();
            assert_eq!(broken, 1, "{verdict:?}");
        }
    }

    /// The judge knows words that are not what the rounds were given, or not what they answered.
    #[test]
    fn words_are_those_of_the_rounds() {
        let honest = evaluated(&row(&samples()[3]));
        for (bus, count) in [(MEMORY, -1), (MEMORY, 1), (PROGRESS, 1)] {
            let mut other = honest.clone();
            let mut on = other.sent.iter_mut();
            let message = on.find(|m| m.bus == bus && m.count == count);
            let fields = &mut message.expect("there is one").fields;
            fields[if bus == MEMORY { 1 } else { 4 }] ^= 1;
            assert!(judge(&other).is_err(), "{bus} {count}");
        }
    }

    #[test]
    fn mutants_are_rejected() {
        campaign().assert();
    }
}
