//! The commands: one file each.

mod build;
mod demo;
mod inspect;
mod prove;
mod run;
mod verify;

use std::path::Path;

use serde_json::{Value, json};
use vouch_sdk::{files, image_id};

use crate::args::{Cli, Command};
use crate::error::Error;
use crate::output::{Fields, Output};

/// Does what the command line says. The fields are what `--json` prints.
///
/// # Errors
/// See [`Error`].
pub fn run(cli: &Cli, output: &Output) -> Result<Fields, Error> {
    match &cli.command {
        Command::Demo => demo::demo(output),
        Command::Build(arguments) => build::build(arguments, output),
        Command::Run(arguments) => run::run(arguments, output),
        Command::Prove(arguments) => prove::prove(arguments, cli.verbose == 0, output),
        Command::Verify(arguments) => verify::verify(arguments, output),
        Command::Inspect { receipt } => inspect::inspect(receipt, output),
        Command::ImageId { elf } => print_image_id(elf, output),
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

/// `what`, and its plural where there are several.
fn count(number: usize, what: &str) -> String {
    match number {
        1 => format!("1 {what}"),
        _ => format!("{number} {what}s"),
    }
}

/// Security to a tenth of a bit, rounded down: never more than is proven.
fn tenths(bits: f64) -> f64 {
    (bits * 10.0).floor() / 10.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn security_is_never_rounded_up() {
        assert_eq!(format!("{:.1}", tenths(99.99)), "99.9");
        assert_eq!(format!("{:.1}", tenths(100.0)), "100.0");
    }
}
