//! What the program table is put through.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use p3_field::PrimeCharacteristicRing;
use p3_field::integers::QuotientMap;
use vouch_isa::event::Fetch;
use vouch_isa::memory::{FETCH_TIMESTAMP, MAX_TIMESTAMP, MEMORY_END};

use crate::F;
use crate::bus::{MEMORY, PROGRAM};
use crate::table::TableType;
use crate::tables::Table;
use crate::tables::program::{Program, provable_ops};
use crate::testkit::score::Spare;
use crate::testkit::steps::program_fields;
use crate::testkit::{Campaign, Message, Mutation, Subject, TEXT, Verdict};

fn fetch(pc: u32, word: u32) -> Fetch {
    Fetch {
        pc,
        word,
        count: 3,
        prev_ts: 5,
    }
}

fn honest(e: &Fetch) -> Program<F> {
    Program::<F>::row(e, &TEXT)
}

/// Every answer decodes the word that memory holds at its pc, which can be executed, and no
/// word is read later than at the one time for it: it would be read twice.
fn judge(row: &Verdict) -> Result<(), String> {
    let error = || Err(format!("{:?}", row.sent));
    let cells: Vec<&Message> = row.sent.iter().filter(|m| m.bus == MEMORY).collect();
    let mut answers = row.sent.iter().filter(|m| m.bus == PROGRAM);
    let (answer, None) = (answers.next(), answers.next()) else {
        return error();
    };
    let [before, after] = cells.as_slice() else {
        // Nobody asks for an instruction without a number.
        return match answer {
            Some(answer) if answer.fields[1] != 0 || !cells.is_empty() => error(),
            _ => Ok(()),
        };
    };
    let (old, new) = (&before.fields, &after.fields);
    let (pc, word) = (old[0], old[1] | old[2] << 16);
    if old[1] >= 1 << 16 || old[2] >= 1 << 16 || old[3] > MAX_TIMESTAMP {
        return Ok(());
    }
    let is_fetch = old[..3] == new[..3] && new[3] == FETCH_TIMESTAMP && TEXT.contains(&pc);
    if !is_fetch || (before.count, after.count) != (-1, 1) {
        return error();
    }
    let Some(answer) = answer else {
        return Ok(());
    };
    let Some((fields, target)) = program_fields(pc, word) else {
        return error();
    };
    let target_is_true = match target {
        Some(target) => answer.fields[7] == target,
        None => answer.fields[7] >= MEMORY_END / 4,
    };
    match answer.fields[..7] == fields && target_is_true {
        true => Ok(()),
        false => error(),
    }
}

/// Words of every instruction, with immediates at their edges.
fn words() -> Vec<u32> {
    let operands = [
        0,
        u32::MAX,
        0x8000_0000,
        0x7fff_ffff,
        0x1234_5678,
        0x0080_0f80,
    ];
    let of = |info: &vouch_isa::OpInfo| {
        let (bits, mask) = (info.bits, info.mask);
        operands.map(|x| bits | x & !mask)
    };
    provable_ops().flat_map(of).collect()
}

/// A word far beyond the end of the executable range: with a borrow of `2^-14`, the high limb of
/// the distance is in range.
fn beyond_the_text() -> Program<F> {
    Program {
        below_end_lo: F::from_int(TEXT.end & 0x3fff),
        ..honest(&fetch(0xffff << 14, ADDI))
    }
}

/// `addi x0, x0, 0`
const ADDI: u32 = 0x0000_0013;

/// `jal x5, . + 8` and a link address that is none: one with the carry left
/// in the low limb, one with a carry of `1 - 2^-16`, which is 30721.
fn wrong_links() -> [Program<F>; 2] {
    let honest = honest(&fetch(0x7fff, 0x0080_02ef));
    let [lo, hi] = honest.relative;
    let [carry, last] = honest.relative_carry;
    let share = F::from_int(30_720);
    [
        Program {
            relative: [lo + F::from_int(1 << 16), hi - F::ONE],
            relative_carry: [carry - F::ONE, last],
            ..honest
        },
        Program {
            relative: [lo + F::ONE, hi + share],
            relative_carry: [carry + share, last],
            ..honest
        },
    ]
}

pub(super) fn campaign() -> Campaign {
    let pcs = [TEXT.start, 0x5000, TEXT.end - 1].into_iter().cycle();
    let words = words().into_iter().step_by(2);
    let events: Vec<Fetch> = pcs.zip(words).map(|(pc, word)| fetch(pc, word)).collect();
    // auipc x5, 0xffff_b000; beq x6, x7, . - 8
    let others = [fetch(0x5400, 0xffff_b297), fetch(0x81ff, 0xfe73_0ce3)];
    let rows: Vec<_> = others.iter().chain(&events).map(honest).collect();
    let subject = Subject::new::<Program<F>>(&rows);
    let outside = [TEXT.start - 1, TEXT.end].map(|pc| honest(&fetch(pc, ADDI)));
    let mutation = Mutation::new(subject, judge, &[0, 1])
        .with_attacks(&[beyond_the_text()])
        .with_attacks(&wrong_links())
        .with_attacks(&outside);
    let spare = [
        Spare::group(
            0..=47,
            "no word fits two patterns, so one flag at most is not 0, and it is the sum",
        ),
        Spare::implied([127], "128 and 129 leave 0 and 1"),
        Spare::borrow(130),
        Spare::implied_question(
            1,
            "the high limb lies between those of the executable range",
        ),
    ];
    Campaign::new(Table::Program, Vec::from([mutation]), spare.into())
}

#[cfg(test)]
mod tests;
