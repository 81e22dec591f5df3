//! The suites and their tests.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::Sources;

/// A project that makes suites. Its tests share headers, and say in the same way that they
/// passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// riscv-tests: a test checks itself.
    RiscvTests,
    /// riscv-arch-test: a test leaves a signature, to be compared with that of another machine.
    ArchTest,
}

/// A folder of tests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Suite {
    /// RV32I of riscv-tests.
    Rv32ui,
    /// M of riscv-tests.
    Rv32um,
    /// RV32I of riscv-arch-test.
    ArchI,
    /// M of riscv-arch-test.
    ArchM,
}

impl Suite {
    /// In the order of the report.
    pub const ALL: [Self; 4] = [Self::Rv32ui, Self::Rv32um, Self::ArchI, Self::ArchM];

    /// As the project calls it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Rv32ui => "rv32ui",
            Self::Rv32um => "rv32um",
            Self::ArchI => "rv32i_m/I",
            Self::ArchM => "rv32i_m/M",
        }
    }

    /// Tests that it has in the wheel, those excluded among them.
    pub const fn expected(self) -> usize {
        match self {
            Self::Rv32ui | Self::ArchI => 39,
            Self::Rv32um | Self::ArchM => 8,
        }
    }

    /// Whose suite it is.
    pub const fn family(self) -> Family {
        match self {
            Self::Rv32ui | Self::Rv32um => Family::RiscvTests,
            Self::ArchI | Self::ArchM => Family::ArchTest,
        }
    }

    /// The suite of a name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|suite| suite.name() == name)
    }

    fn folder(self, sources: &Sources) -> PathBuf {
        let root = sources.root(self.family());
        match self.family() {
            Family::RiscvTests => root.join("isa").join(self.name()),
            Family::ArchTest => root.join("riscv-test-suite").join(self.name()).join("src"),
        }
    }
}

/// A test.
#[derive(Clone, Debug)]
pub struct Test {
    /// Its suite.
    pub suite: Suite,
    /// Its file's name, without the ending.
    pub name: String,
    /// Its assembly.
    pub path: PathBuf,
}

/// The tests of a suite, by name.
///
/// # Errors
/// There is no such folder.
pub fn find(suite: Suite, sources: &Sources) -> Result<Vec<Test>> {
    find_in(suite, &suite.folder(sources))
}

fn find_in(suite: Suite, folder: &Path) -> Result<Vec<Test>> {
    let cannot = || format!("{}: cannot read {}", suite.name(), folder.display());
    let mut tests = Vec::new();
    for entry in fs::read_dir(folder).with_context(cannot)? {
        let path = entry.with_context(cannot)?.path();
        if path.extension().is_some_and(|ending| ending == "S")
            && let Some(name) = path.file_stem().and_then(|name| name.to_str())
        {
            tests.push(Test {
                suite,
                name: name.to_owned(),
                path: path.clone(),
            });
        }
    }
    tests.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(tests)
}

/// Parses `SUITE=COUNT`.
///
/// # Errors
/// What was expected instead.
pub fn parse_count(text: &str) -> Result<(Suite, usize), String> {
    let names = Suite::ALL.map(Suite::name).join(", ");
    let parse = || {
        let (name, count) = text.split_once('=')?;
        // A suite without tests shows nothing.
        let count = count.parse().ok().filter(|count| *count > 0)?;
        Some((Suite::from_name(name)?, count))
    };
    parse().ok_or(format!(
        "expected SUITE=COUNT, at least 1, with a suite of {names}"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_parsed() {
        assert_eq!(parse_count("rv32ui=42"), Ok((Suite::Rv32ui, 42)));
        assert_eq!(parse_count("rv32i_m/M=9"), Ok((Suite::ArchM, 9)));
        for wrong in [
            "rv32ui", "rv32ui=", "rv32ui=x", "rv32ui=0", "rv64ui=3", "=3",
        ] {
            assert!(parse_count(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn names_are_unique() {
        for suite in Suite::ALL {
            assert_eq!(Suite::from_name(suite.name()), Some(suite));
        }
    }

    #[test]
    fn only_assembly_is_a_test() {
        let folder = tempfile::tempdir().expect("a folder");
        for file in ["sub.S", "add.S", "Makefrag", "add.h"] {
            fs::write(folder.path().join(file), "").expect("a file");
        }
        let tests = find_in(Suite::Rv32ui, folder.path()).expect("tests");
        let names: Vec<_> = tests.iter().map(|test| test.name.as_str()).collect();
        assert_eq!(names, ["add", "sub"]);
    }

    #[test]
    fn a_folder_that_is_not_there_is_an_error() {
        let error = find_in(Suite::ArchI, Path::new("/nowhere/src")).expect_err("no folder");
        assert!(error.to_string().contains("/nowhere/src"), "{error}");
    }
}
