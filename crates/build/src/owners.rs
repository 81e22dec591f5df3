//! Whose crates a target directory holds.
//!
//! Cargo names what it makes of a local crate after the crate and its place in its workspace, not after where that workspace
//! is, and takes it for fresh if no source is newer. Two projects whose guests have one name, as templates give them,
//! would get each other's programs from a target directory that they share.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::BuildError;
use super::metadata::Metadata;

/// The file that says where the local crates are that were built last, by name: JSON.
const NAME: &str = ".vouch-crates.json";

/// Has cargo `forget`, by their IDs, what it made of crates that have the names of local ones of `metadata`, and are somewhere
/// else. To be called by one process at a time.
pub(super) fn claim(
    target_dir: &Path,
    metadata: &Metadata,
    forget: impl FnOnce(&[&str]) -> Result<(), BuildError>,
) -> Result<(), BuildError> {
    let path = target_dir.join(NAME);
    let mut owners = read(&path)?;
    let mut others = Vec::new();
    for package in metadata.local() {
        let (name, dir) = (package.name.clone(), package.dir().map(PathBuf::from));
        // Of a crate that nobody is known to have built there may be something from before this file, or from before it was cut off.
        if owners.insert(name, dir.clone()) != Some(dir) {
            others.push(package.id.as_str());
        }
    }
    if others.is_empty() {
        return Ok(());
    }
    forget(&others)?;
    let text = serde_json::to_string(&owners)?;
    fs::write(&path, text).map_err(BuildError::file("write", &path))
}

/// Nothing, if there is no file or it was cut off.
fn read(path: &Path) -> Result<BTreeMap<String, Option<PathBuf>>, BuildError> {
    match fs::read(path) {
        Ok(bytes) => Ok(serde_json::from_slice(&bytes).unwrap_or_default()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(BTreeMap::new()),
        Err(error) => Err(BuildError::file("read", path)(error)),
    }
}
