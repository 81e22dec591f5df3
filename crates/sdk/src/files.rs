//! Files: read within bounds, written whole or not at all.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;
use vouch_emulator::{MAX_LOAD_BYTES, Program};
use vouch_verifier::Receipt;

use crate::error::Error;
use crate::private::{self, TEMPORARY};

/// Largest ELF that is read, in bytes: more than its loaded bytes, for symbols and debug
/// information.
const MAX_ELF_BYTES: u64 = 4 * MAX_LOAD_BYTES;

/// The bytes of a file that should have at most `limit`.
///
/// # Errors
/// [`Error::File`] if it cannot be read, [`Error::FileSize`] if it has more.
pub fn read(path: &Path, limit: u64) -> Result<Vec<u8>, Error> {
    let failed = |source| Error::File {
        action: "read",
        path: path.into(),
        source,
    };
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(failed)?;
    let mut start = file.take(limit.saturating_add(1));
    start.read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() as u64 > limit {
        return Err(Error::FileSize {
            path: path.into(),
            limit,
        });
    }
    Ok(bytes)
}

/// The program in an ELF file.
///
/// # Errors
/// [`Error::OtherFile`] if the file is empty or a receipt, [`Error::Program`] if it is no program that the
/// machine runs, and as [`read`].
pub fn read_program(path: &Path) -> Result<Program, Error> {
    let bytes = read(path, MAX_ELF_BYTES)?;
    expect(FileKind::Elf, path, &bytes)?;
    Program::from_elf(&bytes).map_err(|source| Error::Program {
        path: path.into(),
        source,
    })
}

/// The receipt in a file. It is not verified.
///
/// # Errors
/// [`Error::OtherFile`] if the file is empty or an ELF, [`Error::Receipt`] if it holds no receipt, and as
/// [`read`].
pub fn read_receipt(path: &Path) -> Result<Receipt, Error> {
    let bytes = read(path, vouch_verifier::MAX_RECEIPT_BYTES as u64)?;
    expect(FileKind::Receipt, path, &bytes)?;
    Receipt::from_bytes(&bytes).map_err(|source| Error::Receipt {
        path: path.into(),
        source,
    })
}

/// What a file is, as its first bytes say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FileKind {
    /// Nothing.
    #[error("an empty file")]
    Empty,
    /// An ELF, of whatever machine.
    #[error("an ELF file")]
    Elf,
    /// A receipt.
    #[error("a Vouch receipt")]
    Receipt,
}

impl FileKind {
    /// What begins with these bytes, if it is one of these.
    fn of(bytes: &[u8]) -> Option<Self> {
        match bytes {
            [] => Some(Self::Empty),
            _ if bytes.starts_with(b"\x7fELF") => Some(Self::Elf),
            _ if bytes.starts_with(b"VOUCHRCT") => Some(Self::Receipt),
            _ => None,
        }
    }
}

/// Refuses what is something else that users have at hand. What it is instead of that is left to who parses it.
fn expect(expected: FileKind, path: &Path, bytes: &[u8]) -> Result<(), Error> {
    match FileKind::of(bytes) {
        Some(found) if found != expected => Err(Error::OtherFile {
            path: path.into(),
            expected,
            found,
        }),
        _ => Ok(()),
    }
}

/// Writes a file whole or not at all: to a temporary file beside it, which then takes its
/// name. What is no regular file (a pipe, `/dev/stdout`) is written to directly.
///
/// # Errors
/// [`Error::File`]; a file that was there before is then as it was.
pub fn write(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    write_pieces(path, core::iter::once(bytes))
}

/// Writes a receipt as [`write()`] writes a file, without another copy of it in memory.
///
/// # Errors
/// As [`write()`].
pub fn write_receipt(path: &Path, receipt: &Receipt) -> Result<(), Error> {
    write_pieces(path, receipt.pieces())
}

fn write_pieces<B: AsRef<[u8]>>(path: &Path, pieces: impl Iterator<Item = B>) -> Result<(), Error> {
    write_whole(path, pieces).map_err(|source| cannot_write(path, source))
}

/// Says whether [`write()`] could write a file now, without touching it: for use before long
/// work whose result goes there.
///
/// # Errors
/// [`Error::File`] if it could not.
pub fn check_writable(path: &Path) -> Result<(), Error> {
    let check = || match destination(path)? {
        // To open a pipe is to be its writer: its reader would see that one come and go, and leave.
        Destination::Special(target) if is_pipe(&target)? => Ok(()),
        Destination::Special(target) => File::options().write(true).open(target).map(drop),
        Destination::Regular(target) => temporary(&target).map(drop),
    };
    check().map_err(|source| cannot_write(path, source))
}

fn is_pipe(path: &Path) -> io::Result<bool> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::FileTypeExt;
        Ok(fs::metadata(path)?.file_type().is_fifo())
    }
    #[cfg(not(unix))]
    {
        let _ = path;
        Ok(false)
    }
}

/// Writes a file whole or not at all, for its owner alone: see [`private::write`].
pub(crate) fn write_private(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    private::write(path, [bytes]).map_err(|source| cannot_write(path, source))
}

fn cannot_write(path: &Path, source: io::Error) -> Error {
    Error::File {
        action: "write",
        path: path.into(),
        source,
    }
}

/// Where bytes go that are written to a path.
enum Destination {
    /// A file, there already or not.
    Regular(PathBuf),
    /// A pipe or a device; or a directory, which cannot be written to.
    Special(PathBuf),
}

fn destination(path: &Path) -> io::Result<Destination> {
    // A link is followed, so that it stays one, also to what is not there yet.
    let target = match fs::canonicalize(path) {
        Ok(target) => target,
        Err(error) if error.kind() == io::ErrorKind::NotFound => match fs::read_link(path) {
            Ok(target) => return destination(&directory(path).join(target)),
            Err(_) => path.into(),
        },
        Err(error) => return Err(error),
    };
    Ok(match fs::metadata(&target) {
        Ok(found) if !found.is_file() => Destination::Special(target),
        _ => Destination::Regular(target),
    })
}

fn write_whole<B: AsRef<[u8]>>(path: &Path, mut pieces: impl Iterator<Item = B>) -> io::Result<()> {
    let mut write_to =
        |file: &mut File| pieces.try_for_each(|bytes| file.write_all(bytes.as_ref()));
    match destination(path)? {
        Destination::Special(target) => write_to(&mut File::options().write(true).open(target)?),
        Destination::Regular(target) => {
            let mut file = temporary(&target)?;
            write_to(file.as_file_mut())?;
            // A name must not be on the disk before what it names.
            file.as_file().sync_all()?;
            file.persist(&target).map_err(|failed| failed.error)?;
            Ok(())
        }
    }
}

/// Removes temporary files that were left in a folder by a process that was killed. No other may be
/// writing there.
pub(crate) fn remove_temporary(folder: &Path) -> Result<(), Error> {
    let remove = || -> io::Result<()> {
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            if entry.file_name().to_string_lossy().starts_with(TEMPORARY) {
                fs::remove_file(entry.path())?;
            }
        }
        Ok(())
    };
    remove().map_err(|source| Error::File {
        action: "read",
        path: folder.into(),
        source,
    })
}

/// A temporary file beside `target`; it goes when it is dropped.
fn temporary(target: &Path) -> io::Result<NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(TEMPORARY);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        // Less the umask, as for any other file.
        builder.permissions(fs::Permissions::from_mode(0o666));
    }
    let directory = directory(target);
    // Its own error is clear; the builder's would name a file that nobody asked for.
    fs::metadata(&directory)?;
    let file = builder.tempfile_in(&directory);
    file.map_err(|error| error.kind().into())
}

/// The folder that a path lies in.
pub(crate) fn directory(path: &Path) -> PathBuf {
    match path.parent() {
        Some(parent) if parent != Path::new("") => parent.into(),
        _ => PathBuf::from("."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(directory: &Path) -> Vec<String> {
        let entries = fs::read_dir(directory).expect("a directory");
        let name = |entry: io::Result<fs::DirEntry>| entry.expect("an entry").file_name();
        entries
            .map(|e| name(e).to_string_lossy().into_owned())
            .collect()
    }

    #[test]
    fn files_are_replaced_whole() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("file");
        for bytes in [&b"first"[..], b"", b"second"] {
            write(&path, bytes).expect("it can be written");
            assert_eq!(read(&path, 6).expect("it can be read"), bytes);
        }
        assert_eq!(names(directory.path()), ["file"]);
    }

    #[test]
    fn failures_name_the_file_and_leave_nothing() {
        let directory = tempfile::tempdir().expect("a directory");
        let missing = directory.path().join("missing/file");
        let error = write(&missing, b"x").expect_err("no such directory");
        assert!(error.to_string().starts_with("cannot write /"), "{error}");
        assert!(error.to_string().contains("missing/file"), "{error}");
        let error = write(directory.path(), b"x").expect_err("a directory");
        assert!(error.to_string().starts_with("cannot write /"), "{error}");
        let error = read(&missing, 1).expect_err("no such file");
        assert!(error.to_string().starts_with("cannot read /"), "{error}");
        assert!(names(directory.path()).is_empty());
    }

    #[test]
    fn a_file_that_is_too_large_is_refused() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("file");
        write(&path, b"four").expect("it can be written");
        assert!(matches!(
            read(&path, 3),
            Err(Error::FileSize { limit: 3, .. })
        ));
    }

    #[test]
    fn one_kind_of_file_is_not_taken_for_another() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("file");
        let program = |bytes: &[u8]| {
            write(&path, bytes).expect("it can be written");
            read_program(&path).expect_err("no program")
        };
        let receipt = |bytes: &[u8]| {
            write(&path, bytes).expect("it can be written");
            read_receipt(&path).expect_err("no receipt")
        };
        use FileKind::{Elf, Empty, Receipt};
        let named = |error: Error| match error {
            Error::OtherFile {
                expected, found, ..
            } => (expected, found),
            other => panic!("{other}"),
        };
        let other = vouch_verifier::Receipt {
            profile: vouch_verifier::Profile::Fast100,
            entry: 0,
            text: 0..1,
            segments: Vec::new(),
        };
        assert_eq!(named(program(b"")), (Elf, Empty));
        assert_eq!(named(program(&other.to_bytes())), (Elf, Receipt));
        assert_eq!(named(receipt(b"")), (Receipt, Empty));
        assert_eq!(named(receipt(crate::guests::COMMITMENT)), (Receipt, Elf));
        assert!(matches!(program(b"text"), Error::Program { .. }));
        assert!(matches!(receipt(b"text"), Error::Receipt { .. }));
    }

    #[test]
    fn whether_a_file_can_be_written_is_known_before() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("file");
        check_writable(&path).expect("it could be written");
        assert!(names(directory.path()).is_empty());
        for unwritable in [directory.path(), &directory.path().join("missing/file")] {
            let error = check_writable(unwritable).expect_err("not a file's place");
            assert_eq!(
                error.to_string(),
                write(unwritable, b"x").expect_err("nor later").to_string()
            );
        }
    }

    #[cfg(unix)]
    #[test]
    fn links_and_devices_stay() {
        let directory = tempfile::tempdir().expect("a directory");
        let (file, link) = (directory.path().join("file"), directory.path().join("link"));
        write(&file, b"old").expect("it can be written");
        std::os::unix::fs::symlink(&file, &link).expect("a link");
        write(&link, b"new").expect("it can be written");
        assert_eq!(read(&file, 3).expect("it can be read"), b"new");
        assert!(fs::symlink_metadata(&link).expect("the link").is_symlink());
        write(Path::new("/dev/null"), b"gone").expect("it can be written");
        assert!(!fs::metadata("/dev/null").expect("the device").is_file());
    }
}
