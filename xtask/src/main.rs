//! Chores of this repository: `cargo xtask`.
#![forbid(unsafe_code)]

mod compliance;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::compliance::ComplianceArgs;

/// Chores of this repository.
///
/// Exit codes: 0 yes; 1 the answer is no; 2 bad usage or input, or a missing tool.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the official RISC-V compliance suites
    Compliance(ComplianceArgs),
}

fn main() -> ExitCode {
    let Command::Compliance(arguments) = Cli::parse().command;
    match compliance::run(&arguments) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(error) => {
            eprintln!("error: {error:#}");
            if arguments.json {
                let object = serde_json::json!({ "error": format!("{error:#}"), "status": 2 });
                println!("{object}");
            }
            ExitCode::from(2)
        }
    }
}
