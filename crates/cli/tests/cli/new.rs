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
    let expected = "expected a name of letters, digits, - and _ that begins with a letter, got ";
    for (name, got) in [
        ("my.app", "another character"),
        ("2fast", "another first character"),
        ("std", "a reserved name"),
        ("/", "none"),
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
        let message = format!("--vouch {checkout}: expected a checkout of Vouch, but {reason}");
        place.refuses(&["new", "app", "--vouch", checkout], 2, "usage", &message);
    }
}

#[test]
fn a_project_is_named_after_its_folder_wherever_that_is() {
    let place = Place::new();
    for (here, argument, folder) in [
        ("app", ".", "app"),
        ("outer", "path/to/inner", "outer/path/to/inner"),
        ("outer", "../beside", "beside"),
    ] {
        fs::create_dir_all(place.path(here)).expect("a folder");
        let output = Command::new(env!("CARGO_BIN_EXE_vouch"))
            .args(["new", argument, "--vouch", ROOT])
            .current_dir(place.path(here))
            .output()
            .expect("it runs");
        assert!(output.status.success(), "{argument}: {output:?}");
        let manifest = place.get(&format!("{folder}/host/Cargo.toml"));
        let manifest = String::from_utf8(manifest).expect("text");
        let name = Path::new(folder).file_name().and_then(|name| name.to_str());
        let name = format!("name = \"{}\"", name.expect("a name"));
        assert!(manifest.contains(&name), "{argument}: {manifest}");
        let stdout = String::from_utf8(output.stdout).expect("text");
        let next = match argument {
            "." => "  cargo run".to_owned(),
            _ => format!("  cd {argument} && cargo run"),
        };
        assert!(stdout.contains(&next), "{argument}: {stdout}");
    }
    // Where something is there, nothing is written.
    let output = Command::new(env!("CARGO_BIN_EXE_vouch"))
        .args(["new", "."])
        .current_dir(place.path("app"))
        .output();
    let stderr = output.expect("it runs").stderr;
    let stderr = String::from_utf8(stderr).expect("text");
    assert!(
        stderr.contains("expected an empty folder or none"),
        "{stderr}"
    );
}

#[cfg(unix)]
#[test]
fn dependencies_are_those_that_it_says() {
    let place = Place::new();
    fs::create_dir(place.path("empty")).expect("a folder");
    let made = place.vouch(&["new", "empty", "--vouch", ROOT]).ok();
    let root = fs::canonicalize(ROOT).expect("the checkout");
    let expected = format!(
        "empty: created, with Vouch from the checkout {}\n",
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
        shows_the_guests_console(&place.path(name));
        if !options.contains(&"--std") {
            explains_what_there_is_without_std(&place.path(name));
        }
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

/// Changes the guest to one that prints and panics: the host shows all of it, half a line too, and says how it ended.
fn shows_the_guests_console(project: &Path) {
    let source = project.join("guest/src/main.rs");
    let guest = fs::read_to_string(&source).expect("a program");
    let print = match guest.contains("no_std") {
        true => "vouch_guest::print",
        false => "print",
    };
    let (head, tail) = guest.split_once("    io::end();\n").expect("its end");
    let failing = format!("    {print}!(\"half a line\");\n    assert_eq!(n, 5, \"not five\");\n");
    fs::write(&source, format!("{head}{failing}{tail}")).expect("it can be written");
    let output = run(project, "cargo run --release -- prove");
    let (stdout, stderr) = (&output.stdout, String::from_utf8_lossy(&output.stderr));
    assert_eq!(stdout, b"half a line", "{stderr}");
    assert_eq!(output.status.code(), Some(1), "{stderr}");
    for part in [
        "not five\n  left: 20\n right: 5\n",
        "error: the guest exited with code 101, expected 0",
    ] {
        assert!(stderr.contains(part), "{part:?} in {stderr}");
    }
    fs::write(&source, guest).expect("it can be written");
}

/// Changes the guest to one that wants more than it has: both the command and a build script say what helps.
fn explains_what_there_is_without_std(project: &Path) {
    let source = project.join("guest/src/main.rs");
    let guest = fs::read_to_string(&source).expect("a program");
    for (import, hint) in [
        (
            "extern crate alloc;\nuse alloc::sync::Arc;\n",
            "hint: without the feature `std` of vouch-guest there is no `Arc`",
        ),
        (
            "use std::collections::HashMap;\n",
            "hint: a guest has the standard library only with the feature `std` of vouch-guest",
        ),
    ] {
        let (head, tail) = guest
            .split_once("use vouch_guest::io;\n")
            .expect("an import");
        let wants = format!("{head}use vouch_guest::io;\n{import}{tail}");
        fs::write(&source, wants).expect("it can be written");
        let embedded = run(project, "cargo build --release");
        let built = Command::new(env!("CARGO_BIN_EXE_vouch"))
            .args(["build", "guest"])
            .current_dir(project)
            .env("CARGO_TARGET_DIR", TARGET)
            .output()
            .expect("it runs");
        for output in [embedded, built] {
            let stderr = String::from_utf8_lossy(&output.stderr);
            assert!(!output.status.success(), "{stderr}");
            assert!(stderr.contains(hint), "{hint:?} in {stderr}");
        }
    }
    fs::write(&source, guest).expect("it can be written");
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
