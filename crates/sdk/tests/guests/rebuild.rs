//! The embedded guests are what their sources compile to.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use vouch_sdk::build::{BuildError, BuildOptions, Built, Toolchain, build};
use vouch_sdk::{Program, guests, image_id};

use crate::run::{elf, execute};
use crate::{c, products, rust, tools};

/// The compilers that the embedded guests were built with. Others make other programs.
const RUSTC: &str = "rustc 1.96.0 ";
const GCC: &str = "12.2.0";

#[test]
fn rust_guests() {
    let what = "Rust guests, rebuilt";
    let toolchain = match Toolchain::debian() {
        Ok(toolchain) if toolchain.version().starts_with(RUSTC) => toolchain,
        Ok(other) => return tools::skip(what, &format!("expected {RUSTC}, got {other}")),
        Err(error) => return tools::skip(what, &error.to_string()),
    };
    let dir = tempfile::tempdir().expect("a directory");
    // One for all, so that the library is compiled only once.
    let options = BuildOptions {
        toolchain: Some(toolchain),
        target_dir: Some(dir.path().join("target")),
        locked: true,
        ..BuildOptions::default()
    };
    each_is_what_it_was(&options);
    rust::statics_are_made(&built(&rust::guest("statics"), &options).elf);
    rust::accelerators_compute(&built(&rust::guest("accelerated"), &options));
    rust::hashes_agree(&built(&rust::guest("keccak"), &options));
    rust::blake3_has_all_kinds(&built(&rust::guest("blake3"), &options));
    products::products_are_sums(&built(&rust::guest("products"), &options));
    rust::errors_are_reported(&built(&rust::guest("fallible"), &options));
    rust::products_are_warned_of(&built(&rust::guest("masked-product"), &options));
    let copy = copy_elsewhere(&dir.path().join("elsewhere"));
    the_directory_does_not_matter(&copy, &options);
    the_manifest_sets_flags(&copy, &options);
    what_does_not_compile_is_refused(&copy, &options);
    what_is_no_guest_is_refused(&options);
}

#[test]
fn c_guest() {
    let what = "C guest, rebuilt";
    let gcc = c::GCC;
    match tools::print(gcc, "-dumpfullversion").as_deref() {
        Some(GCC) => {}
        Some(other) => return tools::skip(what, &format!("expected {gcc} {GCC}, got {other}")),
        None => return tools::skip(what, &format!("no {gcc}")),
    }
    // As docs/guests.md has it.
    let bytes = c::link(gcc, &["guest-programs/crc32-c/main.c"]).expect("it links");
    assert_eq!(id_of(&bytes), id_of(elf("crc32-c")));
}

#[test]
fn every_guest_is_embedded() {
    let prebuilt = root().join("guest-programs/prebuilt");
    for guest in guests::ALL {
        let file = prebuilt.join(guest.name).with_extension("elf");
        assert_eq!(
            fs::read(&file).expect("the ELF"),
            guest.elf,
            "{}",
            file.display()
        );
    }
    let mut found: BTreeSet<_> = names(&root().join("guest-programs")).collect();
    assert!(found.remove("prebuilt"));
    assert_eq!(
        found,
        guests::ALL
            .iter()
            .map(|guest| source(guest).0.into())
            .collect()
    );
    // An ELF and an image ID each.
    assert_eq!(names(&prebuilt).count(), 2 * guests::ALL.len());
}

fn each_is_what_it_was(options: &BuildOptions) {
    for guest in guests::ALL {
        let (name, features) = source(guest);
        let dir = root().join("guest-programs").join(name);
        if dir.join("Cargo.toml").exists() {
            let options = BuildOptions {
                features,
                ..options.clone()
            };
            let built = built(&dir, &options);
            assert_eq!(
                built.image_id.to_string(),
                id_of(guest.elf),
                "{}",
                guest.name
            );
            assert_eq!(id_of(&built.elf), built.image_id.to_string());
            assert_eq!(built.warnings, [], "{}", guest.name);
        }
    }
}

/// The directory of a guest, and with which features it is built.
fn source(guest: &guests::Guest) -> (&'static str, Vec<String>) {
    match guest.name.strip_suffix("-software") {
        Some(name) => (name, vec!["software".to_owned()]),
        None => (guest.name, Vec::new()),
    }
}

/// The runtime, which has all that could tell: panics, a heap, path dependencies.
fn the_directory_does_not_matter(copy: &Path, options: &BuildOptions) {
    let built = built(copy, options);
    assert_eq!(built.image_id.to_string(), id_of(elf("runtime")));
}

fn the_manifest_sets_flags(copy: &Path, options: &BuildOptions) {
    let manifest = copy.join("Cargo.toml");
    let before = fs::read_to_string(&manifest).expect("a manifest");
    let flags = "rustflags = [\"-Clink-arg=--defsym=__heap_size=0x200000\"]";
    let after = format!("{before}\n[package.metadata.vouch]\n{flags}\n");
    fs::write(&manifest, after).expect("it can be written");
    let run = execute(&built(copy, options).program, b"h").expect("it runs");
    assert!(
        run.stderr.contains("in a heap of 2097152 bytes; "),
        "{}",
        run.stderr
    );
}

fn what_does_not_compile_is_refused(copy: &Path, options: &BuildOptions) {
    let main = copy.join("src/main.rs");
    let source = fs::read_to_string(&main).expect("a source");
    fs::write(&main, source + "\nfn wrong() -> u32 { \"wrong\" }\n").expect("it can be written");
    let mut logged = Vec::new();
    let error = build(copy, options, &mut |line| logged.push(line.to_owned()));
    match error.expect_err("a type error") {
        BuildError::Cargo { action, stderr, .. } => {
            assert_eq!(action, "build");
            assert!(stderr.contains("mismatched types"), "{stderr}");
            assert!(logged.join("\n").ends_with(&stderr));
        }
        other => panic!("{other}"),
    }
}

fn what_is_no_guest_is_refused(options: &BuildOptions) {
    let refused = |dir| build(&root().join(dir), options, &mut |_| {}).expect_err(dir);
    assert!(matches!(
        refused("crates/isa"),
        BuildError::NotAGuest { .. }
    ));
    assert!(matches!(refused("."), BuildError::NotACrate { .. }));
    assert!(matches!(
        refused("missing"),
        BuildError::File { action: "find", .. }
    ));
    match refused("docs") {
        BuildError::Cargo { action, stderr, .. } => {
            assert_eq!(action, "metadata");
            assert!(stderr.contains("docs/Cargo.toml"), "{stderr}");
        }
        other => panic!("{other}"),
    }
}

/// Copies the guest `runtime` and what it depends on to another directory, and returns the
/// guest's.
fn copy_elsewhere(to: &Path) -> PathBuf {
    for dir in [
        "crates/guest",
        "crates/isa",
        "crates/codec",
        "guest-programs/runtime",
    ] {
        copy_dir(&root().join(dir), &to.join(dir)).unwrap_or_else(|e| panic!("{dir}: {e}"));
    }
    // What crates/isa inherits from.
    let manifest = fs::read_to_string(root().join("Cargo.toml")).expect("a manifest");
    let lines = manifest.lines().map(|line| match line.split(' ').next() {
        Some("members") => "members = [\"crates/isa\"]\n".to_owned(),
        Some("default-members") => String::new(),
        _ => format!("{line}\n"),
    });
    let manifest: String = lines.collect();
    fs::write(to.join("Cargo.toml"), manifest).expect("it can be written");
    to.join("guest-programs/runtime")
}

fn copy_dir(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for name in names(from).filter(|name| name != "target") {
        let (from, to) = (from.join(&name), to.join(&name));
        if from.is_dir() {
            copy_dir(&from, &to)?;
        } else {
            fs::copy(from, to)?;
        }
    }
    Ok(())
}

fn names(dir: &Path) -> impl Iterator<Item = String> {
    let entries = fs::read_dir(dir).unwrap_or_else(|error| panic!("{}: {error}", dir.display()));
    entries.map(|entry| {
        entry
            .expect("an entry")
            .file_name()
            .into_string()
            .expect("text")
    })
}

fn built(dir: &Path, options: &BuildOptions) -> Built {
    build(dir, options, &mut |_| {}).unwrap_or_else(|error| panic!("{}: {error}", dir.display()))
}

fn id_of(elf: &[u8]) -> String {
    image_id(&Program::from_elf(elf).expect("a program")).to_string()
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}
