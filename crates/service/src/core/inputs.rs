//! Private inputs: a file each, for nobody else to read, gone once it is proven.

use std::collections::HashSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use vouch_sdk::private;

use crate::error::ServiceError;
use crate::job::JobId;

/// A folder of inputs.
pub struct Inputs {
    folder: PathBuf,
}

impl Inputs {
    /// The inputs in a folder, which is made if it is not there.
    ///
    /// # Errors
    /// [`vouch_sdk::Error::File`] if it cannot be made.
    pub fn open(folder: PathBuf) -> Result<Self, ServiceError> {
        private::folder(&folder).map_err(failed("create", &folder))?;
        Ok(Self { folder })
    }

    fn path(&self, id: JobId) -> PathBuf {
        self.folder.join(id.to_string())
    }

    /// Keeps the input of a job. It is on the disk when this returns.
    ///
    /// # Errors
    /// [`vouch_sdk::Error::File`] if it cannot be written.
    pub fn put(&self, id: JobId, input: &[u8]) -> Result<(), ServiceError> {
        let path = self.path(id);
        private::write(&path, [input]).map_err(failed("write", &path))
    }

    /// The input of a job, of `limit` bytes at most.
    ///
    /// # Errors
    /// [`vouch_sdk::Error::File`] or [`vouch_sdk::Error::FileSize`]
    pub fn get(&self, id: JobId, limit: u64) -> Result<Vec<u8>, vouch_sdk::Error> {
        vouch_sdk::files::read(&self.path(id), limit)
    }

    /// Removes the input of a job, if it is there.
    ///
    /// # Errors
    /// [`vouch_sdk::Error::File`] if it stays.
    pub fn remove(&self, id: JobId) -> Result<(), ServiceError> {
        let path = self.path(id);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(failed("remove", &path)(error))
            }
            _ => Ok(()),
        }
    }

    /// Removes what belongs to no job of `known`: it was written by requests that nobody accepted.
    ///
    /// # Errors
    /// [`vouch_sdk::Error::File`] if something stays.
    pub fn sweep(&self, known: &HashSet<JobId>) -> Result<(), ServiceError> {
        sweep(&self.folder, known)
    }
}

/// Removes every entry of a folder whose name is no job of `known`.
///
/// # Errors
/// [`vouch_sdk::Error::File`] if something stays.
pub fn sweep(folder: &Path, known: &HashSet<JobId>) -> Result<(), ServiceError> {
    let clean = || -> io::Result<()> {
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            let name = entry.file_name();
            let id = name.to_str().and_then(|name| name.parse().ok());
            if id.is_some_and(|id| known.contains(&id)) {
                continue;
            }
            match entry.file_type()?.is_dir() {
                true => fs::remove_dir_all(entry.path())?,
                false => fs::remove_file(entry.path())?,
            }
        }
        Ok(())
    };
    clean().map_err(failed("clean", folder))
}

fn failed<'a>(action: &'static str, path: &'a Path) -> impl Fn(io::Error) -> ServiceError + 'a {
    move |source| {
        let path = path.into();
        ServiceError::Sdk(vouch_sdk::Error::File {
            action,
            path,
            source,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inputs_are_private_and_go() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("inputs");
        let inputs = Inputs::open(path.clone()).expect("a folder");
        let (kept, stray) = (JobId::new(), JobId::new());
        inputs.put(kept, b"secret").expect("it is written");
        inputs.put(stray, b"").expect("it is written");
        fs::write(path.join(".vouch-x"), b"half").expect("a file");
        assert_eq!(inputs.get(kept, 6).expect("it is there"), b"secret");
        assert!(inputs.get(kept, 5).is_err());
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = |path: &Path| {
                fs::metadata(path)
                    .expect("it is there")
                    .permissions()
                    .mode()
            };
            assert_eq!(mode(&path) & 0o777, 0o700);
            // Nor by its own mode alone.
            fs::set_permissions(&path, fs::Permissions::from_mode(0o777)).expect("it is ours");
            inputs.put(kept, b"secret").expect("it is written");
            assert_eq!(mode(&path.join(kept.to_string())) & 0o777, 0o600);
        }
        inputs.sweep(&HashSet::from([kept])).expect("the rest goes");
        assert_eq!(fs::read_dir(&path).expect("a folder").count(), 1);
        inputs.remove(kept).expect("it goes");
        inputs.remove(kept).expect("it has gone");
        assert!(inputs.get(kept, 6).is_err());
    }

    #[test]
    fn a_folder_that_cannot_be_is_an_error() {
        let error = Inputs::open(PathBuf::from("/dev/null/x")).err();
        let file = matches!(
            error,
            Some(ServiceError::Sdk(vouch_sdk::Error::File { .. }))
        );
        assert!(file);
    }
}
