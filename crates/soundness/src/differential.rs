//! Random programs, here and under qemu, instruction by instruction.
//!
//! Each program runs on both machines with the same input. Before every instruction the program
//! counter and all registers must be equal; at the end the journal, to which the program has
//! written its memory and registers, and the console. A share of the programs, chosen by seed,
//! is proven, and the claim must have the journal that qemu left.

pub mod compare;
mod guest;
mod machine;
mod proof;
mod qemu;
mod shapes;

use std::env;
use std::io::{self, Write};

use rayon::prelude::*;

use crate::honest_receipt::verifier;
use crate::outcome::{Effort, Outcome};
use crate::random::Random;
use compare::{Difference, compare};
use guest::Guest;
use machine::RunError;
use proof::HonestError;
use qemu::QemuError;
use shapes::Shapes;
use thiserror::Error;
use vouch_emulator::{ElfError, Program};

/// With this set to 1, a missing qemu is a failure.
const REQUIRE: &str = "VOUCH_REQUIRE_TOOLS";

const PROGRAMS: &str = "random programs";
const SKIPPED: &str = "programs skipped: no qemu-riscv32";
const COMPARED: &str = "programs compared with qemu";
const INSTRUCTIONS: &str = "instructions compared with qemu";
const MISMATCHES: &str = "mismatches";
const PROVEN: &str = "programs proven and verified";
const PROVEN_INSTRUCTIONS: &str = "instructions proven";
const SEGMENTS: &str = "segments proven";
const SATISFIED: &str = "programs whose tables break no rule";

/// The seed of the first program: those of the long run follow it, too.
const FIRST_SEED: u64 = 0x7e8_0000;

/// Runs the programs on both machines.
pub fn run(effort: Effort) -> Outcome {
    let programs = effort.pick(60, 1000);
    // Made here once, before threads wait for it.
    verifier(proof::PROFILE);
    let seeds: Vec<u64> = (FIRST_SEED..).take(programs).collect();
    let proven = share(&seeds, effort.pick(4, 50));
    let has_qemu = qemu::is_there();
    let tried: Vec<(Outcome, Shapes)> = seeds
        .par_iter()
        .map(|&seed| try_one(seed, has_qemu, proven.contains(&seed)))
        .collect();
    let mut outcome = Outcome::default();
    let mut shapes = Shapes::default();
    for (one, its_shapes) in tried {
        outcome.add(one);
        shapes.add(&its_shapes);
    }
    shapes.report(&mut outcome, effort.pick(5, 100) as u64);
    outcome.expect_at_least(PROVEN, proven.len() as u64);
    outcome.expect_at_least(SATISFIED, proven.len() as u64);
    if has_qemu {
        outcome.expect_at_least(COMPARED, programs as u64);
        outcome.expect_at_least(INSTRUCTIONS, effort.pick(200_000, 3_000_000) as u64);
    } else {
        skip(&mut outcome);
    }
    outcome
}

fn skip(outcome: &mut Outcome) {
    let what = "differential testing: no qemu-riscv32 (qemu-user)";
    if env::var(REQUIRE).as_deref() == Ok("1") {
        return outcome.fail(what);
    }
    // That nobody reads it is no failure.
    let _ = writeln!(io::stderr(), "skipped: {what}");
}

/// `count` of the seeds, at random.
fn share(seeds: &[u64], count: usize) -> Vec<u64> {
    let mut seeds = seeds.to_vec();
    seeds.sort_by_key(|&seed| Random::new(!seed).draw());
    seeds.truncate(count);
    seeds
}

/// Why a program is not as it should be. All but a missing tool are bugs.
#[derive(Debug, Error)]
enum Failure {
    #[error(transparent)]
    Load(#[from] ElfError),
    #[error(transparent)]
    Run(#[from] RunError),
    #[error(transparent)]
    Qemu(#[from] QemuError),
    #[error(transparent)]
    Difference(#[from] Difference),
    #[error(transparent)]
    Honest(#[from] HonestError),
    #[error("the claim has another journal or exit code than qemu")]
    Claim,
}

/// Runs the program of a seed on both machines, and proves it if asked.
fn try_one(seed: u64, has_qemu: bool, prove: bool) -> (Outcome, Shapes) {
    let mut outcome = Outcome::default();
    let mut shapes = Shapes::default();
    outcome.count(PROGRAMS, 1);
    outcome.count(SKIPPED, u64::from(!has_qemu));
    outcome.count(MISMATCHES, 0);
    let guest = Guest::random(seed);
    match check(&guest, has_qemu, prove, &mut outcome, &mut shapes) {
        Ok(()) => {}
        Err(Failure::Difference(difference)) => {
            outcome.count(MISMATCHES, 1);
            let differ = |length| differ(&Guest::with_length(seed, length));
            let (length, difference) = shrink(guest.length, difference, differ);
            outcome.fail(format!("seed {seed:#x}, length {length}: {difference}"));
        }
        Err(failure) => outcome.fail(format!("seed {seed:#x}: {failure}")),
    }
    (outcome, shapes)
}

fn check(
    guest: &Guest,
    has_qemu: bool,
    prove: bool,
    outcome: &mut Outcome,
    shapes: &mut Shapes,
) -> Result<(), Failure> {
    let program = Program::from_elf(&guest.elf)?;
    // Proofs of one to three segments.
    let ours = machine::run(&program, &guest.input, 1 + guest.seed % 3)?;
    let instructions = ours.run.states.len() as u64;
    for segment in &ours.segments {
        shapes.see(segment);
    }
    let mut expected = ours.run.journal.clone();
    if has_qemu {
        let theirs = qemu::run(guest)?;
        compare(&ours.run, &theirs, guest.window)?;
        outcome.count(COMPARED, 1);
        outcome.count(INSTRUCTIONS, instructions);
        expected = theirs.journal;
    }
    if prove {
        proof::satisfy(&program, &ours.segments)?;
        outcome.count(SATISFIED, 1);
        let claim = proof::prove(&program, &ours.segments)?;
        if claim.journal != expected || claim.exit_code != 0 {
            return Err(Failure::Claim);
        }
        outcome.count(PROVEN, 1);
        outcome.count(PROVEN_INSTRUCTIONS, instructions);
        outcome.count(SEGMENTS, ours.segments.len() as u64);
    }
    Ok(())
}

/// About the least length with which a program still differs, and how. `differ` tries a length.
fn shrink(
    length: usize,
    difference: Difference,
    differ: impl Fn(usize) -> Option<Difference>,
) -> (usize, Difference) {
    let mut found = (length, difference);
    let mut too_short = 0;
    while too_short + 1 < found.0 {
        let length = usize::midpoint(too_short, found.0);
        match differ(length) {
            Some(difference) => found = (length, difference),
            None => too_short = length,
        }
    }
    found
}

/// How a program differs, if it runs on both machines and does.
fn differ(guest: &Guest) -> Option<Difference> {
    let program = Program::from_elf(&guest.elf).ok()?;
    let ours = machine::run(&program, &guest.input, 1).ok()?;
    let theirs = qemu::run(guest).ok()?;
    compare(&ours.run, &theirs, guest.window).err()
}

#[cfg(test)]
mod tests;
