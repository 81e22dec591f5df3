//! Proofs that are stopped, killed, or cannot write, and go on.

use std::fs;
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::thread::sleep;
use std::time::Duration;

use crate::common::{Place, guest};
#[cfg(target_os = "linux")]
use crate::signals::signals;

/// `vouch prove` of a run of some 15 segments, in the work folder `work`.
fn arguments() -> Vec<String> {
    let elf = guest("fibonacci");
    // 24,000 numbers, some 120,000 cycles.
    let plain = ["prove", &elf, "--input-hex", "c05d0000", "-o", "receipt"];
    let more = ["--work-dir", "work", "--segment-cells", "2400000"];
    let memory = ["--max-memory", "1GiB"];
    let all = [&plain[..], &more, &memory].concat();
    all.into_iter().map(String::from).collect()
}

/// The same without a work folder, to the end: the receipt, and its segments.
fn whole() -> &'static (Vec<u8>, usize) {
    static WHOLE: OnceLock<(Vec<u8>, usize)> = OnceLock::new();
    WHOLE.get_or_init(|| {
        let place = Place::new();
        let all = arguments();
        let plain: Vec<&str> = all
            .iter()
            .map(String::as_str)
            .filter(|argument| !["--work-dir", "work"].contains(argument))
            .chain(["--json"])
            .collect();
        let segments = place.vouch(&plain).ok().json()["segments"].as_u64();
        let segments = segments.expect("a number") as usize;
        assert!(segments >= 10, "only {segments} segments");
        (place.get("receipt"), segments)
    })
}

/// Goes on to the end, to the same receipt; returns how many segments were there already.
fn finish(place: &Place) -> usize {
    let all = arguments();
    let all: Vec<&str> = all.iter().map(String::as_str).chain(["--json"]).collect();
    let proven = place.vouch(&all).ok().json();
    let (receipt, segments) = whole();
    assert_eq!(proven["segments"], *segments);
    assert!(place.get("receipt") == *receipt);
    proven["reused_segments"].as_u64().expect("a number") as usize
}

fn start(place: &Place) -> Child {
    Command::new(env!("CARGO_BIN_EXE_vouch"))
        .args(arguments())
        .arg("--json")
        .current_dir(place.path(""))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary starts")
}

/// Files of proven segments.
fn segments(place: &Place) -> usize {
    let Ok(entries) = fs::read_dir(place.path("work")) else {
        return 0;
    };
    let name = |entry: std::io::Result<fs::DirEntry>| entry.expect("an entry").file_name();
    entries
        .map(|entry| name(entry).to_string_lossy().into_owned())
        .filter(|name| name.starts_with("segment-"))
        .count()
}

/// Waits until so many segments are proven, or the process ends.
fn wait_for_segments(place: &Place, child: &mut Child, wanted: usize) {
    while segments(place) < wanted && child.try_wait().expect("a child").is_none() {
        sleep(Duration::from_millis(1));
    }
}

#[test]
fn killed_at_any_moment_a_proof_goes_on_to_the_same_bytes() {
    let (_, all) = whole();
    let place = Place::new();
    let mut killed = 0;
    // At once, before the first segment, and between those that follow, after pauses that share no
    // rhythm with the prover.
    for (i, wanted) in [0, 0, 1, 1, 2, 4, 5, 8, 11].into_iter().enumerate() {
        let mut child = start(&place);
        wait_for_segments(&place, &mut child, wanted);
        sleep(Duration::from_millis(7 * i as u64 % 23));
        child.kill().expect("a child");
        let status = child.wait().expect("a child");
        killed += usize::from(!status.success());
    }
    assert!(killed >= 5, "only {killed} were killed in time");
    let left = segments(&place);
    assert_eq!(finish(&place), left);
    let entries = fs::read_dir(place.path("work")).expect("a folder");
    // The job, the lock and the segments; nothing half-written.
    assert_eq!(entries.count(), all + 2);
}

#[cfg(target_os = "linux")]
#[test]
fn signals_stop_a_proof_that_can_go_on() {
    for (signal, number) in signals() {
        let code = 128 + number;
        // A place of its own: all segments but one are still to be proven when the signal comes.
        let place = Place::new();
        let mut child = start(&place);
        wait_for_segments(&place, &mut child, 1);
        let id = child.id().to_string();
        let sent = Command::new("kill").args(["-s", signal, &id]).status();
        assert!(sent.expect("kill").success());
        let output = child.wait_with_output().expect("a child");
        assert_eq!(output.status.code(), Some(code), "{signal}");
        let reply: serde_json::Value = serde_json::from_slice(&output.stdout).expect("an object");
        assert_eq!(
            (&reply["kind"], &reply["status"]),
            (&"stopped".into(), &code.into())
        );
        let error = reply["error"].as_str().expect("a message");
        assert!(
            error.contains("the same command continues from there"),
            "{error}"
        );
        assert!(!place.path("receipt").exists());
        assert!(finish(&place) >= 1);
    }
}

/// The shell bounds the size of files as a full disk would.
#[cfg(unix)]
#[test]
fn a_full_disk_loses_nothing() {
    let place = Place::new();
    let mut child = start(&place);
    wait_for_segments(&place, &mut child, 2);
    child.kill().expect("a child");
    child.wait().expect("a child");
    let before = segments(&place);
    let script = "ulimit -f 100; trap '' XFSZ; exec \"$@\"";
    let output = Command::new("sh")
        .args(["-c", script, "sh", env!("CARGO_BIN_EXE_vouch")])
        .args(arguments())
        .current_dir(place.path(""))
        .output()
        .expect("a shell");
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{stderr}");
    assert!(stderr.contains("cannot write work/segment-"), "{stderr}");
    assert_eq!(segments(&place), before);
    assert!(!place.path("receipt").exists());
    assert_eq!(finish(&place), before);
}

#[test]
fn folders_and_files_that_do_not_serve_are_named() {
    let place = Place::new();
    place.put("work", b"a file");
    let all = arguments();
    let all: Vec<&str> = all.iter().map(String::as_str).collect();
    place.refuses(&all, 2, "file", "cannot create work");
    fs::remove_file(place.path("work")).expect("it is there");
    finish(&place);
    let damaged = place.path("work/segment-000007");
    fs::write(&damaged, b"VOUCHSEG").expect("it can be written");
    let refused = place.vouch(&all);
    assert_eq!(refused.code, 2, "{}", refused.stderr);
    assert!(
        refused.stderr.contains("work/segment-000007: "),
        "{}",
        refused.stderr
    );
    fs::remove_file(damaged).expect("it is there");
    assert_eq!(finish(&place), whole().1 - 1);
}

#[test]
fn an_endless_guest_reaches_its_limit() {
    let place = Place::new();
    // As many Fibonacci numbers as there can be: some 2^34 cycles.
    let elf = guest("fibonacci");
    let all = ["prove", &elf, "--input-hex", "ffffffff", "-o", "receipt"];
    let limited = [&all[..], &["--max-cycles", "2^26"]].concat();
    let message = "limit reached: the run may use 67108864 cycles";
    place.refuses(&limited, 4, "limit", message);
}

#[cfg(unix)]
#[test]
fn only_its_owner_may_read_a_work_folder() {
    let place = Place::new();
    place.public_folder("work");
    let all = arguments();
    let all: Vec<&str> = all.iter().map(String::as_str).collect();
    let mut child = place.with_open_umask(&all).spawn().expect("a shell");
    let status = child.wait().expect("it ends");
    assert!(status.success());
    assert!(segments(&place) >= 10);
    assert!(
        place.open_files("work").is_empty(),
        "{:?}",
        place.open_files("work")
    );
}

#[cfg(unix)]
#[test]
fn a_link_in_the_place_of_the_lock_is_not_followed() {
    let place = Place::new();
    place.public_folder("work");
    place.put("precious", b"content");
    for target in ["precious", "missing"] {
        let lock = place.path("work/lock");
        std::os::unix::fs::symlink(place.path(target), &lock).expect("a link");
        let all = arguments();
        let all: Vec<&str> = all.iter().map(String::as_str).chain(["--json"]).collect();
        let outcome = place.vouch(&all);
        assert_eq!((outcome.code, &outcome.json()["kind"]), (2, &"file".into()));
        fs::remove_file(lock).expect("the link");
    }
    assert_eq!(place.get("precious"), b"content");
    assert!(!place.path("missing").exists());
}
