//! Keeps directories out of the names of symbols.
//!
//! Cargo tells the compiler of each package a number (`-Cmetadata=`) that goes into every
//! symbol and type ID and thereby decides, in the end, the order of functions. For a package
//! outside the guest's workspace, as the guest runtime is to most, the number depends on the
//! package's absolute directory, and no option of cargo or of the compiler takes it back. So
//! a wrapper around the compiler replaces it by name and version. It is a shell script since
//! cargo can only be told of an executable, which a library has not. (Packages of registries
//! and git have numbers that depend on no directory, and may well share name and version.)
//!
//! Where there is no shell, guests build, but their image IDs depend on their directories.
//!
//! The same wrapper gives the compiler the changed standard library of [`library`](super::library), and has the compiler write what it makes an executable's machine code of, for
//! [`products`](super::products). That changes no code, except that a profile which does not say
//! `codegen-units` gets one.

use std::path::{Path, PathBuf};

use super::BuildError;

/// The variable by which the wrapper knows of a changed library.
pub(super) const LIBRARY: &str = "VOUCH_LIBRARY";

#[cfg(unix)]
const WRAPPER: &str = r#"#!/bin/sh
for arg; do
    shift
    case "$arg" in
    metadata=*)
        case "$CARGO_MANIFEST_DIR" in
        */registry/src/* | */git/checkouts/*) ;;
        *) arg="metadata=$CARGO_PKG_NAME-$CARGO_PKG_VERSION" ;;
        esac ;;
    */src/lib.rs)
        if [ "$CARGO_PKG_NAME" = std ] && [ -n "$VOUCH_LIBRARY" ]; then
            arg="$VOUCH_LIBRARY/std/src/lib.rs"
        fi ;;
    esac
    set -- "$@" "$arg"
done
if [ -n "$CARGO_BIN_NAME" ]; then
    set -- "$@" --emit=llvm-ir
fi
exec "$@"
"#;

/// Writes the wrapper to where builds with this target directory find it again.
#[cfg(unix)]
pub(super) fn write_wrapper(target_dir: &Path) -> Result<Option<PathBuf>, BuildError> {
    use std::fs::{self, Permissions};
    use std::io::{self, Write};
    use std::os::unix::fs::PermissionsExt;

    let path = target_dir.join("vouch-rustc");
    let write = || -> io::Result<()> {
        fs::create_dir_all(target_dir)?;
        // Another build may be running the one that is there: it is replaced, not rewritten.
        let mut file = tempfile::Builder::new()
            .permissions(Permissions::from_mode(0o777))
            .tempfile_in(target_dir)?;
        file.write_all(WRAPPER.as_bytes())?;
        file.persist(&path)?;
        Ok(())
    };
    write().map_err(BuildError::file("write", &path))?;
    Ok(Some(path))
}

#[cfg(not(unix))]
pub(super) fn write_wrapper(_: &Path) -> Result<Option<PathBuf>, BuildError> {
    Ok(None)
}

#[cfg(all(test, unix))]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;
    use std::process::Command;

    use super::*;

    /// The arguments that the compiler gets for a library in `dir`.
    fn wrapped(dir: &str, args: &[&str]) -> String {
        wrapped_with(("CARGO_MANIFEST_DIR", dir), args)
    }

    fn wrapped_with(variable: (&str, &str), args: &[&str]) -> String {
        wrapped_of("name", variable, args)
    }

    fn wrapped_of(package: &str, (name, value): (&str, &str), args: &[&str]) -> String {
        let target = tempfile::tempdir().expect("a directory");
        let wrapper = write_wrapper(target.path()).expect("it can be written");
        let wrapper = wrapper.expect("there is one");
        let mode = fs::metadata(&wrapper)
            .expect("it is there")
            .permissions()
            .mode();
        assert_eq!(mode & 0o100, 0o100, "it can be run");
        let mut sh = Command::new("sh");
        sh.arg(wrapper).args(["printf", "<%s>"]).args(args);
        sh.env_remove("CARGO_BIN_NAME")
            .env_remove(LIBRARY)
            .env("CARGO_PKG_NAME", package)
            .env("CARGO_PKG_VERSION", "1.2.3")
            .env(name, value);
        let output = sh.output().expect("it runs");
        assert!(output.status.success());
        String::from_utf8(output.stdout).expect("text")
    }

    #[test]
    fn packages_of_paths_get_another_number() {
        let args = [
            "--crate-name",
            "x y",
            "",
            "-C",
            "metadata=12ab",
            "-C",
            "lto=$HOME*",
        ];
        let replaced = "<--crate-name><x y><><-C><metadata=name-1.2.3><-C><lto=$HOME*>";
        let kept = replaced.replace("name-1.2.3", "12ab");
        assert_eq!(wrapped("/home/a guest", &args), replaced);
        assert_eq!(
            wrapped("/home/.cargo/registry/src/index/x-1.0.0", &args),
            kept
        );
        assert_eq!(wrapped("/home/.cargo/git/checkouts/x/12ab", &args), kept);
    }

    #[test]
    fn the_library_is_compiled_from_another_folder() {
        let args = ["--crate-name", "std", "/rust/library/std/src/lib.rs"];
        let library = (LIBRARY, "/a guest/library");
        let kept = "<--crate-name><std></rust/library/std/src/lib.rs>";
        let changed = "<--crate-name><std></a guest/library/std/src/lib.rs>";
        assert_eq!(wrapped_of("std", library, &args), changed);
        assert_eq!(wrapped_of("std", (LIBRARY, ""), &args), kept);
        assert_eq!(wrapped_of("name", library, &args), kept);
    }

    #[test]
    fn executables_come_with_what_they_are_made_of() {
        let made = wrapped_with(("CARGO_BIN_NAME", "guest"), &["--crate-name", "guest"]);
        assert_eq!(made, "<--crate-name><guest><--emit=llvm-ir>");
    }
}
