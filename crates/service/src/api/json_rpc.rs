//! JSON-RPC 2.0.
//!
//! Bytes that may be many (ELFs, inputs, receipts) are in base64; names, digests and journals are in
//! hexadecimal.

use std::sync::Arc;

use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::display::Base64Display;
use base64::engine::general_purpose::STANDARD;
use jsonrpsee::RpcModule;
use jsonrpsee::core::RegisterMethodError;
use jsonrpsee::server::{
    BatchRequestConfig, Methods, Server, ServerConfig, ServerHandle, StopHandle,
    TowerServiceBuilder, stop_channel,
};
use jsonrpsee::types::{Id, Response as RpcResponse, ResponsePayload};
use serde::{Deserialize, Serialize, Serializer};
use serde_json::{Value, json, value::RawValue};
use tower::Service as _;
use tower::layer::util::Identity;
use vouch_sdk::{ImageId, Profile, parse_image_id};

use super::body::{self, MAX_BATCH};
use super::guard::{cause, refuse};
use super::methods::{long_method, method, object, visit};
use super::quote;
use crate::admission::Work;
use crate::core::{MAX_LIST, ProgramRecord, Service, Verdict, VerifyMode};
use crate::error::ServiceError;
use crate::job::{JobId, JobOptions, JobRequest, JobResult};

/// The description of the methods, in OpenRPC.
pub const OPENRPC: &str = include_str!("../../openrpc.json");
/// Bytes of JSON for a program.
const PROGRAM_BYTES: u64 = 256;
/// Room in an answer for what is not counted: numbers and messages of errors.
const BESIDE: u64 = 1 << 20;

/// Answers requests.
#[derive(Clone)]
pub struct JsonRpc {
    builder: TowerServiceBuilder<Identity, Identity>,
    methods: Methods,
    stop: StopHandle,
    /// When it goes, so does the service.
    _handle: ServerHandle,
}

impl JsonRpc {
    /// Over a service.
    ///
    /// # Errors
    /// Two methods have one name.
    pub fn new(service: Arc<Service>) -> Result<Self, RegisterMethodError> {
        // Each answer was announced, and refused if it is too large: this is a second line.
        let limit = service.config().limits.answer_bytes.saturating_add(BESIDE);
        let config = ServerConfig::builder()
            .http_only()
            .max_connections(u32::MAX)
            // The guard is stricter.
            .max_request_body_size(u32::MAX)
            .max_response_body_size(u32::try_from(limit).unwrap_or(u32::MAX))
            .set_batch_request_config(BatchRequestConfig::Limit(MAX_BATCH as u32))
            .build();
        let (stop, handle) = stop_channel();
        Ok(Self {
            builder: Server::builder().set_config(config).to_service_builder(),
            methods: methods(service)?.into(),
            stop,
            _handle: handle,
        })
    }
}

/// `POST /rpc`
pub async fn answer(State(rpc): State<JsonRpc>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let body = match to_bytes(body, usize::MAX).await {
        Ok(body) => body,
        Err(error) => {
            let gone = ServiceError::Internal("the body of a request broke off".into());
            return refuse(cause(&error).unwrap_or(&gone), false);
        }
    };
    if let Err(error) = body::check(&body) {
        return refused_call(&error);
    }
    let request = Request::from_parts(head, Body::from(body));
    let mut service = rpc.builder.build(rpc.methods.clone(), rpc.stop.clone());
    match service.call(request).await {
        Ok(response) => response.map(Body::new).into_response(),
        Err(error) => refuse(&ServiceError::Internal(error.to_string()), false),
    }
}

/// The answer to calls that are not even parsed.
fn refused_call(error: &ServiceError) -> Response {
    let payload = ResponsePayload::<()>::error(object(error));
    axum::Json(RpcResponse::new(payload, Id::Null)).into_response()
}

fn methods(service: Arc<Service>) -> Result<RpcModule<Arc<Service>>, RegisterMethodError> {
    let mut module = RpcModule::new(service);
    let m = &mut module;
    long_method(
        m,
        ("vouch_registerProgram", Work::Registration),
        |service, client, params: Register| {
            let elf = decode("elf", params.elf)?;
            client.hold(service.registration_bytes(&elf))?;
            service.register(client, &elf).map(ProgramInfo::from)
        },
    )?;
    method(m, "vouch_listPrograms", |service, client, Nothing {}| {
        let programs = service.list_programs(client)?;
        client.answer(programs.len() as u64 * PROGRAM_BYTES)?;
        Ok(programs
            .into_iter()
            .map(ProgramInfo::from)
            .collect::<Vec<_>>())
    })?;
    method(
        m,
        "vouch_removeProgram",
        |service, client, params: Remove| {
            let removed = service.remove_program(client, &image_id(&params.image_id)?);
            removed.map(ProgramInfo::from)
        },
    )?;
    method(m, "vouch_submitJob", |service, client, params: Submit| {
        let request = params.request(service)?;
        client.answer(service.known_job_bytes(client, &request)?)?;
        service.submit(client, request)
    })?;
    method(m, "vouch_getJob", |service, client, params: Named| {
        let id = params.id()?;
        client.answer(service.job_bytes(id)?)?;
        service.status(client, id)
    })?;
    method(
        m,
        "vouch_getResult",
        |service, client, params: GetResult| {
            let id = Named { id: params.id }.id()?;
            client.answer(service.job_bytes(id)?)?;
            let result = service.result(client, id)?;
            let receipt = match params.receipt {
                true => {
                    client.answer(result.receipt_bytes.saturating_mul(4) / 3)?;
                    Some(Base64(service.receipt(client, id)?.into()))
                }
                false => None,
            };
            Ok(ResultWithReceipt { result, receipt })
        },
    )?;
    method(m, "vouch_cancelJob", |service, client, params: Named| {
        let id = params.id()?;
        client.answer(service.job_bytes(id)?)?;
        service.cancel(client, id)
    })?;
    method(m, "vouch_listJobs", |service, client, params: List| {
        let before = params.before.map(|id| Named { id }.id()).transpose()?;
        let limit = params.limit.unwrap_or(MAX_LIST);
        let announce = &mut |bytes| client.answer(bytes);
        service.list(client, params.state.as_deref(), before, limit, announce)
    })?;
    long_method(
        m,
        ("vouch_verifyReceipt", Work::Verification),
        |service, client, params: Verify| {
            let mode = params.mode.as_deref().map(VerifyMode::find).transpose()?;
            let mode = mode.unwrap_or_default();
            let image_id = image_id(&params.image_id)?;
            let receipt = decode("receipt", params.receipt)?;
            client.hold(service.verification_bytes(&receipt))?;
            let verdict = service.verify(receipt, &image_id, mode, client.cancel())?;
            client.answer(verdict.journal_bytes() * 2)?;
            Ok(verdict_json(verdict))
        },
    )?;
    module.register_method("rpc.discover", |_, _, extensions| {
        let client = visit(extensions)?;
        let announced = client.count_request();
        let announced = announced.and_then(|()| client.answer(OPENRPC.len() as u64));
        announced.map_err(|error| object(&error))?;
        // Served as it was written.
        let description = RawValue::from_string(OPENRPC.into());
        description.map_err(|error| object(&ServiceError::Internal(error.to_string())))
    })?;
    Ok(module)
}

/// What stands in base64. The text goes at once: both are long.
fn decode(field: &'static str, text: String) -> Result<Vec<u8>, ServiceError> {
    STANDARD.decode(text).map_err(|_| ServiceError::Invalid {
        field,
        reason: "expected base64, padded".into(),
    })
}

fn image_id(text: &str) -> Result<ImageId, ServiceError> {
    parse_image_id(text).map_err(|error| ServiceError::Invalid {
        field: "image_id",
        reason: error.to_string(),
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Nothing {}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Register {
    elf: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Remove {
    image_id: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Named {
    id: String,
}

impl Named {
    fn id(&self) -> Result<JobId, ServiceError> {
        self.id.parse().map_err(|_| ServiceError::Invalid {
            field: "id",
            reason: "expected the ID of a job".into(),
        })
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct GetResult {
    id: String,
    #[serde(default)]
    receipt: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct List {
    state: Option<String>,
    before: Option<String>,
    limit: Option<usize>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Verify {
    image_id: String,
    receipt: String,
    mode: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Submit {
    image_id: String,
    #[serde(default)]
    input: String,
    profile: Option<String>,
    security: Option<u32>,
    max_cycles: Option<u64>,
    #[serde(default)]
    priority: u8,
    #[serde(default)]
    allow_nonzero_exit: bool,
    #[serde(default)]
    keep_input: bool,
    idempotency_key: Option<String>,
}

impl Submit {
    fn request(self, service: &Service) -> Result<JobRequest, ServiceError> {
        let profile = self.profile.as_deref().unwrap_or("fast");
        Ok(JobRequest {
            image_id: image_id(&self.image_id)?,
            input: decode("input", self.input)?,
            options: JobOptions {
                profile: find_profile(profile, self.security.unwrap_or(100))?,
                max_cycles: self.max_cycles.unwrap_or(service.config().limits.cycles),
                priority: self.priority,
                allow_nonzero_exit: self.allow_nonzero_exit,
                keep_input: self.keep_input,
            },
            idempotency_key: self.idempotency_key,
        })
    }
}

/// A profile by its name and its bits.
pub fn find_profile(name: &str, bits: u32) -> Result<Profile, ServiceError> {
    Profile::find(name, bits).ok_or_else(|| ServiceError::Invalid {
        field: "profile",
        reason: format!(
            "expected fast or compact at 100 or 128 bits, got {} at {bits}",
            quote(name)
        ),
    })
}

#[derive(Clone, Serialize)]
struct ProgramInfo {
    image_id: String,
    elf_bytes: u64,
    registered_at: crate::job::Time,
}

impl From<ProgramRecord> for ProgramInfo {
    fn from(record: ProgramRecord) -> Self {
        Self {
            image_id: record.image_id.to_string(),
            elf_bytes: record.elf_bytes,
            registered_at: record.registered_at,
        }
    }
}

#[derive(Clone, Serialize)]
struct ResultWithReceipt {
    #[serde(flatten)]
    result: JobResult,
    #[serde(skip_serializing_if = "Option::is_none")]
    receipt: Option<Base64>,
}

/// Bytes that are written in base64, without their text in memory beside the answer.
#[derive(Clone)]
struct Base64(bytes::Bytes);

impl Serialize for Base64 {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(&Base64Display::new(&self.0, &STANDARD))
    }
}

fn verdict_json(verdict: Verdict) -> Value {
    let mut fields = json!({
        "valid": verdict.claim.is_ok(),
        "receipt_digest": verdict.receipt_digest,
        "cached": verdict.cached,
    });
    let more = match verdict.claim {
        Ok((claim, bits)) => json!({
            "journal": hex::encode(claim.journal),
            "exit_code": claim.exit_code,
            "security_bits": bits,
        }),
        Err(reason) => json!({ "reason": reason }),
    };
    if let (Value::Object(fields), Value::Object(more)) = (&mut fields, more) {
        fields.extend(more);
    }
    fields
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_method_is_described() {
        let described: Value = serde_json::from_str(OPENRPC).expect("JSON");
        let described = described["methods"].as_array().expect("a list");
        let mut described: Vec<_> = described
            .iter()
            .map(|method| method["name"].as_str().expect("a name"))
            .collect();
        let folder = tempfile::tempdir().expect("a folder");
        let mut config = crate::config::Config::default();
        config.data.folder = folder.path().join("data");
        let started = Service::start(config).expect("a service");
        let module = methods(started.service.clone()).expect("names of their own");
        let mut there: Vec<_> = module
            .method_names()
            .filter(|name| *name != "rpc.discover")
            .collect();
        described.sort_unstable();
        there.sort_unstable();
        assert_eq!(there, described);
        drop(module);
        started.stop(std::time::Duration::ZERO);
    }
}
