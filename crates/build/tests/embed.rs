//! A build script that embeds a guest, run by a real cargo, as a user's is.

use std::env;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use vouch_build::{BuildOptions, Toolchain, build};

/// Where everything that is built as users build it goes, so that cargo compiles it once: the tests of other crates
/// have the same folder.
const TARGET: &str = concat!(env!("CARGO_TARGET_TMPDIR"), "/users");

const HOST: &str = r#"
[package]
name = "embedding"
version = "0.1.0"
edition = "2024"

[build-dependencies]
vouch-build = { path = "@root@/crates/build" }

[workspace]
exclude = ["a guest", "number"]
"#;
const BUILD_SCRIPT: &str = r#"
fn main() {
    vouch_build::embed("a guest");
}
"#;
/// Prints the image ID and how long the ELF is.
const MAIN: &str = r#"
include!(concat!(env!("OUT_DIR"), "/vouch_guests.rs"));

fn main() {
    let id: String = SMALL_GUEST_ID.iter().map(|byte| format!("{byte:02x}")).collect();
    println!("{id} {}", SMALL_GUEST_ELF.len());
}
"#;
const GUEST: &str = r#"
[package]
name = "small-guest"
version = "0.1.0"
edition = "2024"

[dependencies]
vouch-guest = { path = "@root@/crates/guest", default-features = false, features = ["alloc"] }
number = { path = "../number" }

[profile.release]
panic = "abort"

[workspace]
"#;
const GUEST_MAIN: &str = r#"
#![no_std]
#![no_main]

vouch_guest::entry!(main);

fn main() {
    vouch_guest::io::commit_word(number::NUMBER + 1);
}
"#;
const LARGER_STACK: &str = r#"
[package.metadata.vouch]
rustflags = ["-Clink-arg=--defsym=__stack_size=0x200000"]
"#;
const TWO_GUESTS: &str = r#"
fn main() {
    vouch_build::Embed::new().guest("a guest").guest("a guest").run();
}
"#;
const NUMBER: &str = "[package]\nname = \"number\"\nversion = \"0.1.0\"\nedition = \"2024\"\n";

#[test]
fn guests_are_built_again_when_their_sources_change() {
    if let Err(missing) = Toolchain::find(Path::new(".")) {
        return skip("a guest, embedded by a build script", &missing.to_string());
    }
    // Written before anything is built: to cargo, nothing of it is new.
    let namesake = Project::new();
    namesake.put_number("70");
    let project = Project::new();
    let first = project.run();
    // Not even the guest's lock file counts, which the build wrote.
    assert!(project.is_fresh(), "nothing has changed");

    project.put("a guest/src/main.rs", &GUEST_MAIN.replace("+ 1", "+ 2"));
    let second = project.run();
    assert_ne!(first, second, "a source of the guest");
    project.put_number("6");
    let third = project.run();
    assert_ne!(second, third, "a path dependency of the guest");
    project.put("a guest/src/main.rs", GUEST_MAIN);
    assert_eq!(second, project.run(), "6 + 1 is 5 + 2");

    let manifest = fs::read_to_string(project.path("a guest/Cargo.toml")).expect("a manifest");
    project.put("a guest/Cargo.toml", &(manifest + LARGER_STACK));
    let fourth = project.run();
    assert_ne!(second, fourth, "the manifest of the guest");
    assert!(project.is_fresh(), "nothing has changed since");

    let other = namesake.build().0;
    assert!(
        ![&first, &second, &third, &fourth].contains(&&other),
        "another project's guest of the same name"
    );

    project.put_number("\"\"");
    project.refuses(&["guest a guest: cargo build failed", "mismatched types"]);
    project.put_number("5");
    project.put("build.rs", TWO_GUESTS);
    project.refuses(&[
        "expected guests whose packages have different names, got two for SMALL_GUEST_ELF",
    ]);
}

/// A host, its guest, and a crate that the guest depends on.
struct Project(tempfile::TempDir);

impl Project {
    fn new() -> Self {
        let project = Self(tempfile::tempdir().expect("a folder"));
        let root = root().to_string_lossy().into_owned();
        let lock = fs::read_to_string(Path::new(&root).join("Cargo.lock")).expect("a lock file");
        for (path, text) in [
            ("Cargo.toml", &*HOST.replace("@root@", &root)),
            // The versions that the tests are built with.
            ("Cargo.lock", &lock),
            ("build.rs", BUILD_SCRIPT),
            ("src/main.rs", MAIN),
            ("a guest/Cargo.toml", &GUEST.replace("@root@", &root)),
            ("a guest/src/main.rs", GUEST_MAIN),
            ("number/Cargo.toml", NUMBER),
        ] {
            project.put(path, text);
        }
        project.put_number("5");
        project
    }

    fn path(&self, path: &str) -> PathBuf {
        self.0.path().join(path)
    }

    fn put(&self, path: &str, text: &str) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().expect("a folder")).expect("it can be made");
        fs::write(path, text).expect("it can be written");
    }

    /// The constant of the crate that the guest depends on.
    fn put_number(&self, number: &str) {
        let text = format!("#![no_std]\npub const NUMBER: u32 = {number};\n");
        self.put("number/src/lib.rs", &text);
    }

    /// Asserts that the host does not build, and that cargo says this.
    fn refuses(&self, messages: &[&str]) {
        let failed = self.cargo(&["build", "--release"]);
        let stderr = String::from_utf8_lossy(&failed.stderr);
        assert!(!failed.status.success(), "{stderr}");
        for message in messages {
            assert!(stderr.contains(message), "{stderr}");
        }
    }

    fn cargo(&self, arguments: &[&str]) -> Output {
        let mut cargo = Command::new(env!("CARGO"));
        cargo.args(arguments).current_dir(self.path(""));
        cargo.env("CARGO_TARGET_DIR", TARGET);
        cargo.output().expect("cargo runs")
    }

    /// The image ID that the host prints, which is that of the guest as it is now.
    fn run(&self) -> String {
        let output = self.cargo(&["run", "--release", "--quiet"]);
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{stderr}");
        let built = self.build();
        let printed = String::from_utf8(output.stdout).expect("text");
        assert_eq!(printed.trim(), format!("{} {}", built.0, built.1));
        built.0
    }

    /// The image ID of the guest and the length of its ELF.
    fn build(&self) -> (String, usize) {
        let options = BuildOptions {
            target_dir: Some(Path::new(TARGET).join("vouch")),
            ..BuildOptions::default()
        };
        let built = build(&self.path("a guest"), &options, &mut |_| {}).expect("it builds");
        (built.image_id.to_string(), built.elf.len())
    }

    /// Whether cargo finds nothing to do for the host.
    fn is_fresh(&self) -> bool {
        let output = self.cargo(&["build", "--release", "--message-format=json"]);
        let messages = String::from_utf8(output.stdout).expect("text");
        let host = messages
            .lines()
            .find(|line| line.contains("\"kind\":[\"bin\"]"));
        let host: serde_json::Value =
            serde_json::from_str(host.expect("its message")).expect("JSON");
        host["fresh"].as_bool().expect("a boolean")
    }
}

fn root() -> PathBuf {
    fs::canonicalize(Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")).expect("the checkout")
}

/// Says that `what` is not checked because `missing` is, past the capture of test output.
///
/// # Panics
/// If `VOUCH_REQUIRE_TOOLS` is 1: then everything is required.
fn skip(what: &str, missing: &str) {
    let required = env::var("VOUCH_REQUIRE_TOOLS");
    assert_ne!(required.as_deref(), Ok("1"), "{what}: {missing}");
    writeln!(io::stderr(), "skipped: {what}: {missing}").expect("stderr can be written");
}
