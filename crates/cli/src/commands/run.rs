//! `vouch run`: a run without a proof.

use std::time::Instant;

use serde_json::json;
use vouch_sdk::profile::{GuestProfile, profile_watched};
use vouch_sdk::{
    Error as SdkError, Execution, Limits, Program, ScopeCost, execute_scoped, execute_watched,
    files, readable,
};

use super::profile::{Graphs, percent, report};
use super::watch::Watch;
use super::{count, estimate, fields, gdb};
use crate::args::{RunArgs, RunProfile};
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
    let (mut profile, mut estimate, mut scopes) = (None, None, Vec::new());
    let run = if let Some(port) = arguments.gdb {
        gdb::debugged(port, &arguments.elf, &program, &input, &limits, output)
    } else if arguments.estimate.estimate {
        estimate::estimated(arguments, &program, &input, verbose, output).map(|found| {
            let run = found.run.clone();
            estimate = Some(found);
            run
        })
    } else {
        let watched = watched(&program, &input, &limits, graphs.is_some(), verbose, output);
        (profile, scopes) = (watched.profile, watched.scopes);
        watched.run.map_err(Error::from)
    };
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
    let mut more = match (&profile, &graphs) {
        (Some(profile), Some(graphs)) => report(profile, graphs, output)?,
        _ => Fields::new(),
    };
    let run = run?;
    // A guest that failed is worth measuring, too.
    if arguments.stats {
        say_stats(&run, seconds, output)?;
        say_scopes(&scopes, run.cycles, output)?;
    }
    if program.has_scopes() {
        more.insert("scopes".into(), scopes_json(&scopes));
    }
    if let Some(estimate) = &estimate {
        estimate::say(estimate, output)?;
        more.extend(estimate::json(estimate));
    }
    if run.exit_code != 0 {
        return Err(input::explain(SdkError::GuestExit(run), &arguments.input));
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
    all.extend(more);
    Ok(all)
}

/// What will be written is checked before anything runs.
fn check_outputs(arguments: &RunArgs) -> Result<Option<Graphs>, Error> {
    let mut places = Places::of_guest(&arguments.elf, &arguments.input);
    if let Some(path) = &arguments.journal_out {
        places.writes("--journal-out", path)?;
    }
    let graph = match (&arguments.flame_graph, &arguments.profile) {
        (None, Some(RunProfile::Proof(_))) if !arguments.estimate.estimate => {
            return Err(Error::Usage(
                "--profile: expected a file for flame graphs, or --estimate: nothing is proven here (for a file \
                 of that name: --flame-graph)"
                    .into(),
            ));
        }
        (None, Some(RunProfile::Graph(path))) if arguments.estimate.estimate => {
            return Err(Error::Usage(format!(
                "--profile: expected fast or compact, got {}",
                path.display()
            )));
        }
        (Some(path), _) | (None, Some(RunProfile::Graph(path))) => path,
        (None, _) => return Ok(None),
    };
    Graphs::new(graph, &mut places).map(Some)
}

/// A run, and what was seen of it.
struct Watched {
    run: Result<Execution, SdkError>,
    profile: Option<GuestProfile>,
    scopes: Vec<ScopeCost>,
}

/// Runs the guest, and shows how far it is.
fn watched(
    program: &Program,
    input: &[u8],
    limits: &Limits,
    profiled: bool,
    verbose: u8,
    output: &Output,
) -> Watched {
    let watch = Watch::new(limits.cycles, verbose);
    let mut print = output.console(false);
    let mut console = |stream, bytes: &[u8]| watch.aside(|| print(stream, bytes));
    let mut tell = |cycles| watch.tell(cycles);
    let watched = if profiled {
        let (run, profile) = profile_watched(program, input, limits, &mut console, &mut tell);
        Watched {
            run,
            scopes: profile.scopes().to_vec(),
            profile: Some(profile),
        }
    } else {
        let (run, scopes) = match program.has_scopes() {
            true => execute_scoped(program, input, limits, &mut console, &mut tell),
            false => {
                let run = execute_watched(program, input, limits, &mut console, &mut tell);
                (run, Vec::new())
            }
        };
        Watched {
            run,
            profile: None,
            scopes,
        }
    };
    watch.end();
    watched
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
    output.say(format_args!("million per second     {rate:.1}"))?;
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

/// What the guest's scopes have cost; nothing if it has none.
fn say_scopes(scopes: &[ScopeCost], cycles: u64, output: &Output) -> Result<(), Error> {
    if scopes.is_empty() {
        return Ok(());
    }
    output.say("      cycles      %         calls  scope")?;
    for scope in scopes {
        output.say(format_args!(
            "{:>12} {:>6.1}  {:>12}  {}",
            scope.cycles,
            percent(scope.cycles, cycles),
            scope.calls,
            readable(&scope.name)
        ))?;
    }
    Ok(())
}

fn scopes_json(scopes: &[ScopeCost]) -> serde_json::Value {
    let scope = |scope: &ScopeCost| json!({"name": scope.name, "calls": scope.calls, "cycles": scope.cycles});
    scopes.iter().map(scope).collect()
}

/// Million instructions a second; 0 if no time passed.
fn mips(cycles: u64, seconds: f64) -> f64 {
    match seconds > 0.0 {
        true => cycles as f64 / seconds / 1e6,
        false => 0.0,
    }
}
