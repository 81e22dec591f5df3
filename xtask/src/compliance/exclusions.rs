//! The tests that are not run, and why.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};

use super::suite::{Suite, Test};

/// Reasons by `suite/name`.
#[derive(Debug, Default)]
pub struct Exclusions(BTreeMap<String, String>);

impl Exclusions {
    /// Reads the list.
    ///
    /// # Errors
    /// There is no such file, or a line is malformed.
    pub fn read(path: &Path) -> Result<Self> {
        let text =
            fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        Self::parse(&text).with_context(|| path.display().to_string())
    }

    /// Parses lines of `suite/name: reason`. Empty lines and those that start with `#` say
    /// nothing.
    fn parse(text: &str) -> Result<Self> {
        let mut reasons = BTreeMap::new();
        for (number, line) in (1..).zip(text.lines()) {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let (test, reason) = parse_line(line).with_context(|| format!("line {number}"))?;
            let before = reasons.insert(test.to_owned(), reason.to_owned());
            ensure!(before.is_none(), "line {number}: {test} is there twice");
        }
        Ok(Self(reasons))
    }

    /// Why a test is not run, if it is not.
    pub fn reason(&self, test: &Test) -> Option<&str> {
        let key = format!("{}/{}", test.suite.name(), test.name);
        self.0.get(&key).map(String::as_str)
    }
}

fn parse_line(line: &str) -> Result<(&str, &str)> {
    let Some((test, reason)) = line.split_once(": ") else {
        bail!("expected `suite/name: reason`, got {line}");
    };
    ensure!(!reason.trim().is_empty(), "{test}: expected a reason");
    let suite = test.rsplit_once('/').map_or("", |(suite, _)| suite);
    ensure!(
        Suite::from_name(suite).is_some(),
        "{test}: expected a test of {}",
        Suite::ALL.map(Suite::name).join(", ")
    );
    Ok((test, reason.trim()))
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    fn test(suite: Suite, name: &str) -> Test {
        Test {
            suite,
            name: name.into(),
            path: PathBuf::new(),
        }
    }

    #[test]
    fn exclusions_are_of_one_test() {
        let text = "# why\n\nrv32ui/fence_i: Zifencei: not ours\nrv32i_m/I/x-01: because\n";
        let exclusions = Exclusions::parse(text).expect("a list");
        let fence = test(Suite::Rv32ui, "fence_i");
        assert_eq!(exclusions.reason(&fence), Some("Zifencei: not ours"));
        assert_eq!(
            exclusions.reason(&test(Suite::ArchI, "x-01")),
            Some("because")
        );
        assert_eq!(exclusions.reason(&test(Suite::Rv32um, "fence_i")), None);
        assert_eq!(exclusions.reason(&test(Suite::Rv32ui, "fence")), None);
    }

    #[test]
    fn malformed_lines_are_refused() {
        for (text, message) in [
            ("rv32ui/fence_i", "expected `suite/name: reason`"),
            ("rv32ui/fence_i: ", "expected `suite/name: reason`"),
            ("fence_i: why", "expected a test of"),
            ("rv64ui/fence_i: why", "expected a test of"),
            (
                "rv32ui/a: why\nrv32ui/a: why",
                "line 2: rv32ui/a is there twice",
            ),
        ] {
            let error = Exclusions::parse(text).expect_err(text);
            assert!(format!("{error:#}").contains(message), "{error:#}");
        }
    }

    #[test]
    fn of_the_wheel_only_fence_i_is_excluded() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../riscv-tests/exclusions.txt");
        let exclusions = Exclusions::read(&path).expect("our own list");
        let keys: Vec<_> = exclusions.0.keys().collect();
        // No wheel has `ma_data`; newer checkouts do.
        assert_eq!(keys, ["rv32ui/fence_i", "rv32ui/ma_data"]);
    }
}
