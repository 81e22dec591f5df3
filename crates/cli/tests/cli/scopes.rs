//! `vouch build --scopes`, and what `vouch run` then says.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;
use vouch_sdk::build::Toolchain;

use crate::common::{Place, skip};

const MANIFEST: &str = r#"
[package]
name = "scoped"
version = "0.1.0"
edition = "2024"

[features]
loud = []

[dependencies]
vouch-guest = { path = "RUNTIME" }

[profile.release]
opt-level = 3
lto = "fat"
codegen-units = 1
panic = "abort"
strip = "debuginfo"

[workspace]
"#;
/// A scope in a function, in a loop, in a function that calls itself, in a block, and in a function that
/// returns early.
const MAIN: &str = r#"
#![no_std]
#![no_main]
#![forbid(unsafe_code)]

use core::hint::black_box;

vouch_guest::entry!(main);

fn main() {
    vouch_guest::cycle_scope!("all");
    let mut total = 0;
    for number in 0..10 {
        vouch_guest::cycle_scope!("a number; of ten");
        total += work(number);
    }
    total += down(5);
    for number in 0..4 {
        total += early(number);
    }
    {
        vouch_guest::cycle_scope!("printing");
        vouch_guest::println!("{total}");
    }
}

#[inline(never)]
fn work(number: u32) -> u32 {
    vouch_guest::cycle_scope!("work");
    (0..100).fold(number, |sum, i| black_box(sum ^ i))
}

#[inline(never)]
fn down(number: u32) -> u32 {
    vouch_guest::cycle_scope!("down");
    match black_box(number) {
        0 => 0,
        number => number + down(number - 1),
    }
}

#[inline(never)]
fn early(number: u32) -> u32 {
    vouch_guest::cycle_scope!("early");
    if black_box(number) % 2 == 0 {
        return 1;
    }
    black_box(number) + 7
}
"#;

/// A guest with a feature, `loud`.
pub fn put_manifest(place: &Place) {
    let runtime = Path::new(env!("CARGO_MANIFEST_DIR")).join("../guest");
    let manifest = MANIFEST.replace("RUNTIME", runtime.to_str().expect("text"));
    place.put("Cargo.toml", manifest.as_bytes());
    fs::create_dir(place.path("src")).expect("a folder");
}

/// Runs `vouch build` on a guest with this source.
pub fn try_build(place: &Place, source: &str, more: &[&str]) -> Output {
    place.put("src/main.rs", source.as_bytes());
    Command::new(env!("CARGO_BIN_EXE_vouch"))
        .args(["build", "."])
        .args(more)
        .current_dir(place.path(""))
        .env(
            "CARGO_TARGET_DIR",
            concat!(env!("CARGO_TARGET_TMPDIR"), "/scoped"),
        )
        .output()
        .expect("it runs")
}

/// Builds a guest with this source, and returns its ELF.
pub fn build(place: &Place, source: &str, more: &[&str]) -> Vec<u8> {
    let built = try_build(place, source, &[&["-o", "scoped.elf"], more].concat());
    let stderr = String::from_utf8_lossy(&built.stderr);
    assert!(built.status.success(), "{stderr}");
    assert!(!stderr.contains("warning"), "{stderr}");
    place.get("scoped.elf")
}

/// What is said of the scopes: calls and cycles by name.
fn scopes(run: &Value) -> BTreeMap<String, (u64, u64)> {
    let scopes = run["scopes"].as_array().expect("a list");
    let number = |value: &Value| value.as_u64().expect("a number");
    let scope = |scope: &Value| {
        let name = scope["name"].as_str().expect("a name").to_owned();
        (name, (number(&scope["calls"]), number(&scope["cycles"])))
    };
    scopes.iter().map(scope).collect()
}

#[test]
fn scopes_are_counted_where_they_are_asked_for() {
    let place = Place::new();
    if let Err(missing) = Toolchain::find(&place.path("")) {
        return skip("a guest with scopes", &missing.to_string());
    }
    put_manifest(&place);

    // Without being asked for they are nothing. Panics name columns, so that all stays in its place.
    let scopes_of = |line: &str| {
        line.find("vouch_guest::cycle_scope!")
            .map(|at| " ".repeat(at))
    };
    let without: Vec<String> = { MAIN.lines() }
        .map(|line| scopes_of(line).unwrap_or_else(|| line.to_owned()))
        .collect();
    let bare = build(&place, &without.join("\n"), &[]);
    let named = build(&place, MAIN, &[]);
    assert!(bare == named, "scopes that nobody asked for are in the ELF");
    let plain = place.vouch(&["run", "scoped.elf", "--stats"]).ok().stdout;
    assert!(!plain.contains("scope"), "{plain}");
    let plain = place.vouch(&["run", "scoped.elf", "--json"]).ok().json();
    assert!(plain.get("scopes").is_none(), "{plain}");

    let marked = build(&place, MAIN, &["--scopes"]);
    assert!(marked != named);
    let reply = place.vouch(&["run", "scoped.elf", "--json"]).ok().json();
    let found = scopes(&reply);
    let calls: Vec<(&str, u64)> = { found.iter() }
        .map(|(name, (calls, _))| (name.as_str(), *calls))
        .collect();
    let expected = [
        ("a number; of ten", 10),
        ("all", 1),
        ("down", 6),
        ("early", 4),
        ("printing", 1),
        ("work", 10),
    ];
    assert_eq!(calls, expected);
    let cycles = |name: &str| found[name].1;
    // At least three instructions a round of a loop that the compiler cannot see through.
    assert!(cycles("work") >= 3000 && cycles("work") < 20_000, "{reply}");
    assert!(cycles("a number; of ten") >= cycles("work"), "{reply}");
    // A function inside itself counts once, whatever its depth: a call takes less than 100 instructions.
    assert!((6..600).contains(&cycles("down")), "{reply}");
    assert!((8..400).contains(&cycles("early")), "{reply}");
    let parts = ["a number; of ten", "down", "early", "printing"];
    let parts: u64 = parts.map(cycles).iter().sum();
    let total = reply["cycles"].as_u64().expect("a number");
    // Each call of a scope has two marks that do not count.
    let marks = 2 * calls.iter().map(|(_, calls)| calls).sum::<u64>();
    assert!(
        parts <= cycles("all") && cycles("all") <= total - marks,
        "{reply}"
    );
    assert!(cycles("all") * 10 > total * 9, "{reply}");

    let plain = place.vouch(&["run", "scoped.elf", "--stats"]).ok().stdout;
    let line = plain
        .lines()
        .find(|line| line.ends_with("  work"))
        .expect("a line");
    let columns: Vec<&str> = line.split_whitespace().collect();
    assert_eq!(columns[0], cycles("work").to_string());
    assert_eq!(columns[2..], ["10", "work"]);

    // Flame graphs have them as frames; the list of functions does not.
    let graphs = ["run", "scoped.elf", "--json", "--flame-graph", "out.svg"];
    let profiled = place.vouch(&graphs).ok().json();
    assert_eq!(scopes(&profiled), found);
    let svg = String::from_utf8(place.get("out.svg")).expect("text");
    for frame in [
        "[all] (",
        "[work] (",
        "[a number, of ten] (",
        "scoped::work (",
    ] {
        assert!(svg.contains(frame), "{frame}");
    }
    let functions = profiled["profile"]["functions"].as_array().expect("a list");
    let names: Vec<&str> = functions
        .iter()
        .filter_map(|f| f["name"].as_str())
        .collect();
    assert!(names.contains(&"scoped::work"), "{names:?}");
    assert!(names.iter().all(|name| !name.starts_with('[')), "{names:?}");
}

#[test]
fn names_that_the_assembler_would_misread_do_not_compile() {
    let place = Place::new();
    if let Err(missing) = Toolchain::find(&place.path("")) {
        return skip("a scope with a bad name", &missing.to_string());
    }
    put_manifest(&place);
    for name in [r#"\"quoted\""#, r"back\\slash", r"line\n", ""] {
        let source = MAIN.replace("printing", name);
        let built = try_build(&place, &source, &[]);
        let stderr = String::from_utf8_lossy(&built.stderr);
        assert!(!built.status.success(), "{name}");
        assert!(
            stderr.contains("of a scope has printable characters")
                || stderr.contains("a scope has a name"),
            "{stderr}"
        );
    }
}
