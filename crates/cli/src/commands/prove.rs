//! `vouch prove`: from a guest and its input to a receipt.

use std::io::{self, IsTerminal};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;
use vouch_sdk::{ImageId, ProveOptions, Proven, files, image_id, prove_with};

use super::{count, fields, run, tenths};
use crate::args::ProveArgs;
use crate::error::Error;
use crate::input;
use crate::output::{Fields, Output};

/// Proves a run and writes its receipt, which has been verified.
///
/// # Errors
/// The guest's exit code is not 0, it faults or reaches a limit, or a file is at fault. Then
/// nothing is written.
pub fn prove(arguments: &ProveArgs, show_progress: bool, output: &Output) -> Result<Fields, Error> {
    let program = files::read_program(&arguments.elf)?;
    check_outputs(arguments)?;
    let input = input::read(&arguments.input)?;
    let options = ProveOptions {
        profile: arguments.profile(),
        limits: run::limits(arguments.max_cycles),
        max_memory: Some(arguments.max_memory),
        threads: arguments.threads.map(usize::from),
        ..ProveOptions::default()
    };
    let bar = match show_progress && io::stderr().is_terminal() {
        true => progress_bar(),
        false => ProgressBar::hidden(),
    };
    let proven = prove_with(
        &program,
        &input,
        &options,
        &mut output.console(true),
        &mut |progress| {
            bar.set_length(progress.total_cycles);
            bar.set_position(progress.cycles);
            bar.set_message(count(progress.segments, "segment"));
        },
    );
    bar.finish_and_clear();
    let proven = proven?;
    files::write(&arguments.output, &proven.receipt.to_bytes())?;
    if let Some(path) = &arguments.journal_out {
        files::write(path, &proven.claim.journal)?;
    }
    let id = image_id(&program);
    say(arguments, &proven, &id, output)?;
    Ok(report(&proven, &id))
}

/// Proving takes long: what would make it useless is found out before.
fn check_outputs(arguments: &ProveArgs) -> Result<(), Error> {
    files::check_writable(&arguments.output)?;
    let Some(journal) = &arguments.journal_out else {
        return Ok(());
    };
    if *journal == arguments.output {
        return Err(Error::Usage(format!(
            "--journal-out: expected another file than the receipt, got {}",
            journal.display()
        )));
    }
    Ok(files::check_writable(journal)?)
}

fn progress_bar() -> ProgressBar {
    const TEMPLATE: &str = "{spinner} {wide_bar} {pos}/{len} cycles, {msg}, {elapsed}";
    let style = ProgressStyle::with_template(TEMPLATE).unwrap_or(ProgressStyle::default_bar());
    let bar = ProgressBar::new(0)
        .with_style(style)
        .with_message("running");
    bar.enable_steady_tick(Duration::from_millis(200));
    bar
}

fn say(arguments: &ProveArgs, proven: &Proven, id: &ImageId, output: &Output) -> Result<(), Error> {
    let stats = &proven.stats;
    output.say(format_args!("image ID  {id}"))?;
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

fn report(proven: &Proven, id: &ImageId) -> Fields {
    let stats = &proven.stats;
    fields([
        ("image_id", json!(id.to_string())),
        ("journal", json!(hex::encode(&proven.claim.journal))),
        ("exit_code", json!(proven.claim.exit_code)),
        ("profile", json!(stats.profile.name())),
        ("security_bits", json!(tenths(stats.security_bits))),
        ("cycles", json!(stats.cycles)),
        ("segments", json!(stats.segments)),
        ("execute_seconds", json!(stats.execute_seconds)),
        ("prove_seconds", json!(stats.prove_seconds)),
        ("cycles_per_second", json!(stats.cycles_per_second())),
        ("verify_ms", json!(stats.verify_seconds * 1e3)),
        ("proof_bytes", json!(stats.proof_bytes)),
        (
            "estimated_memory_bytes",
            json!(stats.estimated_memory_bytes),
        ),
        ("peak_rss_bytes", json!(stats.peak_rss_bytes)),
        ("committed_cells", json!(stats.cells)),
        ("committed_cells_total", json!(stats.committed_cells())),
    ])
}
