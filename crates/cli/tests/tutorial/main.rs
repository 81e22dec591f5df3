//! The pages for beginners: whoever does what they say sees what they show.
#![cfg(unix)]

mod page;

use std::env;
use std::fs::{self, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use page::PageBlock;
use vouch_sdk::build::Toolchain;

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
/// Where everything that is built as users build it goes, so that cargo compiles it once.
const TARGET: &str = concat!(env!("CARGO_TARGET_TMPDIR"), "/users");

/// Before what a command prints, and after the last one.
const MARK: &str = "\u{1e}";

/// What a slow build says of itself, and no page.
const SLOW: &str = "warning: this program was built to use ";

#[test]
fn the_tutorial_works() {
    follow("tutorial.md", include_str!("../../../../docs/tutorial.md"));
}

#[test]
fn a_program_of_another_system_can_be_ported() {
    let page = include_str!("../../../../docs/coming-from.md");
    follow("coming-from.md", page);
}

/// Does what a page says in a folder of its own.
fn follow(name: &str, page: &str) {
    if let Err(missing) = Toolchain::find(Path::new(ROOT)) {
        let required = env::var("VOUCH_REQUIRE_TOOLS");
        assert_ne!(required.as_deref(), Ok("1"), "{name}: {missing}");
        writeln!(io::stderr(), "skipped: {name}: {missing}").expect("stderr can be written");
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let bin = folder.path().join("bin");
    install(&bin);
    let mut place = folder.path().to_path_buf();
    let steps = page::steps(page);
    assert!(!steps.is_empty(), "{name}");
    for step in &steps {
        match step {
            PageBlock::File(file, contents) => {
                let path = place.join(file);
                // A page changes what is there; a slip in a name would make a new file.
                assert!(path.is_file(), "{name}: there is no {file}");
                fs::write(path, format!("{contents}\n")).expect("it can be written");
            }
            PageBlock::Commands(commands) => place = run(name, commands, &place, &bin),
        }
        // A new project gets the versions that the tests are built with.
        let lock = place.join("Cargo.lock");
        if place.join("Cargo.toml").is_file() && !lock.exists() {
            fs::copy(Path::new(ROOT).join("Cargo.lock"), lock).expect("it can be written");
        }
    }
}

/// Runs commands in a shell, one after the other, and returns the folder they end in.
fn run(name: &str, commands: &[page::Command<'_>], place: &Path, bin: &Path) -> PathBuf {
    // The status of a command is there for the next one, and at its end.
    let mut script = String::from("set -o pipefail\nexec 2>&1\n");
    for command in commands {
        let line = command.line;
        script += &format!("(exit $status); {line}\nstatus=$?; printf '{MARK}%s{MARK}' $status\n");
    }
    script += "pwd\n";
    let output = shell(&script, place, bin);
    let mut rest = output.as_str();
    for (at, command) in commands.iter().enumerate() {
        let line = command.line;
        let mut parts = rest.splitn(3, MARK);
        let (Some(text), Some(status), Some(after)) = (parts.next(), parts.next(), parts.next())
        else {
            panic!("{name}: {line}: {rest}");
        };
        let lines: Vec<_> = text
            .lines()
            .filter(|line| !line.starts_with(SLOW))
            .collect();
        let shown = command.output.join("\n");
        assert!(
            page::shows(&command.output, &lines),
            "{name}: $ {line}\nexpected\n{shown}\ngot\n{text}"
        );
        // A command that fails is followed by one that says so.
        let asked = commands.get(at + 1);
        let asked = asked.is_some_and(|next| next.line == "echo $?");
        assert!(asked || status == "0", "{name}: $ {line}: {status}\n{text}");
        rest = after;
    }
    PathBuf::from(rest.trim_end())
}

/// What a script prints.
fn shell(script: &str, place: &Path, bin: &Path) -> String {
    let path = env::var_os("PATH").unwrap_or_default();
    let path = env::join_paths([bin.into()].into_iter().chain(env::split_paths(&path)));
    let output = Command::new("bash")
        .args(["-c", script])
        .current_dir(place)
        .env("PATH", path.expect("a path"))
        .env("CARGO_TARGET_DIR", TARGET)
        // Six times faster to compile, while proofs this small take seconds in any case.
        .env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "0")
        .output();
    let output = output.expect("bash runs");
    String::from_utf8(output.stdout).expect("text")
}

/// Puts into `bin` what the pages call `vouch`: this build, which makes projects with the crates of this checkout.
fn install(bin: &Path) {
    let script = format!(
        "#!/bin/sh\n[ \"$1\" = new ] && shift && set -- new --vouch '{ROOT}' \"$@\"\nexec '{}' \"$@\"\n",
        env!("CARGO_BIN_EXE_vouch")
    );
    fs::create_dir(bin).expect("a folder");
    let vouch = bin.join("vouch");
    fs::write(&vouch, script).expect("it can be written");
    fs::set_permissions(vouch, Permissions::from_mode(0o755)).expect("it is ours");
}
