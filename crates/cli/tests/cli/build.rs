//! `vouch build`. That guests build is tested by the library, where a toolchain is at hand.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use vouch_sdk::build::Toolchain;
use vouch_sdk::{Program, image_id};

use crate::common::{Place, skip};

#[test]
fn what_is_no_guest_is_refused() {
    let place = Place::new();
    place.refuses(&["build", "missing"], 2, "build", "cannot find missing");
    place.refuses(
        &["build", "missing", "-o", "nowhere/guest.elf"],
        2,
        "file",
        "cannot write nowhere/guest.elf",
    );
    place.put("Cargo.toml", b"[package]");
    let message = "Cargo.toml: expected a directory with a Cargo.toml that has a [package]";
    place.refuses(&["build", "Cargo.toml"], 2, "build", message);
}

/// A project as `vouch new` makes it is not the guest's crate, and neither is its host.
#[test]
fn the_guest_of_a_project_is_pointed_to() {
    let place = Place::new();
    for folder in ["raw/guest", "raw/host/src"] {
        fs::create_dir_all(place.path(folder)).expect("folders");
    }
    place.put("raw/Cargo.toml", b"[workspace]\nmembers = [\"host\"]\n");
    place.put("raw/host/Cargo.toml", b"[package]\nname = \"host\"\n");
    place.put("raw/host/src/lib.rs", b"");
    place.put("raw/guest/Cargo.toml", b"");
    let guest = fs::canonicalize(place.path("raw/guest")).expect("the guest");
    let hint = format!(
        "hint: its guest is a crate of its own: vouch build {}\n",
        guest.display()
    );
    let hinted = |place: &Place, dir: &str| {
        let refused = place.vouch(&["build", dir]);
        assert_eq!(refused.code, 2, "{}", refused.stderr);
        refused.stderr.ends_with(&hint)
    };
    // A file is refused before any toolchain is looked for.
    assert!(hinted(&place, "raw/Cargo.toml"));
    place.put("other", b"");
    assert!(!hinted(&place, "other"));
    if let Err(missing) = Toolchain::find(&guest) {
        return skip("the guest of a project", &missing.to_string());
    }
    assert!(hinted(&place, "raw") && hinted(&place, "raw/host"));
}

/// A crate whose build script builds a guest, and which has its ELF inside.
const MANIFEST: &str = r#"
[package]
name = "host"
version = "0.1.0"
edition = "2024"

[workspace]
"#;
const BUILD_SCRIPT: &str = r#"
fn main() {
    let variable = |name| std::env::var(name).expect("a variable");
    let elf = variable("OUT_DIR") + "/guest.elf";
    let vouch = std::process::Command::new(variable("VOUCH"))
        .args(["build", &variable("GUEST"), "-o", &elf])
        .status();
    assert!(vouch.expect("it runs").success());
}
"#;
const MAIN: &str = r#"
use std::io::Write;

fn main() {
    let elf = include_bytes!(concat!(env!("OUT_DIR"), "/guest.elf"));
    std::io::stdout().write_all(elf).expect("it can be written");
}
"#;

#[cfg(unix)]
#[test]
fn a_build_script_builds_guests() {
    let what = "a guest, built by a build script";
    let guest = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../guest-programs/commitment");
    if let Err(missing) = Toolchain::find(&guest) {
        return skip(what, &missing.to_string());
    }
    let place = Place::new();
    fs::create_dir(place.path("src")).expect("a folder");
    place.put("Cargo.toml", MANIFEST.as_bytes());
    place.put("build.rs", BUILD_SCRIPT.as_bytes());
    place.put("src/main.rs", MAIN.as_bytes());
    let mut cargo = Command::new(env!("CARGO"));
    cargo
        // Guests have this profile, too, and each locks what is built in it.
        .args(["run", "--release", "--offline", "--quiet"])
        .current_dir(place.path(""))
        .env("VOUCH", env!("CARGO_BIN_EXE_vouch"))
        .env("GUEST", &guest)
        .env("CARGO_TARGET_DIR", place.path("target"))
        // None of this may change the guest.
        .env("RUSTFLAGS", "-Cdebug-assertions=on")
        .env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "0")
        .env("CARGO_PROFILE_RELEASE_OVERFLOW_CHECKS", "true");
    let output = in_time(what, &mut cargo);
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{stderr}");
    let built = Program::from_elf(&output.stdout).expect("a program");

    let plain = Command::new(env!("CARGO_BIN_EXE_vouch"))
        .arg("build")
        .arg(&guest)
        .env("CARGO_TARGET_DIR", place.path("target"))
        .output()
        .expect("it runs");
    let id = String::from_utf8(plain.stdout).expect("text");
    assert_eq!(id.trim(), image_id(&built).to_string());
}

/// What a command did, if it ends: a cargo that waits for another's lock never does.
#[cfg(unix)]
fn in_time(what: &str, command: &mut Command) -> Output {
    use std::os::unix::process::CommandExt;
    use std::process::Stdio;
    use std::sync::mpsc::{RecvTimeoutError, channel};
    use std::time::Duration;

    let command = command.process_group(0).stdin(Stdio::null());
    let child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let child = child.expect("it starts");
    let group = format!("-{}", child.id());
    let (send, ended) = channel();
    std::thread::spawn(move || send.send(child.wait_with_output()));
    match ended.recv_timeout(Duration::from_secs(540)) {
        Ok(output) => output.expect("it ends"),
        Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {
            let killed = Command::new("kill")
                .args(["-s", "KILL", "--", &group])
                .status();
            panic!("{what}: it waits for ever; killed: {killed:?}");
        }
    }
}
