//! The writers of docs/encoding.md, in other languages, write the golden encodings.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::golden::GOLDEN;

/// The only code block of a language on the page.
fn from_the_page(language: &str) -> String {
    let page = crate_dir().join("../../docs/encoding.md");
    let page = fs::read_to_string(page).expect("docs/encoding.md");
    let begin = format!("\n```{language}\n");
    let (_, rest) = page.split_once(&begin).expect("a code block");
    let (code, rest) = rest.split_once("\n```\n").expect("its end");
    assert!(!rest.contains(&begin), "two code blocks in {language}");
    format!("{code}\n")
}

fn crate_dir() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Puts a writer of the page and what uses it into one file.
fn program(dir: &Path, name: &str, writer: &str) -> PathBuf {
    let golden = crate_dir().join("tests/writers").join(name);
    let golden = fs::read_to_string(golden).expect("what writes the golden values");
    let file = dir.join(name);
    fs::write(&file, format!("{writer}\n{golden}")).expect("it can be written");
    file
}

/// What a command prints; `None`, with a word, if it is not installed.
fn printed(command: &mut Command) -> Option<String> {
    let program = command.get_program().to_string_lossy().into_owned();
    let output = match command.output() {
        Ok(output) => output,
        Err(error) => {
            eprintln!("SKIPPED: a writer of docs/encoding.md: {program}: {error}");
            return None;
        }
    };
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{program}: {stderr}");
    Some(String::from_utf8(output.stdout).expect("text"))
}

/// With this variable there are no excuses but for `node`, which nothing else wants.
fn required(printed: Option<String>, what: &str) -> Option<String> {
    let strict = std::env::var_os("VOUCH_REQUIRE_TOOLS").is_some_and(|value| value == "1");
    assert!(
        printed.is_some() || !strict,
        "VOUCH_REQUIRE_TOOLS: no {what}"
    );
    printed
}

#[test]
fn c_writes_the_same() {
    let dir = tempfile::tempdir().expect("a directory");
    let source = program(dir.path(), "golden.c", &from_the_page("c"));
    let binary = dir.path().join("golden");
    let mut cc = Command::new("cc");
    cc.args(["-std=c11", "-Wall", "-Wextra", "-Werror", "-o"]);
    cc.args([&binary, &source]);
    if required(printed(&mut cc), "cc").is_some() {
        assert_eq!(printed(&mut Command::new(&binary)).as_deref(), Some(GOLDEN));
    }
}

#[test]
fn python_writes_the_same() {
    let dir = tempfile::tempdir().expect("a directory");
    let source = program(dir.path(), "golden.py", &from_the_page("python"));
    let mut python = Command::new("python3");
    if let Some(text) = required(printed(python.arg(&source)), "python3") {
        assert_eq!(text, GOLDEN);
    }
}

/// Without its types: `node` knows them only of late. Nobody checks them here.
#[test]
fn typescript_writes_the_same() {
    let dir = tempfile::tempdir().expect("a directory");
    let mut code = from_the_page("typescript");
    for name in [
        "number",
        "bigint",
        "boolean",
        "string",
        "Uint8Array",
        "DataView",
        "this",
    ] {
        for after in [")", ",", ";", " =", " {"] {
            code = code.replace(&format!(": {name}{after}"), after);
        }
    }
    let source = program(dir.path(), "golden.mjs", &code);
    if let Some(text) = printed(Command::new("node").arg(&source)) {
        assert_eq!(text, GOLDEN);
    }
}
