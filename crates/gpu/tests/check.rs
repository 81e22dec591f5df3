//! The program `vouch-gpu-check`, with the kernels on the CPU.

use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

/// Runs it on the shim, with small sizes.
fn check(arguments: &[&str]) -> Output {
    let kernels = Path::new(env!("CARGO_TARGET_TMPDIR")).join("kernels");
    Command::new(env!("CARGO_BIN_EXE_vouch-gpu-check"))
        .args(["--device", "shim", "--small", "--kernels"])
        .arg(kernels)
        .args(arguments)
        .output()
        .expect("it runs")
}

/// Runs it, and reads its report.
fn report(arguments: &[&str]) -> (Output, Value) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("report.json");
    let path_text = path.to_str().expect("a path of characters");
    let output = check(&[&["--json", path_text], arguments].concat());
    let text = std::fs::read_to_string(&path).expect("it wrote a report");
    (output, serde_json::from_str(&text).expect("it is JSON"))
}

fn list<'a>(report: &'a Value, section: &str) -> &'a [Value] {
    let section = report[section].as_array();
    section.unwrap_or_else(|| panic!("no list in {report}"))
}

fn names<'a>(report: &'a Value, section: &str) -> Vec<&'a str> {
    let name = |entry: &'a Value| entry["name"].as_str().expect("entries have names");
    list(report, section).iter().map(name).collect()
}

#[test]
fn all_is_the_same() {
    let (output, report) = report(&["--sanitize"]);
    let stdout = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{report:#}");
    assert!(
        stdout.ends_with(" s\n") && stdout.contains("0 differ"),
        "{stdout}"
    );
    assert_eq!(
        (&report["ok"], &report["is_finished"]),
        (&true.into(), &true.into())
    );
    assert_eq!(report["device"]["kind"], "shim");
    assert!(report["ceilings"]["multiplications"].as_f64() > Some(0.0));
    assert!(
        list(&report, "operations")
            .iter()
            .all(|entry| entry["ok"] == true)
    );
    for (section, expected) in [
        (
            "operations",
            [
                "proofs of work",
                "trees over",
                "proof, compact-128, commitment",
            ],
        ),
        (
            "sweep",
            ["extension, 2^7 x 3", "tree of Poseidon2", "FRI's folding"],
        ),
        (
            "phases",
            ["LogUp columns, fast-100", "quotients, fast-128", "folding"],
        ),
    ] {
        let names = names(&report, section);
        for expected in expected {
            assert!(
                names.iter().any(|name| name.starts_with(expected)),
                "{names:?}"
            );
        }
    }
    for measured in list(&report, "sweep") {
        let time = measured["milliseconds"].as_f64();
        assert!(time > Some(0.0), "{measured}");
    }
    let memory = list(&report, "memory");
    assert_eq!(memory.len(), 4);
    for segment in memory {
        let bytes = |name: &str| segment[name].as_u64();
        assert!(bytes("peak_bytes") > Some(0), "{segment}");
        assert!(bytes("peak_bytes") <= bytes("estimated_bytes"), "{segment}");
    }
    let runs = list(&report, "end_to_end");
    assert_eq!(runs.len(), 6);
    for run in runs {
        assert!(run["peak_bytes"].as_u64() > Some(0), "{run}");
    }
    assert_eq!(list(&report, "failed"), [] as [Value; 0]);
    let skipped = list(&report, "skipped");
    let is_sanitizer = |what: &Value| what.as_str().is_some_and(|what| what.contains("sanitizer"));
    assert!(
        skipped.len() == 1 && is_sanitizer(&skipped[0]),
        "{skipped:?}"
    );
}

/// Of every kind: threads that wait, rows, layers, challenges, queries.
#[test]
fn a_kernel_that_is_left_out_is_noticed() {
    for kernel in [
        "ntt_blocks",
        "rows_blake3",
        "layers_poseidon2",
        "gather_digests",
        "pack_rows",
        "pack_tiles",
        "quotient_chunks",
        "reduce_4",
        "evaluate_both_4",
        "fold_5",
        "add_scaled_4",
        "grind",
    ] {
        let arguments = ["--steps", "matrices", "--without", kernel];
        let (output, report) = report(&arguments);
        assert_eq!(output.status.code(), Some(1), "{kernel}: {report:#}");
        assert_eq!(report["ok"], false);
        let wrong = list(&report, "operations")
            .iter()
            .filter(|entry| entry["ok"] == false);
        assert!(wrong.clone().all(|entry| entry["difference"].is_string()));
        assert!(wrong.count() > 0, "{kernel}");
    }
}

#[test]
fn proofs_that_differ_are_noticed() {
    let (output, report) = report(&["--steps", "proofs", "--without", "gather_rows"]);
    assert_eq!(output.status.code(), Some(1), "{report:#}");
}

#[test]
fn what_there_is_no_time_for_is_named() {
    let (output, report) = report(&["--seconds", "0"]);
    assert_eq!(output.status.code(), Some(0), "{report:#}");
    assert_eq!(names(&report, "operations"), [] as [&str; 0]);
    let skipped = list(&report, "skipped");
    for step in [
        "ceilings",
        "arithmetic",
        "proof, fast-100",
        "transpose",
        "phases",
        "four hashes",
    ] {
        let is_step = |what: &Value| what.as_str().is_some_and(|what| what.starts_with(step));
        assert!(skipped.iter().any(is_step), "{step}");
    }
}

#[test]
#[cfg(not(feature = "cuda"))]
fn no_gpu_is_no_success() {
    let output = Command::new(env!("CARGO_BIN_EXE_vouch-gpu-check")).output();
    let output = output.expect("it runs");
    assert_eq!(output.status.code(), Some(2));
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(
        stderr,
        "error: no GPU: this program was built without CUDA\n"
    );
}
