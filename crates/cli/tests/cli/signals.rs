//! SIGINT, SIGTERM and SIGHUP: every command answers once, and exits with 128 and the signal's number.

use std::fs;
use std::process::{Child, Command, Output, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::common::{Place, guest, with_receipt};

/// The signals and their numbers. Who runs these tests with SIGHUP ignored has it ignored by every process that
/// they start.
pub fn signals() -> Vec<(&'static str, i32)> {
    let mut all = vec![("INT", 2), ("TERM", 15)];
    if mask(std::process::id(), "SigIgn:") & 1 == 0 {
        all.push(("HUP", 1));
    }
    all
}

/// A mask of signals of a process; 0 if it is gone.
fn mask(process: u32, which: &str) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(which));
    line.map_or(0, |mask| {
        u64::from_str_radix(mask.trim(), 16).expect("a mask")
    })
}

/// Waits until something is so: too long a wait is a failure.
#[track_caller]
fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < Duration::from_secs(120), "never: {what}");
        sleep(Duration::from_millis(2));
    }
}

fn start(place: &Place, command: &mut Command) -> Child {
    let child = command
        .current_dir(place.path(""))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    // Handlers are installed one after another: each signal must be caught, or ignored as who starts these tests
    // may wish, before one is sent.
    let all = 1 << 0 | 1 << 1 | 1 << 14;
    wait_until("signals are caught", || {
        (mask(child.id(), "SigCgt:") | mask(child.id(), "SigIgn:")) & all == all
    });
    child
}

fn vouch(line: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_vouch"));
    command.args(line.split(' '));
    command
}

fn send(signal: &str, child: &Child) {
    let id = child.id().to_string();
    let sent = Command::new("kill").args(["-s", signal, &id]).status();
    assert!(sent.expect("kill").success());
}

/// Ends a command by a signal, and asserts what it answers.
#[track_caller]
fn stops(place: &Place, line: &str, (name, number): (&str, i32), prepare: impl Fn(&mut Command)) {
    let mut command = vouch(line);
    prepare(command.arg("--json"));
    let mut child = start(place, &mut command);
    let stdin = child.stdin.take();
    send(name, &child);
    let output = child.wait_with_output().expect("it ends");
    drop(stdin);
    let reply = object(&output);
    assert_eq!(
        output.status.code(),
        Some(128 + number),
        "{line}: {output:?}"
    );
    assert_eq!(reply["kind"], "stopped", "{line}: {reply}");
    assert_eq!(reply["status"], 128 + number, "{line}: {reply}");
    assert_eq!(reply["signal"], number, "{line}: {reply}");
    let error = reply["error"].as_str().expect("a message");
    assert!(
        error.starts_with(&format!("stopped by signal {number}")),
        "{error}"
    );
}

/// The one object on stdout.
#[track_caller]
fn object(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {output:?}"))
}

/// Pipes that nobody writes to, on which a command waits, and a guest that never ends.
fn place() -> Place {
    let place = with_receipt();
    let pipe = Command::new("mkfifo").arg(place.path("pipe")).status();
    assert!(pipe.expect("mkfifo").success());
    place
}

#[test]
fn every_command_answers() {
    let place = place();
    let endless = format!("run {} --input-hex ffffffff", guest("fibonacci"));
    let drawn = format!("{endless} --flame-graph out.svg");
    let waiting = format!("prove {} --input - -o out", guest("commitment"));
    for signal in signals() {
        for line in [
            endless.as_str(),
            &drawn,
            &waiting,
            "verify pipe --elf pipe",
            "inspect pipe",
            "image-id pipe",
            "demo",
            "bench --guests fibonacci --cycles 2^24 --runs 9",
        ] {
            stops(&place, line, signal, |_| {});
        }
        assert!(!place.path("out.svg").exists());
        assert!(!place.path("out").exists());
    }
}

#[test]
fn a_build_answers() {
    let place = Place::new();
    // The first of all programs that a build runs.
    let script =
        r#"mkdir bin guest && printf '#!/bin/sh\nexec sleep 30' >bin/rustc && chmod 755 bin/rustc"#;
    let made = Command::new("sh")
        .args(["-c", script])
        .current_dir(place.path(""))
        .status();
    assert!(made.expect("sh").success());
    let path = std::env::var("PATH").expect("a path");
    let path = format!("{}:{path}", place.path("bin").display());
    for signal in signals() {
        stops(&place, "build guest -o guest.elf", signal, |command| {
            command.env("PATH", &path);
        });
        assert!(!place.path("guest.elf").exists());
    }
}

#[test]
fn a_second_signal_does_not_wait_for_a_proof() {
    for (name, number) in signals() {
        let place = Place::new();
        let elf = guest("fibonacci");
        let line = format!("prove {elf} --input-hex 00c2eb0b --work-dir work -o out --json");
        let child = start(&place, &mut vouch(&line));
        // From now on the first one asks it to stop by itself.
        wait_until("it proves", || place.path("work").exists());
        send(name, &child);
        send(name, &child);
        let output = child.wait_with_output().expect("it ends");
        let reply = object(&output);
        assert_eq!(output.status.code(), Some(128 + number), "{output:?}");
        assert_eq!(
            (&reply["kind"], &reply["signal"]),
            (&"stopped".into(), &number.into())
        );
        assert!(!place.path("out").exists());
    }
}

/// A pipe that nobody reads keeps whoever opens it, and the answer with it.
#[test]
fn a_second_signal_does_not_wait_for_a_reader() {
    let place = place();
    let line = format!(
        "prove {} --input-hex 05000000 -o out --journal-out pipe",
        guest("fibonacci")
    );
    let mut child = start(&place, &mut vouch(&line));
    // The receipt comes first, then the pipe.
    wait_until("the receipt is there", || place.path("out").exists());
    sleep(Duration::from_millis(200));
    assert!(child.try_wait().expect("a child").is_none());
    send("TERM", &child);
    sleep(Duration::from_millis(200));
    send("TERM", &child);
    wait_until("it ends", || child.try_wait().expect("a child").is_some());
    let status = child.wait().expect("it has ended");
    assert_eq!(status.code(), Some(128 + 15));
}

#[test]
fn who_ignores_sighup_is_not_hung_up() {
    let place = Place::new();
    let line = format!("run {} --input-hex ffffffff --json", guest("fibonacci"));
    let script = format!("trap '' HUP; exec {} {line}", env!("CARGO_BIN_EXE_vouch"));
    let child = start(&place, Command::new("sh").args(["-c", &script]));
    send("HUP", &child);
    send("TERM", &child);
    let output = child.wait_with_output().expect("it ends");
    assert_eq!(object(&output)["signal"], 15);
}

/// Its stdin is a pipe of the bench, which closes however that ends.
#[test]
fn a_run_of_a_bench_ends_with_it() {
    let place = Place::new();
    // Billions of cycles: it would not end by itself.
    let mut child = start(&place, &mut vouch("bench-run fibonacci 1000000000 --json"));
    sleep(Duration::from_millis(100));
    assert!(child.try_wait().expect("a child").is_none());
    drop(child.stdin.take());
    let output = child.wait_with_output().expect("it ends");
    assert_eq!(
        (output.status.code(), output.stdout.as_slice()),
        (Some(5), &b""[..])
    );
}
