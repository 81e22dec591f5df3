//! The `vouch` command. docs/cli.md describes it.

mod allocator;
mod args;
mod commands;
mod error;
mod input;
mod output;
mod phases;
mod signals;

use std::process::ExitCode;

use clap::Parser;
use clap::error::ErrorKind;
use tracing::Level;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::format::FmtSpan;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use crate::args::{Cli, Command};
use crate::error::Error;
use crate::output::Output;
use crate::phases::Phases;

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return refuse(&error),
    };
    if matches!(cli.command, Command::Prove(_) | Command::BenchRun(_)) {
        allocator::keep_freed_memory();
    }
    let phases = Phases::default();
    // The service logs in ways of its own.
    if !cli.command.serves() {
        observe(cli.verbose, &phases);
    }
    let output = Output::new(cli.json);
    let result = commands::run(&cli, &phases, &output).and_then(|fields| output.fields(&fields));
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(&error, &output),
    }
}

/// Answers a command line that asks for help, or for something that does not exist.
fn refuse(error: &clap::Error) -> ExitCode {
    // There is no telling what a command line that does not parse meant; this is close enough.
    let json = std::env::args_os().any(|argument| argument == "--json");
    if json
        && !matches!(
            error.kind(),
            ErrorKind::DisplayHelp | ErrorKind::DisplayVersion
        )
    {
        let text = error.render().to_string();
        let message = text.trim().trim_start_matches("error: ");
        return fail(&Error::Usage(message.into()), &Output::new(true));
    }
    // Help goes to stdout, the rest to stderr; where neither is open nothing can be said.
    let _ = error.print();
    ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(error::BAD_INPUT))
}

fn fail(error: &Error, output: &Output) -> ExitCode {
    // Whoever closed stdout still learns the exit code.
    let _ = output.error(error);
    ExitCode::from(error.exit_code())
}

/// Times the phases, and if asked logs to stderr when a phase ends and what it took.
fn observe(verbose: u8, phases: &Phases) {
    let logged = match verbose {
        0 => None,
        1 => Some(Targets::new().with_target("vouch", Level::INFO)),
        _ => Some(Targets::new().with_default(Level::INFO)),
    };
    let log = logged.map(|logged| {
        tracing_subscriber::fmt::layer()
            .with_writer(std::io::stderr)
            .with_ansi(false)
            .with_span_events(FmtSpan::CLOSE)
            .with_filter(logged)
    });
    tracing_subscriber::registry()
        .with(log)
        .with(phases.layer())
        .init();
}
