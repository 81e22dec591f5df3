//! The official suites, riscv-tests and riscv-arch-test, run on Vouch. docs/compliance.md
//! describes it.

mod assemble;
mod check;
mod exclusions;
mod must_fail;
mod qemu;
mod report;
mod sources;
mod suite;
pub mod tool;
mod wheel;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use clap::Args;
use rayon::iter::{IntoParallelRefIterator, ParallelIterator};

use assemble::Assembler;
use check::Failure;
use exclusions::Exclusions;
use report::{Count, Report, TestRecord};
use sources::Sources;
use suite::{Suite, Test};

/// Of `cargo xtask compliance`.
#[derive(Debug, Args)]
pub struct ComplianceArgs {
    /// Prove and verify every test, too
    #[arg(long)]
    pub prove: bool,
    /// Print the report as one JSON object on stdout; progress goes to stderr
    #[arg(long)]
    pub json: bool,
    /// Take riscv-tests from this checkout
    #[arg(long, value_name = "DIR")]
    pub riscv_tests: Option<PathBuf>,
    /// Take riscv-arch-test from this checkout
    #[arg(long, value_name = "DIR")]
    pub riscv_arch_test: Option<PathBuf>,
    /// How many tests a suite of a checkout must have, where it is not as many as in the wheel
    #[arg(long, value_name = "SUITE=COUNT", value_parser = suite::parse_count)]
    pub expect: Vec<(Suite, usize)>,
    /// Run these tests only; all are still counted
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    pub only: Vec<String>,
}

/// Where things are.
struct Paths {
    /// Our part of the harness: `riscv-tests/`.
    harness: PathBuf,
    /// The wheel and the ELFs, kept from run to run.
    cache: PathBuf,
}

/// Runs the suites and prints the report. Returns whether all is as it should be.
///
/// # Errors
/// A tool is missing, or a file is at fault.
pub fn run(arguments: &ComplianceArgs) -> Result<bool> {
    let start = Instant::now();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let paths = Paths {
        harness: root.join("riscv-tests"),
        cache: root.join("target/compliance"),
    };
    fs::create_dir_all(&paths.cache)
        .with_context(|| format!("cannot make {}", paths.cache.display()))?;
    let exclusions = Exclusions::read(&paths.harness.join("exclusions.txt"))?;
    let sources = Sources::open(arguments, &paths)?;
    qemu::require()?;
    let assembler = Assembler::new(&paths, &sources)?;

    let mut report = Report::new(arguments.prove);
    let mut tests = Vec::new();
    for suite in Suite::ALL {
        let found = suite::find(suite, &sources)?;
        let expected = expected(suite, &arguments.expect);
        report.counts.push(Count::new(suite, expected, found.len()));
        tests.extend(found);
    }
    select(&mut tests, &arguments.only)?;
    run_tests(&tests, &exclusions, &assembler, &mut report, arguments)?;
    report.must_fail = must_fail::run(&paths, &sources, &assembler, arguments.prove)?;
    report.seconds = start.elapsed().as_secs_f64();
    if arguments.json {
        println!("{}", serde_json::to_string(&report.json())?);
    } else {
        print!("{}", report.summary());
    }
    Ok(report.is_ok())
}

/// Tests that a suite must have: as many as the wheel has, unless the user says otherwise.
fn expected(suite: Suite, overrides: &[(Suite, usize)]) -> usize {
    let given = overrides.iter().rev().find(|(name, _)| *name == suite);
    given.map_or(suite.expected(), |(_, count)| *count)
}

/// Keeps the tests named, or all if none is.
fn select(tests: &mut Vec<Test>, only: &[String]) -> Result<()> {
    for name in only {
        ensure!(
            tests.iter().any(|test| test.name == *name),
            "--only: expected the name of a test, got {name}"
        );
    }
    tests.retain(|test| only.is_empty() || only.contains(&test.name));
    Ok(())
}

fn run_tests(
    tests: &[Test],
    exclusions: &Exclusions,
    assembler: &Assembler,
    report: &mut Report,
    arguments: &ComplianceArgs,
) -> Result<()> {
    let say = |line: String| match arguments.json {
        true => eprintln!("{line}"),
        false => println!("{line}"),
    };
    // Assembling takes longest, without proofs. Those use all cores by themselves.
    let elfs: Vec<Option<Result<PathBuf, Failure>>> = tests
        .par_iter()
        .map(|test| {
            let included = exclusions.reason(test).is_none();
            included.then(|| assembler.elf(test)).transpose()
        })
        .collect::<Result<Vec<_>>>()?;
    say(report::header(arguments.prove));
    for (test, elf) in tests.iter().zip(elfs) {
        let record = match (exclusions.reason(test), elf) {
            (None, Some(elf)) => {
                let outcome = elf.map_or_else(check::Outcome::failed, |elf| {
                    check::run(&elf, test.suite.family(), arguments.prove)
                });
                TestRecord::new(test, &outcome)
            }
            (reason, _) => TestRecord::excluded(test, reason.unwrap_or_default()),
        };
        say(record.row(arguments.prove));
        report.tests.push(record);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn test(name: &str) -> Test {
        Test {
            suite: Suite::Rv32ui,
            name: name.into(),
            path: PathBuf::new(),
        }
    }

    #[test]
    fn the_last_count_given_holds() {
        let overrides = [(Suite::Rv32ui, 40), (Suite::Rv32um, 9), (Suite::Rv32ui, 42)];
        assert_eq!(expected(Suite::Rv32ui, &overrides), 42);
        assert_eq!(expected(Suite::Rv32um, &overrides), 9);
        assert_eq!(expected(Suite::ArchM, &overrides), 8);
    }

    #[test]
    fn only_tests_that_exist_are_selected() {
        let all = || vec![test("add"), test("sub")];
        let mut tests = all();
        select(&mut tests, &[]).expect("all");
        assert_eq!(tests.len(), 2);
        select(&mut tests, &["sub".into()]).expect("one");
        assert_eq!(tests.len(), 1);
        assert_eq!(tests[0].name, "sub");
        let error = select(&mut all(), &["mul".into()]).expect_err("no such test");
        assert!(error.to_string().contains("got mul"), "{error}");
    }
}
