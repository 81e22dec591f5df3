//! `vouch run --estimate`

use crate::common::{Place, guest};

#[test]
fn an_estimate_says_what_a_proof_then_takes() {
    let place = Place::new();
    let elf = guest("fibonacci");
    for parameters in [
        &[][..],
        &[
            "--profile",
            "compact",
            "--security",
            "128",
            "--segment-cells",
            "2400000",
        ],
    ] {
        let run = ["run", &elf, "--input-hex", "e8030000", "--estimate"];
        let reply = place
            .vouch(&[&run[..], parameters, &["--json"]].concat())
            .ok()
            .json();
        let prove = ["prove", &elf, "--input-hex", "e8030000", "-o", "receipt"];
        let proven = place
            .vouch(&[&prove[..], parameters, &["--json"]].concat())
            .ok()
            .json();
        for name in ["cycles", "journal", "exit_code"] {
            assert_eq!(reply[name], proven[name], "{name}");
        }
        let estimate = &reply["estimate"];
        for name in [
            "profile",
            "security_bits",
            "backend",
            "segments",
            "committed_cells_total",
            "estimated_memory_bytes",
            "memory_bytes",
        ] {
            assert_eq!(estimate[name], proven[name], "{name}");
        }
        let number = |value: &serde_json::Value| value.as_f64().expect("a number");
        let bytes = number(&proven["proof_bytes"]);
        assert!(
            (number(&estimate["proof_bytes"]) / bytes - 1.0).abs() < 0.02,
            "{reply}"
        );
        assert!(number(&estimate["most_proof_bytes"]) >= bytes, "{reply}");
        assert!(number(&estimate["memory_bytes"]) > 0.0, "{reply}");
        assert!(number(&estimate["prove_seconds"]) > 0.0, "{reply}");
    }
}

#[test]
fn an_estimate_is_told_to_people() {
    let place = Place::new();
    let elf = guest("runtime");
    place.put("input", b"phello\n");
    let run = ["run", &elf, "--input", "input", "--estimate", "--stats"];
    let plain = place.vouch(&run).ok();
    for line in [
        "hello\n",
        "instructions executed  ",
        "proof, by estimate     profile fast at 100, ",
        "segments               1\n",
        "seconds to prove       ",
        "exit code 0, journal (",
    ] {
        assert!(plain.stdout.contains(line), "{line:?} in {}", plain.stdout);
    }
    assert_eq!(
        plain.stdout.matches("hello\n").count(),
        1,
        "{}",
        plain.stdout
    );
    // What exits with another code is estimated, too.
    let failed = place.vouch(&["run", &elf, "--input-hex", "7807", "--estimate"]);
    assert_eq!(failed.code, 1, "{}", failed.stderr);
    assert!(
        failed.stdout.contains("segments               1\n"),
        "{}",
        failed.stdout
    );
}

#[test]
fn what_belongs_to_an_estimate_wants_one() {
    let place = Place::new();
    let elf = guest("commitment");
    for flags in [
        &["--security", "128"][..],
        &["--max-memory", "1GiB"],
        &["--segment-cells", "2400000"],
        &["--threads", "1"],
        &["--backend", "cpu"],
    ] {
        let all = [&["run", &elf][..], flags].concat();
        place.refuses(&all, 2, "usage", "required arguments were not provided");
    }
    let graph = ["run", &elf, "--estimate", "--profile", "out.svg"];
    place.refuses(&graph, 2, "usage", "expected fast or compact, got out.svg");
    let both = ["run", &elf, "--estimate", "--flame-graph", "out.svg"];
    place.refuses(&both, 2, "usage", "cannot be used with");
    let little = ["run", &elf, "--estimate", "--max-memory", "1MiB"];
    place.refuses(&little, 4, "limit", "proving needs about");
    let few = ["run", &elf, "--estimate", "--segment-cells", "1"];
    place.refuses(
        &few,
        2,
        "usage",
        "cells or more, which the smallest commit to, got 1",
    );
}
