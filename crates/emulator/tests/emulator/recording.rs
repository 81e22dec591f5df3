//! Segments of whole runs: consistent in themselves and with each other, however a run is cut.

use core::ops::ControlFlow;

use proptest::prelude::*;
use vouch_emulator::testing::{DATA, asm, check_run, program, random_program, segments};
use vouch_emulator::{
    ExecuteError, Limits, Program, SegmentLimits, execute, execute_watched, record,
};
use vouch_isa::event::{Counts, Segment};
use vouch_isa::memory::ECALL_TICKS;
use vouch_isa::{Instruction, Op};

use crate::common::then;

fn cut_at(cycles: u64) -> SegmentLimits<'static> {
    SegmentLimits {
        cycles,
        ..SegmentLimits::default()
    }
}

/// Reads words, and writes their running sum to the journal after each.
fn sums() -> Vec<Instruction> {
    let mut list = asm::li(8, DATA).to_vec();
    list.extend(asm::read(DATA, 4));
    // Two instructions and an exit: skipped while there is input.
    list.extend([asm::addi(9, 0, 4), asm::branch(Op::Beq, 10, 9, 16)]);
    list.extend(asm::exit_with(5));
    list.extend([asm::lw(6, 0, 8), asm::add(5, 5, 6), asm::sw(5, 4, 8)]);
    list.extend(asm::journal(DATA + 4, 4));
    let back = -4 * (list.len() as i32 - 2);
    list.push(asm::jal(0, back));
    list
}

const INPUT: [u8; 42] = [7; 42];

/// The journal of the segments, and the last state of every word that they touch.
fn outcome(segments: &[Segment]) -> (Vec<u8>, std::collections::BTreeMap<u32, [u32; 8]>) {
    let journal = segments.iter().flat_map(|s| s.journal.clone()).collect();
    let leaves = segments.iter().flat_map(|s| &s.leaves);
    (
        journal,
        leaves.map(|leaf| (leaf.index, leaf.last)).collect(),
    )
}

#[test]
fn a_run_is_the_same_however_it_is_cut() {
    let program = program(&sums());
    let (run, whole) = segments(&program, &INPUT, &SegmentLimits::default()).expect("exits");
    assert_eq!((whole.len(), run.journal.len()), (1, 40));
    assert_eq!(outcome(&whole).0, run.journal);
    for cycles in [1, 2, 3, 7, 20, 100, run.cycles - 1, run.cycles] {
        let (cut_run, cut) = segments(&program, &INPUT, &cut_at(cycles)).expect("exits");
        check_run(&program, &cut).expect("consistent");
        assert_eq!(cut_run, run);
        assert_eq!(outcome(&cut), outcome(&whole), "cut at {cycles}");
        assert_eq!(cut.len() as u64, run.cycles.div_ceil(cycles));
        let (last, others) = cut.split_last().expect("a segment");
        assert!(
            others
                .iter()
                .all(|s| s.cycles == cycles && s.exit_code.is_none())
        );
        assert_eq!(last.exit_code, Some(run.exit_code));
    }
}

#[test]
fn no_cycles_count_as_one() {
    let program = program(&asm::exit(0));
    let (_, segments) = segments(&program, &[], &cut_at(0)).expect("exits");
    assert_eq!(segments.len(), 4);
}

#[test]
fn segments_end_before_the_timestamp_bound() {
    let program = program(&sums());
    for timestamp in [20, 21, 22, 23, 100] {
        let limits = SegmentLimits {
            timestamp,
            ..SegmentLimits::default()
        };
        let (_, cut) = segments(&program, &INPUT, &limits).expect("exits");
        check_run(&program, &cut).expect("consistent");
        assert!(cut.len() > 1);
        assert!(cut.iter().all(|s| s.end_ts <= timestamp));
    }
}

#[test]
fn a_call_too_long_for_the_bound_gets_a_segment_of_its_own() {
    let list = then(asm::read(DATA, 400), asm::exit_with(10));
    let program = program(&list);
    for timestamp in [0, 50] {
        let limits = SegmentLimits {
            timestamp,
            ..SegmentLimits::default()
        };
        let (run, cut) = segments(&program, &[1; 400], &limits).expect("exits");
        check_run(&program, &cut).expect("consistent");
        assert_eq!(run.exit_code, 400);
        let with_call = cut.iter().find(|s| !s.moves.is_empty()).expect("a segment");
        assert_eq!((with_call.moves.len(), with_call.cycles), (100, 1));
        assert_eq!(with_call.end_ts, 1 + ECALL_TICKS + 100);
    }
}

/// A loop that stores a word into each leaf of some memory, then moves words in and out.
fn toucher() -> Vec<Instruction> {
    let mut list = vec![
        asm::lui(5, DATA),
        asm::addi(6, 5, 2000),
        asm::sw(5, 0, 5),
        asm::addi(5, 5, 40),
        asm::branch(Op::Bltu, 5, 6, -8),
    ];
    list.extend(asm::read(DATA, 400));
    list.extend(asm::journal(DATA, 200));
    list.extend(asm::journal(DATA, 100));
    list.extend(asm::exit_with(0));
    list
}

#[test]
fn segments_hold_no_more_than_fits() {
    let program = program(&toucher());
    let whole = segments(&program, &[7; 400], &SegmentLimits::default()).expect("exits");
    let total = whole.1[0].counts();
    // A kind, the most that there may be of it, and how much less a segment may hold that was cut
    // since the next instruction might bring more.
    type Kind = (&'static str, fn(&Counts) -> u64, u64, u64);
    let kinds: [Kind; 6] = [
        ("steps", |c| c.steps.iter().sum(), 60, 20),
        ("fetches", |c| c.fetches, 7, 1),
        ("leaves", |c| c.leaves, 40, 8),
        ("moves", |c| c.moves, 100, 100),
        ("journal", |c| c.journal, 200, 200),
        ("ecalls", |c| c.ecalls, 1, 1),
    ];
    for (name, kind, most, slack) in kinds {
        let goes_on = |_: &Counts, then: &Counts| kind(then) <= most;
        let limits = SegmentLimits {
            goes_on: &goes_on,
            ..SegmentLimits::default()
        };
        let (run, cut) = segments(&program, &[7; 400], &limits).expect("exits");
        assert_eq!(run, whole.0, "{name}");
        check_run(&program, &cut).expect("consistent");
        assert!(cut.len() > 1, "{name}: one segment of {total:?}");
        for segment in &cut {
            let got = kind(&segment.counts());
            assert!(got <= most, "{name}: {got} of {most}");
        }
        let fullest = cut.iter().map(|s| kind(&s.counts())).max();
        assert!(
            fullest >= Some(most - slack),
            "{name}: at most {fullest:?} of {most}"
        );
    }
}

#[test]
fn what_never_fits_is_cut_into_single_instructions() {
    let program = program(&toucher());
    let limits = SegmentLimits {
        goes_on: &|_, _| false,
        ..SegmentLimits::default()
    };
    let (run, cut) = segments(&program, &[7; 400], &limits).expect("exits");
    check_run(&program, &cut).expect("consistent");
    assert_eq!(cut.len() as u64, run.cycles);
}

#[test]
fn a_run_can_be_watched_and_cancelled() {
    // Some 2^26 instructions.
    let mut list = vec![
        asm::lui(5, 1 << 25),
        asm::addi(5, 5, -1),
        asm::branch(Op::Bne, 5, 0, -4),
    ];
    list.extend(asm::exit(0));
    let program = program(&list);
    let run = |stop_at: u64| {
        let mut seen = Vec::new();
        let mut watch = |cycles| {
            seen.push(cycles);
            match cycles < stop_at {
                true => ControlFlow::Continue(()),
                false => ControlFlow::Break(()),
            }
        };
        let limits = Limits::default();
        let run = execute_watched(&program, &[], &limits, &mut |_, _| {}, &mut watch);
        (run, seen)
    };
    let (whole, seen) = run(u64::MAX);
    let whole = whole.expect("exits");
    assert_eq!(
        Ok(&whole),
        execute(&program, &[], &Limits::default(), &mut |_, _| {}).as_ref()
    );
    assert!(
        seen.is_sorted_by(|a, b| a < b) && seen.len() > 2,
        "{seen:?}"
    );
    assert_eq!(seen.last(), Some(&whole.cycles));
    let (cancelled, seen) = run(1);
    assert_eq!((cancelled, seen.len()), (Err(ExecuteError::Cancelled), 1));
}

#[test]
fn the_sink_can_cancel() {
    let program = program(&sums());
    for wanted in 1..4 {
        let mut got = 0;
        let mut sink = |_: &mut Segment| {
            got += 1;
            if got == wanted {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        };
        let limits = Limits::default();
        let run = record(
            &program,
            &INPUT,
            &limits,
            &cut_at(5),
            &mut |_, _| {},
            &mut sink,
        );
        assert_eq!((run, got), (Err(ExecuteError::Cancelled), wanted));
    }
}

/// Records with a sink that leaves the segments, and compares each with one that was taken.
#[test]
fn segments_that_are_left_are_as_those_that_are_taken() {
    let program = program(&sums());
    let (_, taken) = segments(&program, &INPUT, &cut_at(9)).expect("exits");
    let mut taken = taken.iter();
    let mut sink = |segment: &mut Segment| {
        let other = taken.next().expect("as many segments");
        assert_eq!(format!("{segment:?}"), format!("{other:?}"));
        ControlFlow::Continue(())
    };
    let limits = Limits::default();
    let run = record(
        &program,
        &INPUT,
        &limits,
        &cut_at(9),
        &mut |_, _| {},
        &mut sink,
    );
    assert!(run.is_ok());
    assert!(taken.next().is_none());
}

#[test]
fn recording_fails_as_running_does() {
    let same = |list: &[Instruction], limits: &Limits| {
        let program: Program = program(list);
        let plain = execute(&program, &INPUT, limits, &mut |_, _| {});
        let mut sink = |_: &mut Segment| ControlFlow::Continue(());
        let recorded = record(
            &program,
            &INPUT,
            limits,
            &cut_at(2),
            &mut |_, _| {},
            &mut sink,
        );
        assert!(plain.is_err());
        assert_eq!(plain, recorded);
    };
    let limits = Limits::default();
    same(&[asm::nop(), asm::ebreak()], &limits);
    same(&[asm::nop(), asm::lw(5, 0, 0)], &limits);
    same(&[asm::nop()], &limits);
    same(&asm::read(0, 4), &limits);
    same(
        &[asm::jal(0, 0)],
        &Limits {
            cycles: 99,
            ..limits
        },
    );
    same(
        &sums(),
        &Limits {
            journal_bytes: 8,
            ..limits
        },
    );
    same(
        &sums(),
        &Limits {
            memory_bytes: 0,
            ..limits
        },
    );
    same(
        &sums(),
        &Limits {
            input_bytes: 41,
            ..limits
        },
    );
}

#[test]
fn long_segments_refresh_registers() {
    let mut list = asm::li(7, 100_000).to_vec();
    list.extend([
        asm::addi(7, 7, -1),
        asm::addi(0, 0, 1),
        asm::branch(Op::Bne, 7, 0, -8),
    ]);
    list.extend(asm::journal(DATA, 8));
    list.extend(asm::exit(0));
    let program = program(&list);
    let (_, segments) = segments(&program, &[], &SegmentLimits::default()).expect("exits");
    check_run(&program, &segments).expect("consistent");
    assert!(!segments[0].refreshes.is_empty());
}

proptest! {
    #[test]
    fn random_programs_record_consistently(
        seed: u64,
        length in 1..300usize,
        cycles in 1..400u64,
        timestamp in prop_oneof![Just(1u32 << 26), 0..1000u32],
    ) {
        let program = program(&random_program(seed, length));
        let limits = SegmentLimits { cycles, timestamp, ..SegmentLimits::default() };
        let (run, segments) = segments(&program, &[], &limits).expect("random programs exit");
        check_run(&program, &segments).expect("consistent");
        let plain = execute(&program, &[], &Limits::default(), &mut |_, _| {});
        prop_assert_eq!(plain, Ok(run));
    }
}
