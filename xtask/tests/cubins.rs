//! Compiles the kernels for GPUs, where there is a compiler of them.

use std::collections::{BTreeMap, BTreeSet};
use std::env;
use std::io::{self, Write};
use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

const ARCHITECTURES: [&str; 3] = ["sm_80", "sm_89", "sm_90"];

fn cubins(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
    command.args(["cubins", "--json"]).args(arguments);
    command
}

/// False if there is no compiler.
///
/// # Panics
/// If there must be one (`VOUCH_REQUIRE_TOOLS=1`).
fn has_compiler(output: &Output) -> bool {
    if output.status.code() != Some(2) {
        return true;
    }
    let stderr = String::from_utf8_lossy(&output.stderr);
    let required = env::var("VOUCH_REQUIRE_TOOLS");
    assert_ne!(required.as_deref(), Ok("1"), "{stderr}");
    writeln!(io::stderr(), "skipped: cubins: {stderr}").expect("stderr can be written");
    false
}

#[test]
fn every_kernel_compiles_and_none_spills() {
    // To target/cuda: what has not changed is not compiled again.
    let output = cubins(&[]).output().expect("xtask runs");
    if !has_compiler(&output) {
        return;
    }
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{stderr}");
    let report: Value = serde_json::from_slice(&output.stdout).expect("one object");
    assert_eq!(report["ok"], true);
    let sources = vouch_gpu::sources();
    assert_eq!(report["sources"], vouch_gpu::digest(&sources));

    let mut kernels: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut units = BTreeSet::new();
    for cubin in report["cubins"].as_array().expect("a list") {
        let text = |key: &str| cubin[key].as_str().expect("a text").to_string();
        let architecture = text("architecture");
        units.insert((text("unit"), architecture.clone()));
        for kernel in cubin["kernels"].as_array().expect("a list") {
            let name = kernel["kernel"].as_str().expect("a name").to_string();
            assert!(
                kernels
                    .entry(architecture.clone())
                    .or_default()
                    .insert(name.clone()),
                "{name} is there twice"
            );
            let of = |key: &str| kernel[key].as_u64().expect("a number");
            assert_eq!(of("spill_stores") + of("spill_loads"), 0, "{kernel}");
            assert!((1..=255).contains(&of("registers")), "{kernel}");
        }
    }
    assert!(kernels.keys().eq(ARCHITECTURES));
    assert!(kernels.values().all(|names| *names == kernels["sm_80"]));
    assert!(kernels["sm_80"].contains("transpose"));
    let compiled = { sources.iter() }.filter_map(|source| source.name.strip_suffix(".cu"));
    let expected: BTreeSet<_> = compiled
        .flat_map(|unit| ARCHITECTURES.map(|architecture| (unit.into(), architecture.into())))
        .collect();
    assert_eq!(units, expected);
}

/// A compiler that writes what it is told as its output, and says what ptxas would say.
fn fake(folder: &Path, says: &str, status: i32) -> Command {
    let path = folder.join("nvcc");
    let script = format!(
        "#!/bin/sh\n\
         if [ \"$1\" = --version ]; then echo 'tools, release 13.0, V13.0.1'; exit; fi\n\
         while [ $# -gt 1 ]; do if [ \"$1\" = -o ]; then echo cubin > \"$2\"; fi; shift; done\n\
         cat >&2 <<'END'\n{says}END\n\
         exit {status}\n"
    );
    // Written by another process: a file that this one has open for writing, or a child of it, is
    // too busy to be run.
    let text = folder.join("nvcc.txt");
    std::fs::write(&text, script).expect("a file");
    let mut install = Command::new("install");
    let status = install.args(["-m", "755"]).arg(text).arg(&path).status();
    assert!(status.expect("there is install").success());
    let out = folder.join("out");
    let mut command = cubins(&["--arch", "sm_90", "--out", out.to_str().expect("a path")]);
    command.env("NVCC", path);
    command
}

fn says(spilled: u32) -> String {
    format!(
        "ptxas info    : Compiling entry function 'k' for 'sm_90'\n\
         ptxas info    : Function properties for k\n    \
         0 bytes stack frame, {spilled} bytes spill stores, 0 bytes spill loads\n\
         ptxas info    : Used 30 registers, used 1 barriers\n"
    )
}

#[test]
fn what_is_wrong_is_an_exit_code_and_nothing_to_take_in() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("out");
    let run = |says: &str, status| {
        let output = fake(folder.path(), says, status).output();
        let output = output.expect("xtask runs");
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        (output.status.code(), stderr)
    };
    let cubin = out.join("layout.sm_90.cubin");
    let digest = out.join("sources.digest");

    let (code, stderr) = run(&says(0), 0);
    assert_eq!(code, Some(0), "{stderr}");
    assert!(stderr.contains("compiling layout\n"));
    assert!(cubin.exists() && digest.exists() && out.join("src/layout.cu").exists());
    // Nothing has changed: not compiled again, so it does not matter that this one fails.
    let stale = out.join("gone.sm_90.cubin");
    std::fs::write(&stale, "").expect("a file");
    assert_eq!(run("error\n", 1), (Some(0), String::new()));
    assert!(cubin.exists() && !stale.exists());

    std::fs::remove_file(&cubin).expect("it was there");
    let (code, stderr) = run(&says(16), 0);
    assert_eq!(code, Some(1));
    assert!(
        stderr.contains("k (layout.cu, sm_90) spills: 16 bytes"),
        "{stderr}"
    );
    assert!(cubin.exists() && digest.exists());

    for (printed, status, expected) in [
        ("layout.cu(3): error: no\n", 1, "layout.cu(3): error: no"),
        ("", 0, "layout.sm_90.cubin: it has no kernels"),
        (
            "ptxas info : Used many\n",
            0,
            "cannot parse the output of ptxas",
        ),
    ] {
        if cubin.exists() {
            std::fs::remove_file(&cubin).expect("it was there");
        }
        let (code, stderr) = run(printed, status);
        assert_eq!(code, Some(1));
        assert!(stderr.contains(expected), "{stderr}");
        assert!(!cubin.exists() && !digest.exists());
    }
}

#[test]
fn without_a_compiler_it_says_how_to_get_one() {
    let mut command = cubins(&[]);
    let output = command.env("NVCC", "/nowhere/nvcc").output();
    let output = output.expect("xtask runs");
    assert_eq!(output.status.code(), Some(2));
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(
        stderr.contains("`cargo xtask cubins --fetch` gets one"),
        "{stderr}"
    );
}
