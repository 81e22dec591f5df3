//! The programs of `examples/`, built and run as their readers would.

use std::env;
use std::fs;
use std::io::{self, Write};
use std::path::Path;
use std::process::Command;

use vouch_sdk::build::{Toolchain, ToolchainKind};

/// Where everything that is built as users build it goes, so that cargo compiles it once: the tests of other crates
/// have the same folder.
const TARGET: &str = concat!(env!("CARGO_TARGET_TMPDIR"), "/users");
const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");

#[test]
fn examples_do_what_they_say() {
    match Toolchain::find(Path::new(".")) {
        Ok(found) if found.kind() != ToolchainKind::Installed || Toolchain::debian().is_ok() => {}
        Ok(_) => return skip("no sources of the standard library"),
        Err(missing) => return skip(&missing.to_string()),
    }
    let examples = Path::new(ROOT).join("examples");
    // They have the versions that the tests are built with, and no lock file of their own.
    let lock = Path::new(ROOT).join("Cargo.lock");
    fs::copy(lock, examples.join("Cargo.lock")).expect("it can be written");
    for (name, expected) in [
        (
            "sudoku",
            "verified: the prover knows a solution\nrefused: exit code 1\n",
        ),
        ("json", "verified: the document says born: 1815\n"),
    ] {
        let mut cargo = Command::new(env!("CARGO"));
        cargo
            .args(["run", "--release", "--quiet", "--package", name])
            .current_dir(&examples)
            .env("CARGO_TARGET_DIR", TARGET)
            // Six times faster to compile, while proofs this small take seconds in any case.
            .env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "0");
        let output = cargo.output().expect("cargo runs");
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{name}: {stderr}");
        let printed = String::from_utf8(output.stdout).expect("text");
        assert_eq!(printed, expected, "{name}");
    }
}

/// Says that examples are not run because `missing` is, past the capture of test output.
///
/// # Panics
/// If `VOUCH_REQUIRE_TOOLS` is 1: then everything is required.
fn skip(missing: &str) {
    let required = env::var("VOUCH_REQUIRE_TOOLS");
    assert_ne!(required.as_deref(), Ok("1"), "examples: {missing}");
    writeln!(io::stderr(), "skipped: examples: {missing}").expect("stderr can be written");
}
