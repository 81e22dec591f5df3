//! One build at a time in a target directory.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::Path;

use super::BuildError;

/// The file that a build has locked.
const NAME: &str = ".vouch-build-lock";

/// Keeps other builds out of `target_dir` until the file is dropped. Cargo's own lock ends with cargo: another guest
/// of the same name could put its ELF there before this one's is read.
pub(super) fn lock(target_dir: &Path, log: &mut dyn FnMut(&str)) -> Result<File, BuildError> {
    let path = target_dir.join(NAME);
    let failed = || BuildError::file("lock", &path);
    fs::create_dir_all(target_dir).map_err(failed())?;
    let mut options = File::options();
    options.write(true).create(true).truncate(false);
    let file = options.open(&path).map_err(failed())?;
    let locked = match file.try_lock() {
        Err(TryLockError::WouldBlock) => {
            log(&format!(
                "waiting for another build in {}",
                target_dir.display()
            ));
            file.lock()
        }
        Err(TryLockError::Error(error)) => Err(error),
        Ok(()) => Ok(()),
    };
    match locked {
        // A file system without locks: cargo goes on without, too.
        Err(error) if error.kind() == io::ErrorKind::Unsupported => Ok(file),
        locked => locked.map(|()| file).map_err(failed()),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;
    use std::thread;

    use super::*;

    #[test]
    fn a_second_build_waits_for_the_first() {
        let dir = tempfile::tempdir().expect("a folder");
        let first = lock(dir.path(), &mut |line| panic!("{line}")).expect("it is free");
        let (send, received) = mpsc::channel();
        thread::scope(|scope| {
            let second = scope.spawn(|| {
                lock(dir.path(), &mut |line| {
                    send.send(line.to_owned()).expect("a reader")
                })
            });
            let line = received.recv().expect("it waits");
            assert!(line.starts_with("waiting for another build in "), "{line}");
            assert!(!second.is_finished());
            drop(first);
            second.join().expect("no panic").expect("it is free again");
        });
    }
}
