//! From a request to a job.

use std::sync::Arc;
use std::time::Duration;

use tracing::info;
use vouch_kit::cache::{CachedReceipt, Source};
use vouch_sdk::Profile;

use super::database::{Inserted, JobRecord};
use super::service::{Service, Stop, not_found};
use crate::clients::Client;
use crate::error::ServiceError;
use crate::job::{Job, JobId, JobRequest, JobState, JobStatus, MAX_PRIORITY, Time};

/// Longest idempotency key, in bytes.
const MAX_KEY_BYTES: usize = 255;

/// Bytes of memory for a byte of a receipt that is found: encoded, and verified.
const FOUND_COPIES: u64 = 3;

impl Service {
    /// Accepts a job: once this returns, the job ends, whatever happens to the service. A request
    /// that was made before with the same idempotency key is the job that it was then. One whose
    /// receipt is there already has ended at once.
    ///
    /// # Errors
    /// The request means nothing, asks for too much, or comes when there is no room.
    pub fn submit(
        &self,
        client: &Arc<Client>,
        request: JobRequest,
    ) -> Result<JobStatus, ServiceError> {
        self.check_running()?;
        self.check(client, &request)?;
        let job = Job {
            id: JobId::new(),
            client: client.name().into(),
            image_id: request.image_id,
            options: request.options.clone(),
            input_bytes: request.input.len() as u64,
            idempotency_key: request.idempotency_key.clone(),
            submitted_at: Time::now(),
            started_at: None,
            finished_at: None,
            attempts: 0,
            state: JobState::Queued,
        };
        // Of two requests with one key at once, the second must find the job of the first, whatever limit the
        // first has reached.
        let _turn = request
            .idempotency_key
            .as_deref()
            .map(|key| client.take_turn(key));
        let key = self.cache_key(client.name(), &job, &request.input);
        let record = JobRecord {
            request: fingerprint(&request),
            cache_key: hex::encode(key.to_bytes()),
            job,
        };
        if let Some(known) = &request.idempotency_key
            && let Some(found) = self.database.job_of_key(client.name(), known)?
        {
            return self.same(client, &record, &found);
        }
        let program = self.database.program(client.name(), &request.image_id)?;
        if program.is_none() {
            return Err(not_found("program", request.image_id));
        }
        // Finding it may mean reading and verifying it. Where there is no room for that now, it is found
        // when the job's turn comes.
        let bytes = self.database.cached_bytes(&key.to_bytes())?;
        let memory = self.admission().memory(bytes.saturating_mul(FOUND_COPIES));
        let found = memory.ok().and_then(|_held| self.cache.find(&key));
        if let Some((found, source)) = found {
            return self.answer_from_cache(client, record, &found, &source);
        }
        self.enqueue(client, record, &request.input)
    }

    fn check(&self, client: &Client, request: &JobRequest) -> Result<(), ServiceError> {
        let (options, limits) = (&request.options, &self.config.limits);
        let bounds = [
            (
                "bytes of input",
                limits.input_bytes,
                request.input.len() as u64,
            ),
            ("cycles", limits.cycles, options.max_cycles),
            ("as priority", MAX_PRIORITY.into(), options.priority.into()),
            (
                "as priority of this client",
                client.quota().max_priority.into(),
                options.priority.into(),
            ),
        ];
        if let Some((what, limit, got)) = bounds.into_iter().find(|(_, limit, got)| got > limit) {
            return Err(ServiceError::TooLarge { what, limit, got });
        }
        let key = request.idempotency_key.as_deref().unwrap_or("key");
        if key.is_empty() || key.len() > MAX_KEY_BYTES {
            return Err(ServiceError::Invalid {
                field: "idempotency_key",
                reason: format!("expected 1 to {MAX_KEY_BYTES} bytes, got {}", key.len()),
            });
        }
        Ok(())
    }

    /// The job that was accepted before with the same idempotency key.
    fn same(
        &self,
        client: &Client,
        wanted: &JobRecord,
        found: &JobRecord,
    ) -> Result<JobStatus, ServiceError> {
        match wanted.request == found.request {
            true => self.status(client, found.job.id),
            false => Err(ServiceError::Conflict {
                job: found.job.id.to_string(),
            }),
        }
    }

    fn answer_from_cache(
        &self,
        client: &Client,
        mut record: JobRecord,
        found: &CachedReceipt,
        source: &Source,
    ) -> Result<JobStatus, ServiceError> {
        let job = &mut record.job;
        job.started_at = Some(job.submitted_at);
        job.finished_at = Some(job.submitted_at);
        job.state = JobState::Succeeded {
            result: super::worker::result(found, None),
        };
        match self.keep_receipt(found, false, || self.database.insert(&record))? {
            Inserted::Existing(existing) => self.same(client, &record, &existing),
            Inserted::New => {
                let job = record.job;
                info!(job = %job.id, client = job.client, "accepted, and there already");
                self.metrics.jobs_submitted.inc();
                self.metrics.finished("succeeded", Duration::ZERO);
                self.count_hit(source);
                Ok(job.into())
            }
        }
    }

    fn enqueue(
        &self,
        client: &Arc<Client>,
        record: JobRecord,
        input: &[u8],
    ) -> Result<JobStatus, ServiceError> {
        let place = self.queue.reserve().inspect_err(|error| {
            if matches!(error, ServiceError::QueueFull { .. }) {
                self.metrics.queue_rejections.inc();
            }
        })?;
        let open = client.open_job(input.len() as u64)?;
        let (id, priority) = (record.job.id, record.job.options.priority);
        self.inputs.put(id, input)?;
        let inserted = self.database.insert(&record);
        match inserted {
            Ok(Inserted::New) => {}
            // Another request with the same key was faster; or nobody was told that there is a job.
            Ok(Inserted::Existing(existing)) => {
                self.inputs.remove(id)?;
                return self.same(client, &record, &existing);
            }
            // Its program was removed meanwhile.
            Err(error @ ServiceError::NotFound { .. }) => {
                self.inputs.remove(id)?;
                return Err(error);
            }
            Err(error) => {
                self.metrics.storage_errors.inc();
                return Err(error);
            }
        }
        info!(job = %id, client = client.name(), image_id = %record.job.image_id, "accepted");
        let since = record.job.submitted_at;
        let live = self.add_live(record, open);
        self.metrics.jobs_submitted.inc();
        place.push(id, priority, since);
        let mut status = live.status.borrow().clone();
        status.jobs_ahead = self.queue.ahead(id);
        Ok(status)
    }

    /// Ends a job that its client wants no more. One that has ended stays as it is.
    ///
    /// # Errors
    /// There is none of this name.
    pub fn cancel(&self, client: &Client, id: JobId) -> Result<JobStatus, ServiceError> {
        let status = self.status(client, id)?;
        let live = self.live().get(&id).cloned();
        let Some(live) = live.filter(|_| !status.job.state.has_ended()) else {
            return Ok(status);
        };
        live.stop(Stop::Cancelled);
        if self.queue.remove(id) {
            self.end(id, &live, JobState::Cancelled);
        }
        self.status(client, id)
    }
}

/// Hash of all that is asked for, in hexadecimal.
fn fingerprint(request: &JobRequest) -> String {
    let mut hasher = blake3::Hasher::new_derive_key("vouch service 2026 request");
    let options = &request.options;
    let profile: Profile = options.profile;
    hasher.update(&request.image_id.0);
    hasher.update(&[
        profile.number(),
        options.priority,
        options.allow_nonzero_exit.into(),
        options.keep_input.into(),
    ]);
    hasher.update(&options.max_cycles.to_le_bytes());
    hasher.update(&request.input);
    hasher.finalize().to_hex().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::job::JobOptions;
    use vouch_sdk::ImageId;

    #[test]
    fn everything_asked_for_is_in_the_fingerprint() {
        let request = |image, input: &[u8], options: JobOptions| JobRequest {
            image_id: ImageId([image; 32]),
            input: input.into(),
            options,
            idempotency_key: Some("key".into()),
        };
        let plain = JobOptions {
            profile: Profile::Fast100,
            max_cycles: 1,
            priority: 0,
            allow_nonzero_exit: false,
            keep_input: false,
        };
        let vary = |change: fn(&mut JobOptions)| {
            let mut options = plain.clone();
            change(&mut options);
            request(1, b"a", options)
        };
        let requests = [
            vary(|_| {}),
            request(2, b"a", plain.clone()),
            request(1, b"b", plain.clone()),
            vary(|options| options.profile = Profile::Fast128),
            vary(|options| options.max_cycles = 2),
            vary(|options| options.priority = 1),
            vary(|options| options.allow_nonzero_exit = true),
            vary(|options| options.keep_input = true),
        ];
        let prints: std::collections::HashSet<_> = requests.iter().map(fingerprint).collect();
        assert_eq!(prints.len(), requests.len());
        let other_key = JobRequest {
            idempotency_key: None,
            ..vary(|_| {})
        };
        assert_eq!(fingerprint(&other_key), fingerprint(&vary(|_| {})));
    }
}
