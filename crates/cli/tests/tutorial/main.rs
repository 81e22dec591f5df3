//! The pages for beginners: whoever does what they say sees what they show.
#![cfg(unix)]

mod page;

use std::env;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::Command;

use page::Step;
use vouch_sdk::build::Toolchain;

/// Before what a command prints, and after the last one.
const MARK: &str = "\u{1}";

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
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    if let Err(missing) = Toolchain::find(&root) {
        let required = env::var("VOUCH_REQUIRE_TOOLS");
        assert_ne!(required.as_deref(), Ok("1"), "{name}: {missing}");
        writeln!(io::stderr(), "skipped: {name}: {missing}").expect("stderr can be written");
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let mut place = folder.path().to_path_buf();
    let steps = page::steps(page);
    assert!(!steps.is_empty(), "{name}");
    for step in &steps {
        match step {
            Step::File(file, contents) => {
                let path = place.join(file);
                // A page changes what is there; a slip in a name would make a new file.
                assert!(path.is_file(), "{name}: there is no {file}");
                fs::write(path, format!("{contents}\n")).expect("it can be written");
            }
            Step::Commands(commands) => place = run(name, commands, &place),
        }
    }
}

/// Runs commands in a shell, one after the other, and returns the folder they end in.
fn run(name: &str, commands: &[page::Command<'_>], place: &Path) -> PathBuf {
    // The status of a command is there for the next one, and at its end.
    let mut script = String::from("set -o pipefail\nexec 2>&1\n");
    for command in commands {
        let line = command.line;
        script += &format!("(exit $status); {line}\nstatus=$?; printf '{MARK}%s{MARK}' $status\n");
    }
    script += "pwd\n";
    let output = shell(&script, place);
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

/// What a script prints, with this build's `vouch` as the one that is installed.
fn shell(script: &str, place: &Path) -> String {
    let vouch = Path::new(env!("CARGO_BIN_EXE_vouch"));
    let bin = vouch.parent().expect("a folder").to_path_buf();
    let path = env::var_os("PATH").unwrap_or_default();
    let path = env::join_paths([bin].into_iter().chain(env::split_paths(&path)));
    let output = Command::new("bash")
        .args(["-c", script])
        .current_dir(place)
        .env("PATH", path.expect("a path"))
        // What both pages depend on is compiled once.
        .env(
            "CARGO_TARGET_DIR",
            concat!(env!("CARGO_TARGET_TMPDIR"), "/pages"),
        )
        .output();
    let output = output.expect("bash runs");
    String::from_utf8(output.stdout).expect("text")
}
