//! What the poseidon2_permute table is put through.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use p3_field::{Field, PrimeCharacteristicRing, PrimeField32, integers::QuotientMap};
use vouch_isa::accelerators::poseidon2_permute::{WIDTH, permute};
use vouch_isa::event::{Access, Invocation};
use vouch_isa::memory::{MAX_TIMESTAMP, REGISTER_BASE};

use super::poseidon2::wrong_permutations;
use crate::F;
use crate::bus::{CALL, MEMORY, STATE};
use crate::table::TableType;
use crate::tables::Table;
use crate::tables::poseidon2::PERMUTATION_COLUMNS;
use crate::tables::poseidon2_permute::{Poseidon2Permute, row_of};
use crate::testkit::score::Spare;
use crate::testkit::{Campaign, EDGES, Message, Mutation, P, Subject, TEXT, Verdict, cells};

type Row = Poseidon2Permute<F>;

const NUMBER: u32 = 0x1000;
const STATE_AT: u32 = 4 * TEXT.end + 32;

/// A call and its accesses.
#[derive(Clone, Debug)]
struct Event {
    call: Invocation,
    accesses: Vec<Access>,
}

/// A call on these words at a byte address.
fn event(address: u32, words: [u32; WIDTH]) -> Event {
    let mut permuted = words;
    permute(&mut permuted);
    let accesses = (0..).zip(words).zip(permuted);
    Event {
        call: Invocation {
            next_pc: 0x5001,
            ts: 70_000,
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
        Message::sent(STATE, &[next_pc, ts + WIDTH as u32]),
    ];
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

/// The row says what one call makes it say: it permutes words of memory above the code.
fn judge(row: &Verdict) -> Result<(), String> {
    let error = || Err(format!("{:?}", row.sent));
    if row.sent.is_empty() {
        return Ok(());
    }
    let calls: Vec<_> = row.sent.iter().filter(|m| m.bus == CALL).collect();
    let memory: Vec<_> = row.sent.iter().filter(|m| m.bus == MEMORY).collect();
    let ([call], 32) = (&calls[..], memory.len()) else {
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
    let (mut before, mut after, mut prev_ts) = ([0; WIDTH], [0; WIDTH], [0; WIDTH]);
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
    let address = word(arguments);
    let mut e = event(address, before);
    e.call = Invocation {
        next_pc,
        ts,
        arguments: core::array::from_fn(|i| word(&arguments[2 * i..])),
    };
    for (access, prev_ts) in e.accesses.iter_mut().zip(prev_ts) {
        access.prev_ts = prev_ts;
    }
    let first = address / 4;
    let is_there = address.is_multiple_of(4)
        && first >= TEXT.end
        && first + WIDTH as u32 <= REGISTER_BASE
        && e.accesses.iter().map(|access| access.next).eq(after);
    match is_there && row.sent_sorted() == messages(&e) {
        true => Ok(()),
        false => error(),
    }
}

/// States at the edges of what words are, and others.
fn samples() -> Vec<Event> {
    let edges = core::array::from_fn(|i| EDGES[i % EDGES.len()]);
    alloc::vec![
        event(STATE_AT, [0; WIDTH]),
        event(4 * TEXT.end, edges),
        event(0xfffe_fffc, [P; WIDTH]),
        event(
            0xa000_8000,
            core::array::from_fn(|i| 0x1234_5678_u32.wrapping_mul(i as u32))
        ),
    ]
}

/// A number of which the permutation, if all other elements are 0, has an `i`-th element below `0xffff`: for
/// each `i`. Only such an element has a word of `p` or more whose high limb is that of `p`.
const SMALL: [u32; WIDTH] = [
    25267, 12117, 67257, 23038, 9059, 9327, 24853, 6746, 16453, 146_141, 1405, 25020, 78152, 20356,
    26288, 29090,
];

fn small(i: usize) -> Event {
    let mut words = [0; WIDTH];
    words[0] = SMALL[i];
    event(STATE_AT, words)
}

/// Another low limb of the `i`-th word, to which the high one and the factor are made to fit.
fn with_low_limb(e: &Event, i: usize, lo: F) -> Row {
    let mut row = row(e);
    let element = F::from_int(e.accesses[i].next);
    let distance = F::from_int(0x7800) - (element - lo) * crate::gadget::INV_2_16;
    row.next_lo[i] = lo;
    row.factor[i] = lo * distance.try_inverse().unwrap_or(F::ZERO);
    row
}

/// The `i`-th word is one that is the same modulo `p`, or has a low limb of more than 16 bits.
fn other_words(i: usize) -> [Row; 4] {
    let e = &samples()[3];
    let element = e.accesses[i].next;
    let beyond = F::from_int(element & 0xffff) + F::from_int(1 << 16);
    let below = F::from_int(element.wrapping_sub(1) & 0xffff);
    let above = F::from_int((element + 1) & 0xffff);
    let e_small = small(i);
    let just_above = F::from_int(e_small.accesses[i].next + 1);
    [
        with_low_limb(e, i, beyond),
        // `p` less, which is negative: the high limb is.
        with_low_limb(e, i, below),
        // `p` more.
        with_low_limb(e, i, above),
        with_low_limb(&e_small, i, just_above),
    ]
}

/// The `i`-th word was last accessed now or later: the gap's high limb is -1, or its low one is.
fn future(i: usize) -> [Row; 2] {
    let now = 70_000 + i as i32;
    [(now + 0xffff, 0), (now, -1)].map(|(prev_ts, gap_lo)| {
        let mut row = row(&samples()[0]);
        row.prev_ts[i] = F::from_int(prev_ts);
        row.gap_lo[i] = F::from_int(gap_lo);
        row
    })
}

/// Words that run into the registers, that lie in the code, or between two words.
fn other_places() -> [Row; 4] {
    let words = [5; WIDTH];
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

/// Every step of the permutation wrong, one at a time, and all behind it right: the words are those that
/// come of it.
fn wrong_steps() -> impl Iterator<Item = Row> {
    wrong_permutations()
        .into_iter()
        .map(|(input, permuted, permutation)| {
            let mut e = event(STATE_AT, input.map(|x| x.as_canonical_u32()));
            for (access, element) in e.accesses.iter_mut().zip(permuted) {
                access.next = element.as_canonical_u32();
            }
            row_of(
                &(&e.call, &e.accesses[..]),
                &TEXT,
                &permutation[..PERMUTATION_COLUMNS],
            )
        })
}

pub(super) fn campaign() -> Campaign {
    let rows: Vec<_> = samples().iter().map(row).collect();
    let subject = Subject::new::<Row>(&rows);
    let last = subject.height() - 1;
    let mut mutation = Mutation::new(subject, judge, &[]);
    // All rows of 400 cells are many, and their pairs too many.
    mutation.singles = Vec::from([0, 1, 3, last]);
    mutation.rows.clear();
    let words = (0..WIDTH).flat_map(|i| other_words(i).into_iter().chain(future(i)));
    let attacks = words.chain(other_places()).chain(wrong_steps());
    mutation.attacks = attacks.map(|row| (1, cells(&row))).collect();
    Campaign::new(
        Table::Poseidon2Permute,
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
        verdict(Table::Poseidon2Permute, &cells(row))
    }

    /// The permutation is Plonky3's.
    #[test]
    fn known_answers() {
        use p3_symmetric::Permutation;
        let plonky3 = p3_baby_bear::default_babybear_poseidon2_16();
        let mut random = SplitMix(3);
        for _ in 0..100 {
            let words = [(); WIDTH].map(|()| random.draw() as u32);
            let mut permuted = words;
            permute(&mut permuted);
            let expected = plonky3.permute(words.map(F::from_int));
            assert_eq!(permuted, expected.map(|x| x.as_canonical_u32()));
        }
    }

    #[test]
    fn honest_rows_are_accepted() {
        let mut random = SplitMix(4);
        let others =
            (0..20).map(|i| event(STATE_AT + 4 * i, [(); WIDTH].map(|()| random.draw() as u32)));
        let small = (0..WIDTH).map(small);
        for e in samples().into_iter().chain(others).chain(small) {
            let verdict = evaluated(&row(&e));
            assert!(verdict.accepted(), "{e:?}: {verdict:?}");
            assert_eq!(verdict.sent_sorted(), messages(&e));
            assert_eq!(judge(&verdict), Ok(()), "{e:?}");
        }
    }

    /// One by one, rows and padding are what all of them are at once.
    #[test]
    fn rows_are_filled_alike() {
        let samples = samples();
        let events: Vec<_> = { samples.iter() }
            .map(|e| (&e.call, &e.accesses[..]))
            .collect();
        let rows: Vec<_> = samples.iter().map(row).collect();
        let expected = Subject::new::<Row>(&rows).trace.matrix;
        assert_eq!(Row::fill(&events, &TEXT), expected);
    }

    /// An element has one word: the others that are the same modulo `p` break a rule each.
    #[test]
    fn elements_have_one_word() {
        for (i, number) in SMALL.into_iter().enumerate() {
            assert!(small(i).accesses[i].next < 0xffff, "{number}");
            for (j, row) in other_words(i).iter().enumerate() {
                let verdict = evaluated(row);
                assert!(judge(&verdict).is_err());
                let broken = (verdict.broken.len(), verdict.untrue.len());
                assert_eq!(
                    broken,
                    if j == 3 { (1, 0) } else { (0, 1) },
                    "{i}, {j}: {verdict:?}"
                );
            }
        }
    }

    #[test]
    fn words_lie_in_memory_above_the_code() {
        for row in other_places() {
            let verdict = evaluated(&row);
            assert!(judge(&verdict).is_err());
            assert_eq!(
                verdict.broken.len() + verdict.untrue.len(),
                1,
                "{verdict:?}"
            );
        }
    }

    #[test]
    fn mutants_are_rejected() {
        campaign().assert();
    }
}
