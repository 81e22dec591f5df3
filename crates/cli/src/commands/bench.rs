//! `vouch bench`: what proofs of the guests cost.

mod chart;
mod document;
mod guest;
mod inputs;
mod machine;
mod markdown;
mod process;
mod summary;

use std::path::Path;

use serde_json::json;
use vouch_sdk::{Error as SdkError, ProveOptions, image_id};

use super::{count, fields, progress_bar, prove, tenths, warn_of_slow_build};
use crate::args::{BenchArgs, BenchRunArgs};
use crate::error::Error;
use crate::output::{Fields, Output};
use crate::phases::Phases;
use crate::places::Places;
use machine::Setting;
use process::Case;
use summary::Summary;

pub use guest::Guest;

const BAR: &str = "{spinner} {wide_bar} {pos}/{len} runs, {msg}, {elapsed}";
/// The cycles that runs should come close to, if nobody says and the guest has no natural size.
const CYCLES: [u64; 6] = [1 << 15, 1 << 16, 1 << 17, 1 << 18, 1 << 19, 1 << 20];

/// Measures the guests at the cycles asked for, every run in a process of its own.
///
/// # Errors
/// A run fails, or a file cannot be written. Then none is.
pub fn bench(arguments: &BenchArgs, verbose: u8, output: &Output) -> Result<Fields, Error> {
    check_outputs(arguments)?;
    let profile = arguments.profile.profile();
    let backend = arguments.backend.backend();
    // Each run needs the GPU's memory in its own process.
    let device = backend.device_for_others()?;
    if let Some(reason) = &device.why_cpu {
        output.log(&format!("{reason}; proving on the CPU"));
    }
    warn_of_slow_build(&device, output);
    let setting = Setting::of(profile, device.name, arguments.runs);
    let cases = cases(arguments, output)?;
    let bar = progress_bar(BAR, verbose);
    bar.set_length(cases.len() as u64 * u64::from(arguments.runs));
    let (mut runs, mut summaries) = (Vec::new(), Vec::new());
    for case in &cases {
        bar.set_message(case.to_string());
        let mut same = Vec::new();
        for number in 1..=arguments.runs {
            same.push(case.measure(number, (profile, backend), verbose, output)?);
            bar.inc(1);
        }
        let summary = Summary::of(case, &same)?;
        bar.suspend(|| output.say(&summary))?;
        summaries.push(summary);
        runs.append(&mut same);
    }
    bar.finish_and_clear();
    write(arguments, &setting, &runs, &summaries, output)?;
    let mut all = setting.fields();
    all.insert("runs".into(), json!(runs));
    Ok(all)
}

/// `vouch bench-run`: one run, measured in this process.
///
/// # Errors
/// As [`prove::prove`].
pub fn run_one(arguments: &BenchRunArgs, phases: &Phases) -> Result<Fields, Error> {
    let BenchRunArgs { guest, size, .. } = arguments;
    let input = guest
        .input(*size)
        .ok_or_else(|| Error::Usage(format!("expected a size of {guest:?}'s input, got {size}")))?;
    let options = ProveOptions {
        profile: arguments.profile.profile(),
        backend: arguments.backend.backend(),
        ..ProveOptions::default()
    };
    let program = guest.program()?;
    process::end_with_the_bench();
    let proven = vouch_sdk::prove(&program, &input, &options)?;
    Ok(prove::report(&proven, &image_id(&program), phases))
}

/// What is to be measured: every guest at every number of cycles or at its natural size, but no run twice.
fn cases(arguments: &BenchArgs, output: &Output) -> Result<Vec<Case>, Error> {
    let mut guests = match arguments.guests.as_slice() {
        [] => Guest::all(),
        some => some.to_vec(),
    };
    if arguments.software {
        guests = guests.into_iter().map(Guest::in_software).collect();
    }
    let mut targets = arguments.cycles.clone();
    targets.sort_unstable();
    let mut cases: Vec<Case> = Vec::new();
    for guest in guests {
        let some = match (targets.as_slice(), guest.natural) {
            ([], Some(size)) => vec![Case::natural(guest, size)],
            ([], None) => cases_of(guest, &CYCLES, output)?,
            (targets, _) => cases_of(guest, targets, output)?,
        };
        for case in some {
            if !cases.iter().any(|other| other.is_same_run(&case)) {
                cases.push(case);
            }
        }
    }
    Ok(cases)
}

/// The runs of a guest that come closest to some numbers of cycles and take no more; if it has
/// none so short, its shortest.
fn cases_of(guest: Guest, targets: &[u64], output: &Output) -> Result<Vec<Case>, Error> {
    let mut cases = Vec::new();
    for &target in targets {
        let case = |size| Case {
            guest,
            target: Some(target),
            size,
        };
        let size = guest.size_for(target);
        match size.map_err(|error| failed(&case(0), error))? {
            Some(size) => cases.push(case(size)),
            None => output.log(&format!(
                "{guest:?}: its shortest run takes more than {target} cycles"
            )),
        }
    }
    if let (true, Some(&target)) = (cases.is_empty(), targets.last()) {
        cases.push(Case {
            guest,
            target: Some(target),
            size: 0,
        });
    }
    Ok(cases)
}

fn failed(case: &Case, error: SdkError) -> Error {
    let error = Error::Sdk(error);
    case.failed(error.to_string(), error.exit_code())
}

/// Measuring takes long: what would make it useless is found out before.
fn check_outputs(arguments: &BenchArgs) -> Result<(), Error> {
    let mut places = Places::default();
    for (what, path) in [
        ("--out", &arguments.out),
        ("--markdown", &arguments.markdown),
        ("--svg", &arguments.svg),
    ] {
        if let Some(path) = path {
            places.writes(what, path)?;
        }
    }
    match &arguments.markdown {
        Some(path) => document::with_figures(path, "").map(drop),
        None => Ok(()),
    }
}

fn write(
    arguments: &BenchArgs,
    setting: &Setting,
    runs: &[Fields],
    summaries: &[Summary],
    output: &Output,
) -> Result<(), Error> {
    if let Some(path) = &arguments.out {
        let text = serde_json::to_string_pretty(runs).map_err(|e| unwritable(path, &e))?;
        output.write(path, format!("{text}\n").as_bytes())?;
    }
    if let Some(path) = &arguments.svg {
        let text = chart::draw(summaries).map_err(|e| unwritable(path, &e))?;
        output.write(path, text.as_bytes())?;
    }
    if let Some(path) = &arguments.markdown {
        let chart = arguments
            .svg
            .as_deref()
            .map(|svg| document::link(path, svg));
        let figures = markdown::figures(setting, summaries, chart.as_deref());
        output.write(path, document::with_figures(path, &figures)?.as_bytes())?;
    }
    Ok(())
}

fn unwritable(path: &Path, reason: &dyn std::error::Error) -> Error {
    Error::Document {
        path: path.into(),
        reason: reason.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::args::{Cli, Command};

    /// Guest, target and size of each case.
    fn chosen(arguments: &[&str]) -> Vec<(&'static str, Option<u64>, u64)> {
        let arguments = [&["vouch", "bench", "--guests"][..], arguments].concat();
        let cli = Cli::try_parse_from(arguments).expect("a command");
        let Command::Bench(arguments) = cli.command else {
            panic!("expected bench, got {:?}", cli.command);
        };
        let cases = cases(&arguments, &Output::new(true)).expect("every guest runs");
        let cases = cases.iter();
        cases
            .map(|case| (case.guest.name, case.target, case.size))
            .collect()
    }

    #[test]
    fn guests_have_their_natural_size_unless_cycles_are_given() {
        let natural = chosen(&["commitment,k256,keccak,merkle,matmul,mlp"]);
        let sizes = [
            ("commitment", 0),
            ("k256", 0),
            ("keccak", 64 << 10),
            ("merkle", 1000),
            ("matmul", 64),
            ("mlp", 1000),
        ];
        assert_eq!(natural, sizes.map(|(name, size)| (name, None, size)));
        let sort = chosen(&["sort"]);
        let targets: Vec<_> = sort.iter().map(|(_, target, _)| *target).collect();
        assert_eq!(targets, CYCLES.map(Some));
    }

    #[test]
    fn software_is_measured_instead() {
        let names = |arguments: &[&str]| -> Vec<_> {
            let chosen = chosen(arguments);
            chosen.into_iter().map(|(name, ..)| name).collect()
        };
        let some = "merkle,commitment,sha256-software";
        let in_software = ["merkle-software", "commitment", "sha256-software"];
        assert_eq!(names(&[some, "--software"]), in_software);
        assert_eq!(names(&[some]), ["merkle", "commitment", "sha256-software"]);
    }

    #[test]
    fn cycles_choose_sizes_and_no_run_twice() {
        let some = chosen(&["merkle,commitment", "--cycles", "2^16,2^15"]);
        let [
            (_, Some(0x8000), small),
            (_, Some(0x1_0000), large),
            rest @ ..,
        ] = some.as_slice()
        else {
            panic!("{some:?}");
        };
        assert!(0 < *small && small < large, "{some:?}");
        assert_eq!(rest, [("commitment", Some(0x8000), 0)]);
    }
}
