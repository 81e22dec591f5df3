//! Runs a share of the official suites, where there are the tools to assemble and compare them.

use std::env;
use std::fs;
use std::io::{self, Write};
use std::path::Path;
use std::process::{Command, Output};
use std::sync::{Mutex, PoisonError};

use serde_json::Value;
use tempfile::TempDir;

/// A few tests of each suite.
const SHARE: &str = "simple,add,lw,sb,jalr,fence_i,mul,div,beq-01,sh-align-01,jal-01,mulhu-01";

/// One after another: the first fetches the sources.
fn compliance(arguments: &[&str]) -> Output {
    static TURN: Mutex<()> = Mutex::new(());
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
    command.arg("compliance").args(arguments);
    command.output().expect("xtask runs")
}

/// The report; `None` if a tool or the sources are missing.
///
/// # Panics
/// If they are, and all must be there (`VOUCH_REQUIRE_TOOLS=1`); or if the exit code is another
/// one than `code`.
fn report(arguments: &[&str], code: i32) -> Option<Value> {
    let output = compliance(&[arguments, &["--json"]].concat());
    let stderr = String::from_utf8_lossy(&output.stderr);
    if output.status.code() == Some(2) {
        let required = env::var("VOUCH_REQUIRE_TOOLS");
        assert_ne!(required.as_deref(), Ok("1"), "{stderr}");
        writeln!(io::stderr(), "skipped: compliance: {stderr}").expect("stderr can be written");
        return None;
    }
    assert_eq!(output.status.code(), Some(code), "{stderr}");
    Some(serde_json::from_slice(&output.stdout).expect("one object"))
}

#[test]
fn a_share_of_each_suite_passes() {
    let Some(report) = report(&["--only", SHARE], 0) else {
        return;
    };
    assert_eq!(report["ok"], true);
    let totals = &report["totals"];
    assert_eq!(totals["found"], 94);
    assert_eq!(
        (&totals["passed"], &totals["failed"]),
        (&11.into(), &0.into())
    );
    assert_eq!(totals["excluded"], 1);
    let must_fail = report["must_fail"].as_array().expect("a list");
    assert_eq!(must_fail.len(), 2);
    assert!(must_fail.iter().all(|test| test["failed"] == true));
}

#[test]
fn a_share_is_proven() {
    let Some(report) = report(&["--only", "add,mulhu-01", "--prove"], 0) else {
        return;
    };
    assert_eq!(report["totals"]["proved"], 2);
    for test in report["tests"].as_array().expect("a list") {
        assert_eq!(test["proved"], true, "{test}");
        assert!(test["prove_seconds"].as_f64().expect("seconds") > 0.0);
    }
}

/// A checkout of riscv-tests whose suites hold one test each.
fn checkout(add: &str) -> TempDir {
    let dir = tempfile::tempdir().expect("a folder");
    let write = |path: &str, text: &str| {
        let path = dir.path().join("isa").join(path);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(path, text).expect("a file");
    };
    // The least that the test that must fail needs: one check after another.
    write(
        "macros/scalar/test_macros.h",
        "#define TEST_RR_OP(n, op, sum, a, b) \
         li gp, n; li x1, a; li x2, b; op x3, x1, x2; li x4, sum; mv x5, x3; li gp, n; \
         bne x5, x4, fail;\n\
         #define TEST_PASSFAIL bne x0, gp, pass; fail: RVTEST_FAIL; pass: RVTEST_PASS\n",
    );
    write("rv32ui/own.S", add);
    write(
        "rv32um/own.S",
        "#include \"riscv_test.h\"\nRVTEST_CODE_BEGIN\nRVTEST_PASS\n",
    );
    for empty in ["rv64ui/none.h", "rv64um/none.h"] {
        write(empty, "");
    }
    dir
}

fn of_checkout<'a>(dir: &'a Path, more: &[&'a str]) -> Vec<&'a str> {
    let dir = dir.to_str().expect("a path in Unicode");
    [&["--riscv-tests", dir, "--only", "own"], more].concat()
}

const ONE_EACH: [&str; 4] = ["--expect", "rv32ui=1", "--expect", "rv32um=1"];

#[test]
fn a_checkout_is_run_and_its_tests_are_counted() {
    let dir = checkout("#include \"riscv_test.h\"\nRVTEST_CODE_BEGIN\nRVTEST_PASS\n");
    let Some(counted) = report(&of_checkout(dir.path(), &ONE_EACH), 0) else {
        return;
    };
    assert_eq!(counted["totals"]["passed"], 2);

    // As many as in the wheel are expected.
    let short = report(&of_checkout(dir.path(), &[]), 1).expect("a report");
    assert_eq!(short["ok"], false);
    assert_eq!(short["totals"]["failed"], 0);
    let suite = serde_json::json!({ "suite": "rv32ui", "expected": 39, "found": 1 });
    assert_eq!(short["suites"][0], suite);

    // An empty folder is not a suite that passes.
    fs::remove_file(dir.path().join("isa/rv32ui/own.S")).expect("it was there");
    let empty = report(&of_checkout(dir.path(), &ONE_EACH), 1).expect("a report");
    assert_eq!(empty["suites"][0]["found"], 0);
}

/// As riscv-arch-test 3.10 has it: XLEN comes from outside, and `la` stands where compressed
/// instructions are allowed and none is written, which the ELF's flags claim all the same.
const LIKE_3_10: &str = "\
#if XLEN != 32
#error \"expected XLEN to be 32\"
#endif
#include \"model_test.h\"
RVMODEL_BOOT
    .option push
    .option rvc
    .balign 32
    .option norvc
    la t0, vouch_signature_begin
    .balign 32
    .option pop
    li t1, 42
    sw t1, 4(t0)
    RVMODEL_HALT
RVMODEL_DATA_BEGIN
    .word 0x6f5ca309
    .word 0xdeadbeef
RVMODEL_DATA_END
";

#[test]
fn newer_tests_assemble_and_pass() {
    let tests = checkout("#include \"riscv_test.h\"\nRVTEST_CODE_BEGIN\nRVTEST_PASS\n");
    let dir = tempfile::tempdir().expect("a folder");
    for (path, text) in [
        ("env/arch_test.h", ""),
        ("rv32i_m/I/src/addi-01.S", LIKE_3_10),
        ("rv32i_m/M/src/mul-01.S", LIKE_3_10),
    ] {
        let path = dir.path().join("riscv-test-suite").join(path);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(path, text).expect("a file");
    }
    let dir = dir.path().to_str().expect("a path in Unicode");
    let arch = [
        "--riscv-arch-test",
        dir,
        "--expect",
        "rv32i_m/I=1",
        "--expect",
        "rv32i_m/M=1",
    ];
    let mut arguments = of_checkout(tests.path(), &ONE_EACH);
    arguments.extend(arch);
    let only = arguments.iter().position(|argument| *argument == "own");
    arguments[only.expect("it is there")] = "own,addi-01,mul-01";
    let Some(report) = report(&arguments, 0) else {
        return;
    };
    assert_eq!(report["totals"]["passed"], 4, "{report}");
}

#[test]
fn failures_are_told_apart() {
    for (code, reason) in [
        ("li gp, 3\nRVTEST_FAIL\n", "exit code: expected 0, got 7"),
        ("1: j 1b\n", "limit reached"),
        ("lw a0, 2(zero)\n", "not a multiple of 4"),
        ("nonsense\n", "does not assemble"),
    ] {
        let source = format!("#include \"riscv_test.h\"\nRVTEST_CODE_BEGIN\n{code}");
        let dir = checkout(&source);
        let Some(report) = report(&of_checkout(dir.path(), &ONE_EACH), 1) else {
            return;
        };
        let own = &report["tests"][0];
        assert_eq!(own["status"], "failed", "{code}");
        let got = own["reason"].as_str().expect("a reason");
        assert!(got.contains(reason), "{code}: {got}");
    }
}

#[test]
fn an_empty_checkout_is_refused() {
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().to_str().expect("a path in Unicode");
    let output = compliance(&["--riscv-tests", path]);
    assert_eq!(output.status.code(), Some(2));
    let stderr = String::from_utf8_lossy(&output.stderr);
    let expected = format!("error: {path}: expected a checkout with a folder isa\n");
    assert_eq!(stderr, expected);
}
