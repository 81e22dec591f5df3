//! Calls of accelerators made by hand, and an independent model of what such a row sends.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use p3_field::integers::QuotientMap;
use vouch_isa::accelerators::{ARGUMENTS, Accelerator, AcceleratorInfo};
use vouch_isa::event::{Access, Invocation};
use vouch_isa::memory::{MAX_TIMESTAMP, REGISTER_BASE};

use super::numbers::TEXT;
use super::verdict::{Message, Verdict};
use crate::F;
use crate::bus::{CALL, MEMORY, STATE};

/// A call and its accesses.
#[derive(Clone, Debug)]
pub struct Call {
    info: &'static AcceleratorInfo,
    /// The call.
    pub invocation: Invocation,
    /// Its accesses, a word each.
    pub accesses: Vec<Access>,
}

impl Call {
    /// A call with these arguments, whose operands are these words before.
    pub fn new(accelerator: Accelerator, arguments: [u32; ARGUMENTS], before: &[u32]) -> Self {
        let info = accelerator.info();
        let mut after = before.to_vec();
        (info.compute)(&mut after);
        let operands = info.operands(arguments);
        let indices = operands
            .flat_map(|(address, operand)| (0..operand.words()).map(move |i| address / 4 + i));
        let words = before.iter().zip(after).zip(indices);
        let accesses = (0..).zip(words).map(|(i, ((&prev, next), word))| Access {
            word,
            prev,
            next,
            prev_ts: [0, 9, 4_464][i as usize % 3] + i,
        });
        Self {
            info,
            invocation: Invocation {
                next_pc: 0x5001,
                ts: 70_000,
                arguments,
            },
            accesses: accesses.collect(),
        }
    }

    /// What an honest row of the call says, sorted.
    pub fn messages(&self) -> Vec<Message> {
        let limbs = |word: u32| [word & 0xffff, word >> 16];
        let Invocation {
            next_pc,
            ts,
            arguments,
        } = self.invocation;
        let arguments = arguments.map(limbs).concat();
        let call = [&[self.info.number][..], &arguments, &[next_pc, ts]].concat();
        let mut sent = alloc::vec![
            Message::received(CALL, &call),
            Message::sent(STATE, &[next_pc, ts + self.info.words]),
        ];
        for (ts, access) in (ts..).zip(&self.accesses) {
            let tuple = |value: u32, ts| [access.word, value & 0xffff, value >> 16, ts];
            let before = tuple(access.prev, access.prev_ts);
            sent.push(Message::received(MEMORY, &before));
            sent.push(Message::sent(MEMORY, &tuple(access.next, ts)));
        }
        sent.sort();
        sent
    }

    /// Whether all operands are where a call may have them.
    fn is_in_place(&self) -> bool {
        let mut operands = self.info.operands(self.invocation.arguments);
        operands.all(|(address, operand)| {
            let first = address / 4;
            address.is_multiple_of(4)
                && (!operand.is_written() || first >= TEXT.end)
                && first + operand.words() <= REGISTER_BASE
        })
    }
}

/// The row says what one call of the accelerator makes it say, if that is a call that the ecall table sends
/// and cells hold what they may. The row accesses its words in the order of their time.
///
/// # Errors
/// What the row says, if it is untrue.
pub fn judge_call(accelerator: Accelerator, row: &Verdict) -> Result<(), String> {
    let error = || Err(format!("{:?}", row.sent));
    if row.sent.is_empty() {
        return Ok(());
    }
    let info = accelerator.info();
    let calls: Vec<_> = row.sent.iter().filter(|m| m.bus == CALL).collect();
    let memory: Vec<_> = row.sent.iter().filter(|m| m.bus == MEMORY).collect();
    let [call] = &calls[..] else {
        return error();
    };
    let &[number, ref arguments @ .., next_pc, ts] = &call.fields[..] else {
        return error();
    };
    // What the ecall table sends, and cells hold.
    let is_word = |limbs: &[u32]| limbs.iter().all(|limb| *limb < 1 << 16);
    let may_be = call.count == -1 && is_word(arguments) && next_pc < 1 << 30 && ts < MAX_TIMESTAMP;
    if number == info.number && !may_be {
        return Ok(());
    }
    let word = |limbs: &[u32]| limbs[0] | limbs[1] << 16;
    let (mut before, mut after, mut prev_ts) = (Vec::new(), Vec::new(), Vec::new());
    for pair in memory.chunks(2) {
        let [old, new] = pair else {
            return error();
        };
        let (old, new) = (&old.fields, &new.fields);
        if !is_word(&old[1..3]) || old[3] > MAX_TIMESTAMP {
            return Ok(());
        }
        if !is_word(&new[1..3]) || old[3] >= new[3] {
            return error();
        }
        before.push(word(&old[1..3]));
        after.push(word(&new[1..3]));
        prev_ts.push(old[3]);
    }
    let arguments = core::array::from_fn(|i| word(&arguments[2 * i..]));
    let mut expected = Call::new(accelerator, arguments, &before);
    (expected.invocation.next_pc, expected.invocation.ts) = (next_pc, ts);
    for (access, prev_ts) in expected.accesses.iter_mut().zip(prev_ts) {
        access.prev_ts = prev_ts;
    }
    let computed = expected.accesses.iter().map(|access| access.next);
    let is_true = computed.eq(after)
        && expected.accesses.len() == info.words as usize
        && expected.is_in_place();
    match is_true && row.sent_sorted() == expected.messages() {
        true => Ok(()),
        false => error(),
    }
}

/// Previous accesses now or later than at `ts`, the timestamp and the low limb of the time since: the high
/// limb of it is -1, or the low one is.
pub fn future(ts: u32) -> [(F, F); 2] {
    let ts = ts.cast_signed();
    [(ts + 0xffff, 0), (ts, -1)]
        .map(|(prev_ts, gap_lo)| (F::from_int(prev_ts), F::from_int(gap_lo)))
}
