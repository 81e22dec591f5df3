//! docs/operations.md leaves nothing out.

use toml::{Table, Value};
use vouch_sdk::ErrorKind;
use vouch_service::job::Failure;

use super::deployment::whole_example;
use super::file;

const MANUAL: &str = "docs/operations.md";

/// That a table of the manual has a row that begins so.
fn check_row(manual: &str, begin: &str) {
    let row = format!("| {begin}");
    let found = manual.lines().any(|line| line.starts_with(&row));
    assert!(found, "{MANUAL}: no row {row}");
}

/// As the manual writes a default.
fn value(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

#[test]
fn every_key_has_its_row() {
    let manual = file(MANUAL);
    let defaults: Table = toml::from_str(&file("deploy/vouch.toml")).expect("TOML");
    let all: Table = toml::from_str(&whole_example()).expect("TOML");
    let default = |section: &str, key: &str| defaults.get(section).and_then(|s| s.get(key));
    let mut rows = 0;
    for (section, keys) in &all {
        let (name, keys) = match keys {
            Value::Array(blocks) => (section.as_str(), blocks[0].as_table()),
            _ => (section.as_str(), keys.as_table()),
        };
        for (key, given) in keys.expect("keys") {
            let row = format!("`{name}.{key}` |");
            let row = match default(name, key) {
                Some(Value::Table(_)) => row,
                Some(default) => format!("{row} `{}` |", value(default)),
                // In a block of a client what is given is the default.
                None if given.is_integer() && name == "clients" => {
                    format!("{row} `{}` |", value(given))
                }
                None => row,
            };
            check_row(&manual, &row);
            rows += 1;
        }
    }
    assert!(rows > 25, "{rows}");
}

#[test]
fn every_error_has_its_cure() {
    let (manual, source) = (file(MANUAL), file("crates/service/src/error.rs"));
    // ("name", -32001, 401, ...)
    let mut names: Vec<_> = source.split("(\"").skip(1).collect();
    names.retain(|rest| {
        rest.split_once("\", -32")
            .is_some_and(|(name, _)| !name.contains('"'))
    });
    assert!(names.len() > 15, "{names:?}");
    for rest in names {
        let (name, _) = rest.split_once('"').expect("it has just been found");
        check_row(&manual, &format!("`{name}` |"));
    }
}

#[test]
fn every_kind_of_failure_has_its_cure() {
    let manual = file(MANUAL);
    let kinds = [
        ErrorKind::Elf,
        ErrorKind::GuestFault,
        ErrorKind::GuestExit,
        ErrorKind::Limit,
        ErrorKind::Verify,
        ErrorKind::File,
        ErrorKind::WorkFolder,
        ErrorKind::Options,
        ErrorKind::Cancelled,
        ErrorKind::Internal,
    ];
    let own = [Failure::TIMEOUT, Failure::CRASHED, Failure::INPUT_LOST];
    for name in kinds.map(ErrorKind::name).iter().chain(&own) {
        check_row(&manual, &format!("`{name}` |"));
    }
}
