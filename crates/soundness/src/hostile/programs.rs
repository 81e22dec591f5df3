//! Programs and instruction words: whatever they are, reading and running them does not panic.

use std::panic::catch_unwind;

use rayon::iter::IntoParallelIterator;
use vouch_emulator::testing::{ElfBuilder, LoadSegment, TEXT, asm, random_program};
use vouch_emulator::{Limits, Program, execute};
use vouch_isa::{decode, encode};

use super::bytes::change;
use crate::honest_receipt::gather;
use crate::outcome::{Effort, Outcome};
use crate::random::Random;

/// Bytes of an ELF that hold its headers, more or less.
const HEADERS: usize = 256;
/// Instructions that a program may run.
const CYCLES: u64 = 5_000;

/// Loads ELFs with edited bytes, and runs what loads for a while.
pub fn load(effort: Effort) -> Outcome {
    let elfs = elfs();
    let count = effort.pick(4_000, 400_000);
    let mut outcome = gather((0..count).into_par_iter(), |outcome, i| {
        let mut random = Random::new((2 << 32) + i as u64);
        let mut elf = match random.below(8) {
            0 => random_code(&mut random),
            1 => (0..random.below(512))
                .map(|_| random.draw() as u8)
                .collect(),
            _ => elfs[random.below(elfs.len())].clone(),
        };
        for _ in 0..random.below(4) {
            change(&mut random, &mut elf, &elfs[0], HEADERS);
        }
        outcome.count("ELF files read", 1);
        match catch_unwind(|| run(&elf)) {
            Ok(Ok(true)) => outcome.count("ELF files run", 1),
            Ok(Ok(false)) => {}
            Ok(Err(wrong)) => outcome.fail(format!("ELF {i}: {wrong}")),
            Err(_) => outcome.fail(format!("ELF {i}: a panic")),
        }
    });
    outcome.expect_at_least("ELF files read", count as u64);
    outcome.expect_at_least("ELF files run", count as u64 / 10);
    outcome
}

/// ELFs that load.
fn elfs() -> Vec<Vec<u8>> {
    let mut named = ElfBuilder::program(&asm::exit(0));
    named.functions = vec![("start".into(), TEXT, 8), ("end".into(), TEXT + 8, 4)];
    vec![
        include_bytes!("../../../../guest-programs/prebuilt/commitment.elf").to_vec(),
        ElfBuilder::program(&random_program(1, 200)).build(),
        named.build(),
    ]
}

/// A program of random words.
fn random_code(random: &mut Random) -> Vec<u8> {
    let words = (0..64).flat_map(|_| (random.draw() as u32).to_le_bytes());
    let text = LoadSegment::new(TEXT, words.collect(), LoadSegment::CODE);
    ElfBuilder::new(TEXT, vec![text]).build()
}

/// Whether it loads; it is then run. Fails if its memory map is none.
fn run(elf: &[u8]) -> Result<bool, &'static str> {
    let Ok(program) = Program::from_elf(elf) else {
        return Ok(false);
    };
    let map = program.memory_map();
    if map.iter().any(|region| region.start >= region.end) {
        return Err("an empty region");
    }
    if map
        .iter()
        .zip(map.iter().skip(1))
        .any(|(a, b)| a.end > b.start)
    {
        return Err("regions overlap");
    }
    let limits = Limits {
        cycles: CYCLES,
        memory_bytes: 1 << 20,
        ..Limits::default()
    };
    // Faults and limits are what most of them end in.
    let _ = execute(&program, b"input", &limits, &mut |_, _| {});
    Ok(true)
}

/// Random words are no instructions, or ones that encode to the same word.
pub fn decode_words(effort: Effort) -> Outcome {
    const EACH: u64 = 10_000;
    let count = effort.pick(100, 10_000);
    let mut outcome = gather((0..count).into_par_iter(), |outcome, i| {
        let mut random = Random::new((3 << 32) + i as u64);
        let mut decoded = 0;
        for _ in 0..EACH {
            // Two bits that all instructions have: three words in four are none for want of them.
            let word = random.draw() as u32 | 3;
            match catch_unwind(|| decode(word).map(|instruction| encode(&instruction))) {
                Ok(None) => {}
                Ok(Some(again)) if again == word => decoded += 1,
                Ok(Some(again)) => outcome.fail(format!("{word:#x} encodes to {again:#x}")),
                Err(_) => outcome.fail(format!("{word:#x}: a panic")),
            }
        }
        outcome.count("words decoded", EACH);
        outcome.count("words that are instructions", decoded);
    });
    outcome.expect_at_least("words decoded", count as u64 * EACH);
    outcome.expect_at_least("words that are instructions", count as u64);
    outcome
}
