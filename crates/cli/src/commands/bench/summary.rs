//! The runs of one case, brought together.

use core::fmt;
use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::count;
use super::process::Case;
use crate::error::Error;
use crate::kind::INTERNAL;
use crate::output::Fields;

/// What a run says of itself, as far as it is summed up.
#[derive(Debug, Deserialize)]
struct Run {
    cycles: u64,
    segments: u64,
    prove_seconds: f64,
    cycles_per_second: f64,
    proof_bytes: u64,
    verify_ms: f64,
    peak_rss_bytes: Option<u64>,
    phases: BTreeMap<String, f64>,
    committed_cells: BTreeMap<String, u64>,
}

/// Medians over the runs of a case, each of its own.
#[derive(Clone, Debug)]
pub struct Summary {
    /// Name of the guest.
    pub guest: &'static str,
    /// Size of its input.
    pub size: u64,
    /// Instructions executed.
    pub cycles: u64,
    /// Segments that the run was cut into.
    pub segments: u64,
    /// Seconds of recording and proving.
    pub prove_seconds: f64,
    /// Instructions proven in a second.
    pub cycles_per_second: f64,
    /// Size of the receipt in bytes.
    pub proof_bytes: u64,
    /// Milliseconds of the first verification, by a verifier already made.
    pub verify_ms: f64,
    /// Most memory that the process held, in bytes, where the system tells.
    pub peak_rss_bytes: Option<f64>,
    /// Seconds by phase.
    pub phases: BTreeMap<String, f64>,
    /// Committed base-field cells by table.
    pub cells: BTreeMap<String, u64>,
}

impl Summary {
    /// Sums up the runs of a case.
    ///
    /// # Errors
    /// [`Error::Bench`] if there are none, or fields are missing.
    pub fn of(case: &Case, runs: &[Fields]) -> Result<Self, Error> {
        let runs: Vec<Run> = runs
            .iter()
            .map(|run| serde_json::from_value(Value::Object(run.clone())))
            .collect::<Result<_, _>>()
            .map_err(|error| case.failed(error.to_string(), INTERNAL))?;
        let Some(first) = runs.first() else {
            return Err(case.failed("expected a run, got none".into(), INTERNAL));
        };
        let of = |value: fn(&Run) -> f64| median(runs.iter().map(value).collect());
        let peaks: Option<Vec<f64>> = runs
            .iter()
            .map(|run| run.peak_rss_bytes.map(|bytes| bytes as f64))
            .collect();
        let phase = |name: &String| {
            let seconds = |run: &Run| run.phases.get(name).copied().unwrap_or_default();
            (name.clone(), median(runs.iter().map(seconds).collect()))
        };
        Ok(Self {
            guest: case.guest.name,
            size: case.size,
            // The same in every run.
            cycles: first.cycles,
            segments: first.segments,
            proof_bytes: first.proof_bytes,
            cells: first.committed_cells.clone(),
            prove_seconds: of(|run| run.prove_seconds),
            cycles_per_second: of(|run| run.cycles_per_second),
            verify_ms: of(|run| run.verify_ms),
            peak_rss_bytes: peaks.map(median),
            phases: first.phases.keys().map(phase).collect(),
        })
    }

    /// Committed base-field cells a cycle, of all tables.
    pub fn cells_a_cycle(&self) -> f64 {
        self.cells.values().sum::<u64>() as f64 / self.cycles as f64
    }
}

/// For people, on a line.
impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:<10} {:>9} cycles in {:.3} s, {:.0} cycles a second, {}, {} bytes, verified in \
             {:.1} ms",
            self.guest,
            self.cycles,
            self.prove_seconds,
            self.cycles_per_second,
            count(
                usize::try_from(self.segments).unwrap_or(usize::MAX),
                "segment"
            ),
            self.proof_bytes,
            self.verify_ms
        )?;
        match self.peak_rss_bytes {
            Some(bytes) => write!(f, ", {:.0} MiB", bytes / f64::from(1 << 20)),
            None => Ok(()),
        }
    }
}

/// The value in the middle, or the mean of the two there; 0 if there are none.
fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let at = |index: usize| values.get(index).copied().unwrap_or_default();
    let middle = values.len() / 2;
    match values.len() % 2 {
        0 => (at(middle.saturating_sub(1)) + at(middle)) / 2.0,
        _ => at(middle),
    }
}

#[cfg(test)]
pub mod tests {
    use super::*;
    use crate::commands::Guest;
    use clap::ValueEnum;
    use serde_json::json;

    fn run(prove_seconds: f64) -> Fields {
        let run = json!({
            "cycles": 1000,
            "segments": 1,
            "prove_seconds": prove_seconds,
            "cycles_per_second": 1000.0 / prove_seconds,
            "proof_bytes": 1_234_567,
            "verify_ms": 10.0,
            "peak_rss_bytes": 3 << 20,
            "phases": { "fill": prove_seconds / 4.0, "other": prove_seconds },
            "committed_cells": { "add_sub": 50_000, "lookup": 1_000_000 },
            "unknown": null,
        });
        run.as_object().expect("an object").clone()
    }

    fn case(guest: &str) -> Case {
        Case {
            guest: Guest::from_str(guest, false).expect("a guest"),
            target: Some(1024),
            size: 7,
        }
    }

    /// The summary of three runs.
    pub fn example(guest: &str, cycles: u64) -> Summary {
        let runs = [run(4.0), run(1.0), run(2.0)];
        let summary = Summary::of(&case(guest), &runs).expect("runs");
        Summary { cycles, ..summary }
    }

    #[test]
    fn medians_are_in_the_middle() {
        assert_eq!(median(vec![3.0]), 3.0);
        assert_eq!(median(vec![3.0, 1.0]), 2.0);
        assert_eq!(median(vec![9.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(vec![4.0, 1.0, 9.0, 2.0]), 3.0);
        assert_eq!(median(Vec::new()), 0.0);
    }

    #[test]
    fn runs_are_summed_up() {
        let summary = example("sort", 1000);
        assert_eq!((summary.guest, summary.cycles), ("sort", 1000));
        assert_eq!(summary.prove_seconds, 2.0);
        assert_eq!(summary.cycles_per_second, 500.0);
        assert_eq!(summary.phases["fill"], 0.5);
        assert_eq!(summary.phases["other"], 2.0);
        assert_eq!(summary.peak_rss_bytes, Some(f64::from(3 << 20)));
        assert_eq!(summary.cells_a_cycle(), 1050.0);
    }

    #[test]
    fn what_is_not_known_is_not_made_up() {
        let mut silent = run(2.0);
        silent.insert("peak_rss_bytes".into(), Value::Null);
        let summary = Summary::of(&case("sort"), &[run(1.0), silent]).expect("runs");
        assert_eq!(summary.peak_rss_bytes, None);
        assert!(!summary.to_string().contains("MiB"), "{summary}");
        let mut cut = run(2.0);
        cut.remove("verify_ms");
        let error = Summary::of(&case("sort"), &[cut]).expect_err("a field is missing");
        assert!(error.to_string().contains("verify_ms"), "{error}");
        assert_eq!(error.exit_code(), INTERNAL);
        assert!(Summary::of(&case("sort"), &[]).is_err());
    }
}
