//! `vouch prove`, from a guest to a receipt that `verify` and `inspect` read; and why not.

use crate::common::{Place, SLOW, four_hashes, guest, image_id, phases_add_up};

fn roundtrip(profile: &str) {
    let place = Place::new();
    let (elf, input) = (guest("commitment"), four_hashes());
    let id = image_id(&elf);
    let prove = ["prove", &elf, "--input-hex", &input, "-o", "receipt"];
    let more = ["--journal-out", "journal", "--profile", profile, "--json"];
    let proven = place.vouch(&[&prove[..], &more].concat()).ok();
    assert!(!proven.stderr.contains("a1a1"), "{}", proven.stderr);
    let warnings = proven.stderr.matches(SLOW).count();
    let proven = proven.json();
    assert_eq!(proven["image_id"], *id);
    assert_eq!(proven["journal"], *input);
    assert_eq!(proven["exit_code"], 0);
    assert_eq!(proven["profile"], profile);
    assert_eq!(proven["cycles"], 39);
    assert_eq!(proven["segments"], 1);
    assert_eq!(proven["proof_bytes"], place.get("receipt").len());
    let bits = proven["security_bits"].as_f64().expect("a number");
    assert!(bits >= 100.0, "{bits}");
    let vectors = ["baseline", "avx2", "avx512f"].map(serde_json::Value::from);
    assert!(vectors.contains(&proven["vectors"]), "{proven}");
    let unused = &proven["unused_vectors"];
    assert!(unused.is_null() || vectors.contains(unused), "{proven}");
    assert_eq!(warnings, usize::from(!unused.is_null()));
    for name in [
        "prove_seconds",
        "cycles_per_second",
        "estimated_memory_bytes",
        "peak_rss_bytes",
        "verify_ms",
    ] {
        assert!(proven[name].as_f64().expect(name) > 0.0, "{proven}");
    }
    let cells = proven["committed_cells"].as_object().expect("an object");
    let sum: u64 = cells.values().filter_map(|cells| cells.as_u64()).sum();
    assert_eq!(proven["committed_cells_total"], sum);
    assert!(cells.contains_key("ecall"), "{proven}");
    let rows = proven["rows_by_table"].as_object().expect("an object");
    assert!(rows.keys().eq(cells.keys()), "{proven}");
    phases_add_up(&proven);
    assert_eq!(hex::encode(place.get("journal")), input);

    for program in [["--image-id", &id], ["--elf", &elf]] {
        let verify = ["verify", "receipt", "--journal", "journal", "--json"];
        let verified = place.vouch(&[&verify[..], &program].concat()).ok().json();
        assert_eq!(verified["verified"], true);
        for name in [
            "image_id",
            "journal",
            "exit_code",
            "profile",
            "security",
            "security_bits",
            "segments",
        ] {
            assert_eq!(verified[name], proven[name], "{name}");
        }
    }

    let inspected = place.vouch(&["inspect", "receipt", "--json"]).ok().json();
    assert_eq!(inspected["verified"], false);
    for name in ["journal", "profile", "security", "security_bits"] {
        assert_eq!(inspected[name], proven[name], "{name}");
    }
    let segment = &inspected["segments"][0];
    assert_eq!(segment["start_pc"], inspected["entry"]);
    assert_eq!(segment["exit_code"], 0);
    assert_eq!(segment["journal_bytes"], 128);
    let tables = segment["tables"].as_array().expect("a list");
    assert_eq!(tables.len(), cells.len());
}

#[test]
fn a_fast_receipt_goes_all_the_way() {
    roundtrip("fast");
}

#[test]
fn a_compact_receipt_goes_all_the_way() {
    roundtrip("compact");
}

#[test]
fn people_are_told_the_same() {
    let place = Place::new();
    let (elf, input) = (guest("commitment"), four_hashes());
    let prove = ["prove", &elf, "--input-hex", &input, "-o", "receipt", "-v"];
    let all = [&prove[..], &["--threads", "1", "--max-memory", "2GiB"]].concat();
    let proven = place.vouch(&all).ok();
    assert!(proven.stdout.contains(&image_id(&elf)), "{}", proven.stdout);
    assert!(proven.stdout.contains("39 cycles"), "{}", proven.stdout);
    assert!(proven.stderr.contains("prove_segment"), "{}", proven.stderr);
    assert!(!proven.stderr.contains("a1a1"), "{}", proven.stderr);
    let inspected = place.vouch(&["inspect", "receipt"]).ok().stdout;
    assert!(inspected.starts_with("NOT VERIFIED"), "{inspected}");
    assert!(inspected.contains("exits with 0"), "{inspected}");
    assert!(inspected.contains(&input), "{inspected}");
}

/// `vouch prove` of a guest and an input, in hexadecimal, to the file `receipt`.
fn prove<'a>(elf: &'a str, input: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let plain = ["prove", elf, "--input-hex", input, "-o", "receipt"];
    [&plain[..], &["--journal-out", "journal"], more].concat()
}

#[test]
fn nothing_is_proven_of_a_run_that_fails() {
    let place = Place::new();
    let commitment = guest("commitment");
    for input in ["", "a1b2c3", &four_hashes()[2..]] {
        let error = place.refuses(
            &prove(&commitment, input, &[]),
            1,
            "guest_exit",
            "the guest exited with code 1, expected 0",
        );
        assert_eq!(error["exit_code"], 1);
    }
    let panicking = guest("panicking");
    let message = "the guest exited with code 101, expected 0";
    place.refuses(&prove(&panicking, "", &[]), 1, "guest_exit", message);
    let runtime = guest("runtime");
    place.refuses(
        &prove(&runtime, "73", &[]),
        3,
        "guest_fault",
        "guest fault at pc 0x",
    );
}

#[test]
fn exit_codes_are_proven_on_request() {
    let place = Place::new();
    let runtime = guest("runtime");
    // Exits with 7.
    let seven = |more: &[&'static str]| prove(&runtime, "7807", more);
    let message = "the guest exited with code 7, expected 0";
    for more in [
        &[][..],
        &["--allow-exit", "8"],
        &["--allow-exit", "0", "--allow-exit", "6"],
    ] {
        let error = place.refuses(&seven(more), 1, "guest_exit", message);
        assert_eq!(
            error["hint"],
            "vouch prove --allow-exit 7 proves such a run"
        );
    }
    for more in [
        &["--allow-exit", "7"][..],
        &["--allow-exit", "8", "--allow-exit", "7"],
        &["--allow-exit", "any"],
    ] {
        let plain = place.vouch(&seven(more)).ok();
        assert!(plain.stdout.contains("exit code 7\n"), "{}", plain.stdout);
        let json = [&seven(more)[..], &["--json"]].concat();
        assert_eq!(place.vouch(&json).ok().json()["exit_code"], 7);
    }
    let verify = ["verify", "receipt", "--elf", &runtime];
    place.refuses(&verify, 1, "exit_code", "exit code: expected 0, got 7");
    place
        .vouch(&[&verify[..], &["--expect-exit", "7"]].concat())
        .ok();
    // A run that exits with 0 is one like others.
    let zero = prove(&runtime, "7800", &["--allow-exit", "7"]);
    place.vouch(&zero).ok();
    for wrong in ["", "-1", "4294967296", "all"] {
        let message = "expected an exit code below 2^32, or `any`";
        let allow = format!("--allow-exit={wrong}");
        place.refuses(&prove(&runtime, "7807", &[&allow]), 2, "usage", message);
    }
    // What has no exit code stays without a receipt.
    let fault = prove(&runtime, "73", &["--allow-exit", "any"]);
    place.refuses(&fault, 3, "guest_fault", "guest fault at pc 0x");
}

#[test]
fn limits_are_kept() {
    let place = Place::new();
    let (fibonacci, commitment) = (guest("fibonacci"), guest("commitment"));
    place.refuses(
        &prove(&fibonacci, "e8030000", &["--max-cycles", "100"]),
        4,
        "limit",
        "limit reached: the run may use 100 cycles",
    );
    let hashes = four_hashes();
    place.refuses(
        &prove(&commitment, &hashes, &["--max-memory", "1MiB"]),
        4,
        "limit",
        "the limit is 1048576",
    );
}

#[test]
fn files_that_are_not_there_or_not_programs_are_named() {
    let place = Place::new();
    place.put("text", b"no program");
    place.put("long", &[b'x'; 100]);
    let elf = guest("commitment");
    place.refuses(
        &prove("missing.elf", "", &[]),
        2,
        "file",
        "cannot read missing.elf",
    );
    place.refuses(&prove("text", "", &[]), 2, "elf", "text: not an ELF file");
    place.refuses(&prove("long", "", &[]), 2, "elf", "long: not an ELF file");
    let input = ["prove", &elf, "--input", "missing", "-o", "receipt"];
    place.refuses(&input, 2, "file", "cannot read missing");
}

/// Where there is a GPU, its proof is the CPU's; where there is none, nothing is written.
#[test]
fn backends_are_chosen() {
    let place = Place::new();
    let (elf, input) = (guest("commitment"), four_hashes());
    place
        .vouch(&prove(&elf, &input, &["--backend", "cpu"]))
        .ok();
    let expected = place.get("receipt");
    place.put("receipt", b"an older receipt");
    let cuda = prove(&elf, &input, &["--backend", "cuda"]);
    if place.vouch(&cuda).code == 0 {
        assert!(place.get("receipt") == expected);
    } else {
        place.refuses(&cuda, 2, "usage", "no GPU: ");
        assert_eq!(place.get("receipt"), b"an older receipt");
    }
    let auto = place
        .vouch(&prove(&elf, &input, &["--backend", "auto"]))
        .ok();
    assert!(place.get("receipt") == expected);
    let explained = auto.stderr.contains("no GPU: ");
    assert!(
        !explained || auto.stderr.contains("; proving on the CPU"),
        "{}",
        auto.stderr
    );
    assert_eq!(
        explained,
        cfg!(feature = "cuda") && place.vouch(&cuda).code != 0
    );
}

#[test]
fn results_without_a_place_are_refused_before_the_run() {
    let place = Place::new();
    // This guest faults when it runs: if that were what is said, it would have run.
    let faulting = ["prove", &guest("runtime"), "--input-hex", "73", "-o"];
    let nowhere = [&faulting[..], &["nowhere/receipt"]].concat();
    place.refuses(&nowhere, 2, "file", "cannot write nowhere/receipt");
    let directory = place.path("");
    let directory = directory.to_str().expect("text");
    let onto_directory = [&faulting[..], &[directory]].concat();
    place.refuses(&onto_directory, 2, "file", "cannot write /");
    let journal = [
        &faulting[..],
        &["receipt", "--journal-out", "nowhere/journal"],
    ]
    .concat();
    place.refuses(&journal, 2, "file", "cannot write nowhere/journal");
    let same = [&faulting[..], &["receipt", "--journal-out", "receipt"]].concat();
    place.refuses(
        &same,
        2,
        "usage",
        "--journal-out: expected another file than --output",
    );
}

#[test]
fn a_failure_keeps_the_receipt_that_was_there() {
    let place = Place::new();
    place.put("receipt", b"an older receipt");
    place.put("journal", b"an older journal");
    let (commitment, runtime) = (guest("commitment"), guest("runtime"));
    place.refuses(&prove(&commitment, "", &[]), 1, "guest_exit", "code 1");
    place.refuses(&prove(&runtime, "73", &[]), 3, "guest_fault", "guest fault");
}
