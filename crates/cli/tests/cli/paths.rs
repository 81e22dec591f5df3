//! Paths and values that are no UTF-8: paths are files like others, other values are refused.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;

use serde_json::Value;

use crate::common::{Outcome, Place, commitment_receipt, four_hashes, guest};

/// What `\xff` becomes where text is due.
const SHOWN: &str = "\u{fffd}";

/// A name with a byte that no UTF-8 has.
fn name(rest: &str) -> OsString {
    OsStr::from_bytes(&[b"\xff", rest.as_bytes()].concat()).into()
}

fn vouch(place: &Place, arguments: &[&OsStr]) -> Outcome {
    place.vouch_of_bytes(&[arguments, &[OsStr::new("--json")]].concat(), b"")
}

/// Words, in which `%NAME` stands for [`name`]`(NAME)`.
fn words(line: &str) -> Vec<OsString> {
    let word = |word: &str| match word.strip_prefix('%') {
        Some(rest) => name(rest),
        None => word.into(),
    };
    line.split(' ').map(word).collect()
}

fn run(place: &Place, line: &str) -> Outcome {
    let words = words(line);
    let words: Vec<&OsStr> = words.iter().map(OsString::as_os_str).collect();
    vouch(place, &words)
}

fn put(place: &Place, file: &OsStr, bytes: &[u8]) {
    std::fs::write(place.path("").join(file), bytes).expect("it can be written");
}

/// A guest, its input and a receipt, named so.
fn place() -> Place {
    let place = Place::new();
    let elf = std::fs::read(guest("commitment")).expect("a guest");
    put(&place, &name(".elf"), &elf);
    let input = hex::decode(four_hashes()).expect("hexadecimal");
    put(&place, &name(".input"), &input);
    put(&place, &name(".receipt"), commitment_receipt());
    place
}

#[test]
fn files_may_have_any_name() {
    let place = place();
    for line in [
        "image-id %.elf",
        "inspect %.receipt",
        "verify %.receipt --elf %.elf --journal %.input",
        "run %.elf --input %.input --journal-out %.journal",
        "prove %.elf --input %.input -o %.new --journal-out %.journal --work-dir %.work",
    ] {
        run(&place, line).ok().json();
    }
    let new = std::fs::read(place.path("").join(name(".new"))).expect("a receipt");
    assert!(new == commitment_receipt());
}

#[test]
fn graphs_may_have_any_name() {
    let place = place();
    let reply = run(&place, "run %.elf --input %.input --flame-graph %.svg");
    let reply = reply.ok().json();
    let paths = [
        &reply["profile"]["cycles_svg"],
        &reply["profile"]["cells_svg"],
    ];
    let expected = [".svg", ".cells.svg"].map(|end| Value::from(format!("{SHOWN}{end}")));
    assert_eq!(paths, [&expected[0], &expected[1]]);
    for end in [".svg", ".cells.svg"] {
        assert!(place.path("").join(name(end)).is_file(), "{end}");
    }
}

#[test]
fn figures_may_have_any_name() {
    let place = Place::new();
    let line =
        "bench --guests commitment --cycles 100 --runs 1 --out %.json --markdown %.md --svg %.svg";
    let reply = run(&place, line).ok().json();
    let command = reply["command"].as_str().expect("text");
    assert!(command.contains("--out $'\\xff.json'"), "{command}");
    let markdown = std::fs::read_to_string(place.path("").join(name(".md")));
    assert!(markdown.expect("text").contains("](%FF.svg)"));
    for end in [".json", ".svg"] {
        assert!(place.path("").join(name(end)).is_file(), "{end}");
    }
}

#[test]
fn files_that_are_not_there_are_named_as_well_as_can_be() {
    let place = place();
    let mut lines = vec![
        ("image-id %", "file"),
        ("inspect %", "file"),
        ("verify % --elf %.elf", "file"),
        ("verify %.receipt --elf %", "file"),
        ("verify %.receipt --elf %.elf --journal %", "file"),
        ("run %", "file"),
        ("run %.elf --input %", "file"),
        ("run %.elf --journal-out %/x", "file"),
        ("run %.elf --flame-graph %/x", "file"),
        ("prove % -o out", "file"),
        ("prove %.elf --input % -o out", "file"),
        ("prove %.elf --input %.input -o %/x", "file"),
        (
            "prove %.elf --input %.input -o out --journal-out %/x",
            "file",
        ),
        (
            "prove %.elf --input %.input -o out --work-dir %.elf/x",
            "file",
        ),
        ("bench --out %/x", "file"),
        ("bench --markdown %/x", "file"),
        ("bench --svg %/x", "file"),
        ("build %", "build"),
        ("build . -o %/x", "file"),
    ];
    if cfg!(feature = "serve") {
        lines.push(("serve --config %", "config"));
    }
    for (line, kind) in lines {
        let outcome = run(&place, line);
        let reply = outcome.json();
        assert_eq!(
            (outcome.code, &reply["kind"]),
            (2, &kind.into()),
            "{line}: {reply}"
        );
        let error = reply["error"].as_str().expect("text");
        assert!(error.contains(SHOWN), "{line}: {error}");
    }
}

#[test]
fn a_guest_is_built_in_a_directory_that_cargo_can_name() {
    let place = Place::new();
    std::fs::create_dir(place.path("").join(name("guest"))).expect("a directory");
    let outcome = run(&place, "build %guest");
    let reply = outcome.json();
    assert_eq!((outcome.code, &reply["kind"]), (2, &"build".into()));
    let error = reply["error"].as_str().expect("text");
    assert!(error.contains("expected a path in UTF-8"), "{error}");
}

#[test]
fn other_values_are_refused() {
    let place = place();
    let mut lines = vec![
        "%",
        "demo %",
        "demo --%",
        "run %.elf --input-hex %",
        "run %.elf --max-cycles %",
        "prove %.elf -o out --input-hex %",
        "prove %.elf -o out --profile %",
        "prove %.elf -o out --security %",
        "prove %.elf -o out --max-cycles %",
        "prove %.elf -o out --max-memory %",
        "prove %.elf -o out --segment-cells %",
        "prove %.elf -o out --threads %",
        "prove %.elf -o out --backend %",
        "prove %.elf -o out --allow-exit %",
        "verify %.receipt --image-id %",
        "verify %.receipt --elf %.elf --expect-exit %",
        "verify %.receipt --elf %.elf --security %",
        "bench --cycles %",
        "bench --guests %",
        "bench --runs %",
        "bench --profile %",
        "bench-run % 1",
        "bench-run commitment %",
    ];
    if cfg!(feature = "serve") {
        lines.extend([
            "serve --listen %",
            "serve --max-memory %",
            "serve --concurrency %",
            "serve --backend %",
            "serve --log-format %",
        ]);
    }
    for line in lines {
        let outcome = run(&place, line);
        let reply = outcome.json();
        assert_eq!(
            (outcome.code, &reply["kind"]),
            (2, &"usage".into()),
            "{line}: {reply}"
        );
    }
}

#[cfg(feature = "serve")]
#[test]
fn a_secret_that_is_no_text_is_refused_and_not_repeated() {
    let place = Place::new();
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_vouch"))
        .args(["serve", "--json", "--listen", "127.0.0.1:0"])
        .env("AWS_SECRET_ACCESS_KEY", OsStr::from_bytes(b"c0ffee\xff"))
        .current_dir(place.path(""))
        .output()
        .expect("it runs");
    assert_eq!(output.status.code(), Some(2));
    let reply: Value = serde_json::from_slice(&output.stdout).expect("an object");
    assert_eq!(reply["kind"], "usage");
    let error = reply["error"].as_str().expect("text");
    assert!(
        error.contains("AWS_SECRET_ACCESS_KEY: expected UTF-8"),
        "{error}"
    );
    assert!(!error.contains("c0ffee"), "{error}");
}

#[cfg(feature = "serve")]
#[test]
fn a_service_keeps_its_files_in_any_folder() {
    use std::io::{BufRead, BufReader};
    use std::process::{Command, Stdio};

    let place = Place::new();
    let mut child = Command::new(env!("CARGO_BIN_EXE_vouch"))
        .args(["serve", "--listen", "127.0.0.1:0", "--data-dir"])
        .arg(name("data"))
        .current_dir(place.path(""))
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("it starts");
    let mut line = String::new();
    let mut stdout = BufReader::new(child.stdout.take().expect("a pipe"));
    stdout.read_line(&mut line).expect("a line");
    assert!(line.starts_with("listening on "), "{line:?}");
    assert!(place.path("").join(name("data")).is_dir());
    let id = child.id().to_string();
    let sent = Command::new("kill").args(["-s", "TERM", &id]).status();
    assert!(sent.expect("kill").success());
    assert_eq!(child.wait().expect("it ends").code(), Some(0));
}
