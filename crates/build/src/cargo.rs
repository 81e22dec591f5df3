//! Runs cargo and reads what it says.

use std::collections::VecDeque;
use std::io::{self, BufRead, BufReader, Read};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;

use serde::Deserialize;

use super::BuildError;

/// How many of the last lines of stderr an error repeats.
const LAST_LINES: usize = 20;

/// What `command`, a cargo, writes to stdout. `log` gets the lines of stderr as they come.
pub(super) fn run(mut command: Command, log: &mut dyn FnMut(&str)) -> Result<String, BuildError> {
    let failed = |command: &Command, source| BuildError::Run {
        program: command.get_program().to_string_lossy().into_owned(),
        source,
    };
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let child = command.spawn().map_err(|source| failed(&command, source))?;
    let mut last = VecDeque::new();
    let mut keep = |line: &str| {
        log(line);
        if last.len() == LAST_LINES {
            last.pop_front();
        }
        last.push_back(line.to_owned());
    };
    let (status, stdout) = read(child, &mut keep).map_err(|source| failed(&command, source))?;
    if !status.success() {
        let action = command.get_args().next().unwrap_or_default();
        return Err(BuildError::Cargo {
            action: action.to_string_lossy().into_owned(),
            status,
            stderr: Vec::from(last).join("\n"),
        });
    }
    Ok(stdout)
}

/// Reads both streams at once, so that neither fills up while the other is awaited.
fn read(mut child: Child, line: &mut dyn FnMut(&str)) -> io::Result<(ExitStatus, String)> {
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    let text = thread::scope(|scope| {
        let text = scope.spawn(move || {
            let mut text = String::new();
            stdout.map_or(Ok(0), |mut stdout| stdout.read_to_string(&mut text))?;
            Ok(text)
        });
        if let Some(stderr) = stderr {
            for bytes in BufReader::new(stderr).split(b'\n') {
                line(&String::from_utf8_lossy(&bytes?));
            }
        }
        text.join()
            .unwrap_or_else(|_| Err(io::Error::other("its output was not read")))
    })?;
    Ok((child.wait()?, text))
}

/// The part of cargo's messages that matters here.
#[derive(Deserialize)]
struct CargoMessage {
    executable: Option<PathBuf>,
}

/// The executable that a build made.
pub(super) fn only_executable(messages: &str) -> Result<PathBuf, BuildError> {
    let mut found = Vec::new();
    for line in messages.lines().filter(|line| line.starts_with('{')) {
        found.extend(serde_json::from_str::<CargoMessage>(line)?.executable);
    }
    match <[PathBuf; 1]>::try_from(found) {
        Ok([path]) => Ok(path),
        Err(found) => Err(BuildError::Executables {
            found: found
                .iter()
                .filter_map(|path| path.file_name())
                .map(|name| name.to_string_lossy().into_owned())
                .collect(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_executable_is_expected() {
        let message = |executable: &str| {
            format!("{{\"reason\":\"compiler-artifact\",\"executable\":{executable}}}\n")
        };
        let library = message("null");
        let (a, b) = (message("\"/target/a\""), message("\"/target/b\""));
        let found = |messages: &[&String]| {
            let messages: String = messages.iter().map(|message| message.as_str()).collect();
            only_executable(&messages).map_err(|error| error.to_string())
        };
        let path = PathBuf::from("/target/a");
        assert_eq!(
            found(&[&library, &a, &"a script's text\n".into()]),
            Ok(path)
        );
        let expected = "expected a crate with one executable, got ";
        assert_eq!(found(&[&library]), Err(format!("{expected}0: ")));
        assert_eq!(found(&[&a, &b]), Err(format!("{expected}2: a, b")));
        assert!(matches!(only_executable("{"), Err(BuildError::Message(_))));
    }

    #[cfg(unix)]
    fn sh(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    #[cfg(unix)]
    #[test]
    fn both_streams_are_read() {
        // More than a pipe holds, on one after the other.
        let script = "i=0; while [ $i -lt 20000 ]; do echo to stderr >&2; i=$((i+1)); done; \
                      while [ $i -gt 0 ]; do echo to stdout; i=$((i-1)); done";
        let mut lines = 0;
        let text = run(sh(script), &mut |line| {
            assert_eq!(line, "to stderr");
            lines += 1;
        });
        assert_eq!(lines, 20_000);
        assert_eq!(text.expect("it succeeds"), "to stdout\n".repeat(20_000));
    }

    #[cfg(unix)]
    #[test]
    fn failures_repeat_the_last_lines() {
        let script = "i=0; while [ $i -lt 25 ]; do echo $i >&2; i=$((i+1)); done; exit 3";
        let last: Vec<_> = (5..25).map(|i: u32| i.to_string()).collect();
        match run(sh(script), &mut |_| {}) {
            Err(BuildError::Cargo { status, stderr, .. }) => {
                assert_eq!(status.code(), Some(3));
                assert_eq!(stderr, last.join("\n"));
            }
            other => panic!("{other:?}"),
        }
        let missing = run(Command::new("/missing/cargo"), &mut |_| {});
        let error = missing.expect_err("there is none").to_string();
        assert!(error.starts_with("cannot run /missing/cargo: "), "{error}");
    }
}
