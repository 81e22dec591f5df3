//! What the tables mul_add_mod_256 and mul_add_mod_384 are put through.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use p3_field::{Field, PrimeCharacteristicRing, PrimeField32, integers::QuotientMap};
use vouch_isa::accelerators::mul_add_mod::Division;
use vouch_isa::event::{Access, Invocation};
use vouch_isa::memory::{MAX_TIMESTAMP, REGISTER_BASE};

use crate::F;
use crate::bus::{CALL, MEMORY, STATE};
use crate::mul_add_mod::{MulAddMod, row_of};
use crate::table::TableType;
use crate::tables::Table;
use crate::testkit::score::Spare;
use crate::testkit::{Campaign, EDGES, Message, Mutation, P, Subject, TEXT, Verdict, cells};

mod attacks;
#[cfg(test)]
mod tests;

/// A row of numbers of `W` words.
type Row<const W: usize, const L: usize, const N: usize, const C: usize, const H: usize> =
    MulAddMod<F, W, L, N, C, H>;

/// Four numbers: `a`, `b`, `c` and `m`.
type Numbers<const W: usize> = [[u32; W]; 4];

/// Where operands are, unless it matters.
const PLACES: [u32; 5] = [0, 0x100, 0x10_0200, 0xfffe_ff00, 4 * TEXT.end + 32];

/// A call and its accesses.
#[derive(Clone, Debug)]
struct Event<const W: usize> {
    call: Invocation,
    accesses: Vec<Access>,
}

/// A call on these numbers, in places given by their byte addresses.
fn event_at<const W: usize>(arguments: [u32; 5], numbers: Numbers<W>) -> Event<W> {
    let [a, b, c, m] = &numbers;
    let result = Division::new(a, b, c, m).remainder;
    let old = core::array::from_fn(|i| 0x1_0001_u32.wrapping_mul(i as u32));
    let access = |i: usize| {
        let (operand, word) = (i / W, i % W);
        let prev = numbers.get(operand).unwrap_or(&old)[word];
        Access {
            word: arguments[operand] / 4 + word as u32,
            prev,
            next: if operand == 4 { result[word] } else { prev },
            prev_ts: [0, 9, 4_464][i % 3] + i as u32,
        }
    };
    Event {
        call: Invocation {
            next_pc: 0x5001,
            ts: 70_000,
            arguments,
        },
        accesses: (0..5 * W).map(access).collect(),
    }
}

fn event<const W: usize>(numbers: Numbers<W>) -> Event<W> {
    event_at(PLACES, numbers)
}

impl<const W: usize> Event<W> {
    fn row<const L: usize, const N: usize, const C: usize, const H: usize>(
        &self,
    ) -> Row<W, L, N, C, H> {
        Row::row(&(&self.call, &self.accesses[..]), &TEXT)
    }

    /// The row if it is said that the result and the quotient are these.
    fn claiming<const L: usize, const N: usize, const C: usize, const H: usize>(
        &self,
        result: [u32; W],
        quotient: [[u32; W]; 2],
    ) -> Row<W, L, N, C, H> {
        let mut e = self.clone();
        for (access, word) in e.accesses[4 * W..].iter_mut().zip(result) {
            access.next = word;
        }
        row_of(&(&e.call, &e.accesses[..]), &TEXT, &quotient)
    }

    /// What an honest row of the event says, sorted.
    fn messages(&self, number: u32) -> Vec<Message> {
        let limbs = |word: u32| [word & 0xffff, word >> 16];
        let Invocation {
            next_pc,
            ts,
            arguments,
        } = self.call;
        let arguments = arguments.map(limbs).concat();
        let call = [&[number][..], &arguments, &[next_pc, ts]].concat();
        let mut sent = alloc::vec![
            Message::received(CALL, &call),
            Message::sent(STATE, &[next_pc, ts + 5 * W as u32]),
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

    /// Its operands lie in memory, and what is written above the code.
    fn is_in_memory(&self) -> bool {
        let arguments = self.call.arguments;
        let is_there =
            |address: u32| address.is_multiple_of(4) && address / 4 + W as u32 <= REGISTER_BASE;
        arguments.into_iter().all(is_there) && arguments[4] / 4 >= TEXT.end
    }
}

fn number<const W: usize, const L: usize, const N: usize, const C: usize, const H: usize>() -> u32 {
    Row::<W, L, N, C, H>::ACCELERATOR.info().number
}

/// The row says what one call makes it say.
fn judge<const W: usize, const L: usize, const N: usize, const C: usize, const H: usize>(
    row: &Verdict,
) -> Result<(), String> {
    let error = || Err(format!("{:?}", row.sent));
    if row.sent.is_empty() {
        return Ok(());
    }
    let calls: Vec<_> = row.sent.iter().filter(|m| m.bus == CALL).collect();
    let memory: Vec<_> = row.sent.iter().filter(|m| m.bus == MEMORY).collect();
    let [call] = &calls[..] else {
        return error();
    };
    let &[said, ref arguments @ .., next_pc, ts] = &call.fields[..] else {
        return error();
    };
    // What the ecall table sends, and cells hold.
    let is_word = |limbs: &[u32]| limbs.iter().all(|limb| *limb < 1 << 16);
    let may_be = call.count == -1 && is_word(arguments) && next_pc < 1 << 30 && ts < MAX_TIMESTAMP;
    if said == number::<W, L, N, C, H>() && !may_be {
        return Ok(());
    }
    let word = |limbs: &[u32]| limbs[0] | limbs[1] << 16;
    let mut seen = Vec::new();
    for pair in memory.chunks(2) {
        let (old, new) = (&pair[0].fields, &pair[1].fields);
        if !is_word(&old[1..3]) || old[3] > MAX_TIMESTAMP {
            return Ok(());
        }
        if !is_word(&new[1..3]) || old[3] >= new[3] {
            return error();
        }
        seen.push((word(&old[1..3]), word(&new[1..3]), old[3]));
    }
    if seen.len() != 5 * W {
        return error();
    }
    let before = |k: usize| core::array::from_fn(|i| seen[k * W + i].0);
    let numbers: Numbers<W> = core::array::from_fn(before);
    let mut e = event_at(core::array::from_fn(|i| word(&arguments[2 * i..])), numbers);
    (e.call.next_pc, e.call.ts) = (next_pc, ts);
    for (access, (prev, _, prev_ts)) in e.accesses.iter_mut().zip(&seen) {
        access.prev_ts = *prev_ts;
        access.prev = *prev;
    }
    let after = seen.iter().map(|(_, next, _)| *next);
    let is_right = e.accesses.iter().map(|access| access.next).eq(after);
    match is_right && e.is_in_memory() && row.sent_sorted() == e.messages(number::<W, L, N, C, H>())
    {
        true => Ok(()),
        false => error(),
    }
}

/// A number of one word.
fn small<const W: usize>(word: u32) -> [u32; W] {
    core::array::from_fn(|i| if i == 0 { word } else { 0 })
}

/// Some number.
fn some<const W: usize>(seed: u32) -> [u32; W] {
    core::array::from_fn(|i| 0x9e37_79b9_u32.wrapping_mul(seed + i as u32) ^ seed << 7)
}

/// Numbers at the edges of what the table computes.
fn samples<const W: usize>() -> Vec<Event<W>> {
    const MOST: u32 = u32::MAX;
    let most = [MOST; W];
    let edges = |first: usize| core::array::from_fn(|i| EDGES[(first + i) % EDGES.len()]);
    let mut prime = most;
    prime[0] -= 976;
    prime[1] -= 1;
    let one_less = |m: [u32; W]| core::array::from_fn(|i| m[i] - u32::from(i == 0));
    alloc::vec![
        event([some(1), some(2), some(3), prime]),
        event([[0; W]; 4]),
        // The largest quotient, and carries.
        event([most, most, most, small(1)]),
        event([most, most, most, [0; W]]),
        event([most, most, most, most]),
        event([edges(0), edges(3), edges(6), edges(10)]),
        event([most, some(5), most, small(3)]),
        // The result is the largest that there can be.
        event([[0; W], some(6), one_less(prime), prime]),
        event_at(
            [0xfffe_fffc, 4, 0, 0x8000_0000, 4 * TEXT.end],
            [some(7), some(8), [0; W], some(9)]
        ),
        // One operand is all of them.
        event_at([0xfffe_fffc; 5], [some(4); 4]),
    ]
}

pub(super) fn campaign<
    const W: usize,
    const L: usize,
    const N: usize,
    const C: usize,
    const H: usize,
>(
    table: Table,
) -> Campaign {
    let rows: Vec<Row<W, L, N, C, H>> = samples().iter().map(Event::row).collect();
    let subject = Subject::new::<Row<W, L, N, C, H>>(&rows);
    let last = subject.height() - 1;
    let mut mutation = Mutation::new(subject, judge::<W, L, N, C, H>, &[]);
    // All rows of so many cells are many, and their pairs too many.
    mutation.singles = Vec::from([0, 3, last]);
    mutation.rows.clear();
    let attacks = Row::<W, L, N, C, H>::attacks();
    mutation.attacks = attacks.iter().map(|row| (1, cells(row))).collect();
    let highest = match W {
        8 => "difference is boolean.15",
        _ => "difference is boolean.23",
    };
    let spare = [
        Spare::one_flag(),
        Spare::implied(
            [highest],
            "no limb is above, so that the flags below add up to 0 if this one differs, and it is 1",
        ),
        Spare::first_operands(
            ["factors are bytes"],
            "of a limb of a, b or m whose upper byte is one the lower is what is left, a small number: as integers, both \
             make the same number whatever it is. Those of the quotient are needed, and attacked",
        ),
    ];
    Campaign::new(table, Vec::from([mutation]), spare.into())
}
