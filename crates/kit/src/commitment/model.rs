//! The hash of a model: one file, or a folder of them.

use std::fs::{self, File, Metadata};
use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

use super::hash::HashFunction;

/// Most files and folders below a model's folder. Links may make many of few.
pub const MAX_MODEL_ENTRIES: usize = 1 << 16;

/// Why a model has no hash.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ModelError {
    /// A file or folder could not be found or read.
    #[error("model: cannot {action} {}: {source}", path.display())]
    File {
        /// `find`, `read` or `list`.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// A pipe, a device, a socket.
    #[error("model: expected a file or a folder, got something else: {}", path.display())]
    Special {
        /// What it is.
        path: PathBuf,
    },
    /// A name that cannot stand in a manifest: not UTF-8, or with a control character or a backslash.
    #[error("model: expected a name in UTF-8 without control characters and backslashes, got {}", path.display())]
    Name {
        /// The file or folder.
        path: PathBuf,
    },
    /// A link to a folder that it lies in.
    #[error("model: expected folders without cycles, got one that contains itself: {}", path.display())]
    Loop {
        /// The link.
        path: PathBuf,
    },
    /// There are more files and folders than any model has.
    #[error("model: expected at most {limit} files and folders, got more: {}", path.display())]
    Entries {
        /// The model.
        path: PathBuf,
        /// Most files and folders.
        limit: usize,
    },
    /// A folder without a file.
    #[error("model: expected files, got none: {}", path.display())]
    Empty {
        /// The folder.
        path: PathBuf,
    },
}

impl HashFunction {
    /// The hash of a model, for [`CommitmentWitness::model_hash`](super::CommitmentWitness::model_hash).
    /// Nobody may write to it meanwhile.
    ///
    /// Of a file it is the hash of its bytes. Of a folder it is that of its manifest: a line
    /// `<hash of the file in hexadecimal>  <path>` and a newline for each file below the folder, with the path from
    /// the folder on, its parts between `/`, sorted by the bytes of the paths. In the folder this prints the same
    /// (for [`HashFunction::Blake3`] with `b3sum`):
    ///
    /// ```sh
    /// find -L . -type f -printf '%P\0' | LC_ALL=C sort -z | xargs -0 sha256sum -- | sha256sum
    /// ```
    ///
    /// Links count as what they point to, inside the folder or not, as models are often folders of links to a
    /// cache. Folders without files do not count. Anything else than files and folders is refused, and so are names
    /// that `sha256sum` would have to escape.
    ///
    /// # Errors
    /// [`ModelError`].
    pub fn hash_model(self, path: &Path) -> Result<[u8; 32], ModelError> {
        match kind(path, &metadata(path)?)? {
            Kind::File => hash_file(self, path),
            Kind::Folder => Ok(self.hash(manifest(self, path)?.as_bytes())),
        }
    }
}

enum Kind {
    File,
    Folder,
}

fn kind(path: &Path, metadata: &Metadata) -> Result<Kind, ModelError> {
    match (metadata.is_file(), metadata.is_dir()) {
        (true, _) => Ok(Kind::File),
        (_, true) => Ok(Kind::Folder),
        _ => Err(ModelError::Special { path: path.into() }),
    }
}

fn failed(action: &'static str, path: &Path) -> impl Fn(io::Error) -> ModelError {
    move |source| ModelError::File {
        action,
        path: path.into(),
        source,
    }
}

/// Of what a link points to.
fn metadata(path: &Path) -> Result<Metadata, ModelError> {
    fs::metadata(path).map_err(failed("find", path))
}

fn hash_file(function: HashFunction, path: &Path) -> Result<[u8; 32], ModelError> {
    let read = || function.hash_reader(File::open(path)?);
    read().map_err(failed("read", path))
}

/// `<hex>  <relative path>` and a newline for each file.
fn manifest(function: HashFunction, folder: &Path) -> Result<String, ModelError> {
    let mut listing = Listing {
        model: folder,
        files: Vec::new(),
        entries: 0,
        above: Vec::new(),
    };
    listing.add_folder(folder, "")?;
    let mut files = listing.files;
    if files.is_empty() {
        return Err(ModelError::Empty {
            path: folder.into(),
        });
    }
    // Strings compare by their bytes.
    files.sort_unstable();
    let mut manifest = String::new();
    for name in files {
        let hash = hash_file(function, &folder.join(&name))?;
        manifest.push_str(&hex::encode(hash));
        manifest.push_str("  ");
        manifest.push_str(&name);
        manifest.push('\n');
    }
    Ok(manifest)
}

/// Collects the files below a folder.
struct Listing<'a> {
    model: &'a Path,
    /// Paths from the model's folder on, with `/` between their parts.
    files: Vec<String>,
    /// Files and folders so far.
    entries: usize,
    /// Where the folders that are being listed really are.
    above: Vec<PathBuf>,
}

impl Listing<'_> {
    /// Adds what is below `folder`; `prefix` is its path from the model's on, with a `/` at its end.
    fn add_folder(&mut self, folder: &Path, prefix: &str) -> Result<(), ModelError> {
        let real = fs::canonicalize(folder).map_err(failed("find", folder))?;
        if self.above.contains(&real) {
            return Err(ModelError::Loop {
                path: folder.into(),
            });
        }
        self.above.push(real);
        for entry in fs::read_dir(folder).map_err(failed("list", folder))? {
            let entry = entry.map_err(failed("list", folder))?;
            self.entries += 1;
            if self.entries > MAX_MODEL_ENTRIES {
                return Err(ModelError::Entries {
                    path: self.model.into(),
                    limit: MAX_MODEL_ENTRIES,
                });
            }
            self.add(&entry.path(), prefix)?;
        }
        self.above.pop();
        Ok(())
    }

    fn add(&mut self, path: &Path, prefix: &str) -> Result<(), ModelError> {
        let plain = |name: &&str| !name.contains(|c: char| c.is_control() || c == '\\');
        let name = path.file_name().and_then(|name| name.to_str());
        let name = name
            .filter(plain)
            .ok_or_else(|| ModelError::Name { path: path.into() })?;
        match kind(path, &metadata(path)?)? {
            Kind::File => self.files.push(format!("{prefix}{name}")),
            Kind::Folder => self.add_folder(path, &format!("{prefix}{name}/"))?,
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    /// Sharded, nested, with names that sort differently by bytes than by parts or by letters.
    fn sharded() -> tempfile::TempDir {
        let folder = tempfile::tempdir().expect("a folder");
        let files = [
            "config.json",
            "model-00001-of-00002.safetensors",
            "model-00002-of-00002.safetensors",
            "Readme.md",
            "tokenizer/vocab.txt",
            "tokenizer-old/vocab.txt",
            "-dash and space.txt",
            "größe.txt",
        ];
        for name in files {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().expect("a folder")).expect("it is made");
            fs::write(path, format!("contents of {name}")).expect("it is written");
        }
        fs::create_dir(folder.path().join("empty")).expect("it is made");
        folder
    }

    fn hash(path: &Path) -> Result<String, ModelError> {
        HashFunction::Sha256.hash_model(path).map(hex::encode)
    }

    /// What the documentation says to type.
    fn by_commands(folder: &Path) -> Option<String> {
        let script = "find -L . -type f -printf '%P\\0' | LC_ALL=C sort -z | xargs -0 sha256sum -- | sha256sum";
        let run = |script: &str| {
            let command = Command::new("sh")
                .args(["-c", script])
                .current_dir(folder)
                .output();
            command.ok().filter(|output| output.status.success())
        };
        // Elsewhere than on GNU systems they have other options.
        run("find . -printf '' && printf '' | sort -z && sha256sum --version")?;
        let text = String::from_utf8(run(script)?.stdout).ok()?;
        text.split(' ').next().map(str::to_owned)
    }

    #[test]
    fn a_file_has_the_hash_of_its_bytes() {
        let folder = sharded();
        assert_eq!(
            hash(&folder.path().join("config.json")).ok(),
            Some(hex::encode(
                HashFunction::Sha256.hash(b"contents of config.json")
            ))
        );
    }

    #[test]
    fn a_folder_has_the_hash_of_its_manifest() {
        let folder = sharded();
        let names = [
            "-dash and space.txt",
            "Readme.md",
            "config.json",
            "größe.txt",
            "model-00001-of-00002.safetensors",
            "model-00002-of-00002.safetensors",
            "tokenizer-old/vocab.txt",
            "tokenizer/vocab.txt",
        ];
        for function in HashFunction::ALL {
            let line = |name: &str| {
                let hash = function.hash(format!("contents of {name}").as_bytes());
                format!("{}  {name}\n", hex::encode(hash))
            };
            let manifest = names.map(line).concat();
            let got = function.hash_model(folder.path()).expect("a model");
            assert_eq!(got, function.hash(manifest.as_bytes()));
        }
    }

    #[test]
    fn common_commands_say_the_same() {
        let folder = sharded();
        let Some(expected) = by_commands(folder.path()) else {
            assert_eq!(
                std::env::var_os("VOUCH_REQUIRE_TOOLS"),
                None,
                "no GNU tools"
            );
            return eprintln!("skipped: no GNU find, sort and sha256sum");
        };
        assert_eq!(hash(folder.path()).expect("a model"), expected);
    }

    #[cfg(unix)]
    #[test]
    fn links_count_as_what_they_point_to() {
        use std::os::unix::fs::symlink;
        let blobs = tempfile::tempdir().expect("a folder");
        let (plain, linked) = (
            tempfile::tempdir().expect("a folder"),
            tempfile::tempdir().expect("a folder"),
        );
        fs::write(blobs.path().join("b10b"), b"weights").expect("it is written");
        fs::create_dir(plain.path().join("part")).expect("it is made");
        for name in ["model", "part/b10b"] {
            fs::write(plain.path().join(name), b"weights").expect("it is written");
        }
        symlink(blobs.path().join("b10b"), linked.path().join("model")).expect("a link");
        symlink(blobs.path(), linked.path().join("part")).expect("a link");
        let expected = hash(plain.path()).expect("a model");
        assert_eq!(hash(linked.path()).expect("a model"), expected);
        if let Some(by_commands) = by_commands(linked.path()) {
            assert_eq!(by_commands, expected);
        }
        // A link to the model itself, too.
        let link = blobs.path().join("link");
        symlink(plain.path(), &link).expect("a link");
        assert_eq!(hash(&link).expect("a model"), expected);
    }

    #[cfg(unix)]
    #[test]
    fn what_is_no_model_is_refused() {
        use std::os::unix::ffi::OsStrExt;
        use std::os::unix::fs::symlink;
        use std::os::unix::net::UnixListener;

        let refused = |prepare: &dyn Fn(&Path)| {
            let folder = tempfile::tempdir().expect("a folder");
            fs::write(folder.path().join("model"), b"weights").expect("it is written");
            prepare(folder.path());
            hash(folder.path()).expect_err("it is refused")
        };
        let dangling = refused(&|at| symlink("missing", at.join("link")).expect("a link"));
        assert!(matches!(dangling, ModelError::File { action: "find", .. }));
        let looping = refused(&|at| symlink(".", at.join("link")).expect("a link"));
        assert!(matches!(looping, ModelError::Loop { path } if path.ends_with("link")));
        let special = refused(&|at| drop(UnixListener::bind(at.join("socket"))));
        assert!(matches!(special, ModelError::Special { .. }), "{special}");
        assert!(matches!(
            hash(Path::new("/dev/null")),
            Err(ModelError::Special { .. })
        ));
        for wrong in [&b"a\nb"[..], b"a\\b", b"a\rb", b"a\xffb"] {
            let name = std::ffi::OsStr::from_bytes(wrong);
            let error = refused(&|at| fs::write(at.join(name), b"").expect("it is written"));
            assert!(matches!(error, ModelError::Name { .. }), "{error}");
        }
        let empty = refused(&|at| fs::remove_file(at.join("model")).expect("it was there"));
        assert!(matches!(empty, ModelError::Empty { .. }), "{empty}");
    }

    #[cfg(unix)]
    #[test]
    fn links_do_not_make_models_endless() {
        use std::os::unix::fs::symlink;
        let folder = tempfile::tempdir().expect("a folder");
        // Sixteen folders, two ways from each to the next, make 2^17 paths.
        for i in 0..17 {
            fs::create_dir(folder.path().join(format!("{i}"))).expect("it is made");
            if i > 0 {
                for name in ["left", "right"] {
                    let link = folder.path().join(format!("{}/{name}", i - 1));
                    symlink(format!("../{i}"), link).expect("a link");
                }
            }
        }
        let error = hash(&folder.path().join("0")).expect_err("too many");
        assert!(matches!(
            error,
            ModelError::Entries {
                limit: MAX_MODEL_ENTRIES,
                ..
            }
        ));
    }
}
