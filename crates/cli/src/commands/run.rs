//! `vouch run`: a run without a proof.

use std::time::Instant;

use serde_json::json;
use vouch_sdk::profile::{GuestProfile, profile_watched};
use vouch_sdk::{Error as SdkError, Execution, Limits, Program, execute_watched, files};

use super::profile::{Graphs, report};
use super::watch::Watch;
use super::{count, fields};
use crate::args::RunArgs;
use crate::error::{Error, execution_fields};
use crate::input;
use crate::output::{Fields, Output};
use crate::places::Places;

/// Runs a guest.
///
/// # Errors
/// Its exit code is not 0, it faults or reaches a limit, or a file is at fault.
pub fn run(arguments: &RunArgs, verbose: u8, output: &Output) -> Result<Fields, Error> {
    let program = files::read_program(&arguments.elf)?;
    let graphs = check_outputs(arguments)?;
    let input = input::read(&arguments.input)?;
    let limits = limits(arguments.max_cycles);
    let start = Instant::now();
    let (run, profile) = watched(&program, &input, &limits, graphs.is_some(), verbose, output);
    let seconds = start.elapsed().as_secs_f64();
    // First of all, so that it is there whoever stops reading stdout.
    if let (
        Ok(Execution {
            exit_code: 0,
            journal,
            ..
        }),
        Some(path),
    ) = (&run, &arguments.journal_out)
    {
        output.write(path, journal)?;
    }
    let profiled = match (&profile, &graphs) {
        (Some(profile), Some(graphs)) => report(profile, graphs, output)?,
        _ => Fields::new(),
    };
    let run = run?;
    // A guest that failed is worth measuring, too.
    if arguments.stats {
        say_stats(&run, seconds, output)?;
    }
    if run.exit_code != 0 {
        return Err(SdkError::GuestExit(run).into());
    }
    output.say(format_args!(
        "exit code {}, journal ({}): {}",
        run.exit_code,
        count(run.journal.len(), "byte"),
        hex::encode(&run.journal)
    ))?;
    let mut all = execution_fields(&run);
    all.extend(fields([
        ("journal_bytes", json!(run.journal.len())),
        ("input_bytes_read", json!(run.input_read)),
        ("memory_bytes", json!(run.touched_memory_bytes)),
        ("seconds", json!(seconds)),
        ("mips", json!(mips(run.cycles, seconds))),
    ]));
    all.extend(profiled);
    Ok(all)
}

/// What will be written is checked before anything runs.
fn check_outputs(arguments: &RunArgs) -> Result<Option<Graphs>, Error> {
    let mut places = Places::of_guest(&arguments.elf, &arguments.input);
    if let Some(path) = &arguments.journal_out {
        places.writes("--journal-out", path)?;
    }
    let graph = arguments
        .flame_graph
        .as_ref()
        .or(arguments.profile.as_ref());
    graph.map(|path| Graphs::new(path, &mut places)).transpose()
}

/// Runs the guest, and shows how far it is.
fn watched(
    program: &Program,
    input: &[u8],
    limits: &Limits,
    profiled: bool,
    verbose: u8,
    output: &Output,
) -> (Result<Execution, SdkError>, Option<GuestProfile>) {
    let watch = Watch::new(limits.cycles, verbose);
    let mut print = output.console(false);
    let mut console = |stream, bytes: &[u8]| watch.aside(|| print(stream, bytes));
    let mut tell = |cycles| watch.tell(cycles);
    let (run, profile) = match profiled {
        false => {
            let run = execute_watched(program, input, limits, &mut console, &mut tell);
            (run, None)
        }
        true => {
            let (run, profile) = profile_watched(program, input, limits, &mut console, &mut tell);
            (run, Some(profile))
        }
    };
    watch.end();
    (run, profile)
}

/// The default limits, with another bound on cycles if one is given.
pub fn limits(max_cycles: Option<u64>) -> Limits {
    let default = Limits::default();
    Limits {
        cycles: max_cycles.unwrap_or(default.cycles),
        ..default
    }
}

fn say_stats(run: &Execution, seconds: f64, output: &Output) -> Result<(), Error> {
    let rate = mips(run.cycles, seconds);
    output.say(format_args!("instructions executed  {}", run.cycles))?;
    output.say(format_args!("seconds                {seconds:.6}"))?;
    output.say(format_args!("million a second       {rate:.1}"))?;
    output.say(format_args!(
        "memory touched         {} bytes, in pages of 4 KiB",
        run.touched_memory_bytes
    ))?;
    output.say(format_args!(
        "input read             {} bytes",
        run.input_read
    ))?;
    output.say(format_args!(
        "journal                {} bytes",
        run.journal.len()
    ))
}

/// Million instructions a second; 0 if no time passed.
fn mips(cycles: u64, seconds: f64) -> f64 {
    match seconds > 0.0 {
        true => cycles as f64 / seconds / 1e6,
        false => 0.0,
    }
}
