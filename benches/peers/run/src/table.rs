//! The table.

use std::fmt::Write;

use peers_common::Report;

use crate::{Case, Outcome, Outcomes, process::Load};

const HEAD: &str = "\
| system | version | configuration | cycles | seconds | fastest to slowest | cycles/s | proof bytes | verify ms | \
peak RSS MiB | provable bits | runs |
|---|---|---|---|---|---|---|---|---|---|---|---|
";

/// All outcomes as Markdown: a table for every guest and size, then where the bits come from.
pub fn markdown(outcomes: &Outcomes, load: &Load) -> String {
    let mut text = format!("{}\n", conditions(load));
    let mut last = None;
    for (case, outcome) in outcomes {
        if last.replace((case.guest, case.cycles)) != Some((case.guest, case.cycles)) {
            let _ = write!(
                text,
                "\n### {}, {} cycles\n\n{HEAD}",
                case.guest, case.cycles
            );
        }
        text.push_str(&row(case, outcome));
    }
    text + &sources(outcomes)
}

/// Where and when: the machine, the date and how busy the machine was.
fn conditions(load: &Load) -> String {
    let info = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let models: Vec<&str> = info
        .lines()
        .filter_map(|line| line.strip_prefix("model name")?.split(": ").nth(1))
        .collect();
    let (low, high) = load.range();
    format!(
        "{} × {}, {}. Load before the runs: {low} to {high}.",
        models.len(),
        models.first().unwrap_or(&"unknown processor"),
        jiff::Zoned::now().date(),
    )
}

fn row(case: &Case, outcome: &Outcome) -> String {
    let Some(first) = outcome.runs.first() else {
        let why = outcome
            .failure
            .as_deref()
            .unwrap_or("not run")
            .replace('|', "\\|");
        return format!(
            "| {} | | {} | {why} | | | | | | | | 0 |\n",
            case.prover, case.config
        );
    };
    let of = |value: fn(&Report) -> f64| median(outcome.runs.iter().map(value).collect());
    let mut seconds: Vec<f64> = outcome.runs.iter().map(|run| run.seconds).collect();
    seconds.sort_by(f64::total_cmp);
    let bits = first
        .security
        .provable_bits
        .map_or("unknown".to_owned(), |bits| format!("{bits:.1}"));
    format!(
        "| {} | {} | {} | {} | {:.2} | {:.2} to {:.2} | {} | {} | {:.1} | {} | {bits} | {} |\n",
        case.prover,
        first.version,
        case.config,
        grouped(first.cycles as f64),
        of(|run| run.seconds),
        seconds[0],
        seconds[seconds.len() - 1],
        grouped(of(|run| run.cycles_per_second)),
        grouped(of(|run| run.proof_bytes as f64)),
        of(|run| run.verify_ms),
        grouped(of(|run| run.peak_rss_bytes as f64) / f64::from(1 << 20)),
        outcome.runs.len(),
    )
}

/// What each system's bits rest on, once for every wording.
fn sources(outcomes: &Outcomes) -> String {
    let mut lines: Vec<String> = Vec::new();
    for (case, outcome) in outcomes {
        for run in outcome.runs.iter().take(1) {
            let line = format!(
                "- {} {}: {}.\n",
                case.prover, run.version, run.security.text
            );
            if !lines.contains(&line) {
                lines.push(line);
            }
        }
    }
    format!("\nProvable bits:\n\n{}", lines.concat())
}

/// The middle value, or the mean of the two middle ones.
fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.get(middle) {
        None => f64::NAN,
        Some(upper) if values.len() % 2 == 1 => *upper,
        Some(upper) => f64::midpoint(values[middle - 1], *upper),
    }
}

/// A whole number with commas.
fn grouped(value: f64) -> String {
    let digits = format!("{:.0}", value.round());
    let mut text = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{grouped, median};

    #[test]
    fn median_is_in_the_middle() {
        assert_eq!(median(vec![3.0, 1.0, 2.0]).to_bits(), 2f64.to_bits());
        assert_eq!(median(vec![4.0, 1.0, 2.0, 3.0]).to_bits(), 2.5f64.to_bits());
        assert!(median(Vec::new()).is_nan());
    }

    #[test]
    fn thousands_are_set_apart() {
        assert_eq!(grouped(999.4), "999");
        assert_eq!(grouped(1_000.0), "1,000");
        assert_eq!(grouped(1_234_567.0), "1,234,567");
    }
}
