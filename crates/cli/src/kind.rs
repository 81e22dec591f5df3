//! What an answer other than yes comes to: the kinds of docs/cli.md.

use clap::ValueEnum;
use vouch_sdk::ErrorKind;

/// The answer is no.
const NO: u8 = 1;
/// Bad usage or input.
pub const BAD_INPUT: u8 = 2;
/// The guest broke a rule.
const GUEST_FAULT: u8 = 3;
/// A limit was reached.
const LIMIT: u8 = 4;
/// A bug in Vouch.
pub const INTERNAL: u8 = 5;
/// A signal came: this and its number, as shells have it.
pub const SIGNALLED: u8 = 128;

/// What an error is, for programs. docs/cli.md lists them, which a test compares.
// An enum of values of the command line knows all of its variants and their names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
pub enum Kind {
    Usage,
    File,
    Elf,
    Build,
    WorkDir,
    Receipt,
    Verify,
    Security,
    Journal,
    ExitCode,
    GuestExit,
    Demo,
    GuestFault,
    Limit,
    Bench,
    Debugger,
    Config,
    Listen,
    Tls,
    Storage,
    Stopped,
    Internal,
}

impl Kind {
    /// Its name in JSON.
    pub fn name(self) -> String {
        let value = self.to_possible_value();
        value.map_or_else(String::new, |value| value.get_name().into())
    }

    /// The exit code of errors of this kind, unless they have their own.
    pub const fn status(self) -> Option<u8> {
        Some(match self {
            Self::Usage
            | Self::File
            | Self::Elf
            | Self::Build
            | Self::WorkDir
            | Self::Debugger
            | Self::Config
            | Self::Listen
            | Self::Tls
            | Self::Storage => BAD_INPUT,
            Self::Receipt
            | Self::Verify
            | Self::Security
            | Self::Journal
            | Self::ExitCode
            | Self::GuestExit
            | Self::Demo => NO,
            Self::GuestFault => GUEST_FAULT,
            Self::Limit => LIMIT,
            Self::Internal => INTERNAL,
            Self::Bench | Self::Stopped => return None,
        })
    }
}

impl From<ErrorKind> for Kind {
    fn from(kind: ErrorKind) -> Self {
        match kind {
            ErrorKind::Build => Self::Build,
            ErrorKind::Elf => Self::Elf,
            ErrorKind::GuestFault => Self::GuestFault,
            ErrorKind::GuestExit => Self::GuestExit,
            ErrorKind::Limit => Self::Limit,
            ErrorKind::Verify => Self::Verify,
            ErrorKind::Journal => Self::Journal,
            ErrorKind::Receipt => Self::Receipt,
            ErrorKind::File => Self::File,
            ErrorKind::WorkFolder => Self::WorkDir,
            ErrorKind::Options => Self::Usage,
            // Nothing is cancelled but by a signal, which is an error of its own.
            _ => Self::Internal,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    /// Rows of the table of kinds: name and exit code.
    fn documented() -> BTreeMap<String, String> {
        let page = include_str!("../../../docs/cli.md");
        let table = page
            .split_once("| `kind` | exit code |")
            .expect("a table")
            .1;
        let rows = table
            .lines()
            .skip(2)
            .take_while(|line| line.starts_with('|'));
        let row = |line: &str| {
            let cells: Vec<&str> = line.split('|').map(str::trim).collect();
            (cells[1].trim_matches('`').to_owned(), cells[2].to_owned())
        };
        rows.map(row).collect()
    }

    #[test]
    fn every_kind_is_documented() {
        let kinds = Kind::value_variants().iter();
        let code = |kind: &Kind| match (kind, kind.status()) {
            (_, Some(code)) => code.to_string(),
            (Kind::Stopped, None) => "128 + N".into(),
            (_, None) => "the run's".into(),
        };
        let expected: BTreeMap<String, String> =
            kinds.map(|kind| (kind.name(), code(kind))).collect();
        assert_eq!(documented(), expected);
    }

    #[test]
    fn kinds_of_the_library_keep_their_names() {
        for kind in [
            ErrorKind::Build,
            ErrorKind::Elf,
            ErrorKind::GuestFault,
            ErrorKind::GuestExit,
            ErrorKind::Limit,
            ErrorKind::Verify,
            ErrorKind::Receipt,
            ErrorKind::File,
            ErrorKind::WorkFolder,
            ErrorKind::Options,
            ErrorKind::Internal,
        ] {
            assert_eq!(Kind::from(kind).name(), kind.name());
        }
    }
}
