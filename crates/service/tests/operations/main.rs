//! What operators are given, in deploy/ and docs/operations.md, is true of the service.
#![cfg(unix)]

mod deployment;
mod manual;
mod monitoring;
#[path = "../../../sdk/tests/guests/tools.rs"]
mod tools;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The root of the repository.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// A file of the repository.
fn file(path: &str) -> String {
    fs::read_to_string(root().join(path)).expect(path)
}

/// Whether a tool is there; if not, `what` is skipped or fails.
fn has_tool(tool: &str, what: &str) -> bool {
    let found = tools::print(tool, "--version").is_some();
    if !found {
        tools::skip(what, tool);
    }
    found
}

/// Runs a tool in a folder, and returns what it prints if it likes what it sees.
fn run(folder: &Path, tool: &str, args: &[&str]) -> Result<String, String> {
    let mut command = Command::new(tool);
    let output = command.args(args).current_dir(folder).output();
    let output = output.expect("it was there a moment ago");
    let text = [output.stdout, output.stderr].concat();
    let text = String::from_utf8_lossy(&text).into_owned();
    match output.status.success() {
        true => Ok(text),
        false => Err(text),
    }
}

/// The words after each `prefix` that begins a line, indentation and list marks apart.
fn named<'t>(text: &'t str, prefix: &str) -> Vec<&'t str> {
    let lines = text.lines().map(|line| line.trim_start_matches([' ', '-']));
    lines.filter_map(|line| line.strip_prefix(prefix)).collect()
}
