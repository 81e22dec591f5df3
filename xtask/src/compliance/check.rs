//! Runs one test, and proves it.

use std::path::Path;

use thiserror::Error;
use vouch_sdk::{
    Claim, Error as SdkError, Execution, Limits, Program, ProveOptions, Receipt, execute, files,
    image_id, prove, verify,
};

use super::qemu;
use super::suite::Family;

/// Far more than any test needs, in instructions: one that does not end must fail.
const MAX_CYCLES: u64 = 10_000_000;

/// First word of a signature, by riscv-arch-test's `CANARY`.
const CANARY: u32 = 0x6f5c_a309;
/// What a signature is filled with at the start.
const BLANK: u32 = 0xdead_beef;

/// Why a test has not passed.
#[derive(Debug, Error)]
pub enum Failure {
    /// The compiler refuses it.
    #[error("does not assemble: {0}")]
    Assemble(String),
    /// It does not load, faults or does not end.
    #[error("{0}")]
    Run(SdkError),
    /// There is nothing to compare with.
    #[error("qemu: {0}")]
    Qemu(String),
    /// It says that it failed. In riscv-tests the code is 2 n + 1, with the number n of the check.
    #[error("exit code: expected 0, got {got}")]
    Exit {
        /// The exit code.
        got: u32,
    },
    /// Its journal is another one.
    #[error(
        "signature: expected {expected} bytes, got {got} bytes, which differ from byte {at} on"
    )]
    Journal {
        /// Bytes expected.
        expected: usize,
        /// Bytes in the journal.
        got: usize,
        /// Index of the first byte that differs or is missing.
        at: usize,
    },
    /// The test did nothing, so its signature means nothing.
    #[error("signature: expected a canary and results, got none")]
    Blank,
    /// It ran, but was not proven.
    #[error("proof: {0}")]
    Prove(SdkError),
    /// It was proven, but something else was.
    #[error("proof: expected the claim of the run (exit code {expected}), got exit code {got}")]
    Claim {
        /// Exit code of the run.
        expected: u32,
        /// Exit code proven; the journals may differ, too.
        got: u32,
    },
}

/// What became of a test.
#[derive(Debug, Default)]
pub struct Outcome {
    /// Why it has not passed, unless it has.
    pub failure: Option<Failure>,
    /// Instructions executed, if it ended.
    pub cycles: Option<u64>,
    /// Its proof, if there is one that verifies.
    pub proof: Option<Proof>,
}

/// A proof that was verified.
#[derive(Clone, Copy, Debug)]
pub struct Proof {
    /// Seconds that it took to make.
    pub seconds: f64,
    /// Whether it proves that the test passed.
    pub passed: bool,
}

impl Outcome {
    /// A test that could not even be run.
    pub fn failed(failure: Failure) -> Self {
        Self {
            failure: Some(failure),
            ..Self::default()
        }
    }
}

/// Runs a test, and with `proving` proves and verifies the run, whatever its result.
pub fn run(elf: &Path, family: Family, proving: bool) -> Outcome {
    let expected = match reference(elf, family) {
        Ok(expected) => expected,
        Err(failure) => return Outcome::failed(failure),
    };
    run_against(elf, &expected, proving)
}

/// The journal that a test must leave: its signature, or nothing if it checks itself.
///
/// # Errors
/// qemu does not run it, or its signature is blank.
pub fn reference(elf: &Path, family: Family) -> Result<Vec<u8>, Failure> {
    match family {
        Family::RiscvTests => Ok(Vec::new()),
        Family::ArchTest => {
            let signature = qemu::signature(elf)?;
            match is_blank(&signature) {
                true => Err(Failure::Blank),
                false => Ok(signature),
            }
        }
    }
}

/// As [`run`], with the journal that is expected.
pub fn run_against(elf: &Path, expected: &[u8], proving: bool) -> Outcome {
    let mut outcome = Outcome::default();
    outcome.failure = steps(elf, expected, proving, &mut outcome).err();
    outcome
}

fn steps(elf: &Path, expected: &[u8], proving: bool, outcome: &mut Outcome) -> Result<(), Failure> {
    let limits = Limits {
        cycles: MAX_CYCLES,
        ..Limits::default()
    };
    let program = files::read_program(elf).map_err(Failure::Run)?;
    let run = execute(&program, &[], &limits, &mut |_, _| {}).map_err(Failure::Run)?;
    outcome.cycles = Some(run.cycles);
    let verdict = judge(run.exit_code, &run.journal, expected);
    if proving {
        let (claim, seconds) = claim(&program, limits).map_err(Failure::Prove)?;
        outcome.proof = Some(Proof {
            seconds,
            passed: judge(claim.exit_code, &claim.journal, expected).is_ok(),
        });
        compare(&claim, &run)?;
    }
    verdict
}

/// Proves a run. What comes back is what a stranger learns from the receipt's bytes and the image
/// ID, and the seconds of the proof.
fn claim(program: &Program, limits: Limits) -> Result<(Claim, f64), SdkError> {
    let options = ProveOptions {
        limits,
        // A test that fails must be seen to fail by those who verify it, too.
        allow_nonzero_exit: true,
        ..ProveOptions::default()
    };
    let proven = prove(program, &[], &options)?;
    let bytes = proven.receipt.to_bytes();
    let receipt = Receipt::from_bytes(&bytes).map_err(|error| SdkError::SelfCheck(error.into()))?;
    let claim = verify(&receipt, &image_id(program))?;
    Ok((claim, proven.stats.prove_seconds))
}

fn compare(claim: &Claim, run: &Execution) -> Result<(), Failure> {
    match (claim.exit_code, &claim.journal) == (run.exit_code, &run.journal) {
        true => Ok(()),
        false => Err(Failure::Claim {
            expected: run.exit_code,
            got: claim.exit_code,
        }),
    }
}

/// Has a test passed that left this?
fn judge(exit_code: u32, journal: &[u8], expected: &[u8]) -> Result<(), Failure> {
    if exit_code != 0 {
        return Err(Failure::Exit { got: exit_code });
    }
    if journal != expected {
        let same = journal.iter().zip(expected).take_while(|(a, b)| a == b);
        return Err(Failure::Journal {
            expected: expected.len(),
            got: journal.len(),
            at: same.count(),
        });
    }
    Ok(())
}

/// A signature without a single result.
fn is_blank(signature: &[u8]) -> bool {
    let (words, rest) = signature.as_chunks::<4>();
    let mut words = words.iter().map(|word| u32::from_le_bytes(*word));
    let begins = words.next() == Some(CANARY) && rest.is_empty();
    !begins || words.all(|word| word == CANARY || word == BLANK)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(words: &[u32]) -> Vec<u8> {
        words.iter().flat_map(|word| word.to_le_bytes()).collect()
    }

    #[test]
    fn a_signature_without_results_is_blank() {
        assert!(is_blank(&[]));
        assert!(is_blank(&bytes(&[CANARY, BLANK, BLANK, CANARY])));
        assert!(is_blank(&bytes(&[7, 7])));
        assert!(is_blank(&[bytes(&[CANARY, 7]), vec![0]].concat()));
        assert!(!is_blank(&bytes(&[CANARY, BLANK, 7, CANARY])));
    }

    #[test]
    fn only_exit_code_0_and_the_whole_journal_pass() {
        assert!(judge(0, b"abcd", b"abcd").is_ok());
        assert!(judge(0, b"", b"").is_ok());
        assert!(matches!(judge(7, b"", b""), Err(Failure::Exit { got: 7 })));
        for (journal, at) in [("abXd", 2), ("ab", 2), ("abcdef", 4), ("", 0)] {
            let failure = judge(0, journal.as_bytes(), b"abcd").expect_err("another journal");
            assert!(
                matches!(failure, Failure::Journal { at: got, .. } if got == at),
                "{failure}"
            );
        }
    }
}
