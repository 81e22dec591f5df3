//! What a guest was built from and may change.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use super::metadata::Metadata;
use super::{BuildError, Toolchain};

/// What cargo calls a manifest.
pub(super) const MANIFEST: &str = "Cargo.toml";
/// What cargo calls the versions that it chose.
pub(super) const LOCK: &str = "Cargo.lock";

/// All of it, with absolute paths. What lies in `target_dir` was made from the rest, and the compiler's own
/// sources change with the compiler.
pub(super) fn find(
    executable: &Path,
    metadata: &Metadata,
    runtime: &Path,
    toolchain: &Toolchain,
    target_dir: &Path,
) -> Result<Vec<PathBuf>, BuildError> {
    let dep_info = executable.with_extension("d");
    let text = fs::read_to_string(&dep_info).map_err(BuildError::file("read", &dep_info))?;
    let library = toolchain.source();
    let compiled = prerequisites(&text)
        .into_iter()
        .filter(|path| !path.starts_with(target_dir) && !path.starts_with(&library));
    let mut sources: BTreeSet<_> = compiled.collect();
    sources.insert(runtime.join("link.ld"));
    sources.insert(metadata.workspace_root.join(LOCK));
    for dir in metadata.local_dirs() {
        // A manifest may inherit from one in any directory around it, and so do cargo's settings.
        let around = dir.ancestors();
        let settings = around.flat_map(|dir| [dir.join(MANIFEST), dir.join(".cargo/config.toml")]);
        sources.extend(settings.filter(|path| path.is_file()));
    }
    Ok(sources.into_iter().collect())
}

/// The files after the colon of a rule in a makefile, as cargo writes it: a space in a name has a backslash
/// before it.
fn prerequisites(rule: &str) -> Vec<PathBuf> {
    let line = rule.lines().next().unwrap_or_default();
    let Some((_, names)) = line.split_once(": ") else {
        return Vec::new();
    };
    // No name has a line's end in it.
    let names = names.replace("\\ ", "\n");
    let names = names.split(' ').filter(|name| !name.is_empty());
    names
        .map(|name| PathBuf::from(name.replace('\n', " ")))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_with_their_spaces() {
        let read = |rule: &str| {
            let names = prerequisites(rule).into_iter();
            names
                .map(|path| path.to_string_lossy().into_owned())
                .collect::<Vec<_>>()
        };
        assert_eq!(
            read("/t/guest: /a/src/main.rs /a\\ b/c\\ d\\ .rs /e\n\n/a/src/main.rs:\n"),
            ["/a/src/main.rs", "/a b/c d .rs", "/e"]
        );
        assert_eq!(read("/a\\ t/g: /b\n"), ["/b"]);
        assert_eq!(read("/t/guest:\n"), [""; 0]);
        assert_eq!(read(""), [""; 0]);
    }
}
