//! A client of gRPC.

use std::net::SocketAddr;

use tonic::client::Grpc as Raw;
use tonic::codegen::http::uri::PathAndQuery;
use tonic::metadata::{Ascii, MetadataValue};
use tonic::service::Interceptor;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Request, Status};
use vouch_sdk::ImageId;
use vouch_service::proto::vouch_client::VouchClient;
use vouch_service::proto::{
    GetJobRequest, Job as JobMessage, JobState, ListJobsRequest, RegisterProgramRequest,
    SubmitJobRequest, VerifyReceiptRequest,
};

use crate::Failure;
use crate::caller::{CallError, Job, Outcome, Verdict};
use crate::hostile::{Bad, MAX_INPUT_BYTES};

/// Bytes of a receipt in a message.
const PIECE_BYTES: usize = 256 << 10;

/// Adds the token to every call.
#[derive(Clone)]
struct Token(MetadataValue<Ascii>);

impl Interceptor for Token {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        request
            .metadata_mut()
            .insert("authorization", self.0.clone());
        Ok(request)
    }
}

type Calls = InterceptedService<Channel, Token>;

/// A client of gRPC.
#[derive(Clone)]
pub struct Grpc {
    calls: Calls,
    nobody: Calls,
    image_id: Vec<u8>,
}

impl Grpc {
    /// Of the service at an address; connects when there is something to ask.
    pub fn new(address: SocketAddr, token: &str, image_id: &ImageId) -> Result<Self, Failure> {
        let channel = Endpoint::from_shared(format!("http://{address}"))?.connect_lazy();
        let with = |token: &str| -> Result<Calls, Failure> {
            let token = Token(format!("Bearer {token}").parse()?);
            Ok(InterceptedService::new(channel.clone(), token))
        };
        Ok(Self {
            calls: with(token)?,
            nobody: with("of nobody")?,
            image_id: image_id.0.into(),
        })
    }

    fn client(&self) -> VouchClient<Calls> {
        VouchClient::new(self.calls.clone())
    }

    fn job_of(&self, image_id: &[u8], input: &[u8], key: &str) -> SubmitJobRequest {
        SubmitJobRequest {
            image_id: image_id.into(),
            input: input.into(),
            idempotency_key: key.into(),
            ..SubmitJobRequest::default()
        }
    }

    /// Submits a four-hash job.
    pub async fn submit(&self, input: &[u8], key: &str) -> Result<Job, CallError> {
        let request = self.job_of(&self.image_id, input, key);
        let answer = self.client().submit_job(request).await.map_err(refused)?;
        Ok(job(answer.into_inner()))
    }

    /// Waits for a job by watching it.
    pub async fn watch(&self, id: &str) -> Result<Job, CallError> {
        let request = GetJobRequest { id: id.into() };
        let watched = self.client().watch_job(request).await.map_err(refused)?;
        let mut changes = watched.into_inner();
        while let Some(change) = changes.message().await.map_err(refused)? {
            let job = job(change);
            if job.has_ended() {
                return Ok(job);
            }
        }
        Err(CallError::Broken("the stream ended before the job".into()))
    }

    /// The receipt of a job.
    pub async fn receipt(&self, id: &str) -> Result<Vec<u8>, CallError> {
        let request = GetJobRequest { id: id.into() };
        let answer = self.client().get_receipt(request).await.map_err(refused)?;
        let mut pieces = answer.into_inner();
        let mut receipt = Vec::new();
        while let Some(piece) = pieces.message().await.map_err(refused)? {
            receipt.extend_from_slice(&piece.data);
        }
        Ok(receipt)
    }

    /// Lets the service verify a receipt of the commitment.
    pub async fn verify(&self, receipt: &[u8], mode: &str) -> Result<Verdict, CallError> {
        let messages: Vec<_> = receipt
            .chunks(PIECE_BYTES)
            .map(|data| VerifyReceiptRequest {
                image_id: self.image_id.clone(),
                mode: mode.into(),
                data: data.into(),
            })
            .collect();
        let pieces = futures_util::stream::iter(messages);
        let answer = self
            .client()
            .verify_receipt(pieces)
            .await
            .map_err(refused)?;
        let verdict = answer.into_inner();
        Ok(Verdict {
            valid: verdict.valid,
            journal: verdict.journal,
        })
    }

    /// Jobs before this one, newest first.
    pub async fn list(&self, before: Option<&str>) -> Result<Vec<Job>, CallError> {
        let request = ListJobsRequest {
            before: before.unwrap_or_default().into(),
            ..ListJobsRequest::default()
        };
        let answer = self.client().list_jobs(request).await.map_err(refused)?;
        Ok(answer.into_inner().jobs.into_iter().map(job).collect())
    }

    /// Asks for something that must be refused.
    pub async fn ask_badly(&self, bad: &Bad) -> Result<(), CallError> {
        let mut client = self.client();
        let answer = match bad {
            Bad::UnknownMethod => self.unknown_method().await,
            Bad::GarbageElf => {
                let elf = b"\x7fELF and nothing of the kind".into();
                let request = RegisterProgramRequest { elf };
                client.register_program(request).await.map(drop)
            }
            Bad::LargeInput => {
                let job = self.job_of(&self.image_id, &[1; MAX_INPUT_BYTES + 1], "");
                client.submit_job(job).await.map(drop)
            }
            Bad::UnknownImage => client
                .submit_job(self.job_of(&[1; 32], &[], ""))
                .await
                .map(drop),
            Bad::WrongToken => {
                let mut client = VouchClient::new(self.nobody.clone());
                client.list_jobs(ListJobsRequest::default()).await.map(drop)
            }
            Bad::Malformed => client
                .submit_job(self.job_of(&[1; 31], &[], ""))
                .await
                .map(drop),
            Bad::AnotherClients(id) => {
                let request = GetJobRequest { id: id.clone() };
                client.get_job(request).await.map(drop)
            }
        };
        answer.map_err(refused)
    }

    /// Calls a method that there is not, which no generated client can.
    async fn unknown_method(&self) -> Result<(), Status> {
        let mut raw = Raw::new(self.calls.clone());
        let ready = raw.ready().await;
        ready.map_err(|error| Status::unavailable(error.to_string()))?;
        let codec = tonic_prost::ProstCodec::<GetJobRequest, JobMessage>::default();
        let path = PathAndQuery::from_static("/vouch.v1.Vouch/DoNothing");
        let request = Request::new(GetJobRequest::default());
        raw.unary(request, path, codec).await.map(drop)
    }
}

/// Whoever is refused by the service learns the error's name; without one, a connection broke,
/// unless the method is not there.
fn refused(status: Status) -> CallError {
    let name = status.metadata().get("vouch-error");
    let name = name.and_then(|name| name.to_str().ok()).unwrap_or_default();
    match (name, status.code()) {
        ("", code) if code != Code::Unimplemented => CallError::Broken(format!("{status:?}")),
        (name, code) => CallError::Refused {
            name: name.into(),
            code: i32::from(code).into(),
            message: status.message().into(),
        },
    }
}

fn job(message: JobMessage) -> Job {
    let state = match message.state() {
        JobState::Unspecified => "unspecified",
        JobState::Queued => "queued",
        JobState::Running => "running",
        JobState::Succeeded => "succeeded",
        JobState::Failed => "failed",
        JobState::Cancelled => "cancelled",
    };
    let failure = message.failure.as_ref();
    Job {
        failure: failure
            .map(|failure| format!("{failure:?}"))
            .unwrap_or_default(),
        id: message.id,
        key: message.idempotency_key,
        state: state.into(),
        attempts: message.attempts.into(),
        result: message.result.map(|result| Outcome {
            digest: result.receipt_digest,
            receipt_bytes: result.receipt_bytes,
            journal: result.journal,
            exit_code: result.exit_code.into(),
            cached: result.cached,
        }),
    }
}
