//! gRPC: `vouch.v1.Vouch`.

use std::pin::Pin;
use std::sync::Arc;

use futures_util::{Stream, StreamExt, stream};
use tonic::metadata::MetadataValue;
use tonic::{Request, Response, Status, Streaming};
use vouch_sdk::ImageId;

use super::json_rpc::find_profile;
use super::{call, updates, work};
use crate::admission::{ANSWER_COPIES, Visit, Work};
use crate::core::{MAX_LIST, ProgramRecord, Service, Verdict, VerifyMode};
use crate::error::ServiceError;
use crate::job::{JobId, JobOptions, JobRequest, JobResult, JobState, JobStatus, Time};
use crate::proto::vouch_server::{Vouch, VouchServer};
use crate::proto::{self, GetJobRequest};

/// Bytes of a receipt in a message.
const PIECE_BYTES: usize = 256 << 10;
/// Bytes of a program in a message.
const PROGRAM_BYTES: u64 = 128;
/// Room in a message beside its largest field.
const BESIDE: usize = 64 << 10;

/// Answers calls.
pub struct Grpc {
    service: Arc<Service>,
}

impl Grpc {
    /// Over a service.
    pub fn server(service: Arc<Service>) -> VouchServer<Self> {
        let limits = &service.config().limits;
        let largest = limits.elf_bytes.max(limits.input_bytes);
        let largest = usize::try_from(largest).unwrap_or(usize::MAX);
        VouchServer::new(Self { service }).max_decoding_message_size(largest.saturating_add(BESIDE))
    }

    async fn call<T: Send + 'static>(
        &self,
        client: Visit,
        method: &'static str,
        operation: impl FnOnce(&Service, &Visit) -> Result<T, ServiceError> + Send + 'static,
    ) -> Result<T, Status> {
        let done = call(&self.service, &client, ("grpc", method), operation);
        done.await.map_err(|error| status(&error))
    }

    /// As [`Self::call`], for work of which only so much is done at once.
    async fn work<T: Send + 'static>(
        &self,
        client: Visit,
        (method, kind): (&'static str, Work),
        operation: impl FnOnce(&Service, &Visit) -> Result<T, ServiceError> + Send + 'static,
    ) -> Result<T, Status> {
        let label = ("grpc", method);
        let done = work(&self.service, &client, kind, label, operation);
        done.await.map_err(|error| status(&error))
    }
}

/// An error as a status: its code, its message, and its name in the metadata.
pub fn status(error: &ServiceError) -> Status {
    let code = error.code();
    let mut status = Status::new(code.grpc, error.public_message());
    let name = MetadataValue::from_static(code.name);
    status.metadata_mut().insert("vouch-error", name);
    status
}

/// The client of a call: the guard lets nobody through without one.
fn client<T>(request: &Request<T>) -> Result<Visit, Status> {
    let client = request.extensions().get::<Visit>().cloned();
    client.ok_or_else(|| status(&ServiceError::Unauthenticated))
}

type Messages<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;

#[tonic::async_trait]
impl Vouch for Grpc {
    async fn register_program(
        &self,
        request: Request<proto::RegisterProgramRequest>,
    ) -> Result<Response<proto::Program>, Status> {
        let (client, elf) = (client(&request)?, request.into_inner().elf);
        let kind = ("RegisterProgram", Work::Registration);
        let done = self.work(client, kind, move |service, client| {
            client.hold(service.registration_bytes(&elf))?;
            service.register(client, &elf)
        });
        Ok(Response::new(done.await?.into()))
    }

    async fn list_programs(
        &self,
        request: Request<proto::ListProgramsRequest>,
    ) -> Result<Response<proto::ListProgramsResponse>, Status> {
        let done = self.call(client(&request)?, "ListPrograms", |service, client| {
            let programs = service.list_programs(client)?;
            client.answer(programs.len() as u64 * PROGRAM_BYTES)?;
            Ok(programs)
        });
        let programs = done.await?.into_iter().map(Into::into).collect();
        Ok(Response::new(proto::ListProgramsResponse { programs }))
    }

    async fn remove_program(
        &self,
        request: Request<proto::RemoveProgramRequest>,
    ) -> Result<Response<proto::Program>, Status> {
        let (client, request) = (client(&request)?, request.into_inner());
        let done = self.call(client, "RemoveProgram", move |service, client| {
            service.remove_program(client, &image_id(&request.image_id)?)
        });
        Ok(Response::new(done.await?.into()))
    }

    async fn submit_job(
        &self,
        request: Request<proto::SubmitJobRequest>,
    ) -> Result<Response<proto::Job>, Status> {
        let (client, request) = (client(&request)?, request.into_inner());
        let done = self.call(client, "SubmitJob", move |service, client| {
            let request = job_request(request, service)?;
            client.answer(service.known_job_bytes(client, &request)?)?;
            service.submit(client, request)
        });
        Ok(Response::new(done.await?.into()))
    }

    async fn get_job(
        &self,
        request: Request<GetJobRequest>,
    ) -> Result<Response<proto::Job>, Status> {
        let (client, request) = (client(&request)?, request.into_inner());
        let done = self.call(client, "GetJob", move |service, client| {
            let id = job_id(&request.id)?;
            client.answer(service.job_bytes(id)?)?;
            service.status(client, id)
        });
        Ok(Response::new(done.await?.into()))
    }

    type WatchJobStream = Messages<proto::Job>;

    async fn watch_job(
        &self,
        request: Request<GetJobRequest>,
    ) -> Result<Response<Self::WatchJobStream>, Status> {
        let (client, request) = (client(&request)?, request.into_inner());
        let watched = self.call(client.clone(), "WatchJob", move |service, client| {
            service.watch(client, job_id(&request.id)?)
        });
        let jobs = updates(watched.await?, client);
        let jobs = jobs.map(|update| update.map(Into::into).map_err(|error| status(&error)));
        Ok(Response::new(Box::pin(jobs)))
    }

    type GetReceiptStream = Messages<proto::ReceiptPiece>;

    async fn get_receipt(
        &self,
        request: Request<GetJobRequest>,
    ) -> Result<Response<Self::GetReceiptStream>, Status> {
        let (client, request) = (client(&request)?, request.into_inner());
        let read = self.call(client, "GetReceipt", move |service, client| {
            let id = job_id(&request.id)?;
            client.hold(service.job_bytes(id)?.saturating_mul(ANSWER_COPIES))?;
            let bytes = service.result(client, id)?.receipt_bytes;
            // Beside it, a piece in the making.
            client.hold(bytes.saturating_add(2 * PIECE_BYTES as u64))?;
            Ok(bytes::Bytes::from(service.receipt(client, id)?))
        });
        let pieces = stream::unfold(read.await?, |mut rest| async {
            if rest.is_empty() {
                return None;
            }
            let data = rest.split_to(rest.len().min(PIECE_BYTES)).to_vec();
            Some((Ok(proto::ReceiptPiece { data }), rest))
        });
        Ok(Response::new(Box::pin(pieces)))
    }

    async fn cancel_job(
        &self,
        request: Request<GetJobRequest>,
    ) -> Result<Response<proto::Job>, Status> {
        let (client, request) = (client(&request)?, request.into_inner());
        let done = self.call(client, "CancelJob", move |service, client| {
            let id = job_id(&request.id)?;
            client.answer(service.job_bytes(id)?)?;
            service.cancel(client, id)
        });
        Ok(Response::new(done.await?.into()))
    }

    async fn list_jobs(
        &self,
        request: Request<proto::ListJobsRequest>,
    ) -> Result<Response<proto::ListJobsResponse>, Status> {
        let (client, request) = (client(&request)?, request.into_inner());
        let done = self.call(client, "ListJobs", move |service, client| {
            let before = match &*request.before {
                "" => None,
                id => Some(job_id(id)?),
            };
            let limit = match request.limit {
                0 => MAX_LIST,
                limit => limit as usize,
            };
            let announce = &mut |bytes| client.answer(bytes);
            let state = state_name(request.state());
            service.list(client, state, before, limit, announce)
        });
        let jobs = done.await?.into_iter().map(Into::into).collect();
        Ok(Response::new(proto::ListJobsResponse { jobs }))
    }

    async fn verify_receipt(
        &self,
        request: Request<Streaming<proto::VerifyReceiptRequest>>,
    ) -> Result<Response<proto::Verdict>, Status> {
        let client = client(&request)?;
        let mut messages = request.into_inner();
        let limit = self.service.config().limits.receipt_bytes;
        let mut receipt = Vec::new();
        let mut first = None;
        while let Some(message) = messages.message().await? {
            first.get_or_insert((message.image_id, message.mode));
            receipt.extend_from_slice(&message.data);
            let got = receipt.len() as u64;
            if got > limit {
                let what = "bytes of receipt";
                return Err(status(&ServiceError::TooLarge { what, limit, got }));
            }
        }
        let kind = ("VerifyReceipt", Work::Verification);
        let done = self.work(client, kind, move |service, client| {
            let (image, mode) = first.unwrap_or_default();
            let mode = match &*mode {
                "" => VerifyMode::default(),
                name => VerifyMode::find(name)?,
            };
            let image_id = image_id(&image)?;
            client.hold(service.verification_bytes(&receipt))?;
            let verdict = service.verify(receipt, &image_id, mode, client.cancel())?;
            client.answer(verdict.journal_bytes())?;
            Ok(verdict)
        });
        Ok(Response::new(done.await?.into()))
    }
}

fn job_request(
    request: proto::SubmitJobRequest,
    service: &Service,
) -> Result<JobRequest, ServiceError> {
    let name = match &*request.profile {
        "" => "fast",
        name => name,
    };
    let bits = match request.security {
        0 => 100,
        bits => bits,
    };
    let max_cycles = match request.max_cycles {
        0 => service.config().limits.cycles,
        cycles => cycles,
    };
    Ok(JobRequest {
        image_id: image_id(&request.image_id)?,
        input: request.input,
        options: JobOptions {
            profile: find_profile(name, bits)?,
            max_cycles,
            // Whatever is larger is too large.
            priority: u8::try_from(request.priority).unwrap_or(u8::MAX),
            allow_nonzero_exit: request.allow_nonzero_exit,
            keep_input: request.keep_input,
        },
        idempotency_key: Some(request.idempotency_key).filter(|key| !key.is_empty()),
    })
}

fn image_id(bytes: &[u8]) -> Result<ImageId, ServiceError> {
    let found = bytes.try_into().map(ImageId);
    found.map_err(|_| ServiceError::Invalid {
        field: "image_id",
        reason: format!("expected 32 bytes, got {}", bytes.len()),
    })
}

fn job_id(text: &str) -> Result<JobId, ServiceError> {
    text.parse().map_err(|_| ServiceError::Invalid {
        field: "id",
        reason: "expected the ID of a job".into(),
    })
}

const fn state_name(state: proto::JobState) -> Option<&'static str> {
    match state {
        proto::JobState::Unspecified => None,
        proto::JobState::Queued => Some("queued"),
        proto::JobState::Running => Some("running"),
        proto::JobState::Succeeded => Some("succeeded"),
        proto::JobState::Failed => Some("failed"),
        proto::JobState::Cancelled => Some("cancelled"),
    }
}

impl From<&JobState> for proto::JobState {
    fn from(state: &JobState) -> Self {
        match state {
            JobState::Queued => Self::Queued,
            JobState::Running => Self::Running,
            JobState::Succeeded { .. } => Self::Succeeded,
            JobState::Failed { .. } => Self::Failed,
            JobState::Cancelled => Self::Cancelled,
        }
    }
}

impl From<JobStatus> for proto::Job {
    fn from(status: JobStatus) -> Self {
        let job = status.job;
        let text = |time: Option<Time>| time.map(|time| time.to_string()).unwrap_or_default();
        let profile = job.options.profile;
        let state = proto::JobState::from(&job.state).into();
        let (result, failure) = match job.state {
            JobState::Succeeded { result } => (Some(result.into()), None),
            JobState::Failed { failure } => (
                None,
                Some(proto::Failure {
                    kind: failure.kind,
                    message: failure.message,
                }),
            ),
            _ => (None, None),
        };
        Self {
            id: job.id.to_string(),
            state,
            image_id: job.image_id.0.into(),
            profile: profile.name().into(),
            security: profile.target_bits(),
            max_cycles: job.options.max_cycles,
            priority: job.options.priority.into(),
            input_bytes: job.input_bytes,
            idempotency_key: job.idempotency_key.unwrap_or_default(),
            submitted_at: text(Some(job.submitted_at)),
            started_at: text(job.started_at),
            finished_at: text(job.finished_at),
            attempts: job.attempts,
            jobs_ahead: status.jobs_ahead,
            progress: status.progress.map(|progress| proto::Progress {
                executed_cycles: progress.executed_cycles,
                total_cycles: progress.total_cycles,
                proven_cycles: progress.proven_cycles,
                proven_segments: progress.proven_segments,
                remaining_seconds: progress.remaining_seconds,
            }),
            result,
            failure,
        }
    }
}

impl From<JobResult> for proto::Result {
    fn from(result: JobResult) -> Self {
        Self {
            receipt_digest: result.receipt_digest.0.into(),
            receipt_bytes: result.receipt_bytes,
            // It was encoded by the service itself.
            journal: hex::decode(&result.journal).unwrap_or_default(),
            exit_code: result.exit_code,
            cached: result.cached,
            cost: result.cost.map(|cost| proto::Cost {
                cycles: cost.cycles,
                segments: cost.segments,
                reused_segments: cost.reused_segments,
                prove_seconds: cost.prove_seconds,
            }),
        }
    }
}

impl From<ProgramRecord> for proto::Program {
    fn from(record: ProgramRecord) -> Self {
        Self {
            image_id: record.image_id.0.into(),
            elf_bytes: record.elf_bytes,
            registered_at: record.registered_at.to_string(),
        }
    }
}

impl From<Verdict> for proto::Verdict {
    fn from(verdict: Verdict) -> Self {
        let empty = Self {
            receipt_digest: verdict.receipt_digest.0.into(),
            cached: verdict.cached,
            ..Self::default()
        };
        match verdict.claim {
            Ok((claim, security_bits)) => Self {
                valid: true,
                journal: claim.journal,
                exit_code: claim.exit_code,
                security_bits,
                ..empty
            },
            Err(reason) => Self { reason, ..empty },
        }
    }
}
