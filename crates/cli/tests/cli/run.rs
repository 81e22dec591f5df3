//! `vouch run` and `vouch image-id`

use crate::common::{Place, four_hashes, guest, image_id};

#[test]
fn the_console_is_the_guests() {
    let place = Place::new();
    place.put("input", b"phello\n");
    let run = ["run", &guest("runtime"), "--input", "input"];
    let plain = place.vouch(&run).ok();
    assert!(plain.stdout.starts_with("hello\n"), "{}", plain.stdout);
    assert_eq!(plain.stderr, "6 bytes\n");

    let json = place.vouch(&[&run[..], &["--json"]].concat()).ok();
    assert_eq!(json.json()["exit_code"], 0);
    assert!(json.stderr.contains("hello\n"), "{}", json.stderr);
    assert!(json.stderr.contains("6 bytes\n"), "{}", json.stderr);
}

#[test]
fn inputs_are_concatenated() {
    let place = Place::new();
    let names = ["job", "model", "rest"];
    place.put("job", b"a first");
    place.put("rest", b" last");
    let files = ["run", &guest("runtime"), "--journal-out", "journal"];
    let inputs = ["--input", names[0], "--input", "-", "--input", names[2]];
    let all = [&files[..], &inputs].concat();
    place.vouch_with_stdin(&all, b", second,").ok();
    assert_eq!(place.get("journal"), b" first, second, last");
}

#[test]
fn stdin_is_read_once() {
    let place = Place::new();
    let elf = guest("runtime");
    place.put("file", b"a first");
    for (again, times) in [
        (&["-"][..], 2),
        (&["/dev/stdin"], 2),
        (&["file", "-", "-"], 3),
    ] {
        let mut all = vec!["run", &elf, "--input", "-"];
        all.extend(again.iter().flat_map(|path| ["--input", path]));
        let message = format!("--input -: expected stdin once, got it {times} times");
        place.refuses(&all, 2, "usage", &message);
    }
}

#[test]
fn frames_have_their_length_before_them() {
    let place = Place::new();
    // No orders, no customer; then a memo.
    place.put("request", &[0; 8]);
    let files = ["--input", "request", "--input", "-"];
    let typed = ["run", &guest("typed"), "--journal-out", "journal"];
    let framed = [&typed[..], &files, &["--frames"]].concat();
    place.vouch_with_stdin(&framed, b"hello").ok();
    // No totals, none open, no last day, five bytes.
    let summary = [[0; 4], [0; 4], [0; 4], [5, 0, 0, 0]].concat();
    assert_eq!(place.get("journal"), summary);

    let refused = place.vouch_with_stdin(&[&typed[..], &files].concat(), b"hello");
    assert_eq!(refused.code, 1);
    let reason = "refused: input frame 1: expected 4 bytes, got 0 at byte 0";
    assert!(refused.stderr.contains(reason), "{}", refused.stderr);

    // What letter stands for an exercise is how long the frame is.
    let digits = "00".repeat(usize::from(b'a'));
    let hex = [
        "run",
        &guest("runtime"),
        "--frames",
        "--input-hex",
        &digits,
        "--json",
    ];
    let run = place.vouch(&hex).ok().json();
    assert_eq!(run["journal"], format!("000000{digits}"));
}

#[test]
fn figures_are_shown() {
    let place = Place::new();
    let input = four_hashes();
    let run = [
        "run",
        &guest("commitment"),
        "--input-hex",
        &input,
        "--stats",
    ];
    let plain = place.vouch(&run).ok().stdout;
    assert!(plain.contains("instructions executed  39\n"), "{plain}");
    assert!(
        plain.contains("journal                128 bytes\n"),
        "{plain}"
    );
    assert!(plain.contains(&input), "{plain}");
    let json = place.vouch(&[&run[..], &["--json"]].concat()).ok().json();
    assert_eq!(json["cycles"], 39);
    assert_eq!(json["journal"], *input);
    assert_eq!(json["journal_bytes"], 128);
    assert_eq!(json["input_bytes_read"], 128);
    for name in ["seconds", "mips", "memory_bytes"] {
        assert!(json[name].as_f64().expect(name) > 0.0, "{json}");
    }
}

#[test]
fn an_exit_code_other_than_0_is_a_no() {
    let place = Place::new();
    // Exit code 7, after which nothing is written.
    let run = ["run", &guest("runtime"), "--input-hex", "7807"];
    let all = [&run[..], &["--journal-out", "journal"]].concat();
    let error = place.refuses(
        &all,
        1,
        "guest_exit",
        "the guest exited with code 7, expected 0",
    );
    assert_eq!(error["exit_code"], 7);
    assert_eq!(error["journal"], "");
    assert!(error["cycles"].as_u64().expect("a number") > 0);

    let panicking = ["run", &guest("panicking")];
    let error = place.refuses(
        &panicking,
        1,
        "guest_exit",
        "exited with code 101, expected 0",
    );
    assert_eq!(error["exit_code"], 101);
}

#[test]
fn runs_that_end_badly_say_what_helps() {
    let place = Place::new();
    let (runtime, typed, panicking) = (guest("runtime"), guest("typed"), guest("panicking"));
    for (arguments, kind, hint) in [
        (
            &["run", &typed, "--input-hex", "00"][..],
            "guest_exit",
            "--frames",
        ),
        (
            &["prove", &typed, "--input-hex", "00", "-o", "receipt"],
            "guest_exit",
            "--frames",
        ),
        (&["run", &panicking], "guest_exit", "the guest panicked"),
        (
            &["run", &panicking],
            "guest_exit",
            "vouch prove --allow-exit 101",
        ),
        (
            &["run", &runtime, "--input-hex", "7807"],
            "guest_exit",
            "vouch prove --allow-exit 7",
        ),
        (
            &["run", &runtime, "--input-hex", "73"],
            "guest_fault",
            "vouch run --gdb",
        ),
    ] {
        let reply = place.vouch(&[arguments, &["--json"]].concat()).json();
        assert_eq!(reply["kind"], kind, "{reply}");
        let found = reply["hint"].as_str().expect("a hint");
        assert!(found.contains(hint), "{hint:?} in {found:?}");
        assert_eq!(
            reply["exit_code"].is_null(),
            kind == "guest_fault",
            "{reply}"
        );
    }
    // What has frames already, or no input, needs none.
    for flags in [&["--input-hex", "00", "--frames"][..], &[]] {
        let reply = place
            .vouch(&[&["run", &typed, "--json"], flags].concat())
            .json();
        assert_eq!(
            reply["hint"], "vouch prove --allow-exit 1 proves such a run",
            "{reply}"
        );
    }
}

#[test]
fn faults_and_limits_have_their_codes() {
    let place = Place::new();
    let stack = ["run", &guest("runtime"), "--input-hex", "73"];
    place.refuses(&stack, 3, "guest_fault", "guest fault at pc 0x");
    let thousand = ["run", &guest("fibonacci"), "--input-hex", "e8030000"];
    place.vouch(&thousand).ok();
    let all = [&thousand[..], &["--max-cycles", "100"]].concat();
    let error = place.refuses(
        &all,
        4,
        "limit",
        "limit reached: the run may use 100 cycles",
    );
    assert_eq!(error["hint"], "allow more with --max-cycles N");
    let all = [&thousand[..], &["--max-cycles", "2^13"]].concat();
    place.vouch(&all).ok();
}

#[test]
fn a_journal_that_is_too_long_reaches_a_limit() {
    let place = Place::new();
    place.put("input", &[b'a'; (1 << 20) + 2]);
    let run = ["run", &guest("runtime"), "--input", "input"];
    place.refuses(
        &run,
        4,
        "limit",
        "limit reached: the run may use 1048576 bytes of journal",
    );
}

#[test]
fn image_ids_are_printed() {
    let place = Place::new();
    let elf = guest("commitment");
    let id = image_id(&elf);
    assert_eq!(
        place.vouch(&["image-id", &elf]).ok().stdout,
        format!("{id}\n")
    );
    let json = place.vouch(&["image-id", &elf, "--json"]).ok().json();
    assert_eq!(json["image_id"], *id);
}
