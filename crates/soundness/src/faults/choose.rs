//! Faults of every kind, one after the other.

use vouch_isa::accelerators::Accelerator;
use vouch_isa::event::Step;
use vouch_isa::memory::{ECALL_TICKS, FIRST_TIMESTAMP, STEP_TICKS};
use vouch_isa::{Call, Family, Format, Op};

use crate::model::{Change, Fault, Kind};
use crate::random::Random;
use crate::world::World;

/// Names of the kinds, in the order in which they take their turns.
pub const KINDS: [&str; 57] = [
    "word executed",
    "pc",
    "clock",
    "skip",
    "repeat",
    "register",
    "memory",
    "operation",
    "destination",
    "first source",
    "second source",
    "immediate",
    "first operand",
    "second operand",
    "result",
    "target",
    "address",
    "word loaded",
    "word stored",
    "value overwritten",
    "last access of the first operand",
    "last access of the second operand",
    "last access of memory",
    "last access of the destination",
    "call",
    "answer",
    "machine register",
    "length",
    "pointer",
    "argument",
    "address of a move",
    "word of a move",
    "bytes left of a move",
    "pc of a move",
    "journal index of a move",
    "word fetched",
    "count of a fetch",
    "first value of a leaf",
    "last value of a leaf",
    "last access of a leaf",
    "refresh",
    "journal",
    "journal's length",
    "exit code",
    "exit",
    "start",
    "instruction from elsewhere",
    "time of a move",
    "call of a move",
    "journal's order",
    "pointer of an accelerator",
    "pc of an accelerator",
    "time of an accelerator",
    "address of an accelerator's word",
    "word that an accelerator reads",
    "word that an accelerator writes",
    "last access of an accelerator's word",
];

/// The `i`-th fault for a world.
pub fn fault(i: usize, world: &World, seed: u64) -> Fault {
    let mut random = Random::new(seed << 20 | i as u64);
    let turn = i % KINDS.len();
    let kind = kind(turn, &mut random, world);
    let segment = &world.segment;
    let moves = segment
        .ecalls
        .iter()
        .filter(|e| e.call.info().buffer.moves() && e.a0_next > 0);
    let cycle = match turn {
        10 | 13 | 21 => a_step(&mut random, world, reads_two),
        16 | 17 | 22 => a_step(&mut random, world, accesses_memory),
        18 => a_step(&mut random, world, stores),
        50..=56 => {
            let calls = segment
                .ecalls
                .iter()
                .filter(|e| e.call.accelerator().is_some());
            let calls: Vec<u32> = calls.map(|e| e.ts).collect();
            cycle_at(world, calls[random.below(calls.len())])
        }
        24..=29 => cycle_at(world, segment.ecalls[random.below(segment.ecalls.len())].ts),
        30..=34 | 47 | 48 => {
            let calls: Vec<u32> = moves.map(|e| e.ts).collect();
            cycle_at(world, calls[random.below(calls.len())])
        }
        35..=45 | 49 => u64::MAX,
        _ => any_cycle(&mut random, world),
    };
    Fault { cycle, kind }
}

/// Any instruction; the loop at the start has its share, and no more.
fn any_cycle(random: &mut Random, world: &World) -> u64 {
    let cycles = world.segment.cycles;
    let last = cycles.min(2000);
    cycles - 1 - random.below(last as usize) as u64
}

/// An instruction with which a fault can do something.
fn a_step(random: &mut Random, world: &World, fits: fn(&Step) -> bool) -> u64 {
    let steps = world.segment.steps.iter().flatten();
    let fitting: Vec<u32> = steps
        .filter(|step| fits(step))
        .map(|step| step.ts)
        .collect();
    let late = &fitting[fitting.len().saturating_sub(2000)..];
    match late.get(random.below(late.len())) {
        Some(&ts) => cycle_at(world, ts),
        // A program without any: whatever happens then.
        None => any_cycle(random, world),
    }
}

fn reads_two(step: &Step) -> bool {
    matches!(step.op.info().format, Format::R | Format::S | Format::B)
}

fn accesses_memory(step: &Step) -> bool {
    matches!(
        step.op.family(),
        Family::Word | Family::LoadSub | Family::StoreSub
    )
}

fn stores(step: &Step) -> bool {
    step.op.info().format == Format::S
}

/// The instructions executed before a timestamp: each took [`STEP_TICKS`], each call [`ECALL_TICKS`] and one a
/// word.
fn cycle_at(world: &World, ts: u32) -> u64 {
    let segment = &world.segment;
    let calls = segment.ecalls.iter().filter(|e| e.ts < ts).count() as u64;
    let moves = segment.moves.iter().filter(|e| e.ts < ts).count() as u64;
    let of = |accelerator| {
        let earlier = segment
            .invocations(accelerator)
            .filter(|(call, _)| call.ts < ts);
        earlier
            .map(|(_, accesses)| accesses.len() as u64)
            .sum::<u64>()
    };
    let accesses: u64 = Accelerator::ALL.map(of).into_iter().sum();
    let of_calls = u64::from(ECALL_TICKS) * calls + moves + accesses;
    (u64::from(ts - FIRST_TIMESTAMP) - of_calls) / u64::from(STEP_TICKS) + calls
}

fn change(random: &mut Random) -> Change {
    match random.below(3) {
        0 => Change::To(random.word()),
        1 => Change::Flip(random.below(32) as u8),
        _ => Change::Add(random.step()),
    }
}

fn cell(random: &mut Random) -> u8 {
    random.below(35) as u8
}

/// A word that the run touches.
fn touched(random: &mut Random, world: &World) -> u32 {
    let leaves = &world.segment.leaves;
    let leaf = &leaves[random.below(leaves.len())];
    leaf.index * 8 + random.below(8) as u32
}

fn call(random: &mut Random) -> Call {
    Call::TABLE[random.below(Call::TABLE.len())].call
}

/// A fault of the kind whose turn it is.
fn kind(turn: usize, r: &mut Random, world: &World) -> Kind {
    match turn {
        0 => Kind::Word(change(r)),
        1 => Kind::Pc(near_text(r, world)),
        2 => Kind::Clock(r.step()),
        3 => Kind::Skip,
        4 => Kind::Repeat,
        5 => Kind::Register(cell(r), change(r)),
        6 => Kind::Memory(touched(r, world), change(r)),
        7 => Kind::Operation(Op::TABLE[r.below(Op::TABLE.len())].op),
        8 => Kind::Destination(cell(r)),
        9 => Kind::FirstSource(cell(r)),
        10 => Kind::SecondSource(cell(r)),
        11 => Kind::Immediate(change(r)),
        12 => Kind::First(change(r)),
        13 => Kind::Second(change(r)),
        14 => Kind::Result(change(r)),
        15 => Kind::Target(near_text(r, world)),
        16 => Kind::Address(change(r)),
        17 => Kind::Loaded(change(r)),
        18 => Kind::Stored(change(r)),
        19 => Kind::Overwritten(change(r)),
        20..=23 => Kind::LastAccess(turn as u8 - 20, change(r)),
        24..=34 | 47 | 48 => call_kind(turn, r),
        50..=56 => accelerator_kind(turn, r, world),
        46 => Kind::Elsewhere(in_text(r, world)),
        _ => end_kind(turn, r, world),
    }
}

fn call_kind(turn: usize, r: &mut Random) -> Kind {
    let n = r.below(3) as u32;
    match turn {
        24 => Kind::Call(call(r)),
        25 => Kind::Answer(change(r)),
        26 => Kind::Special(change(r)),
        27 => Kind::Length(change(r)),
        28 => Kind::Pointer(change(r)),
        29 => Kind::Argument(change(r)),
        30 => Kind::MovedTo(n, change(r)),
        31 => Kind::MovedWord(n, change(r)),
        32 => Kind::MovedLeft(n, change(r)),
        33 => Kind::MovedPc(n, change(r)),
        34 => Kind::MovedIndex(n, change(r)),
        47 => Kind::MovedAt(n, Change::Add(1 + r.below(5) as i32)),
        _ => Kind::MovedBy(n % 2, [Call::Read, Call::Journal][r.below(2)]),
    }
}

fn accelerator_kind(turn: usize, r: &mut Random, world: &World) -> Kind {
    let n = r.below(16) as u32;
    match turn {
        50 => Kind::Invoked(change(r)),
        51 => Kind::InvokedPc(near_text(r, world)),
        52 => Kind::InvokedAt(Change::Add(1 + r.below(5) as i32)),
        53 => Kind::AccessedAt(n, change(r)),
        54 => Kind::AccessedAs(n, change(r)),
        55 => Kind::AccessedWord(n, change(r)),
        _ => Kind::AccessedAfter(n, change(r)),
    }
}

fn end_kind(turn: usize, r: &mut Random, world: &World) -> Kind {
    let segment = &world.segment;
    let leaf = r.below(segment.leaves.len());
    let fetch = r.below(segment.fetches.len());
    let refresh = r.below(segment.refreshes.len());
    let byte = r.below(segment.journal.len());
    match turn {
        35 => Kind::Fetch(fetch, change(r)),
        36 => Kind::Count(fetch, change(r)),
        37 => Kind::Began(leaf, r.below(8), change(r)),
        38 => Kind::Ended(leaf, r.below(8), change(r)),
        39 => Kind::EndedAt(leaf, r.below(8), change(r)),
        40 => match r.below(3) {
            0 => Kind::Refreshed(refresh, change(r)),
            1 => Kind::RefreshedTo(refresh, change(r)),
            _ => Kind::RefreshedCell(refresh, cell(r)),
        },
        41 => Kind::Journal(byte, r.draw() as u8),
        42 => match r.below(2) {
            0 => Kind::JournalCut,
            _ => Kind::JournalByte(r.draw() as u8),
        },
        43 => Kind::ExitCode(change(r)),
        44 => Kind::Exited,
        49 => Kind::JournalSwap(byte, r.below(segment.journal.len())),
        _ => Kind::StartPc(near_text(r, world)),
    }
}

/// Another instruction, mostly one of the program. None is p away: the claim's own pc is
/// bounded by the verifier, as `transcript` tries.
fn near_text(r: &mut Random, world: &World) -> Change {
    match r.below(3) {
        0 => Change::Add([1, -1, 2, -4, 32][r.below(5)]),
        1 => Change::Flip(r.below(12) as u8),
        _ => Change::To(in_text(r, world)),
    }
}

fn in_text(r: &mut Random, world: &World) -> u32 {
    let fetches = &world.segment.fetches;
    fetches[r.below(fetches.len())].pc
}
