//! Programs of others.

use std::io::ErrorKind;
use std::process::{Command, Output};

use anyhow::{Context, Result, bail};

/// Runs a command to its end.
///
/// # Errors
/// There is no such program; `install` says how to get it.
pub fn output(command: &mut Command, install: &str) -> Result<Output> {
    let program = command.get_program().to_string_lossy().into_owned();
    match command.output() {
        Ok(output) => Ok(output),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            bail!("{program} is missing; {install}")
        }
        Err(error) => Err(error).with_context(|| format!("cannot run {program}")),
    }
}

/// What a program prints when asked for its version.
///
/// # Errors
/// As [`output`]; or it fails.
pub fn version(program: &str, install: &str) -> Result<String> {
    let output = output(Command::new(program).arg("--version"), install)?;
    if !output.status.success() {
        bail!("{program} --version: {}; {install}", complaint(&output));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Why a program failed: what it said, in short, or how it ended.
pub fn complaint(output: &Output) -> String {
    let stderr = String::from_utf8_lossy(&output.stderr);
    let lines: Vec<_> = stderr.lines().map(str::trim).collect();
    let last = lines.get(lines.len().saturating_sub(3)..).unwrap_or(&lines);
    match last.concat().is_empty() {
        true => output.status.to_string(),
        false => format!("{}: {}", output.status, last.join("; ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_program_says_what_to_install() {
        let error = version("no-such-program", "install it").expect_err("no program");
        assert_eq!(error.to_string(), "no-such-program is missing; install it");
    }

    #[test]
    fn a_complaint_ends_with_the_last_lines() {
        let mut sh = Command::new("sh");
        sh.args(["-c", "for i in 1 2 3 4; do echo $i >&2; done; exit 3"]);
        let output = output(&mut sh, "").expect("sh runs");
        assert_eq!(complaint(&output), "exit status: 3: 2; 3; 4");
    }
}
