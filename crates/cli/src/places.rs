//! The files of a command line: what is read must not be written, and nothing twice.
//!
//! Files are the same that are one on the disk, by whatever paths, links and hard links. Pipes and devices may
//! be named as often as one likes.

use std::ffi::OsStr;
use std::fs::{self, Metadata};
use std::path::{Path, PathBuf};

use vouch_sdk::files;

use crate::args::InputArgs;
use crate::error::Error;

/// The files that a command reads and writes, so far.
#[derive(Default)]
pub struct Places {
    taken: Vec<(&'static str, Identity)>,
    /// A folder in which nothing else may be written.
    folder: Option<(&'static str, Identity)>,
}

/// What makes a file the one that it is.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Identity {
    /// A file or folder that is there: its device and number.
    #[cfg(unix)]
    There(u64, u64),
    /// The true path of a file or folder, there or not yet.
    Path(PathBuf),
}

impl Places {
    /// A guest and its input.
    pub fn of_guest(elf: &Path, input: &InputArgs) -> Self {
        let input = input.input.iter();
        let elf = Self::default().reads("the guest", elf);
        input.fold(elf, |places, path| places.reads("--input", path))
    }

    /// A file that is read; `-` is stdin. `what` names it in errors.
    #[must_use]
    pub fn reads(mut self, what: &'static str, path: &Path) -> Self {
        let path = match path == Path::new("-") {
            true => Path::new("/dev/stdin"),
            false => path,
        };
        self.taken.extend(identity(path).map(|id| (what, id)));
        self
    }

    /// A folder that the command has for itself.
    ///
    /// # Errors
    /// [`Error::SameFile`] if it is one of the files before.
    pub fn keeps(&mut self, what: &'static str, path: &Path) -> Result<(), Error> {
        if let Some(id) = identity(path) {
            self.take(what, path, &id)?;
            self.folder = Some((what, id));
        }
        Ok(())
    }

    /// A file that will be written.
    ///
    /// # Errors
    /// [`Error::SameFile`] if it is one of the files before or lies in the folder, and if it cannot be
    /// written.
    pub fn writes(&mut self, what: &'static str, path: &Path) -> Result<(), Error> {
        if let Some(id) = identity(path) {
            self.take(what, path, &id)?;
        }
        let around = identity(parent(path));
        match &self.folder {
            Some((other, folder)) if around.as_ref() == Some(folder) => {
                return Err(same(what, other, path));
            }
            _ => {}
        }
        Ok(files::check_writable(path)?)
    }

    fn take(&mut self, what: &'static str, path: &Path, id: &Identity) -> Result<(), Error> {
        if let Some((other, _)) = self.taken.iter().find(|(_, taken)| taken == id) {
            return Err(same(what, other, path));
        }
        self.taken.push((what, id.clone()));
        Ok(())
    }
}

fn same(output: &'static str, other: &'static str, path: &Path) -> Error {
    Error::SameFile {
        output,
        other,
        path: path.into(),
    }
}

/// `None` for what is no file and no folder.
fn identity(path: &Path) -> Option<Identity> {
    match fs::metadata(path) {
        Ok(found) if found.is_file() || found.is_dir() => Some(of_existing(path, &found)),
        Ok(_) => None,
        // What is written there takes this name, even that of a link which leads nowhere.
        Err(_) => Some(Identity::Path(named(path))),
    }
}

#[cfg(unix)]
fn of_existing(_: &Path, found: &Metadata) -> Identity {
    use std::os::unix::fs::MetadataExt;
    Identity::There(found.dev(), found.ino())
}

#[cfg(not(unix))]
fn of_existing(path: &Path, _: &Metadata) -> Identity {
    Identity::Path(fs::canonicalize(path).unwrap_or_else(|_| named(path)))
}

/// The path of a file that is not there, by the true path of its folder.
fn named(path: &Path) -> PathBuf {
    let folder = fs::canonicalize(parent(path)).unwrap_or_else(|_| parent(path).into());
    folder.join(path.file_name().unwrap_or(OsStr::new("")))
}

fn parent(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    }
}
