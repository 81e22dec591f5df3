//! What the run found, for people and for programs.

use std::fmt::Write;

use serde::Serialize;
use serde_json::{Value, json};

use super::check::{Failure, Outcome};
use super::suite::{Suite, Test};

/// What became of a test.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// It passed; with proofs, its proof says so.
    Passed,
    /// It did not.
    Failed,
    /// It was not run.
    Excluded,
}

impl Status {
    const fn name(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Failed => "failed",
            Self::Excluded => "excluded",
        }
    }
}

/// A line of the report.
#[derive(Clone, Debug, Serialize)]
pub struct TestRecord {
    suite: &'static str,
    name: String,
    status: Status,
    /// Why it is not passed.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    cycles: Option<u64>,
    #[serde(skip)]
    proved: bool,
    #[serde(skip)]
    prove_seconds: Option<f64>,
}

impl TestRecord {
    /// Of a test that was run.
    pub fn new(test: &Test, outcome: &Outcome) -> Self {
        Self {
            suite: test.suite.name(),
            name: test.name.clone(),
            status: match outcome.failure {
                None => Status::Passed,
                Some(_) => Status::Failed,
            },
            reason: outcome.failure.as_ref().map(Failure::to_string),
            cycles: outcome.cycles,
            proved: outcome.proof.is_some_and(|proof| proof.passed),
            prove_seconds: outcome.proof.map(|proof| proof.seconds),
        }
    }

    /// Of a test that was not.
    pub fn excluded(test: &Test, reason: &str) -> Self {
        Self {
            suite: test.suite.name(),
            name: test.name.clone(),
            status: Status::Excluded,
            reason: Some(reason.to_owned()),
            cycles: None,
            proved: false,
            prove_seconds: None,
        }
    }

    /// A row of the table below [`header`].
    pub fn row(&self, proving: bool) -> String {
        let cycles = self.cycles.map_or("-".into(), |cycles| cycles.to_string());
        let proof = match (self.prove_seconds, self.proved) {
            (Some(_), true) => "proved",
            (Some(_), false) => "failed",
            (None, _) => "-",
        };
        let seconds = self.prove_seconds.map_or("-".into(), |s| format!("{s:.2}"));
        let status = self.status.name();
        let mut row = columns(
            self.suite, &self.name, status, &cycles, proof, &seconds, proving,
        );
        if let Some(reason) = &self.reason {
            row = format!("{row}  {reason}");
        }
        row
    }

    fn json(&self, proving: bool) -> Value {
        let mut value = json!(self);
        if proving && let Some(fields) = value.as_object_mut() {
            fields.insert("proved".into(), json!(self.proved));
            fields.insert("prove_seconds".into(), json!(self.prove_seconds));
        }
        value
    }
}

/// The heads of the table's columns.
pub fn header(proving: bool) -> String {
    columns(
        "suite", "test", "emulator", "cycles", "proof", "seconds", proving,
    )
}

fn columns(
    suite: &str,
    name: &str,
    status: &str,
    cycles: &str,
    proof: &str,
    seconds: &str,
    proving: bool,
) -> String {
    let row = format!("{suite:<10} {name:<18} {status:<8} {cycles:>7}");
    match proving {
        true => format!("{row}  {proof:<6} {seconds:>7}"),
        false => row,
    }
}

/// How many tests a suite has, and how many it should have.
#[derive(Clone, Debug, Serialize)]
pub struct Count {
    suite: &'static str,
    expected: usize,
    found: usize,
}

impl Count {
    /// Of a suite.
    pub fn new(suite: Suite, expected: usize, found: usize) -> Self {
        Self {
            suite: suite.name(),
            expected,
            found,
        }
    }

    const fn is_ok(&self) -> bool {
        self.expected == self.found
    }
}

/// A test that must fail.
#[derive(Clone, Debug, Serialize)]
pub struct MustFail {
    suite: &'static str,
    name: String,
    /// What is wrong with it.
    alteration: &'static str,
    /// Whether it failed, as it must and where it must, and was not proven to have passed.
    failed: bool,
    /// How it failed, or what happened instead.
    reason: String,
}

impl MustFail {
    /// Of a test that was run; `is_it` says whether a failure is the right one.
    pub fn new(
        test: &Test,
        alteration: &'static str,
        outcome: &Outcome,
        is_it: impl Fn(&Failure) -> bool,
    ) -> Self {
        let proven = outcome.proof.is_some_and(|proof| proof.passed);
        let reason = match &outcome.failure {
            None => "it passed".to_owned(),
            Some(failure) if proven => format!("{failure}, but it was proven to have passed"),
            Some(failure) => failure.to_string(),
        };
        Self {
            suite: test.suite.name(),
            name: test.name.clone(),
            alteration,
            failed: !proven && outcome.failure.as_ref().is_some_and(is_it),
            reason,
        }
    }
}

/// The whole report.
#[derive(Debug)]
pub struct Report {
    proving: bool,
    /// By suite.
    pub counts: Vec<Count>,
    /// By suite and name.
    pub tests: Vec<TestRecord>,
    /// Those whose expectation is altered.
    pub must_fail: Vec<MustFail>,
    /// Of the whole run.
    pub seconds: f64,
}

impl Report {
    /// An empty one.
    pub const fn new(proving: bool) -> Self {
        Self {
            proving,
            counts: Vec::new(),
            tests: Vec::new(),
            must_fail: Vec::new(),
            seconds: 0.0,
        }
    }

    /// Whether every suite has its tests, every test passed or is excluded, with proofs every one
    /// that passed is proven, and those that must fail do.
    pub fn is_ok(&self) -> bool {
        let passed = self.count(Status::Passed);
        self.counts.len() == Suite::ALL.len()
            && self.counts.iter().all(Count::is_ok)
            && self.count(Status::Failed) == 0
            && passed > 0
            && (!self.proving || self.proved() == passed)
            && !self.must_fail.is_empty()
            && self.must_fail.iter().all(|test| test.failed)
    }

    fn count(&self, status: Status) -> usize {
        self.tests.iter().filter(|t| t.status == status).count()
    }

    fn proved(&self) -> usize {
        self.tests.iter().filter(|test| test.proved).count()
    }

    fn cycles(&self) -> u64 {
        self.tests.iter().filter_map(|test| test.cycles).sum()
    }

    fn prove_seconds(&self) -> f64 {
        self.tests
            .iter()
            .filter_map(|test| test.prove_seconds)
            .sum()
    }

    /// What comes after the table, for people.
    pub fn summary(&self) -> String {
        let mut text = String::from("\n");
        // Writing to a string cannot fail.
        let mut say = |line: String| {
            let _ = writeln!(text, "{line}");
        };
        for test in &self.must_fail {
            let verdict = if test.failed {
                "failed, as it must"
            } else {
                "WRONG"
            };
            let (suite, name, alteration, reason) =
                (test.suite, &test.name, test.alteration, &test.reason);
            say(format!(
                "{suite} {name}, altered ({alteration}): {verdict}: {reason}"
            ));
        }
        for count in self.counts.iter().filter(|count| !count.is_ok()) {
            let (suite, expected, found) = (count.suite, count.expected, count.found);
            say(format!("{suite}: expected {expected} tests, found {found}"));
        }
        let found: usize = self.counts.iter().map(|count| count.found).sum();
        let [passed, failed, excluded] =
            [Status::Passed, Status::Failed, Status::Excluded].map(|status| self.count(status));
        say(format!(
            "{found} tests found: {passed} passed, {failed} failed, {excluded} excluded, {} not \
             selected; {} cycles",
            found.saturating_sub(self.tests.len()),
            self.cycles()
        ));
        if self.proving {
            let (proved, seconds) = (self.proved(), self.prove_seconds());
            say(format!("{proved} proved and verified, in {seconds:.1} s"));
        }
        let verdict = if self.is_ok() { "ok" } else { "FAILED" };
        say(format!("{verdict}, {:.1} s in all", self.seconds));
        text
    }

    /// The report as one object.
    pub fn json(&self) -> Value {
        let tests = self.tests.iter().map(|test| test.json(self.proving));
        let mut totals = json!({
            "found": self.counts.iter().map(|count| count.found).sum::<usize>(),
            "run": self.count(Status::Passed) + self.count(Status::Failed),
            "passed": self.count(Status::Passed),
            "failed": self.count(Status::Failed),
            "excluded": self.count(Status::Excluded),
            "cycles": self.cycles(),
            "seconds": self.seconds,
        });
        if self.proving
            && let Some(totals) = totals.as_object_mut()
        {
            totals.insert("proved".into(), json!(self.proved()));
            totals.insert("prove_seconds".into(), json!(self.prove_seconds()));
        }
        json!({
            "ok": self.is_ok(),
            "suites": self.counts,
            "tests": tests.collect::<Vec<_>>(),
            "must_fail": self.must_fail,
            "totals": totals,
        })
    }
}

#[cfg(test)]
mod tests;
