//! Files that nobody but their owner may read, whatever the umask and whatever folder they lie in.
//!
//! For what holds private data (inputs, receipts, proven segments, records of them) and for locks. The mode is
//! that of the file from its first moment. Names that somebody else may have planted do no harm: no link is
//! followed, and nothing that is there is emptied.

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::path::Path;

/// What the names of files begin with that are not whole yet.
pub(crate) const TEMPORARY: &str = ".vouch-";

/// Makes a folder that nobody else may enter, and those above it that are missing. One that is there stays as
/// it is.
///
/// # Errors
/// What the system says.
pub fn folder(path: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

/// A file to read and write, as it is if it is there and empty otherwise: for locks and databases. Permissions
/// of others are taken from one that is there.
///
/// # Errors
/// It is a link, it is another's and open to more than its owner, or what the system says.
pub fn open(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600).custom_flags(libc::O_NOFOLLOW);
    }
    let file = options.open(path)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = file.metadata()?.permissions().mode();
        if mode & 0o077 != 0 {
            file.set_permissions(fs::Permissions::from_mode(mode & 0o700))?;
        }
    }
    Ok(file)
}

/// A file of [`open`], locked until it is dropped; `None` if another process has locked it.
///
/// # Errors
/// Those of [`open`], or what the system says.
pub fn lock(path: &Path) -> io::Result<Option<File>> {
    let file = open(path)?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

/// Writes a file whole or not at all, in place of what has its name: it and its name are on the disk when this
/// returns. A link of that name is replaced, not followed.
///
/// # Errors
/// What the system says; what was there before is then as it was.
pub fn write<B: AsRef<[u8]>>(path: &Path, pieces: impl IntoIterator<Item = B>) -> io::Result<()> {
    let directory = crate::files::directory(path);
    // Readable by its owner alone, which is how temporary files are made.
    let file = tempfile::Builder::new()
        .prefix(TEMPORARY)
        .tempfile_in(&directory);
    // Its own error would name a file that nobody asked for.
    let mut file = file.map_err(|error| io::Error::from(error.kind()))?;
    for piece in pieces {
        file.write_all(piece.as_ref())?;
    }
    file.as_file().sync_all()?;
    file.persist(path).map_err(|failed| failed.error)?;
    #[cfg(unix)]
    File::open(&directory)?.sync_all()?;
    Ok(())
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    /// A folder in which everybody may do everything.
    fn public() -> tempfile::TempDir {
        let folder = tempfile::tempdir().expect("a folder");
        let all = fs::Permissions::from_mode(0o777);
        fs::set_permissions(folder.path(), all).expect("it is ours");
        folder
    }

    fn mode(path: &Path) -> u32 {
        let metadata = fs::metadata(path).expect("it is there");
        metadata.permissions().mode() & 0o777
    }

    #[test]
    fn only_the_owner_may_read() {
        let place = public();
        let [opened, written, inner] = ["a", "b", "c/d"].map(|name| place.path().join(name));
        open(&opened).expect("it is made");
        write(&written, ["secret"]).expect("it is written");
        folder(&inner).expect("it is made");
        assert_eq!((mode(&opened), mode(&written)), (0o600, 0o600));
        assert_eq!(
            (mode(&inner), mode(&place.path().join("c"))),
            (0o700, 0o700)
        );
        // Neither keeps the wider mode of what was there.
        for path in [&opened, &written] {
            fs::set_permissions(path, fs::Permissions::from_mode(0o644)).expect("it is ours");
        }
        open(&opened).expect("it is there");
        write(&written, ["secret"]).expect("it is replaced");
        assert_eq!((mode(&opened), mode(&written)), (0o600, 0o600));
    }

    #[test]
    fn what_is_there_stays() {
        let place = public();
        let path = place.path().join("file");
        fs::write(&path, "content").expect("a file");
        open(&path).expect("it is there");
        assert_eq!(fs::read(&path).expect("it is there"), b"content");
    }

    #[test]
    fn planted_links_are_not_followed() {
        let place = public();
        let [target, link, missing, dangling] =
            ["target", "link", "missing", "dangling"].map(|name| place.path().join(name));
        fs::write(&target, "precious").expect("a file");
        symlink(&target, &link).expect("a link");
        symlink(&missing, &dangling).expect("a link");
        for path in [&link, &dangling] {
            open(path).expect_err("it is a link");
            write(path, ["mine"]).expect("the link is replaced");
            assert_eq!(fs::read(path).expect("a file"), b"mine");
        }
        assert_eq!(fs::read(&target).expect("it is there"), b"precious");
        assert!(!missing.exists());
    }

    #[test]
    fn a_file_is_written_whole_or_not_at_all() {
        let place = public();
        let path = place.path().join("file");
        write(&path, ["a", "b"]).expect("it is written");
        assert_eq!(fs::read(&path).expect("it is there"), b"ab");
        let taken = place.path().join("folder");
        folder(&taken).expect("it is made");
        write(&taken, ["c"]).expect_err("a folder has the name");
        let names = fs::read_dir(place.path()).expect("a folder").count();
        assert_eq!(names, 2);
    }
}
