//! The `vouch` command. docs/cli.md describes it.

mod allocator;
mod args;
mod commands;
mod error;
mod hints;
mod input;
mod kind;
mod output;
mod phases;
mod places;
mod signals;

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;

use clap::Parser;
use clap::error::ErrorKind;
use tracing::Level;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::fmt::format::FmtSpan;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use crate::args::{Cli, Command};
use crate::error::Error;
use crate::output::Output;
use crate::phases::Phases;
use crate::signals::Signals;

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return refuse(&error),
    };
    let proves = match &cli.command {
        Command::Prove(_) | Command::BenchRun(_) => true,
        Command::Run(arguments) => arguments.estimate.estimate,
        _ => false,
    };
    if proves {
        allocator::keep_freed_memory();
    }
    let phases = Phases::default();
    // The service logs in ways of its own.
    if !matches!(cli.command, Command::Serve(_)) {
        observe(cli.verbose, &phases);
    }
    let output = Output::new(cli.json);
    let run = || {
        let signals = Signals::watch(&output)?;
        commands::run(&cli, &phases, &signals, &output)
    };
    let result = catch_unwind(AssertUnwindSafe(run))
        .unwrap_or_else(|panic| Err(Error::Panicked(message(&*panic))));
    match result.and_then(|fields| output.success(&fields)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(&error, &output),
    }
}

/// What a panic says. The panic's hook has told stderr where it was.
fn message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
    text.unwrap_or("a panic").into()
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
    ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(kind::BAD_INPUT))
}

fn fail(error: &Error, output: &Output) -> ExitCode {
    // Whoever closed stdout still learns the exit code.
    let _ = output.failure(error);
    ExitCode::from(error.exit_code())
}

/// Times the phases, and if asked logs to stderr when a phase ends and what it took.
fn observe(verbose: u8, phases: &Phases) {
    let logged = match verbose {
        0 => None,
        1 => Some(Targets::new().with_target("vouch", Level::INFO)),
        _ => Some(Targets::new().with_default(Level::INFO)),
    };
    // Commands say that themselves.
    let logged = logged.map(|logged| logged.with_target("vouch::build", LevelFilter::OFF));
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn panics_are_told_as_bugs() {
        for panic in [
            catch_unwind(|| panic!("a literal")),
            catch_unwind(|| panic!("with {}", "a value")),
        ] {
            let panic = panic.expect_err("it panics");
            let text = message(&*panic);
            assert!(["a literal", "with a value"].contains(&&*text), "{text}");
            let error = Error::Panicked(text);
            assert_eq!(
                (error.exit_code(), &error.fields()["kind"]),
                (5, &"internal".into())
            );
        }
    }
}
