//! The configuration says what the defaults are; unit and container file fit the service.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::time::Duration;

use toml::{Table, Value};
use vouch_service::config::{Config, QuotaConfig};

use super::{file, has_tool, named, root, run};

/// The example as it is.
fn example() -> String {
    file("deploy/vouch.toml")
}

/// The example with the keys that have no default: they follow a # and no space.
pub fn whole_example() -> String {
    let key = |line: &str| {
        let uncommented = line.strip_prefix('#').filter(|rest| !rest.starts_with(' '));
        format!("{}\n", uncommented.unwrap_or(line))
    };
    example().lines().map(key).collect()
}

fn read(text: &str) -> Config {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("vouch.toml");
    fs::write(&path, text).expect("a file");
    Config::read(&path).expect("a configuration")
}

/// Names of fields, `section.key`, as a structure prints them.
fn fields(debug: &str) -> BTreeSet<String> {
    let mut section = "";
    let mut found = BTreeSet::new();
    for line in debug.lines() {
        let depth = line.len() - line.trim_start().len();
        match (depth, line.trim().split_once(": ")) {
            (4, Some((name, "[],"))) => drop(found.insert(name.into())),
            (4, Some((name, _))) => section = name,
            (8, Some((name, _))) => drop(found.insert(format!("{section}.{name}"))),
            _ => {}
        }
    }
    found
}

/// The same, as a file has them.
fn keys(text: &str) -> BTreeSet<String> {
    let table: Table = toml::from_str(text).expect("TOML");
    let within = |(section, value): (&String, &Value)| match value {
        Value::Table(keys) => keys.keys().map(|key| format!("{section}.{key}")).collect(),
        _ => vec![section.clone()],
    };
    table.iter().flat_map(within).collect()
}

#[test]
fn the_example_is_the_default() {
    let defaults = Config::default();
    let config = read(&example());
    assert_eq!(format!("{config:#?}"), format!("{defaults:#?}"));
    config.check().expect("it makes sense");
}

#[test]
fn what_the_example_sets_are_all_the_keys_that_have_a_default() {
    let defaults = format!("{:#?}", Config::default());
    let all = fields(&defaults);
    assert!(
        all.contains("server.listen") && all.contains("clients"),
        "{all:?}"
    );
    assert_eq!(keys(&whole_example()), all);
    let without_default = all
        .difference(&keys(&example()))
        .cloned()
        .collect::<Vec<_>>();
    let expected = [
        "clients",
        "data.store",
        "proving.concurrency",
        "proving.max_memory",
        "server.tls",
    ];
    assert_eq!(without_default, expected);
}

#[test]
fn the_example_with_everything_makes_sense() {
    let config = read(&whole_example());
    config.check().expect("it makes sense");
    assert!(config.server.tls.is_some() && config.data.store.is_some());
    assert_eq!(config.proving.concurrency, Some(4));
    assert_eq!(config.proving.max_memory, 4 << 30);
    let [client] = &config.clients[..] else {
        panic!("one client: {:?}", config.clients);
    };
    let expected = QuotaConfig {
        max_requests: Some(512),
        max_streams: Some(512),
        max_request_memory: Some(512 << 20),
        ..QuotaConfig::default()
    };
    assert_eq!(client.quota, expected);
    let table: Table = toml::from_str(&whole_example()).expect("TOML");
    let debug = format!("{:#?}", client.quota);
    let quota = debug
        .lines()
        .filter_map(|line| line.trim().split_once(": "));
    let mut expected: BTreeSet<_> = quota.map(|(name, _)| name).collect();
    expected.extend(["name", "token_sha256"]);
    let keys = table["clients"][0].as_table().expect("a block").keys();
    assert_eq!(keys.map(String::as_str).collect::<BTreeSet<_>>(), expected);
}

#[test]
fn a_mistyped_key_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("vouch.toml");
    for key in ["max_jobs", "shutdown_grace", "[proving", "[[clients"] {
        let text = whole_example().replace(key, &format!("{key}s"));
        assert_ne!(text, whole_example());
        fs::write(&path, text).expect("a file");
        assert!(Config::read(&path).is_err(), "{key}");
    }
}

/// The value of a setting of the unit.
fn setting(unit: &str, name: &str) -> String {
    let values = named(unit, &format!("{name}="));
    (*values.first().expect(name)).to_owned()
}

#[test]
fn the_unit_waits_for_the_shutdown() {
    let unit = file("deploy/vouch.service");
    let wait = humantime::parse_duration(&setting(&unit, "TimeoutStopSec")).expect("a time");
    let grace = Config::default().server.shutdown_grace;
    // Large jobs end between two segments.
    assert!(wait >= grace + Duration::from_secs(30), "{wait:?}");
    assert_eq!(setting(&unit, "KillSignal"), "SIGTERM");
    let starts: u32 = setting(&unit, "StartLimitBurst").parse().expect("a number");
    assert!(starts > Config::default().proving.max_attempts);
}

#[test]
fn systemd_likes_the_unit() {
    if !has_tool("systemd-analyze", "the unit") {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    // The command need not be installed here.
    let unit = file("deploy/vouch.service").replace("/usr/local/bin/vouch ", "/bin/true ");
    fs::write(folder.path().join("vouch.service"), &unit).expect("a file");
    let analyze = |args: &[&str]| run(folder.path(), "systemd-analyze", args);
    // What it does not know it ignores, and says so.
    assert_eq!(analyze(&["verify", "./vouch.service"]).as_deref(), Ok(""));
    let threshold = ["security", "--no-pager", "--offline=true", "--threshold=15"];
    analyze(&[&threshold[..], &["./vouch.service"]].concat()).expect("little is exposed");
}

#[test]
fn the_image_is_made_of_what_is_there() {
    let (text, ignored) = (file("deploy/Containerfile"), file(".containerignore"));
    let copies = named(&text, "COPY ")
        .into_iter()
        .filter(|c| !c.starts_with("--from"));
    let mut sources = 0;
    for copy in copies {
        let mut names: Vec<_> = copy.split_whitespace().collect();
        names.pop();
        for name in names {
            assert!(root().join(name).exists(), "{name}");
            assert!(
                ignored.lines().any(|line| line == format!("!{name}")),
                "{name}"
            );
            sources += 1;
        }
    }
    assert!(sources > 3, "{text}");
    let manifest: Table = toml::from_str(&file("Cargo.toml")).expect("TOML");
    let members = manifest["workspace"]["members"].as_array().expect("a list");
    for member in members.iter().filter_map(Value::as_str).map(Path::new) {
        assert!(
            ["crates", "xtask"]
                .iter()
                .any(|name| member.starts_with(name)),
            "{member:?}"
        );
    }
    let rust = manifest["workspace"]["package"]["rust-version"].as_str();
    let image = format!("/rust:{}-bookworm AS builder", rust.expect("a version"));
    assert!(text.contains(&image), "{image}");
    let port = Config::default().server.listen.port();
    assert!(text.contains(&format!("EXPOSE {port}\n")));
    assert!(
        !text.contains("COPY .cargo"),
        "an image is not for the machine that builds it"
    );
}
