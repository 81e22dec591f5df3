//! Hostile replies to every call.
//!
//! The host answers a call as it pleases: other counts, other bytes, to other places, with the
//! machine register as it likes. What it may choose (the bytes that `read` gives, and to give
//! fewer and then no more) must be accepted, or honest hosts could not prove; all else must
//! break a rule. Of whatever is accepted, no word outside the buffer has changed.

use rayon::prelude::*;
use vouch_air::testkit::P;
use vouch_emulator::testing::{DATA, asm};
use vouch_isa::abi::PRECOMPILE_BASE;
use vouch_isa::accelerators::Accelerator;
use vouch_isa::event::Segment;
use vouch_isa::memory::{MEMORY_END, REGISTER_BASE};
use vouch_isa::{Call, CallInfo, SYSTEM};

use crate::evaluate::Evaluator;
use crate::model::{self, Change, Effect, Fault, Kind};
use crate::rules::Broken;
use crate::world::World;
use crate::{Effort, Outcome};

/// A program that makes one call with a buffer of this many bytes.
struct Case {
    call: Call,
    length: u32,
    /// Bytes of input that there are.
    input: u32,
}

/// Runs it.
pub fn run(effort: Effort) -> Outcome {
    let cases = cases(effort);
    let outcomes = cases.par_iter().map(|case| of_case(case, effort));
    let mut outcome = outcomes.reduce(Outcome::default, |mut all, one| {
        all.add(one);
        all
    });
    outcome.add(unknown_calls(&mut |_| {}));
    outcome.expect_at_least("replies that are lies", 1000);
    outcome.expect_at_least("replies that are the host's to choose", 100);
    let accelerators = Accelerator::ALL.map(|accelerator| accelerator.info().words);
    let words: u32 = accelerators.iter().sum();
    outcome.expect_at_least("lies about accelerators", 90 * u64::from(words));
    outcome
}

fn cases(effort: Effort) -> Vec<Case> {
    let lengths: &[u32] = match effort {
        Effort::Quick => &[0, 1, 4, 7],
        Effort::Long => &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 13, 16, 31, 100],
    };
    let of_length = |&length: &u32| {
        SYSTEM.into_iter().flat_map(move |CallInfo { call, .. }| {
            let inputs = match call {
                Call::Read => vec![0, length / 2, length, length + 9],
                _ => vec![0],
            };
            inputs.into_iter().map(move |input| Case {
                call,
                length,
                input,
            })
        })
    };
    let of_accelerator = |accelerator: Accelerator| Case {
        call: Call::Accelerate(accelerator),
        length: 4 * accelerator.info().words,
        input: 0,
    };
    let system = lengths.iter().flat_map(of_length);
    system.chain(Accelerator::ALL.map(of_accelerator)).collect()
}

/// Where the buffer is: not at the start of a leaf.
const BUFFER: u32 = DATA + 12;

fn world(case: &Case) -> World {
    let mut code = asm::li(5, BUFFER).to_vec();
    // Something to be overwritten, in the buffer and around it.
    for i in -3..=(case.length as i32 / 4 + 3) {
        code.extend(asm::li(6, 0x1122_3344u32.wrapping_mul((i + 9) as u32)));
        code.push(asm::sw(6, 4 * i, 5));
    }
    code.extend(match case.call {
        Call::Exit => vec![],
        Call::Read => asm::read(BUFFER, case.length),
        Call::Journal => asm::journal(BUFFER, case.length),
        Call::Stdout => asm::write(1, BUFFER, case.length),
        Call::Stderr => asm::write(2, BUFFER, case.length),
        Call::Accelerate(accelerator) => {
            let operands = core::array::from_fn(|i| BUFFER + 4 * i as u32);
            asm::accelerate(accelerator, operands)
        }
    });
    code.extend(asm::exit(3));
    let input: Vec<u8> = (1..=case.input as u8).collect();
    World::new(&code, &input)
}

fn of_case(case: &Case, effort: Effort) -> Outcome {
    let mut outcome = Outcome::default();
    let (world, evaluator) = (world(case), Evaluator::default());
    // The call is the first; an exit is the only one.
    let cycle = match case.call {
        Call::Exit => world.segment.cycles - 1,
        _ => world.segment.cycles - 5,
    };
    outcome.count("calls", 1);
    for kind in replies(case, effort) {
        let fault = Fault { cycle, kind };
        let (segment, effect) = model::run(&world, Some(fault), 1000);
        let traces = world.fill(&segment);
        let broken = evaluator.judge(&traces.tables);
        let what = || format!("{:?} of {} bytes: {kind:?}", case.call, case.length);
        match (effect, broken.is_empty()) {
            (Effect::Lie, true) if world.is_honest(&traces) => {
                outcome.count("replies that make no difference to the tables", 1);
            }
            (Effect::Lie, true) => outcome.fail(format!("{} breaks no rule", what())),
            (Effect::Lie, false) => {
                outcome.count("replies that are lies", 1);
                if case.call.accelerator().is_some() {
                    outcome.count("lies about accelerators", 1);
                }
            }
            (_, false) => outcome.fail(format!("{} breaks {broken}", what())),
            (Effect::Choice, true) => outcome.count("replies that are the host's to choose", 1),
            (Effect::None, true) => outcome.count("replies that change nothing", 1),
        }
        if broken.is_empty() {
            outcome.count("words compared", segment.leaves.len() as u64 * 8);
            outside(case, &world, &segment).for_each(|word| {
                outcome.fail(format!("{} changes word {word:#x}", what()));
            });
        }
    }
    outcome
}

/// Words of memory outside the buffer that end otherwise than in the honest run.
fn outside<'a>(
    case: &'a Case,
    world: &'a World,
    segment: &'a Segment,
) -> impl Iterator<Item = u32> + 'a {
    let buffer = BUFFER / 4..BUFFER / 4 + case.length.div_ceil(4);
    let words = |segment: &'a Segment| {
        segment.leaves.iter().flat_map(|leaf| {
            let first = leaf.index * 8;
            (first..).zip(leaf.last)
        })
    };
    let changed = words(segment).filter(move |&(word, value)| {
        let before = words(&world.segment).find(|(honest, _)| *honest == word);
        let is_same = before.is_some_and(|(_, honest)| honest == value);
        !is_same && word < REGISTER_BASE && !buffer.contains(&word)
    });
    changed.map(|(word, _)| word)
}

/// Everything that a host may try in one place.
fn replies(case: &Case, effort: Effort) -> Vec<Kind> {
    let length = case.length;
    let far = [P, 1 << 16, 1 << 30, 1 << 31, u32::MAX];
    let counts: Vec<Change> = (0..=length + 9).chain(far).map(Change::To).collect();
    let aliases = [P as i32, -(P as i32), 1 << 16, -(1 << 16)].map(Change::Add);
    let counts = || counts.iter().copied().chain(aliases);
    let mut kinds: Vec<Kind> = Vec::new();
    for change in counts() {
        kinds.extend([Kind::Answer(change), Kind::Special(change)]);
        kinds.extend([Kind::Length(change), Kind::Argument(change)]);
        kinds.extend([0, 1, 2, P].map(|special| Kind::Reply(change, special)));
    }
    kinds.extend(steps().map(Kind::Pointer));
    kinds.extend(Call::TABLE.map(|info| Kind::Call(info.call)));
    if let Some(accelerator) = case.call.accelerator() {
        kinds.extend(accelerated(accelerator));
    }
    let words = length.div_ceil(4);
    // The first word, the last, the one after it.
    let of_interest = |n: &u32| effort == Effort::Long || *n == 0 || n + 2 > words;
    for n in (0..=words).filter(of_interest) {
        kinds.extend((0..32).map(|bit| Kind::MovedWord(n, Change::Flip(bit))));
        kinds.extend(places().map(|change| Kind::MovedTo(n, change)));
        kinds.extend([Call::Read, Call::Journal].map(|call| Kind::MovedBy(n, call)));
        kinds.extend(counts().map(|change| Kind::MovedLeft(n, change)));
        kinds.extend(steps().map(|change| Kind::MovedPc(n, change)));
        kinds.extend(steps().map(|change| Kind::MovedIndex(n, change)));
    }
    kinds
}

/// Calls of numbers that are nobody's, each answered as if it were an accelerator's; `visit` is told which
/// rules that breaks.
pub fn unknown_calls(visit: &mut dyn FnMut(&Broken)) -> Outcome {
    let mut outcome = Outcome::default();
    for accelerator in Accelerator::ALL {
        let number = PRECOMPILE_BASE + Accelerator::COUNT as u32;
        let mut code = asm::call(number, BUFFER, BUFFER, BUFFER);
        let cycle = code.len() as u64 - 1;
        code.extend(asm::exit(3));
        let world = World::before_fault(&code, cycle);
        let kind = Kind::Call(Call::Accelerate(accelerator));
        let (segment, effect) = model::run(&world, Some(Fault { cycle, kind }), 1000);
        let broken = Evaluator::default().judge(&world.fill(&segment).tables);
        outcome.count("unknown calls", 1);
        if effect != Effect::Lie || broken.is_empty() || segment.exit_code != Some(3) {
            outcome.fail(format!("call {number:#x} is taken for {accelerator:?}"));
        }
        visit(&broken);
    }
    outcome
}

/// Everything that a host may try in the place of an accelerator.
fn accelerated(accelerator: Accelerator) -> Vec<Kind> {
    let mut kinds = Vec::new();
    kinds.extend(steps().map(Kind::Invoked));
    // A pc that is p more is the same: that of the claim is bounded by the verifier.
    let pcs = steps().filter(|change| *change != Change::Add(P as i32));
    kinds.extend(pcs.map(Kind::InvokedPc));
    kinds.extend([-1, 1, 2, 5, 1 << 16].map(|ticks| Kind::InvokedAt(Change::Add(ticks))));
    for n in 0..accelerator.info().words {
        kinds.extend((0..32).map(|bit| Kind::AccessedWord(n, Change::Flip(bit))));
        // The same modulo p.
        kinds.extend([P as i32, -(P as i32)].map(|p| Kind::AccessedWord(n, Change::Add(p))));
        kinds.extend((0..32).map(|bit| Kind::AccessedAs(n, Change::Flip(bit))));
        kinds.extend(places().map(|change| Kind::AccessedAt(n, change)));
        kinds.extend(steps().map(|change| Kind::AccessedAfter(n, change)));
    }
    kinds
}

fn steps() -> impl Iterator<Item = Change> {
    let steps = [1, -1, 2, 3, 4, -4, 32, 1 << 14, 1 << 16, P as i32];
    steps.into_iter().map(Change::Add)
}

/// Where a host would like to write, as word indices: near the buffer, code, the end of
/// memory, registers, the sink and the machine's own.
fn places() -> impl Iterator<Item = Change> {
    let near = [1, -1, 3, 8, -8, 1 << 14, -(1 << 14)].map(Change::Add);
    let text = vouch_emulator::testing::TEXT / 4;
    let far = [
        0,
        text,
        text + 3,
        MEMORY_END / 4 - 1,
        MEMORY_END / 4,
        REGISTER_BASE - 1,
    ];
    let registers = [0, 2, 10, 17, 32, 33, 34, 63].map(|cell| REGISTER_BASE + cell);
    let far = far.into_iter().chain(registers).map(Change::To);
    near.into_iter().chain(far)
}
