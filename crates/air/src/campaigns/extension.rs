//! What the tables of products in extension fields are put through, by their degree.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use p3_field::{Field, PrimeCharacteristicRing, integers::QuotientMap};
use vouch_isa::accelerators::ARGUMENTS;
use vouch_isa::event::{Access, Invocation};
use vouch_isa::memory::{MAX_TIMESTAMP, REGISTER_BASE};

use crate::F;
use crate::bus::{CALL, MEMORY, STATE};
use crate::extension::{ExtensionMulAdd, accelerator};
use crate::table::TableType;
use crate::tables::Table;
use crate::testkit::score::Spare;
use crate::testkit::{Campaign, EDGES, Message, Mutation, P, Subject, TEXT, Verdict, cells};

type Row<const D: usize> = ExtensionMulAdd<F, D>;

/// Operands: three that are read, one that is written.
const OPERANDS: usize = 4;
const RESULT_AT: u32 = 4 * TEXT.end + 32;
/// Within the code, which may be read.
const IN_THE_CODE: u32 = 4 * (TEXT.end - 2);
const TS: u32 = 70_000;

/// A call and its accesses.
#[derive(Clone, Debug)]
struct Event {
    call: Invocation,
    accesses: Vec<Access>,
}

/// A call on elements at byte addresses; the last element is overwritten.
fn event<const D: usize>(addresses: [u32; OPERANDS], words: [[u32; D]; OPERANDS]) -> Event {
    let before = words.as_flattened();
    let mut after = before.to_vec();
    (accelerator(D).info().compute)(&mut after);
    let index = |i: usize| (addresses[i / D] / 4).wrapping_add((i % D) as u32);
    let access = |(i, (&prev, next))| Access {
        word: index(i),
        prev,
        next,
        prev_ts: [0, 9, 4_464][i % 3] + i as u32,
    };
    let mut arguments = [u32::MAX; ARGUMENTS];
    arguments[..OPERANDS].copy_from_slice(&addresses);
    Event {
        call: Invocation {
            next_pc: 0x5001,
            ts: TS,
            arguments,
        },
        accesses: before.iter().zip(after).enumerate().map(access).collect(),
    }
}

const fn table<const D: usize>() -> Table {
    Table::ALL[Row::<D>::ID as usize]
}

fn row<const D: usize>(e: &Event) -> Row<D> {
    Row::row(&(&e.call, &e.accesses[..]), &TEXT)
}

/// What an honest row of the event says, sorted.
fn messages<const D: usize>(e: &Event) -> Vec<Message> {
    let limbs = |word: u32| [word & 0xffff, word >> 16];
    let Invocation { next_pc, ts, .. } = e.call;
    let number = accelerator(D).info().number;
    let arguments = e.call.arguments.map(limbs).concat();
    let call = [&[number][..], &arguments, &[next_pc, ts]].concat();
    let mut sent = alloc::vec![
        Message::received(CALL, &call),
        Message::sent(STATE, &[next_pc, ts + (OPERANDS * D) as u32]),
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

/// The row says what one call makes it say: it computes on words of memory, and writes above the code.
fn judge<const D: usize>(row: &Verdict) -> Result<(), String> {
    let error = || Err(format!("{:?}", row.sent));
    if row.sent.is_empty() {
        return Ok(());
    }
    let on = |bus| row.sent.iter().filter(move |m: &&Message| m.bus == bus);
    let (calls, memory): (Vec<_>, Vec<_>) = (on(CALL).collect(), on(MEMORY).collect());
    let ([call], true) = (&calls[..], memory.len() == 2 * OPERANDS * D) else {
        return error();
    };
    let &[number, ref arguments @ .., next_pc, ts] = &call.fields[..] else {
        return error();
    };
    // What the ecall table sends, and cells hold.
    let is_word = |limbs: &[u32]| limbs.iter().all(|limb| *limb < 1 << 16);
    let may_be = call.count == -1 && is_word(arguments) && next_pc < 1 << 30 && ts < MAX_TIMESTAMP;
    if number == accelerator(D).info().number && !may_be {
        return Ok(());
    }
    let word = |limbs: &[u32]| limbs[0] | limbs[1] << 16;
    let arguments: Vec<u32> = arguments.chunks(2).map(word).collect();
    let (mut before, mut after, mut times) = (Vec::new(), Vec::new(), Vec::new());
    for pair in memory.chunks(2) {
        let (old, new) = (&pair[0].fields, &pair[1].fields);
        if !is_word(&old[1..3]) || old[3] > MAX_TIMESTAMP {
            return Ok(());
        }
        if !is_word(&new[1..3]) || old[3] >= new[3] {
            return error();
        }
        before.push(word(&old[1..3]));
        after.push(word(&new[1..3]));
        times.push(old[3]);
    }
    let (elements, _) = before.as_chunks::<D>();
    let Ok(elements) = <[[u32; D]; OPERANDS]>::try_from(elements) else {
        return error();
    };
    let Ok(arguments) = <[u32; ARGUMENTS]>::try_from(arguments) else {
        return error();
    };
    let addresses = core::array::from_fn(|i| arguments[i]);
    let mut e = event(addresses, elements);
    e.call = Invocation {
        next_pc,
        ts,
        arguments,
    };
    for (access, prev_ts) in e.accesses.iter_mut().zip(times) {
        access.prev_ts = prev_ts;
    }
    let is_in_memory =
        |address: &u32| address.is_multiple_of(4) && address / 4 + D as u32 <= REGISTER_BASE;
    let is_there = addresses.iter().all(is_in_memory)
        && addresses[3] / 4 >= TEXT.end
        && e.accesses.iter().map(|access| access.next).eq(after);
    match is_there && row.sent_sorted() == messages::<D>(&e) {
        true => Ok(()),
        false => error(),
    }
}

/// Elements at the edges of what words are, in all places that there are, and others.
fn samples<const D: usize>() -> Vec<Event> {
    let edges =
        |start: usize| -> [u32; D] { core::array::from_fn(|i| EDGES[(start + i) % EDGES.len()]) };
    let other = |factor: u32| -> [u32; D] {
        core::array::from_fn(|i| 0x1234_5678_u32.wrapping_mul(factor + i as u32))
    };
    let far = 0xa000_8000;
    alloc::vec![
        event([far, far + 64, far + 128, RESULT_AT], [[0; D]; OPERANDS]),
        event(
            [IN_THE_CODE, 0, 0xfffe_fffc, 4 * TEXT.end],
            [edges(0), edges(3), edges(5), edges(7)],
        ),
        event([far, far, 64, 0xfffe_fffc], [[P; D]; OPERANDS]),
        event(
            [far + 64, far, far + 128, far],
            [other(3), other(7), other(11), other(7)],
        ),
    ]
}

/// A call of which the `i`-th word of the result is this one, below `p`.
fn with_result<const D: usize>(i: usize, word: u32) -> Event {
    let mut words = [[0; D]; OPERANDS];
    words[2][i] = word;
    event([0xa000_0000, 0xa000_0040, 0xa000_0080, RESULT_AT], words)
}

/// Another low limb of the `i`-th word, to which the high one and the factor are made to fit.
fn with_low_limb<const D: usize>(e: &Event, i: usize, lo: F) -> Row<D> {
    let mut row = row(e);
    let element = F::from_int(e.accesses[3 * D + i].next);
    row.next_lo[i] = lo;
    row.next_hi[i] = (element - lo) * crate::gadget::INV_2_16;
    let distance = F::from_int(0x7800) - row.next_hi[i];
    row.factor[i] = lo * distance.try_inverse().unwrap_or(F::ZERO);
    row
}

/// The `i`-th word is one that is the same modulo `p`, or has a limb of more than 16 bits; or is another.
fn other_words<const D: usize>(i: usize) -> [Row<D>; 5] {
    let e = with_result::<D>(i, 0x1234_5678);
    let small = with_result::<D>(i, 5);
    let mut wrong = row(&e);
    wrong.next_lo[i] += F::ONE;
    let distance = F::from_int(0x7800) - wrong.next_hi[i];
    wrong.factor[i] = wrong.next_lo[i] * distance.inverse();
    [
        with_low_limb(&e, i, F::from_int(0x1_5678)),
        // `p` less, which is negative: the high limb is.
        with_low_limb(&e, i, F::from_int(0x5677)),
        // `p` more.
        with_low_limb(&e, i, F::from_int(0x5679)),
        // `p` more than a small number: only the factor is missing.
        with_low_limb(&small, i, F::from_int(6)),
        wrong,
    ]
}

/// The `j`-th word of operand `i` was last accessed now or later: the gap's high limb is -1, or its low one is.
fn future<const D: usize>(i: usize, j: usize) -> [Row<D>; 2] {
    let now = TS as i32 + (i * D + j) as i32;
    [(now + 0xffff, 0), (now, -1)].map(|(prev_ts, gap_lo)| {
        let mut row = row(&samples::<D>()[0]);
        let at = match i {
            0 => &mut row.a.at,
            1 => &mut row.b.at,
            2 => &mut row.c.at,
            _ => &mut row.at,
        };
        at.prev_ts[j] = F::from_int(prev_ts);
        at.gap_lo[j] = F::from_int(gap_lo);
        row
    })
}

/// Operands that run into the registers or lie between two words; and a result in the code, or where the
/// distance above it has no low limb.
fn other_places<const D: usize>() -> Vec<Row<D>> {
    let words = [[5; D]; OPERANDS];
    let good = [0xa000_0000, 0xa000_0040, 0xa000_0080, RESULT_AT];
    let at = |i: usize, address: u32| {
        let mut addresses = good;
        addresses[i] = address;
        row::<D>(&event(addresses, words))
    };
    let mut places = Vec::new();
    for i in 0..OPERANDS {
        places.extend([at(i, 0xffff_fffc), at(i, 0xa000_8001)]);
    }
    let in_the_code = at(3, 4 * (TEXT.end - 1));
    let mut distance = in_the_code;
    distance.result.above_lo = F::NEG_ONE;
    places.extend([in_the_code, distance]);
    places
}

pub(super) fn campaign<const D: usize>() -> Campaign {
    let rows: Vec<_> = samples::<D>().iter().map(row::<D>).collect();
    let subject = Subject::new::<Row<D>>(&rows);
    let mut mutation = Mutation::new(subject, judge::<D>, &[]);
    // Pairs of so many cells take long: those of one row are enough.
    mutation.rows = Vec::from([3]);
    let words = (0..D).flat_map(other_words::<D>);
    let times = (0..OPERANDS).flat_map(|i| (0..D).flat_map(move |j| future::<D>(i, j)));
    let attacks = words.chain(times).chain(other_places::<D>());
    mutation.attacks = attacks.map(|row| (1, cells(&row))).collect();
    Campaign::new(
        table::<D>(),
        Vec::from([mutation]),
        [Spare::one_flag()].into(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use p3_field::extension::{BinomialExtensionField, BinomiallyExtendable};
    use p3_field::{BasedVectorSpace, PrimeField32};
    use vouch_isa::testing::SplitMix;

    use crate::testkit::verdict;

    fn evaluated<const D: usize>(row: &Row<D>) -> Verdict {
        verdict(table::<D>(), &cells(row))
    }

    fn random<const D: usize>(random: &mut SplitMix) -> [[u32; D]; OPERANDS] {
        [(); OPERANDS].map(|()| [(); D].map(|()| random.draw() as u32))
    }

    /// The field is that of Plonky3, in which the verifier computes.
    fn known_answers_of<const D: usize>()
    where
        F: BinomiallyExtendable<D>,
    {
        let element = |words: [u32; D]| {
            let coefficients = words.map(F::from_int);
            BinomialExtensionField::<F, D>::from_basis_coefficients_slice(&coefficients)
                .expect("as many as the degree")
        };
        let mut draws = SplitMix(3);
        for _ in 0..100 {
            let words: [[u32; D]; OPERANDS] = random(&mut draws);
            let [a, b, c, _] = words.map(element);
            let expected: BinomialExtensionField<F, D> = a * b + c;
            let e = event([RESULT_AT; OPERANDS], words);
            let computed = e.accesses[3 * D..].iter().map(|access| access.next);
            let expected = expected.as_basis_coefficients_slice();
            assert!(computed.eq(expected.iter().map(|x: &F| x.as_canonical_u32())));
        }
    }

    #[test]
    fn known_answers() {
        known_answers_of::<4>();
        known_answers_of::<5>();
    }

    fn honest_rows_of<const D: usize>() {
        let mut draws = SplitMix(4);
        let places = |i: u32| [RESULT_AT, 4 * i, RESULT_AT + 8, RESULT_AT + 4 * i];
        let others = (0..20).map(|i| event(places(i), random::<D>(&mut draws)));
        let results = [0, 1, 0xffff, 0x1_0000, P - 0x1_0000, P - 1];
        let results = (0..D).flat_map(|i| {
            results
                .into_iter()
                .map(move |word| with_result::<D>(i, word))
        });
        let events = samples::<D>().into_iter().chain(others).chain(results);
        for e in events.collect::<Vec<_>>() {
            let verdict = evaluated(&row::<D>(&e));
            assert!(verdict.accepted(), "{e:?}: {verdict:?}");
            assert_eq!(verdict.sent_sorted(), messages::<D>(&e));
            assert_eq!(judge::<D>(&verdict), Ok(()), "{e:?}");
        }
    }

    #[test]
    fn honest_rows_are_accepted() {
        honest_rows_of::<4>();
        honest_rows_of::<5>();
    }

    fn attacks_on<const D: usize>() {
        let attacks = (0..D).flat_map(other_words::<D>);
        let times = (0..OPERANDS).flat_map(|i| (0..D).flat_map(move |j| future::<D>(i, j)));
        for row in attacks.chain(times).chain(other_places::<D>()) {
            let verdict = evaluated(&row);
            assert!(judge::<D>(&verdict).is_err(), "{verdict:?}");
            let broken = verdict.broken.len() + verdict.untrue.len();
            assert_eq!(broken, 1, "{verdict:?}");
        }
    }

    /// Each attack breaks one rule, without which it would succeed.
    #[test]
    fn attacks_break_a_rule_each() {
        attacks_on::<4>();
        attacks_on::<5>();
    }
}
