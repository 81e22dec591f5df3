//! Segment boundaries wherever they can be: proofs verify, and say the same.

mod everything;

use std::sync::OnceLock;

use crate::common::{image_id, prove};
use proptest::prelude::*;
use vouch_emulator::testing::{DATA, RandomCode, asm, program, segments};
use vouch_emulator::{Program, SegmentLimits};
use vouch_isa::Instruction;
use vouch_isa::event::Segment;
use vouch_isa::memory::{ECALL_TICKS, FIRST_TIMESTAMP, STEP_TICKS};
use vouch_verifier::{Claim, Profile, Verifier};

fn every(cycles: u64) -> SegmentLimits<'static> {
    SegmentLimits {
        cycles,
        ..SegmentLimits::default()
    }
}

fn until(timestamp: u32) -> SegmentLimits<'static> {
    SegmentLimits {
        timestamp,
        ..SegmentLimits::default()
    }
}

/// Proves a run in segments, verifies it, and returns its claim.
fn claim(program: &Program, input: &[u8], limits: &SegmentLimits) -> Claim {
    static VERIFIER: OnceLock<Verifier> = OnceLock::new();
    let verifier = VERIFIER.get_or_init(|| Verifier::new(Profile::Fast100).expect("a key"));
    let receipt = prove(program, input, limits, verifier.profile());
    verifier
        .verify(&receipt, &image_id(program))
        .expect("an honest receipt")
}

/// A run in segments.
fn cut(program: &Program, input: &[u8], limits: &SegmentLimits) -> Vec<Segment> {
    let (_, segments) = segments(program, input, limits).expect("it runs");
    segments
}

fn cycles(segments: &[Segment]) -> Vec<u64> {
    segments.iter().map(|segment| segment.cycles).collect()
}

/// Instructions and an exit.
fn exiting(mut code: Vec<Instruction>) -> Program {
    code.extend(asm::exit(3));
    program(&code)
}

/// Every instruction is the first of a segment, the last, and, in segments of one, both.
#[test]
fn before_and_after_every_instruction() {
    let program = program(&everything::code());
    let input = everything::INPUT;
    let [whole] = <[Segment; 1]>::try_from(cut(&program, input, &SegmentLimits::default()))
        .expect("one segment");
    everything::assert_all_there(&whole);
    let expected = claim(&program, input, &SegmentLimits::default());
    assert_eq!(expected.journal, everything::JOURNAL);
    assert_eq!(expected.exit_code, everything::EXIT_CODE);
    for size in [1, 2, 3, 7, 50] {
        let found = claim(&program, input, &every(size));
        assert_eq!(found, expected, "segments of {size} cycles");
        let parts = cut(&program, input, &every(size));
        assert_eq!(parts.len() as u64, whole.cycles.div_ceil(size));
    }
}

/// A segment that is nothing but the exit, and one that ends with it: no empty one follows.
#[test]
fn around_the_exit() {
    let program = exiting(asm::li(5, 1).to_vec());
    for (size, expected) in [
        (1, vec![1; 6]),
        (2, vec![2; 3]),
        (3, vec![3; 2]),
        (5, vec![5, 1]),
        (6, vec![6]),
        (7, vec![6]),
    ] {
        let parts = cut(&program, &[], &every(size));
        assert_eq!(cycles(&parts), expected);
        let exits: Vec<_> = parts.iter().filter_map(|part| part.exit_code).collect();
        assert_eq!(exits, [3]);
        assert_eq!(parts.last().and_then(|last| last.exit_code), Some(3));
        assert_eq!(claim(&program, &[], &every(size)).exit_code, 3);
    }
}

/// A call's moves are never cut: the segment ends before a call that would not end in time, and
/// a call that is too long for any segment has one of its own.
#[test]
fn around_calls_that_move_many_words() {
    const WORDS: u32 = 40;
    let input: Vec<u8> = (0..4 * WORDS as u8).collect();
    let (read, journal) = (asm::read(DATA, 4 * WORDS), asm::journal(DATA, 4 * WORDS));
    let program = exiting([read, journal].concat());
    // Eight instructions set the arguments of a call.
    let start = FIRST_TIMESTAMP + 8 * STEP_TICKS;
    let ticks = ECALL_TICKS + WORDS;
    for (timestamp, expected) in [
        (start + ticks, vec![9, 9, 4]),
        // In the middle of the moves, of which it is one too few or all but one; of the call's own
        // accesses; and before it.
        (start + ticks - 1, vec![8, 8, 6]),
        (start + ECALL_TICKS + 1, vec![8, 1, 8, 1, 4]),
        (start + 1, vec![8, 1, 8, 1, 4]),
        (start, vec![8, 1, 8, 1, 4]),
        // Exactly a call alone, and too little for it.
        (FIRST_TIMESTAMP + ticks, vec![8, 1, 8, 1, 4]),
        (FIRST_TIMESTAMP + ticks - 1, vec![8, 1, 8, 1, 4]),
    ] {
        let limits = until(timestamp);
        let parts = cut(&program, &input, &limits);
        assert_eq!(cycles(&parts), expected, "until {timestamp}");
        let found = claim(&program, &input, &limits);
        assert_eq!(found.journal, input, "until {timestamp}");
    }
}

/// What one segment reads ends within a word that the next one reads on into.
#[test]
fn between_calls_that_read() {
    let mut code = asm::read(DATA, 10);
    code.extend(asm::read(DATA + 8, 3));
    code.extend(asm::read(DATA + 12, 8));
    code.extend(asm::journal(DATA, 15));
    let program = exiting(code);
    for size in [8, 9, 10] {
        let found = claim(&program, b"abcdefghijklmnop", &every(size));
        assert_eq!(found.journal, b"abcdefghklm\0nop", "{size} cycles");
    }
}

/// Journals of segments begin and end within words.
#[test]
fn within_words_of_the_journal() {
    let lengths = [1, 2, 3, 5, 0, 6, 7, 4];
    let mut code = asm::read(DATA, 8);
    let mut expected = Vec::new();
    for length in lengths {
        code.extend(asm::journal(DATA, length));
        expected.extend_from_slice(&b"abcdefgh"[..length as usize]);
    }
    let program = exiting(code);
    // A call a segment.
    let parts = cut(&program, b"abcdefgh", &every(9));
    let found: Vec<_> = parts.iter().map(|part| part.journal.len() as u32).collect();
    assert_eq!(found, [&[0], lengths.as_slice(), &[0]].concat());
    for size in [8, 9, 18, 27] {
        let found = claim(&program, b"abcdefgh", &every(size));
        assert_eq!(found.journal, expected, "{size} cycles");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn random_programs_in_random_segments(
        seed: u64,
        length in 1usize..200,
        input in prop::collection::vec(any::<u8>(), 0..200),
        parts in 2u64..8,
    ) {
        let code = RandomCode { middle: DATA + 0x1000, constants: false, loops: true, calls: true };
        let program = exiting(code.generate(seed, length));
        let whole = SegmentLimits::default();
        let size = cycles(&cut(&program, &input, &whole)).iter().sum::<u64>().div_ceil(parts);
        let expected = claim(&program, &input, &whole);
        prop_assert_eq!(claim(&program, &input, &every(size)), expected);
    }
}
