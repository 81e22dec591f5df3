//! Outputs that name an input or each other are refused, before anything runs.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use crate::common::{Place, four_hashes, guest};

/// A guest that faults when it runs (if that were what is said, it would have run), and its input; links of all
/// kinds to both.
fn place() -> Place {
    let place = Place::new();
    let elf = fs::read(guest("runtime")).expect("a guest");
    place.put("elf", &elf);
    place.put("input", b"s");
    for name in ["elf", "input"] {
        symlink(name, place.path(&format!("{name}-link"))).expect("a link");
        fs::hard_link(place.path(name), place.path(&format!("{name}-hard"))).expect("a link");
    }
    place
}

#[track_caller]
fn refuses(place: &Place, line: &str, message: &str) {
    let words: Vec<&str> = line.split(' ').collect();
    place.refuses(&words, 2, "usage", message);
}

#[test]
fn an_input_is_not_written_to() {
    let place = place();
    for (file, what) in [("elf", "the guest"), ("input", "--input")] {
        let absolute = place.path(file);
        let absolute = absolute.to_str().expect("text");
        let ways = [
            file.to_owned(),
            format!("./{file}"),
            absolute.to_owned(),
            format!("{file}-link"),
            format!("{file}-hard"),
        ];
        for way in ways {
            for (command, flag) in [
                ("prove elf --input input -o", "--output"),
                (
                    "prove elf --input input -o receipt --journal-out",
                    "--journal-out",
                ),
                (
                    "prove elf --input input -o receipt --work-dir",
                    "--work-dir",
                ),
                ("run elf --input input --journal-out", "--journal-out"),
                (
                    "run elf --input input --flame-graph",
                    "the flame graph in cycles",
                ),
            ] {
                let message = format!("{flag}: expected another file than {what}, got {way}");
                refuses(&place, &format!("{command} {way}"), &message);
            }
        }
    }
}

#[test]
fn the_second_graph_is_an_output_too() {
    let place = place();
    place.put("out.cells.svg", b"a guest's input");
    refuses(
        &place,
        "run elf --input out.cells.svg --flame-graph out.svg",
        "the flame graph in cells: expected another file than --input, got out.cells.svg",
    );
}

#[test]
fn stdin_is_an_input_where_it_is_a_file() {
    let place = place();
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_vouch"))
        .args(["prove", "elf", "--input", "-", "-o", "input"])
        .current_dir(place.path(""))
        .stdin(fs::File::open(place.path("input")).expect("a file"))
        .output()
        .expect("it runs");
    assert_eq!(output.status.code(), Some(2));
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(
        stderr.contains("--output: expected another file than --input"),
        "{stderr}"
    );
}

#[test]
fn two_outputs_are_two_files() {
    let place = place();
    place.put("old", b"old");
    symlink("old", place.path("link")).expect("a link");
    fs::hard_link(place.path("old"), place.path("hard")).expect("a link");
    let absolute = place.path("new");
    let absolute = absolute.to_str().expect("text");
    for (one, other) in [
        ("new", "new"),
        ("new", "./new"),
        ("new", absolute),
        ("old", "link"),
        ("hard", "link"),
        ("old", "hard"),
    ] {
        for (line, flag) in [
            (
                format!("prove elf --input input -o {one} --journal-out {other}"),
                "--journal-out",
            ),
            (
                format!("run elf --input input --journal-out {one} --flame-graph {other}"),
                "the flame graph in cycles",
            ),
            (
                format!("bench --out {one} --markdown {other}"),
                "--markdown",
            ),
            (format!("bench --out {one} --svg {other}"), "--svg"),
            (format!("bench --markdown {one} --svg {other}"), "--svg"),
        ] {
            refuses(
                &place,
                &line,
                &format!("{flag}: expected another file than "),
            );
        }
    }
    refuses(
        &place,
        "prove elf --input input -o new --work-dir new",
        "--output: expected another file than --work-dir, got new",
    );
}

#[test]
fn a_work_folder_is_for_its_own_files() {
    let place = place();
    fs::create_dir(place.path("work")).expect("a folder");
    for (line, flag) in [
        (
            "prove elf --input input --work-dir work -o work/job",
            "--output",
        ),
        (
            "prove elf --input input --work-dir ./work -o work/../work/segment-000000",
            "--output",
        ),
        (
            "prove elf --input input --work-dir work -o out --journal-out work/lock",
            "--journal-out",
        ),
    ] {
        let outcome = place.vouch(&line.split(' ').collect::<Vec<_>>());
        assert_eq!(outcome.code, 2, "{line}");
        let message = format!("{flag}: expected another file than --work-dir, got work/");
        assert!(outcome.stderr.contains(&message), "{}", outcome.stderr);
    }
    let left = fs::read_dir(place.path("work")).expect("a folder").count();
    assert_eq!(left, 0);
}

#[test]
fn devices_may_be_named_twice() {
    let place = Place::new();
    let (elf, input) = (guest("commitment"), four_hashes());
    let run = ["run", &elf, "--input-hex", &input, "--input", "/dev/null"];
    let null = ["--journal-out", "/dev/null"];
    place.vouch(&[&run[..2], &run[4..], &null].concat());
    let prove = ["prove", &elf, "--input-hex", &input, "-o", "/dev/null"];
    place.vouch(&[&prove[..], &null].concat()).ok();
}

#[test]
fn a_guests_sources_are_not_written_to() {
    let place = Place::new();
    fs::create_dir_all(place.path("guest/src")).expect("a folder");
    for name in ["guest/Cargo.toml", "guest/src/main.rs", "guest/old.elf"] {
        let bytes: &[u8] = match Path::new(name).extension().is_some_and(|end| end == "elf") {
            true => b"\x7fELF, an older one",
            false => b"not to be lost",
        };
        place.put(name, bytes);
    }
    for name in [
        "guest/Cargo.toml",
        "guest/src/main.rs",
        "./guest/src/../Cargo.toml",
    ] {
        let outcome = place.vouch(&["build", "guest", "-o", name, "--json"]);
        assert_eq!(
            (outcome.code, &outcome.json()["kind"]),
            (2, &"usage".into()),
            "{name}"
        );
        assert_eq!(place.get(name), b"not to be lost");
    }
    // An ELF may be replaced: what is refused is the manifest.
    let outcome = place.vouch(&["build", "guest", "-o", "guest/old.elf", "--json"]);
    assert_eq!(
        (outcome.code, &outcome.json()["kind"]),
        (2, &"build".into())
    );
}
