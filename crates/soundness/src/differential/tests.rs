//! The comparison can fail: what is altered is found, and where.

use vouch_isa::Op;
use vouch_isa::event::Step;

use super::compare::{Run, State};
use super::machine::{Recorded, states};
use super::*;

const SEED: u64 = 7;
/// Length of a program that surely has what is altered.
const LONG: usize = 3000;

fn recorded(guest: &Guest) -> Recorded {
    let program = Program::from_elf(&guest.elf).expect("it loads");
    machine::run(&program, &guest.input, 2).expect("it runs")
}

/// A run and its guest's window.
fn run() -> (Run, u32) {
    let guest = Guest::with_length(SEED, 200);
    (recorded(&guest).run, guest.window)
}

/// The difference that `alter` makes.
fn altered(alter: impl FnOnce(&mut Run)) -> Option<Difference> {
    let (ours, window) = run();
    let mut theirs = ours.clone();
    alter(&mut theirs);
    compare(&ours, &theirs, window).err()
}

#[test]
fn equal_runs_do_not_differ() {
    assert_eq!(altered(|_| ()), None);
}

#[test]
fn every_register_of_every_state_is_compared() {
    let (ours, window) = run();
    for at in [1, 2, ours.states.len() / 2, ours.states.len() - 1] {
        for register in 0..32 {
            let mut theirs = ours.clone();
            theirs.states[at].registers[register] ^= 1 << register;
            let value = ours.states[at].registers[register];
            let expected = Difference::Register {
                count: at - 1,
                after: ours.states[at - 1].pc,
                register,
                ours: value,
                theirs: value ^ 1 << register,
            };
            assert_eq!(compare(&ours, &theirs, window), Err(expected));
        }
    }
}

#[test]
fn the_pc_and_the_number_of_instructions_are_compared() {
    let first = altered(|theirs| theirs.states[0].pc += 4);
    assert!(
        matches!(first, Some(Difference::Pc { count: 0, .. })),
        "{first:?}"
    );
    let third = altered(|theirs| theirs.states[3].pc ^= 8);
    assert!(
        matches!(third, Some(Difference::Pc { count: 2, .. })),
        "{third:?}"
    );
    let short = altered(|theirs| theirs.states.truncate(5));
    assert!(
        matches!(short, Some(Difference::Instructions { theirs: 5, .. })),
        "{short:?}"
    );
}

#[test]
fn memory_and_outputs_are_compared() {
    let (_, window) = run();
    let word = altered(|theirs| {
        let start = theirs.journal.len() - guest::DUMP_BYTES;
        theirs.journal[start + 4 * 5 + 1] ^= 0x10;
    });
    let Some(Difference::Memory {
        address,
        ours,
        theirs,
    }) = word
    else {
        panic!("{word:?}");
    };
    assert_eq!((address, ours ^ theirs), (window + 20, 0x1000));
    let register = altered(|theirs| *theirs.journal.last_mut().expect("a register") ^= 1);
    assert!(
        matches!(
            register,
            Some(Difference::Output {
                stream: "journal",
                ..
            })
        ),
        "{register:?}"
    );
    let stdout = altered(|theirs| theirs.stdout.push(0));
    assert!(
        matches!(
            stdout,
            Some(Difference::Output {
                stream: "stdout",
                ..
            })
        ),
        "{stdout:?}"
    );
    let stderr = altered(|theirs| theirs.stderr.insert(0, 0));
    assert!(
        matches!(
            stderr,
            Some(Difference::Output {
                stream: "stderr",
                at: 0,
                ..
            })
        ),
        "{stderr:?}"
    );
    let code = altered(|theirs| theirs.exit_code = 1);
    assert_eq!(code, Some(Difference::ExitCode { ours: 0, theirs: 1 }));
}

/// An addition whose result is not that of a subtraction.
fn addition(step: &&Step) -> bool {
    step.op == Op::Add && step.rd < 32 && step.b.wrapping_mul(2) != 0
}

#[test]
fn a_recorded_result_that_is_altered_is_found() {
    let guest = Guest::with_length(SEED, LONG);
    let mut ours = recorded(&guest);
    let unaltered = ours.run.clone();
    let mut steps = ours.segments[0].steps.iter_mut().flatten();
    let step = steps.find(|step| addition(&&**step)).expect("an addition");
    step.c ^= 1;
    let (pc, rd, value) = (4 * step.pc, step.rd, step.c);
    ours.run.states = states(&ours.segments);
    let difference = compare(&ours.run, &unaltered, guest.window).expect_err("one is altered");
    let Difference::Register {
        after,
        register,
        ours,
        theirs,
        ..
    } = difference
    else {
        panic!("{difference}");
    };
    assert_eq!((after, register), (pc, usize::from(rd)));
    assert_eq!((ours, theirs), (value, value ^ 1));
}

/// Another machine on which one addition subtracts.
#[test]
fn an_instruction_that_does_something_else_is_found() {
    const TEXT_OFFSET: usize = 52 + 32 + 4;
    if !qemu::is_there() {
        return skip(&mut Outcome::default());
    }
    let mut guest = Guest::with_length(SEED, LONG);
    let ours = recorded(&guest);
    let mut steps = ours.segments[0].steps.iter().flatten();
    let step = steps.find(addition).expect("an addition");
    let offset = guest.elf[TEXT_OFFSET..].first_chunk().expect("a header");
    let offset = u32::from_le_bytes(*offset) + 4 * step.pc - vouch_emulator::testing::TEXT;
    // Bit 30 is all that ADD and SUB differ in.
    guest.elf[offset as usize + 3] ^= 0x40;
    let theirs = qemu::run(&guest).expect("it runs");
    let difference = compare(&ours.run, &theirs, guest.window).expect_err("one is altered");
    let Difference::Register {
        after,
        register,
        ours,
        theirs,
        ..
    } = difference
    else {
        panic!("{difference}");
    };
    assert_eq!((after, register), (4 * step.pc, usize::from(step.rd)));
    let difference = step.a.wrapping_sub(step.b);
    assert_eq!((ours, theirs), (step.c, difference));
}

#[test]
fn the_shortest_program_that_differs_is_found() {
    let difference = |count| Difference::ExitCode {
        ours: count,
        theirs: 0,
    };
    let differ = |length: usize| (length >= 37).then(|| difference(length as u8));
    assert_eq!(shrink(5000, difference(0), differ), (37, difference(37)));
    assert_eq!(shrink(5000, difference(0), |_| None), (5000, difference(0)));
}

#[test]
fn shapes_that_were_not_executed_are_failures() {
    let guest = Guest::with_length(SEED, 10);
    let mut shapes = Shapes::default();
    for segment in &recorded(&guest).segments {
        shapes.see(segment);
    }
    let mut outcome = Outcome::default();
    shapes.report(&mut outcome, 1);
    let missing = |what: &str| {
        outcome
            .failures
            .iter()
            .any(|failure| failure.starts_with(what))
    };
    assert!(missing("div MIN by -1: 0"), "{outcome}");
    assert!(!missing("addi any"), "{outcome}");
}

fn log(states: &[State]) -> String {
    let mut log = String::new();
    for state in states {
        log += &format!(" pc       {:08x}\n", state.pc);
        for (i, values) in state.registers.chunks(4).enumerate() {
            for (j, value) in values.iter().enumerate() {
                log += &format!(" x{}/name {value:08x}", 4 * i + j);
            }
            log += "\n";
        }
    }
    log
}

#[test]
fn a_log_is_read_whole_or_refused() {
    let (ours, _) = run();
    let log = log(&ours.states);
    assert_eq!(qemu::states(&log), Ok(ours.states));
    for (from, to) in [("x7/", "x8/"), ("pc ", "PC "), ("x1/", "f1/")] {
        let error = qemu::states(&log.replacen(from, to, 1)).expect_err("another name");
        assert!(matches!(error, qemu::LogError::Line { .. }), "{error}");
    }
    let cut = log.trim_end().rsplit_once('\n').expect("lines").0;
    let error = qemu::states(cut).expect_err("four registers are missing");
    assert!(matches!(error, qemu::LogError::Registers { .. }), "{error}");
}
