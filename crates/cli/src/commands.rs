//! The commands: one file each.

mod bench;
mod build;
mod demo;
mod estimate;
mod gdb;
mod inspect;
mod new;
mod profile;
mod prove;
mod run;
#[cfg(feature = "serve")]
mod serve;
mod verify;
mod watch;

use std::io::{self, IsTerminal};
use std::path::Path;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressFinish, ProgressStyle};
use serde_json::{Value, json};
use vouch_sdk::{Device, Vectors, files, image_id, tenths};

use crate::args::{Cli, Command};
use crate::error::Error;
use crate::output::{Fields, Output};
use crate::phases::Phases;
use crate::signals::Signals;

pub use bench::Guest;

/// Does what the command line says. The fields are what `--json` prints.
///
/// # Errors
/// See [`Error`].
pub fn run(
    cli: &Cli,
    phases: &Phases,
    signals: &Signals,
    output: &Output,
) -> Result<Fields, Error> {
    match &cli.command {
        Command::Demo => demo::demo(output),
        Command::New(arguments) => new::new(arguments, output),
        Command::Build(arguments) => build::build(arguments, output),
        Command::Run(arguments) => run::run(arguments, cli.verbose, output),
        Command::Prove(arguments) => prove::prove(arguments, cli.verbose, phases, signals, output),
        Command::Verify(arguments) => verify::verify(arguments, output),
        Command::Inspect { receipt } => inspect::inspect(receipt, output),
        Command::ImageId { elf } => print_image_id(elf, output),
        Command::Bench(arguments) => bench::bench(arguments, cli.verbose, output),
        #[cfg(feature = "serve")]
        Command::Serve(arguments) => serve::serve(arguments, cli.verbose, signals, output),
        #[cfg(not(feature = "serve"))]
        Command::Serve(_) => Err(Error::NoService),
        Command::BenchRun(arguments) => bench::run_one(arguments, phases),
    }
}

fn print_image_id(elf: &Path, output: &Output) -> Result<Fields, Error> {
    let id = image_id(&files::read_program(elf)?).to_string();
    output.say(&id)?;
    Ok(fields([("image_id", json!(id))]))
}

fn fields<const N: usize>(named: [(&str, Value); N]) -> Fields {
    named
        .into_iter()
        .map(|(name, value)| (name.into(), value))
        .collect()
}

/// A progress bar on stderr, if that is a terminal and not the log.
fn progress_bar(template: &str, verbose: u8) -> ProgressBar {
    if verbose > 0 || !io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template(template).unwrap_or(ProgressStyle::default_bar());
    let bar = ProgressBar::new(0)
        .with_style(style)
        .with_finish(ProgressFinish::AndClear);
    bar.enable_steady_tick(Duration::from_millis(200));
    bar
}

/// Says once that a build leaves vector instructions unused, where a command proves on the CPU.
fn warn_of_slow_build(device: &Device, output: &Output) {
    if let Some(slow) = device
        .is_cpu()
        .then(|| Vectors::of_this_build().unused())
        .flatten()
    {
        output.log(&format!("warning: {slow}"));
    }
}

/// A path in a message of programs: what is no UTF-8 in it is replaced by U+FFFD.
fn path_text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

/// `what`, and its plural where there are several.
fn count(number: usize, what: &str) -> String {
    match number {
        1 => format!("1 {what}"),
        _ => format!("{number} {what}s"),
    }
}
