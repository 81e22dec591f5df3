//! What goes to stdout and stderr.

use std::fmt::Display;
use std::io::{self, IsTerminal, Write};
use std::path::Path;
use std::sync::Arc;

use parking_lot::{Mutex, MutexGuard};
use serde_json::{Map, Value};
use vouch_sdk::{Receipt, Stream, files, print_console};

use crate::error::Error;

/// Named results, for programs to read.
pub type Fields = Map<String, Value>;

/// Speaks to people, or with `--json` to a program.
///
/// Two threads may want to say how a command ended: its own, and the one that sees a signal. Only the first
/// does, and the process then ends as it says.
#[derive(Clone)]
pub struct Output {
    json: bool,
    /// Whether the last word has been said.
    answered: Arc<Mutex<bool>>,
}

impl Output {
    /// With `json`, stdout gets one object and nothing else.
    pub fn new(json: bool) -> Self {
        Self {
            json,
            answered: Arc::default(),
        }
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

    /// The end of a command that says yes. Programs get its results.
    ///
    /// # Errors
    /// [`Error::Stdout`]; then nothing has been said yet.
    pub fn success(&self, fields: &Fields) -> Result<(), Error> {
        let mut answered = self.last_word();
        self.fields(fields)?;
        *answered = true;
        Ok(())
    }

    /// The error that a command ended with.
    ///
    /// # Errors
    /// [`Error::Stdout`], or that of stderr.
    pub fn failure(&self, error: &Error) -> Result<(), Error> {
        let mut answered = self.last_word();
        *answered = true;
        self.error(error)
    }

    /// Ends the process with an error from another thread than the command's, unless that has ended by itself.
    /// Files that are being written are finished before.
    pub fn end(&self, error: &Error, exit: impl FnOnce()) {
        let mut answered = self.last_word();
        if *answered {
            return;
        }
        *answered = true;
        if io::stderr().is_terminal() {
            // There may be a progress bar, or the `^C` of the terminal.
            self.log("");
        }
        // Whoever closed stdout still learns the exit code.
        let _ = self.error(error);
        // A guest may have printed half a line.
        let _ = io::stdout().flush();
        // Meanwhile nobody else says anything.
        exit();
    }

    /// Writes a file, whole or not at all, whatever signal comes.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn write(&self, path: &Path, bytes: &[u8]) -> Result<(), Error> {
        let _until_then = self.last_word();
        Ok(files::write(path, bytes)?)
    }

    /// Writes a receipt as [`Self::write`] writes a file.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn write_receipt(&self, path: &Path, receipt: &Receipt) -> Result<(), Error> {
        let _until_then = self.last_word();
        Ok(files::write_receipt(path, receipt)?)
    }

    fn last_word(&self) -> MutexGuard<'_, bool> {
        // Who panicked with it has said what there was to say, or nothing.
        self.answered.lock()
    }

    fn fields(&self, fields: &Fields) -> Result<(), Error> {
        match self.json {
            true => print(serde_json::to_string(fields).map_err(|e| Error::Stdout(e.into()))?),
            false => Ok(()),
        }
    }

    fn error(&self, error: &Error) -> Result<(), Error> {
        if error.is_broken_pipe() {
            return Ok(());
        }
        let mut log = io::stderr().lock();
        // Stderr gets it in any case: it is the log.
        let mut logged = writeln!(log, "error: {error}");
        if let Some(hint) = error.hint() {
            logged = logged.and_then(|()| writeln!(log, "hint: {hint}"));
        }
        drop(log);
        self.fields(&error.fields())
            .and(logged.map_err(Error::Stdout))
    }

    /// A line for the log.
    pub fn log(&self, line: &str) {
        // A closed log is no reason to stop.
        let _ = writeln!(io::stderr(), "{line}");
    }

    /// What a guest prints; `aside` if stdout is not the guest's.
    pub fn console(&self, aside: bool) -> impl FnMut(Stream, &[u8]) + use<> {
        let to_stderr = self.json || aside;
        move |stream, bytes| match to_stderr {
            true => print_console(Stream::Stderr, bytes),
            false => print_console(stream, bytes),
        }
    }
}

fn print(line: impl Display) -> Result<(), Error> {
    let mut stdout = io::stdout().lock();
    writeln!(stdout, "{line}")
        .and_then(|()| stdout.flush())
        .map_err(Error::Stdout)
}
