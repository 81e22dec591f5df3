//! A database in a file.

use std::fs::{File, OpenOptions};
use std::io;
use std::path::Path;

use redb::{Builder, Database, TableDefinition, WriteTransaction};

use super::seams::StorageError;

/// Bytes of the file that are kept in memory.
const CACHE_BYTES: usize = 16 << 20;

/// Opens or makes a database that its owner alone may read, and checks all of it: what is damaged is an error now,
/// where it would be a panic later.
pub(super) fn open(path: &Path) -> Result<Database, StorageError> {
    make(path).map_err(|source| StorageError::File {
        path: path.into(),
        source,
    })?;
    let mut builder = Builder::new();
    builder
        .set_cache_size(CACHE_BYTES)
        .set_check_integrity_on_open(true);
    builder.create(path).map_err(|error| StorageError::Open {
        path: path.into(),
        source: Box::new(error.into()),
    })
}

/// An empty file, unless there is one, whose name is on the disk.
fn make(path: &Path) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)?;
    #[cfg(unix)]
    if let Some(folder) = path.canonicalize()?.parent() {
        File::open(folder)?.sync_all()?;
    }
    Ok(())
}

/// A transaction that is on the disk when it is committed, whatever is written: redb's faster kind relies on a
/// checksum that who chooses the data might forge.
pub(super) fn begin_write(database: &Database) -> Result<WriteTransaction, StorageError> {
    let mut transaction = database.begin_write().map_err(failed)?;
    transaction.set_two_phase_commit(true);
    Ok(transaction)
}

/// Makes a table, if it is not there.
pub(super) fn make_table<K: redb::Key + 'static, V: redb::Value + 'static>(
    database: &Database,
    table: TableDefinition<'_, K, V>,
) -> Result<(), StorageError> {
    let transaction = begin_write(database)?;
    transaction.open_table(table).map_err(failed)?;
    transaction.commit().map_err(failed)
}

pub(super) fn failed(error: impl Into<redb::Error>) -> StorageError {
    StorageError::Database(Box::new(error.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("table");

    #[test]
    fn what_cannot_be_opened_is_refused() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("file.redb");
        let database = open(&path).expect("it is made");
        assert!(matches!(open(&path), Err(StorageError::Open { .. })));
        drop(database);
        open(&path).expect("nobody has it open");
        assert!(matches!(
            open(&folder.path().join("missing/file.redb")),
            Err(StorageError::File { .. })
        ));
        let other = folder.path().join("other");
        std::fs::write(&other, b"no database").expect("it is written");
        assert!(matches!(open(&other), Err(StorageError::Open { .. })));
    }

    #[test]
    fn damage_is_noticed() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("file.redb");
        let database = open(&path).expect("it is made");
        make_table(&database, TABLE).expect("it is made");
        let transaction = begin_write(&database).expect("a transaction");
        let mut table = transaction.open_table(TABLE).expect("a table");
        table
            .insert(1, b"easily found".as_slice())
            .expect("it is inserted");
        drop(table);
        transaction.commit().expect("it is written");
        drop(database);
        let mut bytes = std::fs::read(&path).expect("it is there");
        let text = b"easily found";
        let found = bytes.windows(text.len()).position(|window| window == text);
        bytes[found.expect("as it was written")] ^= 1;
        std::fs::write(&path, bytes).expect("it is written");
        assert!(matches!(open(&path), Err(StorageError::Open { .. })));
    }

    #[test]
    fn tables_of_another_kind_are_refused() {
        let folder = tempfile::tempdir().expect("a folder");
        let database = open(&folder.path().join("file.redb")).expect("it is made");
        make_table(&database, TABLE).expect("it is made");
        let other: TableDefinition<'_, u64, u64> = TableDefinition::new("table");
        let error = make_table(&database, other).expect_err("it is another one");
        assert!(matches!(error, StorageError::Database(_)));
    }

    #[cfg(unix)]
    #[test]
    fn its_owner_alone_may_read_it() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("file.redb");
        open(&path).expect("it is made");
        let mode = std::fs::metadata(&path)
            .expect("it is there")
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}
