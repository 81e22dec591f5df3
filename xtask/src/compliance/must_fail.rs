//! Tests whose expectation is altered. If they do not fail, a pass means nothing.

use anyhow::{Context, Result};

use super::assemble::Assembler;
use super::check::{self, Failure, Outcome};
use super::report::MustFail;
use super::suite::{self, Suite, Test};
use super::{Paths, Sources};

/// Exit code of `must-fail/add.S`: its third check is wrong.
const WRONG_CHECK: u32 = 7;

/// The test of riscv-arch-test whose signature is compared with an altered one.
const ALTERED: &str = "addi-01";

/// Runs them all.
///
/// # Errors
/// A file is missing, or the compiler cannot be run.
pub fn run(
    paths: &Paths,
    sources: &Sources,
    assembler: &Assembler,
    proving: bool,
) -> Result<Vec<MustFail>> {
    let wrong_sum = Test {
        suite: Suite::Rv32ui,
        name: "must-fail-add".into(),
        path: paths.harness.join("must-fail/add.S"),
    };
    let outcome = wrong_check(&wrong_sum, assembler, proving)?;
    let is_it = |failure: &Failure| matches!(failure, Failure::Exit { got: WRONG_CHECK });
    let first = MustFail::new(&wrong_sum, "check 3 expects 1 + 2 = 4", &outcome, is_it);

    let tests = suite::find(Suite::ArchI, sources)?;
    let addi = tests.iter().find(|test| test.name == ALTERED);
    let addi = addi.with_context(|| format!("{}: no {ALTERED}", Suite::ArchI.name()))?;
    let (outcome, last) = altered_signature(addi, assembler, proving)?;
    let is_it = |failure: &Failure| matches!(failure, Failure::Journal { at, .. } if *at == last);
    let second = MustFail::new(addi, "the signature's last bit is flipped", &outcome, is_it);
    Ok(vec![first, second])
}

fn wrong_check(test: &Test, assembler: &Assembler, proving: bool) -> Result<Outcome> {
    let elf = assembler.elf(test)?;
    Ok(elf.map_or_else(Outcome::failed, |elf| {
        check::run(&elf, test.suite.family(), proving)
    }))
}

/// Also the index of the byte that was altered.
fn altered_signature(
    test: &Test,
    assembler: &Assembler,
    proving: bool,
) -> Result<(Outcome, usize)> {
    let elf = assembler.elf(test)?;
    let expected = elf.and_then(|elf| {
        let signature = check::reference(&elf, test.suite.family())?;
        Ok((elf, signature))
    });
    Ok(match expected {
        Err(failure) => (Outcome::failed(failure), 0),
        Ok((elf, mut signature)) => {
            let last = signature.len().saturating_sub(1);
            if let Some(byte) = signature.last_mut() {
                *byte ^= 0x80;
            }
            (check::run_against(&elf, &signature, proving), last)
        }
    })
}
