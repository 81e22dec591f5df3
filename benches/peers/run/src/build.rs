//! Building Vouch and the programs of the peers.

use std::{
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context, Result, bail};
use peers_common::Prover;

/// Builds the program of a prover in its release profile, and returns where it lies.
///
/// Cargo is run in the directory of the prover's workspace, so that the configuration there holds.
///
/// # Errors
/// With the last words of cargo, if it fails.
pub fn program(prover: Prover, here: &Path) -> Result<PathBuf> {
    let (directory, binary) = match prover {
        Prover::Vouch => (here.join("../.."), "vouch"),
        Prover::RiscZero => (here.join("risczero"), "peers-risczero"),
        Prover::OpenVm => (here.join("openvm"), "peers-openvm"),
        Prover::Sp1 => (here.join("sp1"), "peers-sp1"),
    };
    eprintln!("building {prover}: some minutes the first time");
    let built = Command::new("cargo")
        .args([
            "build",
            "--release",
            "--locked",
            "--bin",
            binary,
            "--message-format",
            "json",
        ])
        .current_dir(directory)
        .stdin(Stdio::null())
        .output()
        .context("cargo")?;
    if !built.status.success() {
        bail!("{}", last_words(&String::from_utf8_lossy(&built.stderr)));
    }
    executable(&String::from_utf8_lossy(&built.stdout), binary)
        .with_context(|| format!("cargo built no {binary}"))
}

/// The path of the executable `binary` in cargo's messages.
fn executable(messages: &str, binary: &str) -> Option<PathBuf> {
    messages
        .lines()
        .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok())
        .filter(|message| message["target"]["name"] == binary)
        .find_map(|message| message["executable"].as_str().map(PathBuf::from))
}

/// What a program said last: its last line that is no more than an indentation, cut to what a
/// table can hold.
pub fn last_words(stderr: &str) -> String {
    let line = stderr
        .lines()
        .map(str::trim)
        .rfind(|line| !line.is_empty())
        .unwrap_or("silent");
    line.chars().take(200).collect()
}

#[cfg(test)]
mod tests {
    use super::{executable, last_words};

    #[test]
    fn the_executable_is_that_of_the_target() {
        let messages = r#"{"reason":"compiler-artifact","target":{"name":"lib"},"executable":null}
            {"reason":"compiler-artifact","target":{"name":"other"},"executable":"/x/other"}
            {"reason":"compiler-artifact","target":{"name":"vouch"},"executable":"/x/vouch"}
            {"reason":"build-finished","success":true}"#;
        assert_eq!(
            executable(messages, "vouch").unwrap().to_str(),
            Some("/x/vouch")
        );
        assert_eq!(executable(messages, "lib"), None);
        assert_eq!(executable("not json", "vouch"), None);
    }

    #[test]
    fn last_words_fit_into_a_table() {
        assert_eq!(last_words("error: a\n  why\n\n"), "why");
        assert_eq!(last_words(" \n"), "silent");
        assert_eq!(last_words(&"x".repeat(1000)).len(), 200);
    }
}
