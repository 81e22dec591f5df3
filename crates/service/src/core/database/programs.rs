//! Whose programs are which (docs/decisions/0011).

use std::collections::HashSet;

use redb::{ReadableTable, TableDefinition, TableHandle, WriteTransaction};
use serde::{Deserialize, Serialize};
use vouch_kit::ProofDigest;
use vouch_sdk::ImageId;

use super::{DOOMED, Database, JOBS, OPEN, json, parse, record_in};
use crate::error::{ServiceError, database as failed};
use crate::job::{JobId, Time};

/// By client and image ID.
pub(super) const PROGRAMS: TableDefinition<'_, (&str, [u8; 32]), &[u8]> =
    TableDefinition::new("registrations");
/// By image ID alone, as it was when programs were everybody's.
const SHARED: TableDefinition<'_, [u8; 32], &[u8]> = TableDefinition::new("programs");

/// Whose programs everybody may run. No client has this name.
pub const EVERYBODY: &str = "";

/// A program of a client.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProgramRecord {
    /// What receipts call it.
    #[serde(with = "crate::job::hex_image_id")]
    pub image_id: ImageId,
    /// Its ELF, in the store.
    pub elf_digest: ProofDigest,
    /// Size of the ELF.
    pub elf_bytes: u64,
    /// Who brought it.
    pub client: String,
    /// When.
    pub registered_at: Time,
}

/// What became of an attempt to register a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Registered {
    /// It is there.
    Done,
    /// The client has as many as it may have.
    Full,
    /// Another request has changed what the client has under this image ID.
    Changed,
}

/// What became of an attempt to remove a program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Removed {
    /// It is gone.
    Gone(ProgramRecord),
    /// The client has none of this image ID.
    Unknown,
    /// So many jobs of it wait or run.
    InUse(usize),
}

type Found = Result<Option<ProgramRecord>, ServiceError>;

impl Database {
    /// Registers a program, in place of the one whose ELF is `expected`. The client may have `limit` of them.
    /// An ELF that is used by nobody is doomed.
    ///
    /// # Errors
    /// [`ServiceError::Database`] or [`ServiceError::Record`]
    pub fn register(
        &self,
        program: &ProgramRecord,
        expected: Option<ProofDigest>,
        limit: usize,
    ) -> Result<Registered, ServiceError> {
        self.write(|transaction| {
            let known = program_in(transaction, &program.client, &program.image_id)?;
            if known.as_ref().map(|known| known.elf_digest) != expected {
                return Ok(Registered::Changed);
            }
            let mut programs = transaction.open_table(PROGRAMS).map_err(failed)?;
            let own = of_client(&programs, &program.client)?.len();
            if known.is_none() && own >= limit {
                drop(programs);
                doom_unless_used(transaction, program.elf_digest)?;
                return Ok(Registered::Full);
            }
            let key = (&*program.client, program.image_id.0);
            programs.insert(key, &*json(program)?).map_err(failed)?;
            drop(programs);
            if let Some(known) = known {
                doom_unless_used(transaction, known.elf_digest)?;
            }
            Ok(Registered::Done)
        })
    }

    /// Removes a program of a client, unless jobs of it have not ended.
    ///
    /// # Errors
    /// As [`Self::register`].
    pub fn remove_program(&self, client: &str, id: &ImageId) -> Result<Removed, ServiceError> {
        self.write(|transaction| {
            let Some(known) = program_in(transaction, client, id)? else {
                return Ok(Removed::Unknown);
            };
            let jobs = open_jobs_in(transaction)?;
            let of_it = |(owner, image): &&(String, ImageId)| owner == client && image == id;
            let jobs = jobs.iter().filter(of_it).count();
            if jobs > 0 {
                return Ok(Removed::InUse(jobs));
            }
            let mut programs = transaction.open_table(PROGRAMS).map_err(failed)?;
            programs.remove((client, id.0)).map_err(failed)?;
            drop(programs);
            doom_unless_used(transaction, known.elf_digest)?;
            Ok(Removed::Gone(known))
        })
    }

    /// What a client's jobs run under an image ID: its own program, or everybody's.
    ///
    /// # Errors
    /// As [`Self::register`].
    pub fn program(&self, client: &str, id: &ImageId) -> Found {
        let programs = self.read()?.open_table(PROGRAMS).map_err(failed)?;
        match program_of(&programs, client, id)? {
            None => program_of(&programs, EVERYBODY, id),
            own => Ok(own),
        }
    }

    /// The programs of a client, and of nobody else, in the order of their image IDs.
    ///
    /// # Errors
    /// As [`Self::register`].
    pub fn programs(&self, client: &str) -> Result<Vec<ProgramRecord>, ServiceError> {
        let programs = self.read()?.open_table(PROGRAMS).map_err(failed)?;
        of_client(&programs, client)
    }

    /// The ELFs of all programs.
    ///
    /// # Errors
    /// As [`Self::register`].
    pub fn elves(&self) -> Result<HashSet<ProofDigest>, ServiceError> {
        elves(&self.read()?.open_table(PROGRAMS).map_err(failed)?)
    }

    /// Takes over programs from the time when they were everybody's: each belongs to whoever brought it, and
    /// to those whose jobs of it have not ended. What everybody has again is left out.
    ///
    /// # Errors
    /// As [`Self::register`]. Nothing is taken over then.
    pub fn take_over_programs(&self) -> Result<(), ServiceError> {
        self.write(|transaction| {
            let mut tables = transaction.list_tables().map_err(failed)?;
            if !tables.any(|table| table.name() == SHARED.name()) {
                return Ok(());
            }
            let open = open_jobs_in(transaction)?;
            let shared = transaction.open_table(SHARED).map_err(failed)?;
            for entry in shared.iter().map_err(failed)? {
                let (id, record) = entry.map_err(failed)?;
                let id = ImageId(id.value());
                let record: ProgramRecord = parse(record.value(), "program", &id.to_string())?;
                let everybodys = program_in(transaction, EVERYBODY, &id)?;
                if everybodys.is_some_and(|known| known.elf_digest == record.elf_digest) {
                    continue;
                }
                let with_jobs = open.iter().filter(|(_, image)| *image == id);
                let owners = with_jobs.map(|(client, _)| client).chain([&record.client]);
                let mut programs = transaction.open_table(PROGRAMS).map_err(failed)?;
                for client in owners {
                    let client = client.clone();
                    let own = ProgramRecord {
                        client,
                        ..record.clone()
                    };
                    let key = (&*own.client, id.0);
                    programs.insert(key, &*json(&own)?).map_err(failed)?;
                }
            }
            drop(shared);
            transaction.delete_table(SHARED).map_err(failed)?;
            Ok(())
        })
    }
}

/// Whether a client may submit jobs of a program.
pub(super) fn is_registered(
    transaction: &WriteTransaction,
    client: &str,
    id: &ImageId,
) -> Result<bool, ServiceError> {
    let own = program_in(transaction, client, id)?;
    Ok(own.is_some() || program_in(transaction, EVERYBODY, id)?.is_some())
}

fn program_in(transaction: &WriteTransaction, client: &str, id: &ImageId) -> Found {
    let programs = transaction.open_table(PROGRAMS).map_err(failed)?;
    program_of(&programs, client, id)
}

fn program_of(
    programs: &impl ReadableTable<(&'static str, [u8; 32]), &'static [u8]>,
    client: &str,
    id: &ImageId,
) -> Found {
    let found = programs.get((client, id.0)).map_err(failed)?;
    found
        .map(|found| parse(found.value(), "program", &id.to_string()))
        .transpose()
}

fn of_client(
    programs: &impl ReadableTable<(&'static str, [u8; 32]), &'static [u8]>,
    client: &str,
) -> Result<Vec<ProgramRecord>, ServiceError> {
    let range = (client, [0; 32])..=(client, [0xff; 32]);
    let own = programs.range(range).map_err(failed)?;
    own.map(|entry| {
        let (key, value) = entry.map_err(failed)?;
        parse(
            value.value(),
            "program",
            &ImageId(key.value().1).to_string(),
        )
    })
    .collect()
}

fn elves(
    programs: &impl ReadableTable<(&'static str, [u8; 32]), &'static [u8]>,
) -> Result<HashSet<ProofDigest>, ServiceError> {
    let all = programs.iter().map_err(failed)?;
    all.map(|entry| {
        let (key, value) = entry.map_err(failed)?;
        let id = ImageId(key.value().1).to_string();
        parse(value.value(), "program", &id).map(|program: ProgramRecord| program.elf_digest)
    })
    .collect()
}

/// The clients and programs of jobs that have not ended.
fn open_jobs_in(transaction: &WriteTransaction) -> Result<Vec<(String, ImageId)>, ServiceError> {
    let open = transaction.open_table(OPEN).map_err(failed)?;
    let jobs = transaction.open_table(JOBS).map_err(failed)?;
    let mut found = Vec::new();
    for entry in open.iter().map_err(failed)? {
        let id = JobId::from_bytes(entry.map_err(failed)?.0.value());
        let job = record_in(&jobs, id)?.map(|record| (record.job.client, record.job.image_id));
        found.extend(job);
    }
    Ok(found)
}

/// An ELF goes with the last program that has it.
fn doom_unless_used(transaction: &WriteTransaction, elf: ProofDigest) -> Result<(), ServiceError> {
    let programs = transaction.open_table(PROGRAMS).map_err(failed)?;
    if !elves(&programs)?.contains(&elf) {
        let mut doomed = transaction.open_table(DOOMED).map_err(failed)?;
        doomed.insert(elf.0, ()).map_err(failed)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
