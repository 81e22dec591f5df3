//! Figures as Markdown.

use std::collections::BTreeSet;

use super::machine::Setting;
use super::summary::Summary;
use crate::phases::ORDER;

/// Setting and medians, with a link to a chart if there is one.
pub fn figures(setting: &Setting, summaries: &[Summary], chart: Option<&str>) -> String {
    let mut sections = vec![setting_table(setting), guests(summaries), phases(summaries)];
    if let Some(chart) = chart {
        sections.push(format!(
            "![Seconds by phase against cycles, a panel a guest]({chart})\n"
        ));
    }
    sections.push(cells(summaries));
    sections.join("\n")
}

fn setting_table(setting: &Setting) -> String {
    let profile = format!(
        "{} at {} bits: {:.1} provable bits",
        setting.profile.name(),
        setting.profile.target_bits(),
        setting.security_bits()
    );
    let figures = match setting.runs {
        1 => "of one run, in a process of its own".into(),
        runs => format!("medians of {runs} runs, each in a process of its own"),
    };
    let rows = [
        ("machine", setting.machine.clone()),
        ("date", setting.date.clone()),
        ("version", setting.version.clone()),
        ("build", setting.build.into()),
        ("proven on", setting.device.clone()),
        ("profile", profile),
        ("figures", figures),
        ("command", format!("`{}`", setting.command)),
    ];
    let rows = rows.map(|(name, value)| vec![name.into(), value]);
    table(&["measured", ""], &rows)
}

fn guests(summaries: &[Summary]) -> String {
    let titles = [
        "guest",
        "size",
        "cycles",
        "segments",
        "prove s",
        "cycles/s",
        "receipt bytes",
        "verify ms",
        "peak RSS MiB",
        "cells a cycle",
    ];
    let row = |summary: &Summary| {
        let peak = summary.peak_rss_bytes;
        vec![
            summary.guest.into(),
            thousands(summary.size),
            thousands(summary.cycles),
            thousands(summary.segments),
            seconds(summary.prove_seconds),
            thousands(three_digits(summary.cycles_per_second)),
            thousands(summary.proof_bytes),
            format!("{:.1}", summary.verify_ms),
            peak.map_or("unknown".into(), |bytes| {
                thousands((bytes / f64::from(1 << 20)).round() as u64)
            }),
            one_decimal(summary.cells_a_cycle()),
        ]
    };
    let rows: Vec<_> = summaries.iter().map(row).collect();
    format!("## Guests\n\n{}", table(&titles, &rows))
}

fn phases(summaries: &[Summary]) -> String {
    let names = phase_names(summaries);
    let titles: Vec<&str> = ["guest", "cycles"]
        .into_iter()
        .chain(names.clone())
        .collect();
    let row = |summary: &Summary| {
        let time = |name: &&str| {
            summary
                .phases
                .get(*name)
                .map_or(String::new(), |&s| seconds(s))
        };
        let mut row = vec![summary.guest.into(), thousands(summary.cycles)];
        row.extend(names.iter().map(time));
        row
    };
    let rows: Vec<_> = summaries.iter().map(row).collect();
    format!("## Seconds by phase\n\n{}", table(&titles, &rows))
}

/// The phases that there are: those that are known in their order, then others.
pub fn phase_names(summaries: &[Summary]) -> Vec<&str> {
    let found = summaries.iter().flat_map(|summary| summary.phases.keys());
    let found: BTreeSet<&str> = found.map(String::as_str).collect();
    let known = ORDER.into_iter().filter(|name| found.contains(name));
    let others = found.iter().copied().filter(|name| !ORDER.contains(name));
    known.chain(others).collect()
}

/// Of the longest run of each guest.
fn cells(summaries: &[Summary]) -> String {
    let mut longest: Vec<&Summary> = Vec::new();
    for summary in summaries {
        match longest
            .iter_mut()
            .find(|other| other.guest == summary.guest)
        {
            Some(other) if other.cycles < summary.cycles => *other = summary,
            Some(_) => {}
            None => longest.push(summary),
        }
    }
    let titles: Vec<String> = core::iter::once("table".into())
        .chain(
            longest
                .iter()
                .map(|summary| format!("{}, {} cycles", summary.guest, thousands(summary.cycles))),
        )
        .collect();
    let titles: Vec<&str> = titles.iter().map(String::as_str).collect();
    let names: BTreeSet<&String> = longest.iter().flat_map(|run| run.cells.keys()).collect();
    let row = |name: &&String| {
        let cell = |run: &&Summary| match run.cells.get(*name) {
            Some(&cells) => one_decimal(cells as f64 / run.cycles as f64),
            None => String::new(),
        };
        let mut row = vec![(*name).clone()];
        row.extend(longest.iter().map(cell));
        row
    };
    let mut rows: Vec<_> = names.iter().map(row).collect();
    let mut all = vec!["all".into()];
    all.extend(longest.iter().map(|run| one_decimal(run.cells_a_cycle())));
    rows.push(all);
    format!(
        "## Committed cells a cycle, by table\n\n{}",
        table(&titles, &rows)
    )
}

fn table(titles: &[&str], rows: &[Vec<String>]) -> String {
    let line = |cells: Vec<&str>| format!("| {} |\n", cells.join(" | "));
    let mut text = line(titles.to_vec());
    text += &format!("|{}\n", "---|".repeat(titles.len()));
    for row in rows {
        // A bar would end the cell.
        let row: Vec<String> = row.iter().map(|cell| cell.replace('|', "\\|")).collect();
        text += &line(row.iter().map(String::as_str).collect());
    }
    text
}

/// With commas.
fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Rounded to three digits that count: measurements have no more.
fn three_digits(value: f64) -> u64 {
    let value = value.max(0.0).round() as u64;
    let scale = 10u64.pow(value.checked_ilog10().unwrap_or(0).saturating_sub(2));
    (value / scale).saturating_add((value % scale) * 2 / scale) * scale
}

fn one_decimal(value: f64) -> String {
    match value < 1000.0 {
        true => format!("{value:.1}"),
        false => thousands(value.round() as u64),
    }
}

fn seconds(value: f64) -> String {
    match value < 10.0 {
        true => format!("{value:.3}"),
        false => format!("{value:.1}"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::summary::tests::example;
    use super::*;
    use vouch_sdk::Profile;

    #[test]
    fn numbers_are_readable() {
        let cases = [
            (0, "0"),
            (999, "999"),
            (1000, "1,000"),
            (1_234_567, "1,234,567"),
        ];
        for (number, text) in cases {
            assert_eq!(thousands(number), text);
        }
        let cases = [
            (0.0, 0),
            (7.4, 7),
            (999.0, 999),
            (1234.0, 1230),
            (233_567.0, 234_000),
        ];
        for (value, rounded) in cases {
            assert_eq!(three_digits(value), rounded);
        }
        assert_eq!(one_decimal(96.64), "96.6");
        assert_eq!(one_decimal(39_999.9), "40,000");
    }

    #[test]
    fn every_figure_has_its_place() {
        let setting = Setting {
            machine: "Abacus, 2 cores".into(),
            date: "2026-11-21".into(),
            version: "0.1.0, commit abc".into(),
            build: "release",
            device: "Napier's bones".into(),
            profile: Profile::Fast100,
            runs: 3,
            command: "vouch bench | cat".into(),
        };
        let summaries = [
            example("sort", 1000),
            example("sort", 2000),
            example("keccak", 1000),
        ];
        let text = figures(&setting, &summaries, Some("chart.svg"));
        for expected in [
            "| machine | Abacus, 2 cores |\n",
            "| date | 2026-11-21 |\n",
            "| version | 0.1.0, commit abc |\n",
            "| proven on | Napier's bones |\n",
            "| profile | fast at 100 bits: 100.",
            "| figures | medians of 3 runs, each in a process of its own |\n",
            "| command | `vouch bench \\| cat` |\n",
            "| sort | 7 | 2,000 | 1 | 2.000 | 500 | 1,234,567 | 10.0 | 3 | 525.0 |\n",
            "| guest | cycles | fill | other |\n",
            "| keccak | 1,000 | 0.500 | 2.000 |\n",
            "](chart.svg)\n",
            "| table | sort, 2,000 cycles | keccak, 1,000 cycles |\n",
            "| add_sub | 25.0 | 50.0 |\n",
            "| all | 525.0 | 1,050 |\n",
        ] {
            assert_eq!(text.matches(expected).count(), 1, "{expected} in {text}");
        }
    }

    #[test]
    fn phases_have_an_order() {
        let mut summary = example("sort", 1000);
        for name in ["fri", "execute", "zeta"] {
            summary.phases.insert(name.into(), 1.0);
        }
        let names = ["execute", "fill", "fri", "other", "zeta"];
        assert_eq!(phase_names(&[summary]), names);
    }
}
