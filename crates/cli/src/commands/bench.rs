//! `vouch bench`: what proofs of the guests cost.

mod chart;
mod document;
mod guest;
mod machine;
mod markdown;
mod process;
mod summary;

use std::path::Path;

use clap::ValueEnum;
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
        bar.set_message(format!("{} at {} cycles", case.guest.name, case.target));
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

/// What is to be measured: every guest at every number of cycles, but no run twice.
fn cases(arguments: &BenchArgs, output: &Output) -> Result<Vec<Case>, Error> {
    let guests = match arguments.guests.as_slice() {
        [] => Guest::value_variants(),
        some => some,
    };
    let mut targets = arguments.cycles.clone();
    targets.sort_unstable();
    let mut cases: Vec<Case> = Vec::new();
    for guest in guests {
        for case in cases_of(*guest, &targets, output)? {
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
        let size = guest.size_for(target);
        match size.map_err(|error| failed(&guest, target, error))? {
            Some(size) => cases.push(Case {
                guest,
                target,
                size,
            }),
            None => output.log(&format!(
                "{guest:?}: its shortest run takes more than {target} cycles"
            )),
        }
    }
    if let (true, Some(&target)) = (cases.is_empty(), targets.last()) {
        cases.push(Case {
            guest,
            target,
            size: 0,
        });
    }
    Ok(cases)
}

fn failed(guest: &Guest, cycles: u64, error: SdkError) -> Error {
    let error = Error::Sdk(error);
    Error::Bench {
        guest: guest.name,
        cycles,
        reason: error.to_string(),
        status: error.exit_code(),
    }
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
