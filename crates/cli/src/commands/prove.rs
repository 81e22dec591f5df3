//! `vouch prove`: from a guest and its input to a receipt.

use serde_json::json;
use vouch_sdk::{
    Error as SdkError, ImageId, Progress, ProveOptions, Proven, Vectors, default_max_memory, files,
    image_id, prove_with,
};

use super::{count, fields, progress_bar, run, tenths, warn_of_slow_build};
use crate::args::{AllowedExit, ProveArgs};
use crate::error::Error;
use crate::input;
use crate::output::{Fields, Output};
use crate::phases::Phases;
use crate::places::Places;
use crate::signals::Signals;

const BAR: &str = "{spinner} {wide_bar} {pos}/{len} cycles proven, {msg}";

/// Proves a run and writes its receipt, which has been verified.
///
/// # Errors
/// The guest's exit code is not 0, it faults or reaches a limit, a file is at fault, or a signal
/// came. Then no receipt is written.
pub fn prove(
    arguments: &ProveArgs,
    verbose: u8,
    phases: &Phases,
    signals: &Signals,
    output: &Output,
) -> Result<Fields, Error> {
    let program = files::read_program(&arguments.elf)?;
    check_outputs(arguments)?;
    let input = input::read(&arguments.input)?;
    let (allow_nonzero_exit, allowed_exits) = allowed_exits(&arguments.allow_exit);
    let options = ProveOptions {
        profile: arguments.profile.profile(),
        backend: arguments.backend.backend(),
        limits: run::limits(arguments.max_cycles),
        max_memory: arguments.max_memory.or_else(|| Some(default_max_memory())),
        threads: arguments.threads.map(usize::from),
        segment_cells: arguments.segment_cells,
        allow_nonzero_exit,
        allowed_exits,
        work_folder: arguments.work_dir.clone(),
        cancel: signals.cancel(),
    };
    let device = options.backend.device()?;
    if let Some(reason) = &device.why_cpu {
        output.log(&format!("{reason}; proving on the CPU"));
    }
    warn_of_slow_build(&device, output);
    let bar = progress_bar(BAR, verbose);
    let mut show = |progress: &Progress| {
        bar.set_length(progress.total_cycles.unwrap_or(progress.executed_cycles));
        bar.set_position(progress.proven_cycles);
        bar.set_message(message(progress));
    };
    let console = &mut output.console(true);
    let proven = prove_with(&program, &input, &options, console, &mut show);
    bar.finish_and_clear();
    let proven = proven.map_err(|error| stopped(error, signals, arguments))?;
    output.write_receipt(&arguments.output, &proven.receipt)?;
    if let Some(path) = &arguments.journal_out {
        output.write(path, &proven.claim.journal)?;
    }
    let id = image_id(&program);
    say(arguments, &proven, &id, output)?;
    Ok(report(&proven, &id, phases))
}

/// What the progress bar says beside the cycles.
fn message(progress: &Progress) -> String {
    let mut message = match progress.total_cycles {
        None => format!("{} executed so far, ", progress.executed_cycles),
        Some(_) => String::new(),
    };
    message += &count(progress.proven_segments, "segment");
    if progress.reused_segments > 0 {
        message += &format!(" ({} from before)", progress.reused_segments);
    }
    message += &format!(", {:.0} cycles/s", progress.cycles_per_second());
    if let Some(left) = progress.remaining() {
        message += &format!(", {} s left", left.as_secs());
    }
    message
}

/// A proof that a signal cancelled was stopped by that signal.
fn stopped(error: SdkError, signals: &Signals, arguments: &ProveArgs) -> Error {
    match (error, signals.number()) {
        (SdkError::Cancelled { segments }, Some(signal)) => Error::Stopped {
            signal,
            segments,
            advice: match arguments.work_dir {
                Some(_) => "the same command continues from there",
                None => "--work-dir would keep them for the next attempt",
            },
        },
        (error, _) => input::explain(error, &arguments.input),
    }
}

/// Exit codes that are proven: whether all are, and which are beside 0.
fn allowed_exits(allowed: &[AllowedExit]) -> (bool, Vec<u32>) {
    let codes = allowed.iter().filter_map(|allowed| match allowed {
        AllowedExit::Any => None,
        AllowedExit::Code(code) => Some(*code),
    });
    (allowed.contains(&AllowedExit::Any), codes.collect())
}

/// Proving takes long: what would make it useless is found out before.
fn check_outputs(arguments: &ProveArgs) -> Result<(), Error> {
    let mut places = Places::of_guest(&arguments.elf, &arguments.input);
    if let Some(path) = &arguments.work_dir {
        places.keeps("--work-dir", path)?;
    }
    places.writes("--output", &arguments.output)?;
    match &arguments.journal_out {
        Some(path) => places.writes("--journal-out", path),
        None => Ok(()),
    }
}

fn say(arguments: &ProveArgs, proven: &Proven, id: &ImageId, output: &Output) -> Result<(), Error> {
    let stats = &proven.stats;
    output.say(format_args!("image ID  {id}"))?;
    output.say(format_args!("exit code {}", proven.claim.exit_code))?;
    output.say(format_args!(
        "journal   {}",
        hex::encode(&proven.claim.journal)
    ))?;
    output.say(format_args!(
        "proven    {} cycles in {:.3} s, {}, {:.0} cycles a second",
        stats.cycles,
        stats.prove_seconds,
        count(stats.segments, "segment"),
        stats.cycles_per_second()
    ))?;
    let peak = match stats.peak_rss_bytes {
        Some(peak) => format!(", {peak} bytes at its peak"),
        None => String::new(),
    };
    output.say(format_args!(
        "memory    {} bytes by estimate{peak}",
        stats.memory_bytes
    ))?;
    output.say(format_args!(
        "security  {:.1} provable bits, profile {} at {}",
        tenths(stats.security_bits),
        stats.profile.name(),
        stats.profile.target_bits()
    ))?;
    output.say(format_args!(
        "receipt   {}, {} bytes, verified in {:.1} ms",
        arguments.output.display(),
        stats.proof_bytes,
        stats.verify_seconds * 1e3
    ))
}

/// What a proof proves and what it cost, for programs; `phases` has seen this one.
pub fn report(proven: &Proven, id: &ImageId, phases: &Phases) -> Fields {
    let stats = &proven.stats;
    let vectors = Vectors::of_this_build();
    let unused = proven.slow_build().map(|slow| slow.unused().name());
    let seconds = stats.execute_seconds + stats.prove_seconds;
    fields([
        ("image_id", json!(id.to_string())),
        ("journal", json!(hex::encode(&proven.claim.journal))),
        ("exit_code", json!(proven.claim.exit_code)),
        ("backend", json!(stats.backend)),
        ("vectors", json!(vectors.compiled.name())),
        ("unused_vectors", json!(unused)),
        ("profile", json!(stats.profile.name())),
        ("security", json!(stats.profile.target_bits())),
        ("security_bits", json!(tenths(stats.security_bits))),
        ("cycles", json!(stats.cycles)),
        ("segments", json!(stats.segments)),
        ("reused_segments", json!(stats.reused_segments)),
        ("execute_seconds", json!(stats.execute_seconds)),
        ("prove_seconds", json!(stats.prove_seconds)),
        ("phases", json!(phases.seconds(seconds))),
        ("cycles_per_second", json!(stats.cycles_per_second())),
        ("verify_ms", json!(stats.verify_seconds * 1e3)),
        ("proof_bytes", json!(stats.proof_bytes)),
        (
            "estimated_memory_bytes",
            json!(stats.estimated_memory_bytes),
        ),
        ("memory_bytes", json!(stats.memory_bytes)),
        ("peak_rss_bytes", json!(stats.peak_rss_bytes)),
        ("committed_cells", json!(stats.cells)),
        ("committed_cells_total", json!(stats.committed_cells())),
        ("rows_by_table", json!(stats.rows)),
    ])
}
