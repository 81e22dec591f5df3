//! What the sha256_rounds table is put through.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use vouch_isa::accelerators::sha256_compress::{
    BLOCK, ROUND_CONSTANTS, STATE, round, sigma0, sigma1,
};
use vouch_isa::testing::SplitMix;

use crate::F;
use crate::bus::{PROGRESS, PROGRESS_LIMBS};
use crate::table::TableType;
use crate::tables::Table;
use crate::tables::sha256_rounds::{KIND, ROW_ROUNDS, SCHEDULE, STEPS, Sha256Rounds, Step, limbs};
use crate::testkit::{Campaign, Message, Mutation, Subject, Verdict, cells, verdict};

mod forge;

use forge::{Lie, forge};

type Row = Sha256Rounds<F>;

fn row(step: &Step) -> Row {
    Row::row(step, &(0..0))
}

/// All rows of a call.
fn steps(block: &[u32; BLOCK], state: &[u32; STATE]) -> Vec<Step> {
    let first = Step::first(70_000, block, state);
    core::iter::successors(Some(first), |step| Some(after(step)))
        .take(STEPS)
        .collect()
}

/// What the next row is given, word by word: each word of the message is added to those that need it.
fn after(given: &Step) -> Step {
    let mut next = *given;
    let mut sums = given.sums.to_vec();
    sums.resize(ROW_ROUNDS + BLOCK, [0; 2]);
    for j in 0..ROW_ROUNDS {
        let [lo, hi] = sums[j];
        let number = ROW_ROUNDS * given.step + j;
        let word = match number < BLOCK {
            true => (lo | hi << 16).swap_bytes(),
            false => lo.wrapping_add(hi << 16),
        };
        for (distance, term) in [(2, sigma1(word)), (7, word), (15, sigma0(word)), (16, word)] {
            // The words of the block are given as they are.
            let later = sums.get_mut(j + distance);
            if let Some(sum) = later.filter(|_| number + distance >= BLOCK) {
                let [lo, hi] = limbs(term);
                *sum = [sum[0] + lo, sum[1] + hi];
            }
        }
        next.state = round(next.state, word.wrapping_add(ROUND_CONSTANTS[number]));
    }
    next.step += 1;
    next.sums.copy_from_slice(&sums[ROW_ROUNDS..]);
    next
}

/// What a row says that hands on `limbs`, or is given them.
pub(super) fn progress(
    [kind, ts, step]: [u32; 3],
    limbs: &[u32],
    count: i64,
) -> impl Iterator<Item = Message> {
    let parts = (0..).zip(limbs.chunks(PROGRESS_LIMBS));
    parts.map(move |(part, limbs)| {
        let mut fields = Vec::from([kind, ts, step, part]);
        fields.extend(limbs);
        fields.resize(4 + PROGRESS_LIMBS, 0);
        Message {
            count,
            ..Message::sent(PROGRESS, &fields)
        }
    })
}

/// What an honest row says, sorted.
fn messages(given: &Step) -> Vec<Message> {
    let mut sent = Vec::new();
    for (step, count) in [(*given, -1), (after(given), 1)] {
        let about = |kind| [kind, step.ts, step.step as u32];
        let state = step.state.map(limbs);
        sent.extend(progress(about(KIND), state.as_flattened(), count));
        if step.step < STEPS {
            sent.extend(progress(about(SCHEDULE), step.sums.as_flattened(), count));
        }
    }
    sent.sort();
    sent
}

/// What the row is given, as far as messages say so.
fn given(row: &Verdict) -> Option<Step> {
    let of = |kind: u32| -> Vec<&[u32]> {
        let received = { row.sent.iter() }.filter(|m| m.count == -1 && m.fields[0] == kind);
        received.map(|m| &m.fields[1..]).collect()
    };
    let (of_state, of_sums) = (of(KIND), of(SCHEDULE));
    let ([state], [sums, more]) = (&of_state[..], &of_sums[..]) else {
        return None;
    };
    let state = &state[3..][..2 * STATE];
    let sums = [&sums[3..], &more[3..]].concat();
    let [ts, step] = [0, 1].map(|i| more[i]);
    Some(Step {
        ts,
        step: usize::try_from(step).ok()?,
        // Limbs of more than 16 bits are looked at before.
        state: core::array::from_fn(|i| state[2 * i] & 0xffff | state[2 * i + 1] << 16),
        sums: core::array::from_fn(|i| [sums[2 * i], sums[2 * i + 1]]),
    })
}

/// The row hands on what eight rounds make of what it is given.
fn judge(row: &Verdict) -> Result<(), String> {
    let error = || Err(format!("{:?}", row.sent));
    if row.sent.is_empty() {
        return Ok(());
    }
    let Some(given) = given(row).filter(|given| given.step < STEPS) else {
        return error();
    };
    // What calls and earlier rows hand on.
    let most = if given.step < 2 { 1 } else { 4 };
    let is_sum = |sum: &[u32; 2]| sum.iter().all(|limb| *limb <= most * 0xffff);
    let of_state = { row.sent.iter() }.filter(|m| m.count == -1 && m.fields[0] == KIND);
    let mut of_state = of_state.flat_map(|m| &m.fields[4..]);
    if !given.sums.iter().all(is_sum) || of_state.any(|limb| *limb > 0xffff) {
        return Ok(());
    }
    match row.sent_sorted() == messages(&given) {
        true => Ok(()),
        false => error(),
    }
}

/// All rows of calls at the edges, and of others.
fn samples() -> Vec<Step> {
    let mut random = SplitMix(5);
    let mut words = || [(); BLOCK + STATE].map(|()| random.draw() as u32);
    let calls = [words(), [0; 24], [u32::MAX; 24], words(), words()];
    let of_call = |words: [u32; BLOCK + STATE]| {
        let (block, state) = words.split_at(BLOCK);
        let block = block.try_into().expect("16 words");
        steps(block, state.try_into().expect("eight words"))
    };
    calls.into_iter().flat_map(of_call).collect()
}

/// The lie in a row that breaks one rule by it, and does harm; everything else in the row follows from it.
///
/// Of many rows and ways to lie, the first: a bit may be one that nothing depends on.
fn attack(lie: Lie) -> Option<Row> {
    let mut random = SplitMix(6);
    let mut tries = (0..400).flat_map(move |_| {
        let step = later_step(&mut random);
        forge(&step, lie, &mut random)
    });
    tries.find(|row| {
        let verdict = verdict(Table::Sha256Rounds, &cells(row));
        let does_harm = !verdict.unbounded.is_empty() || judge(&verdict).is_err();
        does_harm && verdict.broken.len() == 1
    })
}

/// A row whose words are no longer those of the block.
fn later_step(random: &mut SplitMix) -> Step {
    let mut limb = || random.draw() as u32 & 0xffff;
    Step {
        ts: 70_000,
        step: 3,
        state: [(); STATE].map(|()| limb() | limb() << 16),
        sums: [(); BLOCK].map(|()| [limb(), limb()]),
    }
}

pub(super) fn campaign() -> Campaign {
    let rows: Vec<_> = samples().iter().map(row).collect();
    let subject = Subject::new::<Row>(&rows);
    let last = subject.height() - 1;
    let mut mutation = Mutation::new(subject, judge, &[]);
    // All rows of 1,100 cells are many, and their pairs too many: the attacks are a pair, or more, for each
    // rule.
    mutation.singles = Vec::from([0, 4, last]);
    mutation.rows.clear();
    let attacks = Lie::all().filter_map(attack);
    mutation.attacks = attacks.map(|row| (1, cells(&row))).collect();
    Campaign::new(Table::Sha256Rounds, Vec::from([mutation]), Vec::new())
}

#[cfg(test)]
mod tests {
    use super::*;
    use vouch_isa::accelerators::sha256_compress::compress;

    #[test]
    fn honest_rows_are_accepted() {
        for step in samples() {
            let verdict = verdict(Table::Sha256Rounds, &cells(&row(&step)));
            assert!(verdict.accepted(), "{step:?}: {verdict:?}");
            assert_eq!(verdict.sent_sorted(), messages(&step));
            assert_eq!(judge(&verdict), Ok(()), "{step:?}");
            assert_eq!(step.row().1, after(&step));
        }
    }

    /// All rows of a call together, and the state before, are the compression.
    #[test]
    fn rounds_are_those_of_a_compression() {
        let block = core::array::from_fn(|i| 0x0123_4567_u32.wrapping_mul(i as u32 + 1));
        let before = core::array::from_fn(|i| 0x89ab_cdef_u32.rotate_left(i as u32));
        let mut compressed = before;
        compress(&block, &mut compressed);
        let last = steps(&block, &before).pop().expect("eight rows");
        let mixed = after(&last).state;
        let sums = core::array::from_fn(|i| mixed[i].wrapping_add(before[i]));
        assert_eq!(compressed, sums);
    }

    #[test]
    fn every_lie_makes_an_attack() {
        let without: Vec<_> = Lie::all().filter(|lie| attack(*lie).is_none()).collect();
        assert!(without.is_empty(), "{without:?}");
    }

    #[test]
    fn mutants_are_rejected() {
        campaign().assert();
    }
}
