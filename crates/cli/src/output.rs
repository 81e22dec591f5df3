//! What goes to stdout and stderr.

use std::fmt::Display;
use std::io::{self, Write};

use serde_json::{Map, Value};
use vouch_sdk::Stream;

use crate::error::Error;

/// Named results, for programs to read.
pub type Fields = Map<String, Value>;

/// Speaks to people, or with `--json` to a program.
pub struct Output {
    json: bool,
}

impl Output {
    /// With `json`, stdout gets one object and nothing else.
    pub const fn new(json: bool) -> Self {
        Self { json }
    }

    /// A line for people; with `--json` nothing.
    ///
    /// # Errors
    /// [`Error::Stdout`]
    pub fn say(&self, line: impl Display) -> Result<(), Error> {
        match self.json {
            true => Ok(()),
            false => print(line),
        }
    }

    /// Results for programs; without `--json` nothing.
    ///
    /// # Errors
    /// [`Error::Stdout`]
    pub fn fields(&self, fields: &Fields) -> Result<(), Error> {
        match self.json {
            true => print(serde_json::to_string(fields).map_err(|e| Error::Stdout(e.into()))?),
            false => Ok(()),
        }
    }

    /// The error that a command ended with.
    ///
    /// # Errors
    /// [`Error::Stdout`], or that of stderr.
    pub fn error(&self, error: &Error) -> Result<(), Error> {
        // Stderr gets it in any case: it is the log.
        let logged = writeln!(io::stderr(), "error: {error}").map_err(Error::Stdout);
        self.fields(&error.fields()).and(logged)
    }

    /// A line for the log.
    pub fn log(&self, line: &str) {
        // A closed log is no reason to stop.
        let _ = writeln!(io::stderr(), "{line}");
    }

    /// What a guest prints; `aside` if stdout is not the guest's.
    pub fn console(&self, aside: bool) -> impl FnMut(Stream, &[u8]) + use<> {
        let to_stderr = self.json || aside;
        move |stream, bytes| {
            // A closed console is no reason to end a run.
            let _ = match stream {
                Stream::Stdout if !to_stderr => io::stdout().write_all(bytes),
                _ => io::stderr().write_all(bytes),
            };
        }
    }
}

fn print(line: impl Display) -> Result<(), Error> {
    let mut stdout = io::stdout().lock();
    writeln!(stdout, "{line}")
        .and_then(|()| stdout.flush())
        .map_err(Error::Stdout)
}
