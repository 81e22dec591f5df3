//! `vouch new`: a project of its own, host and guest.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::json;
use vouch_sdk::files;

use super::{fields, path_text};
use crate::args::NewArgs;
use crate::error::Error;
use crate::output::{Fields, Output};

/// What every project has: where each file goes, and what is in it before names are filled in.
const FILES: [(&str, &str); 8] = [
    ("Cargo.toml", include_str!("../../template/workspace.toml")),
    (
        ".cargo/config.toml",
        include_str!("../../template/cargo-config.toml"),
    ),
    (".gitignore", include_str!("../../template/gitignore")),
    ("README.md", include_str!("../../template/README.md")),
    (
        "host/Cargo.toml",
        include_str!("../../template/host/manifest.toml"),
    ),
    (
        "host/build.rs",
        include_str!("../../template/host/build.rs"),
    ),
    (
        "host/src/main.rs",
        include_str!("../../template/host/main.rs"),
    ),
    (
        "guest/Cargo.toml",
        include_str!("../../template/guest/manifest.toml"),
    ),
];
/// Where the guest's program goes.
const GUEST: &str = "guest/src/main.rs";
const PLAIN_GUEST: &str = include_str!("../../template/guest/main.rs");
const STD_GUEST: &str = include_str!("../../template/guest/main-std.rs");

/// The crates of Vouch that a project depends on, with their folders in a checkout.
const CRATES: [(&str, &str); 3] = [
    ("vouch-sdk", "crates/sdk"),
    ("vouch-build", "crates/build"),
    ("vouch-guest", "crates/guest"),
];

/// Writes the project.
///
/// # Errors
/// [`Error::ProjectName`], [`Error::NotEmpty`] if something is there, [`Error::NotACheckout`], and
/// `SdkError::File` if a file cannot be written.
pub fn new(arguments: &NewArgs, output: &Output) -> Result<Fields, Error> {
    let folder = &arguments.folder;
    let name = &package_name(folder)?;
    check_empty(folder)?;
    let checkout = match &arguments.vouch {
        Some(path) => Some(given_checkout(path)?),
        None => checkout_around(&env::current_exe().unwrap_or_default()),
    };
    let std = arguments.std;
    let guest = if std { STD_GUEST } else { PLAIN_GUEST };
    for (file, template) in FILES.into_iter().chain([(GUEST, guest)]) {
        let path = folder.join(file);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).map_err(|source| vouch_sdk::Error::File {
                action: "create",
                path: parent.into(),
                source,
            })?;
        }
        let text = filled_in(template, name, checkout.as_deref(), std)?;
        files::write(&path, text.as_bytes())?;
    }
    tell(arguments, checkout.as_deref(), output)?;
    Ok(fields([
        ("project", json!(path_text(folder))),
        ("vouch", json!(checkout.as_deref().map(path_text))),
        ("version", json!(env!("CARGO_PKG_VERSION"))),
    ]))
}

fn tell(arguments: &NewArgs, checkout: Option<&Path>, output: &Output) -> Result<(), Error> {
    let folder = arguments.folder.display();
    let source = match checkout {
        Some(path) => format!("the checkout {}", path.display()),
        None => format!("version {} on crates.io", env!("CARGO_PKG_VERSION")),
    };
    output.say(format_args!("{folder}: created, with Vouch from {source}"))?;
    let there = match arguments.folder.as_path() == Path::new(".") {
        true => String::new(),
        false => format!("cd {folder} && "),
    };
    output.say(format_args!("  {there}cargo run --release -- prove"))
}

/// A template with the project's name and dependencies.
fn filled_in(
    template: &str,
    name: &str,
    checkout: Option<&Path>,
    std: bool,
) -> Result<String, Error> {
    let mut text = template.replace("@name@", name);
    for (dependency, folder) in CRATES {
        let mut from = match checkout {
            Some(checkout) => format!("path = {}", toml_text(&checkout.join(folder))?),
            None => format!("version = \"{}\"", env!("CARGO_PKG_VERSION")),
        };
        if std && dependency == "vouch-guest" {
            from.push_str(", features = [\"std\"]");
        }
        text = text.replace(&format!("@{dependency}@"), &format!("{{ {from} }}"));
    }
    Ok(text)
}

/// A path as a string of TOML, which has the escapes of JSON.
fn toml_text(path: &Path) -> Result<String, Error> {
    let text = path.to_str().ok_or_else(|| Error::NotACheckout {
        path: path.into(),
        reason: "its path is not UTF-8",
    })?;
    Ok(json!(text).to_string())
}

/// The last part of the path, or what the folder is called if that is `.` or `..`; it names the package. Cargo says
/// more of what names may be; these are those that it, or the compiler, refuses later.
fn package_name(folder: &Path) -> Result<String, Error> {
    let refuse = |reason| Error::ProjectName {
        path: folder.into(),
        reason,
    };
    let path = match folder.file_name() {
        Some(_) => folder.to_path_buf(),
        None => fs::canonicalize(folder).unwrap_or_default(),
    };
    let name = path.file_name().ok_or_else(|| refuse("none"))?;
    let name = name.to_str().ok_or_else(|| refuse("another character"))?;
    let fits = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if !name.chars().all(fits) {
        return Err(refuse("another character"));
    }
    if !name.starts_with(|c: char| c.is_ascii_alphabetic()) {
        return Err(refuse("another first character"));
    }
    if RESERVED.contains(&name) || CRATES.iter().any(|(other, _)| *other == name) {
        return Err(refuse("a reserved name"));
    }
    Ok(name.into())
}

/// Keywords, crates of the library, folders in a target directory.
const RESERVED: &[&str] = &[
    "abstract",
    "alloc",
    "as",
    "async",
    "await",
    "become",
    "box",
    "break",
    "build",
    "const",
    "continue",
    "core",
    "crate",
    "deps",
    "do",
    "dyn",
    "else",
    "enum",
    "examples",
    "extern",
    "false",
    "final",
    "fn",
    "for",
    "gen",
    "if",
    "impl",
    "in",
    "incremental",
    "let",
    "loop",
    "macro",
    "match",
    "mod",
    "move",
    "mut",
    "override",
    "priv",
    "proc_macro",
    "pub",
    "ref",
    "return",
    "self",
    "static",
    "std",
    "struct",
    "super",
    "test",
    "trait",
    "true",
    "try",
    "type",
    "typeof",
    "unsafe",
    "use",
    "where",
    "while",
];

fn check_empty(folder: &Path) -> Result<(), Error> {
    let is_empty = match fs::read_dir(folder) {
        Ok(mut entries) => entries.next().is_none(),
        // A file, or a folder that cannot be read, is not empty.
        Err(_) => !folder.exists(),
    };
    match is_empty {
        true => Ok(()),
        false => Err(Error::NotEmpty {
            path: folder.into(),
        }),
    }
}

fn given_checkout(path: &Path) -> Result<PathBuf, Error> {
    let refuse = |reason| Error::NotACheckout {
        path: path.into(),
        reason,
    };
    let found = fs::canonicalize(path).map_err(|_| refuse("nothing is there"))?;
    match is_checkout(&found) {
        true => Ok(found),
        false => Err(refuse(
            "it has no crates/sdk, crates/build and crates/guest",
        )),
    }
}

/// The checkout whose target directory the program lies in.
fn checkout_around(program: &Path) -> Option<PathBuf> {
    let program = fs::canonicalize(program).ok()?;
    let mut targets = program.ancestors().filter(|path| path.ends_with("target"));
    let checkout = targets.find_map(|target| target.parent().filter(|path| is_checkout(path)));
    checkout.map(Path::to_path_buf)
}

fn is_checkout(path: &Path) -> bool {
    let manifest = |(_, folder): &(&str, &str)| path.join(folder).join("Cargo.toml");
    CRATES.iter().map(manifest).all(|path| path.is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_checkout_is_found_around_its_target_directory() {
        let place = tempfile::tempdir().expect("a folder");
        let root = fs::canonicalize(place.path()).expect("its path");
        let program = root.join("target/release/vouch");
        fs::create_dir_all(program.parent().expect("a parent")).expect("a folder");
        fs::write(&program, "").expect("a file");
        assert_eq!(checkout_around(&program), None, "no crates are there");
        for (_, folder) in CRATES {
            fs::create_dir_all(root.join(folder)).expect("a folder");
            fs::write(root.join(folder).join("Cargo.toml"), "").expect("a file");
        }
        assert_eq!(checkout_around(&program), Some(root.clone()));
        let elsewhere = root.join("bin/vouch");
        fs::create_dir(root.join("bin")).expect("a folder");
        fs::write(&elsewhere, "").expect("a file");
        assert_eq!(
            checkout_around(&elsewhere),
            None,
            "not in its target directory"
        );
    }

    #[test]
    fn every_placeholder_is_filled_in() {
        let templates = FILES.iter().map(|(_, template)| *template);
        for template in templates.chain([PLAIN_GUEST, STD_GUEST]) {
            for checkout in [None, Some(Path::new("/a \"checkout\""))] {
                let text = filled_in(template, "app", checkout, true).expect("UTF-8");
                assert!(!text.contains('@'), "{text}");
            }
        }
    }

    #[test]
    fn names_of_packages() {
        let name = |path| package_name(Path::new(path)).map_err(|error| error.to_string());
        for (path, expected) in [
            ("some/where/my-app_2", "my-app_2"),
            ("App/", "App"),
            ("App/.", "App"),
            // Tests run in the package's folder.
            (".", "cli"),
            ("..", "crates"),
        ] {
            assert_eq!(name(path).as_deref(), Ok(expected), "{path}");
        }
        for (path, got) in [
            ("/", "none"),
            ("missing/..", "none"),
            ("my app", "another character"),
            ("caf\u{e9}", "another character"),
            ("my.app", "another character"),
            ("2app", "another first character"),
            ("-app", "another first character"),
            ("_app", "another first character"),
            ("fn", "a reserved name"),
            ("std", "a reserved name"),
            ("vouch-sdk", "a reserved name"),
        ] {
            let error = name(path).expect_err(path);
            assert!(error.ends_with(&format!("got {got}")), "{path}: {error}");
        }
    }
}
