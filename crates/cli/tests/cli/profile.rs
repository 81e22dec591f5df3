//! `vouch run --flame-graph`

use std::fs;

use roxmltree::{Document, ParsingOptions};

use crate::common::{Outcome, Place, guest};

/// The titles in an SVG file, which is well-formed: what a reader is shown of each frame.
fn titles(place: &Place, name: &str) -> Vec<String> {
    let text = String::from_utf8(place.get(name)).expect("text");
    let options = ParsingOptions {
        allow_dtd: true,
        ..ParsingOptions::default()
    };
    let svg = Document::parse_with_options(&text, options).expect("well-formed XML");
    assert_eq!(svg.root_element().tag_name().name(), "svg");
    let titles = svg.descendants().filter(|node| node.has_tag_name("title"));
    titles
        .map(|node| node.text().expect("a title").to_string())
        .collect()
}

fn run(place: &Place, elf: &str, input: &str, more: &[&str]) -> Outcome {
    let run = ["run", elf, "--input-hex", input, "--flame-graph", "out.svg"];
    place.vouch(&[&run[..], more].concat())
}

/// Runs a guest whose bytes are changed.
fn run_changed(place: &Place, name: &str, change: impl FnOnce(&mut Vec<u8>)) -> Outcome {
    let mut elf = fs::read(guest(name)).expect("a guest");
    change(&mut elf);
    place.put("changed.elf", &elf);
    run(place, "changed.elf", "e8030000", &[])
}

#[test]
fn costs_are_listed_and_drawn() {
    let place = Place::new();
    let plain = run(&place, &guest("sort"), "e8030000", &[]).ok().stdout;
    for line in [
        "function",
        "core::slice::sort::",
        "table",
        "add_imm",
        "out.svg\n",
        "out.cells.svg\n",
    ] {
        assert!(plain.contains(line), "{line:?} in {plain}");
    }
    assert!(!plain.contains("has no function names"), "{plain}");

    let json = run(&place, &guest("sort"), "e8030000", &["--json"])
        .ok()
        .json();
    let profile = &json["profile"];
    assert_eq!(profile["cycles_svg"], "out.svg");
    assert_eq!(profile["cells_svg"], "out.cells.svg");
    assert_eq!(profile["has_symbols"], true);
    let functions = profile["functions"].as_array().expect("a list");
    let tables = profile["tables"].as_array().expect("a list");
    assert_eq!((functions.len(), tables.len()), (10, 10), "{json}");
    let total = profile["cells"].as_u64().expect("a number");
    for list in [functions, tables] {
        let cells = list
            .iter()
            .map(|entry| entry["cells"].as_u64().expect("a number"));
        let cells: Vec<u64> = cells.collect();
        assert!(cells.is_sorted_by(|a, b| a >= b) && cells.iter().sum::<u64>() <= total);
    }

    let cycles = json["cycles"].as_u64().expect("a number");
    for (name, unit, total) in [
        ("out.svg", "cycles", cycles),
        ("out.cells.svg", "cells", total),
    ] {
        let titles = titles(&place, name);
        let all = titles
            .iter()
            .find(|title| title.starts_with("all ("))
            .expect("all");
        let digits: String = all.chars().filter(char::is_ascii_digit).collect();
        assert_eq!(digits, format!("{total}100"), "{all}");
        assert!(all.contains(unit), "{all}");
        let sorting = titles
            .iter()
            .filter(|title| title.starts_with("core::slice::sort::"));
        assert!(sorting.count() > 0, "{titles:#?}");
    }
}

#[test]
fn graphs_are_the_same_each_time() {
    let [first, second] = [(); 2].map(|()| {
        let place = Place::new();
        run(&place, &guest("primes"), "e8030000", &[]).ok();
        ["out.svg", "out.cells.svg"].map(|name| place.get(name))
    });
    assert!(first == second);
}

#[test]
fn hostile_names_stay_names() {
    let place = Place::new();
    let name = b"__vouch_main";
    let plain = run_changed(&place, "primes", |elf| {
        let at = elf.windows(name.len()).position(|window| window == name);
        let symbol = &mut elf[at.expect("a symbol")..][..name.len()];
        symbol.copy_from_slice(b"a<b>;c \"d\"&\x1b");
    });
    let plain = plain.ok().stdout;
    assert!(plain.contains("a<b>,c \"d\"&?"), "{plain}");
    for name in ["out.svg", "out.cells.svg"] {
        let titles = titles(&place, name);
        assert!(
            titles
                .iter()
                .any(|title| title.starts_with("a<b>,c \"d\"&? (")),
            "{titles:#?}"
        );
    }
}

#[test]
fn an_elf_without_symbols_goes_by_addresses() {
    let place = Place::new();
    let plain = run_changed(&place, "primes", |elf| {
        // e_shoff and e_shnum
        elf[32..36].fill(0);
        elf[48..50].fill(0);
    });
    let plain = plain.ok().stdout;
    assert!(plain.contains("the ELF has no function names"), "{plain}");
    // What has no name goes by where it is: the text begins with the entry.
    let elf = std::fs::read(guest("primes")).expect("a guest");
    let entry = u32::from_le_bytes(elf[24..28].try_into().expect("e_entry"));
    let range = format!("[{entry:#010x}-0x");
    let titles = titles(&place, "out.svg");
    assert!(
        titles.iter().any(|title| title.starts_with(&range)),
        "{titles:#?}"
    );
}

#[test]
fn runs_that_fail_are_profiled() {
    // An exit code other than 0, and a stack that overflows.
    for (input, code, kind) in [("7807", 1, "guest_exit"), ("73", 3, "guest_fault")] {
        let place = Place::new();
        let plain = run(&place, &guest("runtime"), input, &[]);
        assert_eq!(plain.code, code, "{}", plain.stderr);
        assert!(plain.stdout.contains("_start"), "{}", plain.stdout);
        let drawn = ["out.svg", "out.cells.svg"].map(|name| titles(&place, name));
        assert!(
            drawn
                .iter()
                .flatten()
                .any(|title| title.starts_with("_start"))
        );
        let json = run(&place, &guest("runtime"), input, &["--json"]);
        assert_eq!((json.code, &json.json()["kind"]), (code, &kind.into()));
    }
}

#[test]
fn a_run_of_no_instructions_has_no_profile() {
    let place = Place::new();
    let none = run(&place, &guest("primes"), "e8030000", &["--max-cycles", "0"]);
    assert_eq!((none.code, none.stdout.as_str()), (4, ""));
    assert!(!place.path("out.svg").exists());
}

#[test]
fn places_are_checked_before_the_run() {
    let place = Place::new();
    let guest = guest("primes");
    let run = ["run", &guest, "--input-hex", "e8030000", "--flame-graph"];
    let refuses = |more: &[&str], kind, message| {
        place.refuses(&[&run[..], more].concat(), 2, kind, message);
    };
    refuses(&["missing/out.svg"], "file", "cannot write missing/out.svg");
    fs::create_dir(place.path("out.cells.svg")).expect("a directory");
    let cells = place.vouch(&[&run[..], &["out.svg"]].concat());
    assert_eq!(cells.code, 2);
    assert!(
        cells.stderr.contains("cannot write out.cells.svg"),
        "{}",
        cells.stderr
    );
    fs::remove_dir(place.path("out.cells.svg")).expect("it is empty");
    for journal in ["out.svg", "out.cells.svg"] {
        let more = ["out.svg", "--journal-out", journal];
        refuses(&more, "usage", "expected a file other than --journal-out");
    }
}

#[test]
fn the_old_name_stays_where_it_is_clear() {
    let place = Place::new();
    let guest = guest("primes");
    let run = ["run", &guest, "--input-hex", "e8030000"];
    place
        .vouch(&[&run[..], &["--profile", "out.svg"]].concat())
        .ok();
    assert!(!titles(&place, "out.cells.svg").is_empty());
    // Who says this means the parameters of a proof.
    for name in ["fast", "compact"] {
        let message = "expected a file for flame graphs, or --estimate";
        let all = [&run[..], &["--profile", name]].concat();
        place.refuses(&all, 2, "usage", message);
        place
            .vouch(&[&run[..], &["--flame-graph", name]].concat())
            .ok();
        place.get(name);
    }
    let both = [&run[..], &["--profile", "a.svg", "--flame-graph", "b.svg"]].concat();
    place.refuses(&both, 2, "usage", "cannot be used with");
}
