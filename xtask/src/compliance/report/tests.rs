//! Tests of the report.

use std::path::PathBuf;

use super::*;
use crate::compliance::check::Proof;

fn test(suite: Suite, name: &str) -> Test {
    Test {
        suite,
        name: name.into(),
        path: PathBuf::new(),
    }
}

fn passed(cycles: u64, proof: Option<Proof>) -> Outcome {
    Outcome {
        failure: None,
        cycles: Some(cycles),
        proof,
    }
}

fn proof(passed: bool) -> Option<Proof> {
    let seconds = 0.25;
    Some(Proof { seconds, passed })
}

fn is_exit(failure: &Failure) -> bool {
    matches!(failure, Failure::Exit { .. })
}

/// A report without fault: of two tests, one is excluded.
fn report(proving: bool) -> Report {
    let [add, fence] = ["add", "fence_i"].map(|name| test(Suite::Rv32ui, name));
    let made = if proving { proof(true) } else { None };
    let outcome = Outcome::failed(Failure::Exit { got: 7 });
    Report {
        proving,
        counts: Suite::ALL.map(|suite| Count::new(suite, 2, 2)).into(),
        tests: vec![
            TestRecord::new(&add, &passed(400, made)),
            TestRecord::excluded(&fence, "Zifencei"),
        ],
        must_fail: vec![MustFail::new(&add, "wrong", &outcome, is_exit)],
        seconds: 1.0,
    }
}

#[test]
fn a_report_without_fault_is_ok() {
    assert!(report(false).is_ok());
    assert!(report(true).is_ok());
}

#[test]
fn a_failed_test_is_a_fault() {
    let mut report = report(false);
    let sub = Outcome::failed(Failure::Exit { got: 5 });
    report
        .tests
        .push(TestRecord::new(&test(Suite::Rv32ui, "sub"), &sub));
    assert!(!report.is_ok());
    let json = report.json();
    assert_eq!(json["ok"], false);
    assert_eq!(json["totals"]["failed"], 1);
    assert_eq!(json["tests"][2]["status"], "failed");
    assert_eq!(json["tests"][2]["reason"], "exit code: expected 0, got 5");
}

#[test]
fn another_count_is_a_fault() {
    for found in [0, 1, 3] {
        let mut report = report(false);
        report.counts[1] = Count::new(Suite::Rv32um, 2, found);
        assert!(!report.is_ok(), "{found}");
        let line = format!("rv32um: expected 2 tests, found {found}");
        assert!(report.summary().contains(&line), "{}", report.summary());
    }
    let mut report = report(false);
    report.counts.pop();
    assert!(!report.is_ok(), "a suite is missing");
}

#[test]
fn a_missing_proof_is_a_fault() {
    for made in [None, proof(false)] {
        let mut report = report(true);
        report.tests[0] = TestRecord::new(&test(Suite::Rv32ui, "add"), &passed(400, made));
        assert!(!report.is_ok(), "{made:?}");
        assert_eq!(report.json()["tests"][0]["proved"], false);
    }
}

#[test]
fn nothing_run_is_a_fault() {
    let mut report = report(false);
    report.tests.remove(0);
    assert!(!report.is_ok());
    report.tests.clear();
    assert!(!report.is_ok());
}

#[test]
fn what_must_fail_must_fail_as_it_should() {
    let add = test(Suite::Rv32ui, "add");
    let must = |outcome: &Outcome| MustFail::new(&add, "wrong", outcome, is_exit).failed;
    let exit = |proof| Outcome {
        failure: Some(Failure::Exit { got: 7 }),
        cycles: Some(9),
        proof,
    };
    assert!(must(&exit(None)));
    assert!(must(&exit(proof(false))));
    assert!(!must(&exit(proof(true))), "proven to have passed");
    assert!(!must(&passed(9, None)), "passed");
    assert!(!must(&Outcome::failed(Failure::Blank)), "another failure");

    let mut report = report(false);
    report.must_fail = vec![MustFail::new(&add, "wrong", &passed(9, None), is_exit)];
    assert!(!report.is_ok());
    assert!(report.summary().contains("WRONG: it passed"));
    report.must_fail.clear();
    assert!(!report.is_ok(), "none was run");
}

#[test]
fn the_object_has_every_field() {
    let json = report(true).json();
    let add = json!({
        "suite": "rv32ui", "name": "add", "status": "passed", "cycles": 400,
        "proved": true, "prove_seconds": 0.25,
    });
    let fence = json!({
        "suite": "rv32ui", "name": "fence_i", "status": "excluded", "reason": "Zifencei",
        "cycles": null, "proved": false, "prove_seconds": null,
    });
    assert_eq!(json["tests"], json!([add, fence]));
    let totals = json!({
        "found": 8, "run": 1, "passed": 1, "failed": 0, "excluded": 1, "cycles": 400,
        "seconds": 1.0, "proved": 1, "prove_seconds": 0.25,
    });
    assert_eq!(json["totals"], totals);
    let unproven = report(false).json();
    assert_eq!(unproven["tests"][0].get("proved"), None);
    assert_eq!(unproven["totals"].get("proved"), None);
}

#[test]
fn rows_line_up_with_their_header() {
    let report = report(true);
    let [add, fence] = [&report.tests[0], &report.tests[1]].map(|record| record.row(true));
    assert_eq!(
        [header(true), add, fence],
        [
            "suite      test               emulator  cycles  proof  seconds",
            "rv32ui     add                passed       400  proved    0.25",
            "rv32ui     fence_i            excluded       -  -            -  Zifencei",
        ]
    );
    assert_eq!(
        [header(false), report.tests[0].row(false)],
        [
            "suite      test               emulator  cycles",
            "rv32ui     add                passed       400",
        ]
    );
}
