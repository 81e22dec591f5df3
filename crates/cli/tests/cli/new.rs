//! `vouch new`: what it refuses, and that what it writes proves and verifies.

use std::env;
use std::fs;
use std::path::Path;
use std::process::Command;

use vouch_sdk::build::{Toolchain, ToolchainKind};

use crate::common::{Place, skip};

/// Where everything that is built as users build it goes, so that cargo compiles it once: the tests of other crates
/// have the same folder.
const TARGET: &str = concat!(env!("CARGO_TARGET_TMPDIR"), "/users");
const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");

#[test]
fn names_and_folders_are_refused() {
    let place = Place::new();
    let expected = "expected a name of letters, digits, - and _, a letter first, got ";
    for (name, got) in [
        ("my.app", "another character"),
        ("2fast", "another one first"),
        ("std", "a name that has a meaning"),
        ("..", "none"),
    ] {
        let message = format!("{name}: {expected}{got}");
        place.refuses(&["new", name], 2, "usage", &message);
    }
    place.put("taken", b"a file");
    let message = "taken: expected an empty folder or none, got files";
    place.refuses(&["new", "taken"], 2, "file", message);
    let inside = Place::new();
    fs::create_dir(inside.path("app")).expect("a folder");
    inside.put("app/kept", b"a file");
    let outcome = inside.vouch(&["new", "app"]);
    assert_eq!(outcome.code, 2, "{}", outcome.stderr);
    assert_eq!(
        fs::read_dir(inside.path("app"))
            .expect("it is there")
            .count(),
        1
    );

    for (checkout, reason) in [
        ("missing", "nothing is there"),
        (".", "it has no crates/sdk, crates/build and crates/guest"),
    ] {
        let message = format!("--vouch {checkout}: expected a checkout of Vouch: {reason}");
        place.refuses(&["new", "app", "--vouch", checkout], 2, "usage", &message);
    }
}

#[cfg(unix)]
#[test]
fn dependencies_are_those_that_it_says() {
    let place = Place::new();
    fs::create_dir(place.path("empty")).expect("a folder");
    let made = place.vouch(&["new", "empty", "--vouch", ROOT]).ok();
    let root = fs::canonicalize(ROOT).expect("the checkout");
    let expected = format!(
        "empty: made, with Vouch from the checkout {}\n",
        root.display()
    );
    assert!(made.stdout.starts_with(&expected), "{}", made.stdout);
    let manifest = String::from_utf8(place.get("empty/host/Cargo.toml")).expect("text");
    let sdk = format!(
        "vouch-sdk = {{ path = \"{}\" }}",
        root.join("crates/sdk").display()
    );
    assert!(manifest.contains(&sdk), "{manifest}");

    // Out of the target directory it knows of no checkout.
    let vouch = place.path("vouch");
    // By another process, so that none that this one starts meanwhile has it open for writing.
    let copied = Command::new("cp")
        .arg(env!("CARGO_BIN_EXE_vouch"))
        .arg(&vouch)
        .status();
    assert!(copied.expect("cp runs").success());
    let mut command = Command::new(vouch);
    command
        .args(["new", "other", "--std", "--json"])
        .current_dir(place.path(""));
    let output = command.output().expect("it runs");
    assert!(output.status.success(), "{output:?}");
    let fields: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let version = env!("CARGO_PKG_VERSION");
    assert_eq!(fields["vouch"], serde_json::Value::Null, "{fields}");
    assert_eq!(fields["version"], version, "{fields}");
    let manifest = String::from_utf8(place.get("other/guest/Cargo.toml")).expect("text");
    let guest = format!("vouch-guest = {{ version = \"{version}\", features = [\"std\"] }}");
    assert!(manifest.contains(&guest), "{manifest}");
}

#[test]
fn a_project_proves_and_verifies() {
    let what = "what `vouch new` makes";
    match Toolchain::find(Path::new(".")) {
        Ok(found) if found.kind() != ToolchainKind::Installed || Toolchain::debian().is_ok() => {}
        Ok(_) => return skip(what, "no sources of the standard library"),
        Err(missing) => return skip(what, &missing.to_string()),
    }
    let place = Place::new();
    for (name, options) in [("my-app", &[][..]), ("std-app", &["--std"])] {
        place
            .vouch(&[&["new", name, "--vouch", ROOT], options].concat())
            .ok();
        // The versions that the tests are built with.
        let lock = Path::new(ROOT).join("Cargo.lock");
        fs::copy(lock, place.path(name).join("Cargo.lock")).expect("it can be written");
        let readme = fs::read_to_string(place.path(name).join("README.md")).expect("a page");
        let commands = readme
            .lines()
            .filter_map(|line| line.strip_prefix("    cargo "));
        let printed: Vec<String> = commands
            .map(|command| cargo(&place.path(name), command))
            .collect();
        assert_eq!(printed.len(), 2, "the commands of the page");
        assert!(printed[0].starts_with("receipt.vouch: "), "{}", printed[0]);
        assert_eq!(printed[1], "verified: the Fibonacci number 20 is 6765\n");
        // And not without a receipt that says so.
        let receipt = place.path(name).join("receipt.vouch");
        let mut bytes = fs::read(&receipt).expect("a receipt");
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        fs::write(&receipt, bytes).expect("it can be written");
        let verify = readme.lines().rfind(|line| line.starts_with("    cargo "));
        let output = run(&place.path(name), verify.expect("a command").trim_start());
        assert!(!output.status.success(), "an altered receipt");
    }
}

/// What a command of the page prints, without the comment after it.
fn cargo(project: &Path, command: &str) -> String {
    let output = run(project, command);
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command}: {stderr}");
    String::from_utf8(output.stdout).expect("text")
}

fn run(project: &Path, command: &str) -> std::process::Output {
    let command = command.trim_start_matches("cargo ").split('#').next();
    let words = command.expect("words").split_whitespace();
    Command::new(env!("CARGO"))
        .args(words)
        .current_dir(project)
        .env("CARGO_TARGET_DIR", TARGET)
        // Six times faster to compile, while proofs this small take seconds in any case.
        .env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "0")
        .output()
        .expect("cargo runs")
}
