//! Stdout that nobody reads, and a terminal.

use std::io;
use std::process::{Command, Output, Stdio};

use crate::common::{Place, four_hashes, guest, skip, with_receipt, without_warning};

/// Runs a command whose stdout nobody reads any more.
fn into_the_void(place: &Place, arguments: &[&str]) -> Output {
    let (reader, writer) = io::pipe().expect("a pipe");
    drop(reader);
    Command::new(env!("CARGO_BIN_EXE_vouch"))
        .args(arguments)
        .current_dir(place.path(""))
        .stdin(Stdio::null())
        .stdout(writer)
        .output()
        .expect("it runs")
}

/// A pipe is opened once, by what is written to it: whoever reads it gets all of that.
#[cfg(unix)]
#[test]
fn named_pipes_get_what_is_written() {
    let place = Place::new();
    let pipe = place.path("pipe");
    let made = Command::new("mkfifo").arg(&pipe).status();
    assert!(made.expect("mkfifo").success());
    let (elf, input) = (guest("commitment"), four_hashes());
    for (command, output) in [("prove", "-o"), ("run", "--journal-out")] {
        let pipe = pipe.clone();
        let reader = std::thread::spawn(move || std::fs::read(pipe).expect("a pipe"));
        place
            .vouch(&[command, &elf, "--input-hex", &input, output, "pipe"])
            .ok();
        let got = reader.join().expect("it reads");
        match command {
            "run" => assert_eq!(hex::encode(&got), input),
            _ => {
                std::fs::write(place.path("receipt"), &got).expect("a file");
                place.vouch(&["verify", "receipt", "--elf", &elf]).ok();
            }
        }
    }
}

/// A link stays one, also if what it names is not there yet.
#[cfg(unix)]
#[test]
fn links_are_followed() {
    let place = Place::new();
    let (elf, input) = (guest("commitment"), four_hashes());
    std::os::unix::fs::symlink("journal", place.path("link")).expect("a link");
    for _ in 0..2 {
        let run = ["run", &elf, "--input-hex", &input, "--journal-out", "link"];
        place.vouch(&run).ok();
        assert!(place.path("link").is_symlink());
        let journal = std::fs::read(place.path("journal")).expect("a journal");
        assert_eq!(hex::encode(journal), input);
    }
}

/// As SIGPIPE ends other programs: `vouch verify ... | head -1` is no error to tell of.
#[test]
fn nobody_reads_stdout() {
    let place = with_receipt();
    let (elf, input) = (guest("commitment"), four_hashes());
    for command in [
        &["image-id", &elf][..],
        &["inspect", "receipt"],
        &["verify", "receipt", "--elf", &elf],
        &[
            "run",
            &elf,
            "--input-hex",
            &input,
            "--stats",
            "--journal-out",
            "journal",
        ],
        &["prove", &elf, "--input-hex", &input, "-o", "proven"],
        &[
            "bench",
            "--guests",
            "commitment",
            "--cycles",
            "100",
            "--runs",
            "1",
        ],
        &["demo"],
    ] {
        for more in [&[][..], &["--json"]] {
            let output = into_the_void(&place, &[command, more].concat());
            assert_eq!(output.status.code(), Some(141), "{command:?}: {output:?}");
            let stderr = String::from_utf8_lossy(&output.stderr);
            assert_eq!(without_warning(&stderr), "", "{command:?}");
        }
    }
    // What was asked for is there all the same.
    assert_eq!(hex::encode(place.get("journal")), input);
    assert!(place.get("proven") == place.get("receipt"));
}

#[test]
fn a_long_run_is_followed_on_a_terminal() {
    let what = "progress on a terminal";
    if Command::new("script").arg("--version").output().is_err() {
        return skip(what, "no `script`, of util-linux");
    }
    let place = Place::new();
    // Half a billion cycles, which take longer than a second, and a limit.
    let line = format!(
        "{} run {} --input-hex ffffffff --max-cycles 2^29",
        env!("CARGO_BIN_EXE_vouch"),
        guest("fibonacci")
    );
    let output = Command::new("script")
        .args(["-qec", &line, "/dev/null"])
        .current_dir(place.path(""))
        .env("TERM", "xterm")
        .stdin(Stdio::null())
        .output()
        .expect("it runs");
    let stdout = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(4), "{stdout}");
    for part in [
        " M cycles executed, ",
        " M a second, ends at 536 M (--max-cycles)",
        "error: limit reached: the run may use 536870912 cycles",
        "hint: --max-cycles N allows more",
    ] {
        assert!(stdout.contains(part), "{part:?} in {stdout}");
    }
}
