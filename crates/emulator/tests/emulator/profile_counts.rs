//! What is counted on call paths, compared with what a recorded run holds.

use proptest::prelude::*;
use vouch_emulator::profile::{CallTree, Counts};
use vouch_emulator::testing::{DATA, RandomCode, asm, program, segments};
use vouch_emulator::{Program, SegmentLimits};
use vouch_isa::Op;
use vouch_isa::accelerators::{ARGUMENTS, Accelerator};
use vouch_isa::event::Segment;

use crate::common::then;
use crate::profile::run;

/// What a segment says of the same figures, as far as it knows them.
fn counts(segment: &Segment) -> Counts {
    let length = |length: usize| length as u64;
    Counts {
        steps: std::array::from_fn(|family| length(segment.steps[family].len())),
        ecalls: length(segment.ecalls.len()),
        moves: length(segment.moves.len()),
        accelerated: segment.counts().accelerated,
        journal_bytes: length(segment.journal.len()),
        refreshes: length(segment.refreshes.len()),
        fetches: length(segment.fetches.len()),
        leaves: length(segment.leaves.len()),
        ..Counts::default()
    }
}

/// The sums over the tree, as far as a segment knows them.
fn sums(tree: &CallTree<'_>) -> Counts {
    let sum = |count: &dyn Fn(&Counts) -> u64| tree.nodes.iter().map(|n| count(&n.counts)).sum();
    Counts {
        steps: std::array::from_fn(|family| sum(&|c| c.steps[family])),
        ecalls: sum(&|c| c.ecalls),
        moves: sum(&|c| c.moves),
        accelerated: std::array::from_fn(|i| sum(&|c| c.accelerated[i])),
        journal_bytes: sum(&|c| c.journal_bytes),
        refreshes: sum(&|c| c.refreshes),
        fetches: sum(&|c| c.fetches),
        leaves: sum(&|c| c.leaves),
        ..Counts::default()
    }
}

#[track_caller]
fn assert_counts_as_recorded(program: &Program, input: &[u8]) {
    let (expected, recorded) = segments(program, input, &SegmentLimits::default()).expect("exits");
    let (result, tree) = run(program, input);
    assert_eq!(result.as_ref(), Ok(&expected));
    assert_eq!(recorded.len(), 1, "a run of one segment");
    assert_eq!(sums(&tree), counts(&recorded[0]));
}

#[test]
fn registers_that_rest_are_refreshed() {
    // Two registers rest for more than a window; others are used for the first time after it.
    let mut main = vec![asm::addi(8, 0, 1), asm::addi(9, 0, 2)];
    main.extend(asm::li(7, 1 << 16));
    main.extend([asm::addi(7, 7, -1), asm::branch(Op::Bne, 7, 0, -4)]);
    main.extend([asm::add(8, 8, 9), asm::add(20, 21, 22)]);
    main.extend(asm::exit_with(8));
    let program = program(&main);
    assert_counts_as_recorded(&program, &[]);
    let (_, tree) = run(&program, &[]);
    assert!(sums(&tree).refreshes >= 2);
}

#[test]
fn accelerators_are_counted() {
    let calls =
        Accelerator::ALL.map(|accelerator| asm::accelerate(accelerator, [DATA + 4; ARGUMENTS]));
    let list = then(calls.concat(), asm::exit(0));
    assert_counts_as_recorded(&program(&list), &[]);
}

proptest! {
    #[test]
    fn counts_are_those_of_a_recorded_run(seed: u64, length in 1_usize..400, input: Vec<u8>) {
        let code = RandomCode { middle: DATA + 0x1000, constants: false, loops: true, calls: true };
        let list = then(code.generate(seed, length), asm::exit_with(5));
        let program = program(&list);
        assert_counts_as_recorded(&program, &input);
    }
}
