//! The standard library's sources with another `std::process::exit`.
//!
//! For the target of guests with std the library drops the code and compiles `exit` to an instruction that does not
//! exist: a guest fault, of which there is no receipt. Here it makes the call of the ABI. The toolchain's sources stay
//! what they are: a folder of links stands beside them, in which one file is another. Where that cannot be, on systems
//! without `sh` or with a library that is written otherwise, `exit` remains a fault.

use std::path::{Path, PathBuf};

use super::{BuildError, Toolchain};

/// The function up to its last line.
const HEAD: &str = "pub fn exit(code: i32) -> ! {\n    crate::rt::cleanup();\n";
/// The end of a function.
const TAIL: &str = "\n}\n";

/// The text of the library's `process.rs`, changed; `None` if it is not as expected.
fn changed(text: &str) -> Option<String> {
    let (before, after) = text.split_once(HEAD)?;
    let (last, after) = after.split_once(TAIL)?;
    // One line for one, so that the places in panic messages stay.
    if last.contains('\n') {
        return None;
    }
    let number = vouch_isa::abi::EXIT;
    let call = format!(
        "    unsafe {{ core::arch::asm!(\"ecall\", in(\"a7\") {number}, in(\"a0\") code, options(noreturn, nostack)) }}"
    );
    Some([before, HEAD, &call, TAIL, after].concat())
}

/// Brings the folder of links in `target_dir` up to date, for a build that is alone there. Returns it.
#[cfg(unix)]
pub(super) fn prepare(
    toolchain: &Toolchain,
    target_dir: &Path,
) -> Result<Option<PathBuf>, BuildError> {
    let original = toolchain.source().join("library");
    let text = std::fs::read_to_string(original.join("std/src/process.rs"));
    let Some(text) = text.ok().as_deref().and_then(changed) else {
        return Ok(None);
    };
    let copy = target_dir.join("vouch-library");
    links::mirror(&original, &copy, &["std", "src", "process.rs"], &text)
        .map_err(BuildError::file("write", &copy))?;
    Ok(Some(copy))
}

#[cfg(not(unix))]
pub(super) fn prepare(_: &Toolchain, _: &Path) -> Result<Option<PathBuf>, BuildError> {
    Ok(None)
}

#[cfg(unix)]
mod links {
    use std::fs;
    use std::io;
    use std::os::unix::fs::symlink;
    use std::path::Path;

    /// Makes `copy` a folder with links to all that is in `original`, except that the file at the path `other` has
    /// this text. What is as it should be is not touched: to cargo, a newer file has changed.
    pub fn mirror(original: &Path, copy: &Path, other: &[&str], text: &str) -> io::Result<()> {
        let Some((name, rest)) = other.split_first() else {
            return Ok(());
        };
        fs::create_dir_all(copy)?;
        for entry in fs::read_dir(original)? {
            let entry = entry?.file_name();
            if entry != *name {
                link(&original.join(&entry), &copy.join(&entry))?;
            }
        }
        let copy = copy.join(name);
        match rest {
            [] if fs::read_to_string(&copy).is_ok_and(|found| found == text) => Ok(()),
            [] => fs::write(&copy, text),
            _ => mirror(&original.join(name), &copy, rest, text),
        }
    }

    fn link(to: &Path, at: &Path) -> io::Result<()> {
        match fs::read_link(at) {
            Ok(found) if found == to => return Ok(()),
            // Another toolchain's.
            Ok(_) => fs::remove_file(at)?,
            Err(_) => {}
        }
        symlink(to, at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PROCESS: &str = "use a;\n\npub fn exit(code: i32) -> ! {\n    crate::rt::cleanup();\n    \
                           crate::sys::exit::exit(code)\n}\n\npub fn abort() -> ! {\n    b()\n}\n";

    #[test]
    fn only_the_last_line_of_exit_changes() {
        let new = changed(PROCESS).expect("it is as expected");
        let differ = |(old, new): (&str, &str)| (old != new).then(|| new.to_owned());
        let lines: Vec<_> = { PROCESS.lines().zip(new.lines()) }
            .filter_map(differ)
            .collect();
        let [line] = &lines[..] else {
            panic!("{lines:?}")
        };
        assert!(line.contains("in(\"a7\") 93, in(\"a0\") code"), "{line}");
        assert_eq!(new.lines().count(), PROCESS.lines().count());
        for other in [
            "pub fn exit(code: i32) -> ! {\n    a(code)\n}\n".into(),
            PROCESS.replace("    crate::sys", "    a();\n    crate::sys"),
            String::new(),
        ] {
            assert_eq!(changed(&other), None, "{other}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_mirror_follows_what_it_shows() {
        use std::fs;

        let place = tempfile::tempdir().expect("a folder");
        let (first, second) = (place.path().join("1"), place.path().join("2"));
        for (original, text) in [(&first, "old"), (&second, "new")] {
            fs::create_dir_all(original.join("std/src/sub")).expect("a folder");
            for file in ["Cargo.toml", "std/src/process.rs", "std/src/sub/a.rs"] {
                fs::write(original.join(file), text).expect("a file");
            }
        }
        let copy = place.path().join("copy");
        let path = ["std", "src", "process.rs"];
        let read = |file: &str| fs::read_to_string(copy.join(file)).expect("it is there");
        let time = || {
            let file = fs::metadata(copy.join("std/src/process.rs")).expect("it is there");
            file.modified().expect("a time")
        };
        links::mirror(&first, &copy, &path, "patched").expect("it can be made");
        let made = time();
        for (original, text) in [(&first, "old"), (&second, "new"), (&first, "old")] {
            links::mirror(original, &copy, &path, "patched").expect("it can be made");
            assert_eq!(read("Cargo.toml"), text);
            assert_eq!(read("std/src/sub/a.rs"), text);
            assert_eq!(read("std/src/process.rs"), "patched");
        }
        assert_eq!(time(), made, "it was written once");
        links::mirror(&first, &copy, &path, "other").expect("it can be made");
        assert_eq!(read("std/src/process.rs"), "other");
        let original = fs::read_to_string(first.join("std/src/process.rs"));
        assert_eq!(original.expect("it is there"), "old");
    }
}
