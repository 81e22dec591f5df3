//! What answers and work will take, before they are made.

use super::loaded::PROGRAM_COPIES;
use super::service::Service;
use crate::clients::Client;
use crate::error::ServiceError;
use crate::job::{JobId, JobRequest};

/// Bytes of the record of a job that has not ended, or of none.
const OPEN_JOB_BYTES: u64 = 2 << 10;

impl Service {
    /// Bytes of the record of a job in JSON, whosever it is.
    ///
    /// # Errors
    /// [`ServiceError::Database`]
    pub fn job_bytes(&self, id: JobId) -> Result<u64, ServiceError> {
        let bytes = self.database.bytes_of(id)?;
        Ok(bytes.max(OPEN_JOB_BYTES))
    }

    /// The same of the job that a request was accepted as before, if it was.
    ///
    /// # Errors
    /// [`ServiceError::Database`]
    pub fn known_job_bytes(
        &self,
        client: &Client,
        request: &JobRequest,
    ) -> Result<u64, ServiceError> {
        let known = match &request.idempotency_key {
            Some(key) => self.database.holder(client.name(), key)?,
            None => None,
        };
        known.map_or(Ok(OPEN_JOB_BYTES), |id| self.job_bytes(id))
    }

    /// Memory that registering a program takes: the program, its ELF twice more on its way to the store, and
    /// as much for the one that it may take the place of.
    pub fn registration_bytes(&self, elf: &[u8]) -> u64 {
        (elf.len() as u64).saturating_mul(2 * (PROGRAM_COPIES + 2))
    }

    /// Memory that verifying a receipt takes: its segments, and their proofs decoded.
    pub fn verification_bytes(&self, receipt: &[u8]) -> u64 {
        (receipt.len() as u64).saturating_mul(2)
    }

    /// The error of work that nobody waits for any more.
    pub fn timed_out(&self) -> ServiceError {
        let limit = self.config.server.request_timeout;
        ServiceError::Timeout { limit }
    }
}
