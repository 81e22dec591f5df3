//! Programs: whose they are, and what jobs run (docs/decisions/0011).
//!
//! An image ID names what can be proven: the initial memory, not which of it is mapped and writable. So it is
//! not enough to say what runs. A client's image ID stands for the ELF that this client brought, and nobody
//! else's registrations have anything to do with it.

use std::collections::BTreeMap;
use std::sync::Arc;

use tracing::info;
use vouch_kit::ProofDigest;
use vouch_kit::store::StoreError;
use vouch_sdk::{ImageId, Program, image_id};

use super::database::{EVERYBODY, ProgramRecord, Registered, Removed};
use super::service::{Service, not_found};
use crate::clients::Client;
use crate::error::ServiceError;
use crate::job::Time;

impl Service {
    /// Registers a program of a client. If it has one of this image ID that runs the same, the new ELF takes its
    /// place: its symbols may differ, and the old one may have been lost.
    ///
    /// # Errors
    /// It is too large, or none that the machine runs; the client has too many, or one of the same image ID that
    /// runs differently.
    pub fn register(&self, client: &Client, elf: &[u8]) -> Result<ProgramRecord, ServiceError> {
        let (got, limit) = (elf.len() as u64, self.config.limits.elf_bytes);
        if got > limit {
            let what = "bytes of ELF";
            return Err(ServiceError::TooLarge { what, limit, got });
        }
        let program = Program::from_elf(elf)?;
        let id = image_id(&program);
        match self.database.program(client.name(), &id)? {
            Some(known) if known.client == EVERYBODY => {
                self.check_same(&known, &program, elf)?;
                Ok(known)
            }
            _ => self.add_program(
                client.name(),
                client.quota().max_programs,
                (id, program),
                elf,
            ),
        }
    }

    /// Adds what everybody may run.
    pub(super) fn add_embedded(&self, elf: &[u8]) -> Result<(), ServiceError> {
        let program = Program::from_elf(elf)?;
        let id = image_id(&program);
        self.add_program(EVERYBODY, usize::MAX, (id, program), elf)
            .map(drop)
    }

    fn add_program(
        &self,
        owner: &str,
        limit: usize,
        (image_id, program): (ImageId, Program),
        elf: &[u8],
    ) -> Result<ProgramRecord, ServiceError> {
        loop {
            let own = self.database.programs(owner)?;
            let known = own.iter().find(|known| known.image_id == image_id);
            match known {
                Some(known) => self.check_same(known, &program, elf)?,
                None if own.len() >= limit => return Err(full(limit)),
                None => {}
            }
            // The sweeper must not think meanwhile that nobody needs the ELF.
            let _sweeper = self.receipts.read();
            let record = ProgramRecord {
                image_id,
                elf_digest: self.store.put(elf.to_vec())?,
                elf_bytes: elf.len() as u64,
                client: owner.into(),
                registered_at: known.map_or_else(Time::now, |known| known.registered_at),
            };
            let expected = known.map(|known| known.elf_digest);
            match self.database.register(&record, expected, limit)? {
                Registered::Done => {
                    self.programs
                        .put(record.elf_digest, Arc::new(program), record.elf_bytes);
                    info!(%image_id, client = owner, "a program was registered");
                    return Ok(record);
                }
                Registered::Full => return Err(full(limit)),
                Registered::Changed => {}
            }
        }
    }

    /// Whether two programs of one image ID run the same. One that the store has lost, or that cannot be loaded
    /// any more, is no hindrance.
    fn check_same(
        &self,
        known: &ProgramRecord,
        program: &Program,
        elf: &[u8],
    ) -> Result<(), ServiceError> {
        if known.elf_digest == ProofDigest::of_bytes(elf) {
            return Ok(());
        }
        match self.load(&known.elf_digest) {
            Ok(known) if known.memory_map() == program.memory_map() => Ok(()),
            Ok(_) => Err(ServiceError::ProgramConflict {
                image_id: known.image_id,
            }),
            Err(ServiceError::Elf(_)) => Ok(()),
            Err(ServiceError::Store(StoreError::Missing { .. } | StoreError::Damaged { .. })) => {
                Ok(())
            }
            Err(error) => Err(error),
        }
    }

    /// The programs that a client's jobs may run, in the order of their image IDs.
    ///
    /// # Errors
    /// [`ServiceError::Database`]
    pub fn list_programs(&self, client: &Client) -> Result<Vec<ProgramRecord>, ServiceError> {
        let everybodys = self.database.programs(EVERYBODY)?;
        let own = self.database.programs(client.name())?;
        let all = everybodys.into_iter().chain(own);
        let by_id: BTreeMap<_, _> = all.map(|program| (program.image_id.0, program)).collect();
        Ok(by_id.into_values().collect())
    }

    /// Removes a program of a client, and its ELF from the store unless another has it, too.
    ///
    /// # Errors
    /// The client has none of this image ID; jobs of it wait or run; it is everybody's.
    pub fn remove_program(
        &self,
        client: &Client,
        id: &ImageId,
    ) -> Result<ProgramRecord, ServiceError> {
        match self.database.remove_program(client.name(), id)? {
            Removed::Gone(record) => {
                self.programs.remove(&record.elf_digest);
                info!(image_id = %id, client = client.name(), "a program was removed");
                Ok(record)
            }
            Removed::InUse(jobs) => Err(ServiceError::ProgramInUse {
                image_id: *id,
                jobs,
            }),
            Removed::Unknown => match self.database.program(EVERYBODY, id)? {
                Some(_) => Err(ServiceError::Invalid {
                    field: "image_id",
                    reason: "expected a program of this client, got one that is everybody's".into(),
                }),
                None => Err(not_found("program", id)),
            },
        }
    }

    /// What a client's jobs run under an image ID.
    pub(super) fn program(&self, client: &str, id: &ImageId) -> Result<Arc<Program>, ServiceError> {
        let record = self.database.program(client, id)?;
        let record = record.ok_or_else(|| not_found("program", id))?;
        if let Some(program) = self.programs.get(&record.elf_digest) {
            return Ok(program);
        }
        let program = Arc::new(self.load(&record.elf_digest)?);
        self.programs
            .put(record.elf_digest, program.clone(), record.elf_bytes);
        Ok(program)
    }

    fn load(&self, elf: &ProofDigest) -> Result<Program, ServiceError> {
        Ok(Program::from_elf(&self.store.get(elf)?)?)
    }
}

fn full(limit: usize) -> ServiceError {
    let (what, limit) = ("programs of this client", limit as u64);
    ServiceError::Quota { what, limit }
}
