//! The packages that users depend on, made and compiled as they would be published: `cargo xtask package`.
//!
//! Cargo packs the crates of the workspace, and compiles those that a host needs from their packages alone, each with
//! the packages of the others. The rest would take longer to compile than all of these, and are packed only. Cargo packs
//! every file of a crate's folder that git knows; what could be missing are files outside of it that a source takes in:
//! that there are none is checked. The guest runtime, which is no member and compiles for the machine only, builds a
//! guest from its package: the same as from the checkout.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Component, Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use clap::Args;
use serde_json::json;
use vouch_sdk::build::{BuildOptions, build};

/// Compiled from their packages: what a host of a guest depends on.
const COMPILED: [&str; 9] = [
    "vouch-isa",
    "vouch-emulator",
    "vouch-codec",
    "vouch-air",
    "vouch-build",
    "vouch-verifier",
    "vouch-prover",
    "vouch-gpu",
    "vouch-sdk",
];
/// Packed only.
const PACKED: [&str; 3] = ["vouch-kit", "vouch-service", "vouch-cli"];
/// What the guest runtime depends on.
const OF_GUESTS: [&str; 2] = ["vouch-isa", "vouch-codec"];
/// A guest with typed input.
const GUEST: &str = "examples/sudoku/guest";

/// Of `cargo xtask package`.
#[derive(Debug, Args)]
pub struct PackageArgs {
    /// Print the report as one JSON object on stdout; progress goes to stderr
    #[arg(long)]
    pub json: bool,
}

/// Makes the packages and checks them.
///
/// # Errors
/// A crate cannot be packed, or its package does not do.
pub fn run(arguments: &PackageArgs) -> Result<bool> {
    let root = fs::canonicalize(Path::new(env!("CARGO_MANIFEST_DIR")).join(".."))?;
    let all = [&COMPILED[..], &PACKED].concat();
    let mut included = 0;
    for name in PACKED {
        included += what_is_included_is_packed(&root, name)?;
    }

    let target = root.join("target/packages");
    package(&root, &target, &all, &["--no-verify"])?;
    package(&root, &target, &COMPILED, &[])?;
    let image_id = the_runtime_builds_guests(&root, &target)?;

    let packages: Vec<_> = all.iter().chain(&["vouch-guest"]).collect();
    match arguments.json {
        true => println!(
            "{}",
            json!({ "packages": packages, "included": included, "image_id": image_id })
        ),
        false => println!("{} packages; image ID {image_id}", packages.len()),
    }
    Ok(true)
}

/// Has cargo pack members of the workspace in `dir`, and, unless told otherwise, compile them.
fn package(dir: &Path, target: &Path, names: &[&str], options: &[&str]) -> Result<()> {
    let mut cargo = cargo(dir, &["package", "--allow-dirty", "--target-dir"]);
    cargo.arg(target).args(options);
    cargo.args(names.iter().flat_map(|name| ["--package", name]));
    let status = cargo.status().context("cannot run cargo")?;
    ensure!(status.success(), "cargo package failed: {status}");
    Ok(())
}

fn cargo(dir: &Path, arguments: &[&str]) -> Command {
    let mut cargo = Command::new("cargo");
    cargo.args(arguments).current_dir(dir);
    cargo
}

/// Every file that a source of this crate takes in is in its package. Returns how many there are.
///
/// What comes after the first mark of tests in a file is none of the package's business.
fn what_is_included_is_packed(root: &Path, name: &str) -> Result<usize> {
    let folder = root.join("crates").join(name.trim_start_matches("vouch-"));
    let list = ["package", "--allow-dirty", "--list", "--package", name];
    let list = text_of(&mut cargo(root, &list))?;
    let packed: BTreeSet<_> = list.lines().map(|file| folder.join(file)).collect();
    let mut included = 0;
    for source in packed.iter().filter(|file| is_source(file, &folder)) {
        let text = fs::read_to_string(source)?;
        let marks = ["#[cfg(test)]", "#[cfg(doctest)]"];
        let end = marks.iter().filter_map(|mark| text.find(mark)).min();
        for file in literals(&text[..end.unwrap_or(text.len())]) {
            let path = plain(&source.with_file_name(file));
            ensure!(
                packed.contains(&path),
                "{}: expected {file} in the package, got no such file there",
                source.display()
            );
            included += 1;
        }
    }
    Ok(included)
}

fn is_source(file: &Path, folder: &Path) -> bool {
    let in_package = file.strip_prefix(folder).unwrap_or(file);
    file.extension().is_some_and(|name| name == "rs")
        && (in_package.starts_with("src") || in_package == Path::new("build.rs"))
}

/// The names of files that a source has as literals: in `include_str!("...")` and its like, and in `#[path = "..."]`.
fn literals(text: &str) -> Vec<&str> {
    let starts = ["include_str!(", "include_bytes!(", "include!(", "#[path = "];
    let mut found = Vec::new();
    for start in starts {
        found.extend(text.split(start).skip(1).filter_map(literal));
    }
    found
}

/// The literal that a text begins with.
fn literal(text: &str) -> Option<&str> {
    let text = text.trim_start().strip_prefix('"')?;
    text.split('"').next()
}

/// A path without `..`. What it names may be a link: that is what is packed.
fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => {
                plain.pop();
            }
            part => plain.push(part),
        }
    }
    plain
}

/// A guest built with the packed runtime is the guest that it is with the checkout's. Returns its image ID.
fn the_runtime_builds_guests(root: &Path, target: &Path) -> Result<String> {
    let version = env!("CARGO_PKG_VERSION");
    let packages = target.join("package");
    let unpacked = |name: &str| packages.join(format!("{name}-{version}"));

    // The crates that it depends on are not published yet.
    let patch = |name: &&str| {
        let path = json!(unpacked(name));
        [
            "--config".into(),
            format!("patch.crates-io.{name}.path={path}"),
        ]
    };
    let patches: Vec<String> = OF_GUESTS.iter().flat_map(patch).collect();
    let mut options: Vec<&str> = patches.iter().map(String::as_str).collect();
    options.push("--no-verify");
    package(
        &root.join("crates/guest"),
        target,
        &["vouch-guest"],
        &options,
    )?;
    let mut tar = Command::new("tar");
    tar.arg("-xzf").arg(format!("vouch-guest-{version}.crate"));
    text_of(tar.current_dir(&packages))?;

    let place = tempfile::tempdir()?;
    let source = root.join(GUEST);
    let manifest = fs::read_to_string(source.join("Cargo.toml"))?;
    let path = json!("../../../crates/guest").to_string();
    ensure!(
        manifest.contains(&path),
        "{GUEST} does not depend on {path}"
    );
    let mut manifest = manifest.replace(&path, &json!(unpacked("vouch-guest")).to_string());
    manifest.push_str("\n[patch.crates-io]\n");
    for name in OF_GUESTS {
        manifest.push_str(&format!(
            "{name} = {{ path = {} }}\n",
            json!(unpacked(name))
        ));
    }
    fs::create_dir(place.path().join("src"))?;
    fs::write(place.path().join("Cargo.toml"), manifest)?;
    fs::copy(source.join("Cargo.lock"), place.path().join("Cargo.lock"))?;
    fs::copy(source.join("src/main.rs"), place.path().join("src/main.rs"))?;

    let options = BuildOptions {
        target_dir: Some(target.join("guests")),
        ..BuildOptions::default()
    };
    let image_id = |dir: &Path| -> Result<String> {
        let built = build(dir, &options, &mut |line| eprintln!("{line}"))?;
        Ok(built.image_id.to_string())
    };
    let (expected, got) = (image_id(&source)?, image_id(place.path())?);
    ensure!(
        expected == got,
        "expected image ID {expected}, got {got} with packages"
    );
    Ok(got)
}

fn text_of(command: &mut Command) -> Result<String> {
    let output = command
        .output()
        .with_context(|| format!("cannot run {:?}", command.get_program()))?;
    let stderr = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{command:?} failed: {stderr}");
    Ok(String::from_utf8(output.stdout)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_that_are_taken_in_are_found() {
        let text = r#"
            const A: &str = include_str!("../a.txt");
            const B: &[u8] = include_bytes!(
                "b.bin"
            );
            include!(concat!(env!("OUT_DIR"), "/made.rs"));
            #[path = "c.rs"]
            mod c;
        "#;
        assert_eq!(literals(text), ["../a.txt", "b.bin", "c.rs"]);
    }

    #[test]
    fn a_file_outside_of_its_crate_is_refused() {
        let root = fs::canonicalize(Path::new(env!("CARGO_MANIFEST_DIR")).join(".."));
        let root = root.expect("the checkout");
        // Its tests take in pages, but nothing that is packed does.
        let included = what_is_included_is_packed(&root, "vouch-kit");
        assert_eq!(included.expect("nothing is outside"), 0);
        // A program that is for this repository alone takes in guests.
        let error = what_is_included_is_packed(&root, "vouch-gpu").expect_err("guests");
        let message = error.to_string();
        let file = "guest-programs/prebuilt/fibonacci.elf in the package, got no such file";
        assert!(message.contains(file), "{message}");
    }
}
