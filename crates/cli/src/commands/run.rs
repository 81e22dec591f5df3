//! `vouch run`: a run without a proof.

use std::time::Instant;

use serde_json::json;
use vouch_sdk::profile::profile;
use vouch_sdk::{Error as SdkError, Execution, Limits, execute, files};

use super::profile::{Places, report};
use super::{count, fields};
use crate::args::RunArgs;
use crate::error::{Error, execution_fields};
use crate::input;
use crate::output::{Fields, Output};

/// Runs a guest.
///
/// # Errors
/// Its exit code is not 0, it faults or reaches a limit, or a file is at fault.
pub fn run(arguments: &RunArgs, output: &Output) -> Result<Fields, Error> {
    let program = files::read_program(&arguments.elf)?;
    if let Some(path) = &arguments.journal_out {
        files::check_writable(path)?;
    }
    let places = arguments.profile.as_deref();
    let places = places
        .map(|path| Places::new(path, arguments.journal_out.as_deref()))
        .transpose()?;
    let input = input::read(&arguments.input)?;
    let limits = limits(arguments.max_cycles);
    let mut console = output.console(false);
    let start = Instant::now();
    let (run, profile) = match &places {
        None => (execute(&program, &input, &limits, &mut console), None),
        Some(places) => {
            let (run, profile) = profile(&program, &input, &limits, &mut console);
            (run, Some((profile, places)))
        }
    };
    let seconds = start.elapsed().as_secs_f64();
    let profiled = match &profile {
        Some((profile, places)) => report(profile, places, output)?,
        None => Fields::new(),
    };
    let run = run?;
    // A guest that failed is worth measuring, too.
    if arguments.stats {
        say_stats(&run, seconds, output)?;
    }
    if run.exit_code != 0 {
        return Err(SdkError::GuestExit(run).into());
    }
    if let Some(path) = &arguments.journal_out {
        files::write(path, &run.journal)?;
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
