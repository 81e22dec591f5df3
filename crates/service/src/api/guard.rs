//! What every request passes: its token, its pool, its size, its time.

use std::error::Error;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::body::{Body, Bytes, HttpBody};
use axum::extract::{Request, State};
use axum::http::header::{
    AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE,
};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http_body::{Frame, SizeHint};
use serde_json::json;
use tokio::time::timeout;

use crate::admission::{Admission, Pool, REQUEST_COPIES, Visit};
use crate::core::Service;
use crate::error::ServiceError;
use crate::metrics::RequestLabel;

/// Room in a request beside its largest field.
const BESIDE: u64 = 64 << 10;
/// What begins the path of whatever lasts as long as its client wants.
const STREAMS: [&str; 3] = [
    "/vouch.v1.Vouch/WatchJob",
    "/vouch.v1.Vouch/GetReceipt",
    "/grpc.reflection.",
];

/// What requests share.
#[derive(Clone)]
pub struct Guard {
    service: Arc<Service>,
    admission: Arc<Admission>,
    /// Largest request in bytes.
    max_bytes: u64,
}

impl Guard {
    /// Within the bounds of the service's configuration.
    pub fn new(service: Arc<Service>) -> Self {
        let limits = &service.config().limits;
        let largest = limits
            .elf_bytes
            .max(limits.input_bytes)
            .max(limits.receipt_bytes);
        Self {
            admission: service.admission().clone(),
            // Base64 makes four bytes of three.
            max_bytes: largest.saturating_mul(4) / 3 + BESIDE,
            service,
        }
    }

    /// The pool of a path.
    fn pool(path: &str) -> Pool {
        let of_job = path.strip_prefix("/v1/jobs/");
        match of_job {
            Some(rest) if rest.ends_with("/events") || rest.ends_with("/receipt") => Pool::Streams,
            _ if STREAMS.iter().any(|stream| path.starts_with(stream)) => Pool::Streams,
            _ if path == "/metrics" => Pool::Monitoring,
            _ => Pool::Requests,
        }
    }

    /// Refuses what says that it is too large before any of it is read.
    fn check_size(&self, headers: &HeaderMap, visit: &Visit) -> Result<(), ServiceError> {
        let length = headers
            .get(CONTENT_LENGTH)
            .and_then(|value| value.to_str().ok());
        let length = length.and_then(|value| value.parse().ok()).unwrap_or(0);
        if length > self.max_bytes {
            return Err(too_large(self.max_bytes, length));
        }
        visit.could_hold(copies(length))
    }
}

fn too_large(limit: u64, got: u64) -> ServiceError {
    let what = "bytes in a request";
    ServiceError::TooLarge { what, limit, got }
}

/// Memory for so many bytes of a request.
const fn copies(bytes: u64) -> u64 {
    bytes.saturating_mul(REQUEST_COPIES)
}

/// Lets a request through that has a token, is not too large, and comes when there is room.
pub async fn guard(State(guard): State<Guard>, request: Request, next: Next) -> Response {
    let grpc = is_grpc(request.headers());
    match admit(&guard, request, next, grpc).await {
        Ok(response) => response,
        Err(error) => {
            let metrics = guard.service.metrics();
            if matches!(error, ServiceError::Unauthenticated) {
                metrics.unauthenticated.inc();
            }
            let label = RequestLabel {
                api: if grpc { "grpc" } else { "http" },
                method: "refused",
                code: error.code().name,
            };
            metrics.requests.get_or_create(&label).inc();
            refuse(&error, grpc)
        }
    }
}

async fn admit(
    guard: &Guard,
    mut request: Request,
    next: Next,
    grpc: bool,
) -> Result<Response, ServiceError> {
    let clients = guard.service.clients();
    let client = clients.authenticate(bearer(request.headers()))?;
    let pool = Guard::pool(request.uri().path());
    let visit = guard.admission.enter(client, pool)?;
    guard.check_size(request.headers(), &visit)?;
    request.extensions_mut().insert(visit.clone());
    let request = request.map(|body| {
        Body::new(Metered {
            body,
            got: 0,
            limit: guard.max_bytes,
            visit: visit.clone(),
            grpc,
        })
    });
    let limit = guard.service.config().server.request_timeout;
    let abandoned = Abandoned(Some(visit.clone()));
    let response = timeout(limit, next.run(request)).await;
    let response = response.map_err(|_| ServiceError::Timeout { limit })?;
    abandoned.answered();
    if let Some(bytes) = response.body().size_hint().exact() {
        visit.settle(bytes);
    }
    Ok(response.map(|body| Body::new(Sent { body, visit })))
}

/// Stops the work on a request when nobody waits for its answer any more: its time is up, or its
/// client has gone.
struct Abandoned(Option<Visit>);

impl Abandoned {
    fn answered(mut self) {
        self.0 = None;
    }
}

impl Drop for Abandoned {
    fn drop(&mut self) {
        if let Some(visit) = &self.0 {
            visit.cancel().cancel();
        }
    }
}

/// The token in `authorization: Bearer TOKEN`.
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// Whether a request is one of gRPC.
pub fn is_grpc(headers: &HeaderMap) -> bool {
    let content = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    content.is_some_and(|content| content.starts_with("application/grpc"))
}

/// An error as HTTP tells it.
pub fn described_error(error: &ServiceError) -> serde_json::Value {
    json!({ "error": error.public_message(), "code": error.code().name })
}

/// The answer to a request that is not met, in the words of its protocol.
pub fn refuse(error: &ServiceError, grpc: bool) -> Response {
    if grpc {
        return super::grpc::status(error).into_http();
    }
    let code = error.code();
    let status = StatusCode::from_u16(code.http).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = (status, axum::Json(described_error(error))).into_response();
    let headers = response.headers_mut();
    if status == StatusCode::UNAUTHORIZED {
        headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    if let ServiceError::RateLimited { retry_after } = error {
        headers.insert(RETRY_AFTER, HeaderValue::from(retry_after.as_secs() + 1));
    }
    response
}

/// The error of this service that an error of a body comes from.
pub fn cause<'a>(mut error: &'a (dyn Error + 'static)) -> Option<&'a ServiceError> {
    loop {
        if let Some(found) = error.downcast_ref() {
            return Some(found);
        }
        error = error.source()?;
    }
}

/// A request's body, as large as it may be, that counts as memory until all is over.
struct Metered {
    body: Body,
    /// Bytes that have come.
    got: u64,
    /// Bytes that may come.
    limit: u64,
    visit: Visit,
    grpc: bool,
}

impl Metered {
    fn count(&mut self, bytes: usize) -> Result<(), axum::BoxError> {
        let bytes = bytes as u64;
        self.got = self.got.saturating_add(bytes);
        let counted = match self.got > self.limit {
            true => Err(too_large(self.limit, self.got)),
            false => self.visit.hold(copies(bytes)),
        };
        counted.map_err(|error| match self.grpc {
            true => super::grpc::status(&error).into(),
            false => error.into(),
        })
    }
}

impl HttpBody for Metered {
    type Data = Bytes;
    type Error = axum::BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::BoxError>>> {
        let frame = Pin::new(&mut self.body).poll_frame(context);
        let Poll::Ready(Some(Ok(frame))) = frame else {
            return frame.map_err(Into::into);
        };
        let counted = frame
            .data_ref()
            .map_or(Ok(()), |data| self.count(data.len()));
        Poll::Ready(Some(counted.map(|()| frame)))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// A response's body. Each of its bytes holds what the request holds: the body itself is gone as soon
/// as its last bytes are in a buffer, long before they have been sent.
struct Sent {
    body: Body,
    visit: Visit,
}

/// Bytes, and what they hold.
struct Piece {
    bytes: Bytes,
    _visit: Visit,
}

impl AsRef<[u8]> for Piece {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl HttpBody for Sent {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let frame = Pin::new(&mut self.body).poll_frame(context);
        let hold = |bytes| {
            let _visit = self.visit.clone();
            Bytes::from_owner(Piece { bytes, _visit })
        };
        frame.map_ok(|frame| frame.map_data(hold))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is said to be a stream in the description of the interface is one here.
    #[test]
    fn every_stream_of_grpc_has_its_pool() {
        let described = include_str!("../../proto/vouch/v1/vouch.proto");
        let mut streams = 0;
        for method in described
            .lines()
            .filter_map(|l| l.trim().strip_prefix("rpc "))
        {
            let (name, _) = method.split_once('(').expect("a name");
            let (_, answer) = method.split_once("returns (").expect("an answer");
            let expected = match answer.starts_with("stream ") {
                true => Pool::Streams,
                false => Pool::Requests,
            };
            streams += usize::from(expected == Pool::Streams);
            assert_eq!(Guard::pool(&format!("/vouch.v1.Vouch/{name}")), expected);
        }
        assert_eq!(streams, 2);
    }

    #[test]
    fn pools_go_by_paths() {
        for (path, pool) in [
            ("/v1/jobs/x/events", Pool::Streams),
            ("/v1/jobs/x/receipt", Pool::Streams),
            (
                "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
                Pool::Streams,
            ),
            ("/metrics", Pool::Monitoring),
            ("/rpc", Pool::Requests),
        ] {
            assert_eq!(Guard::pool(path), pool, "{path}");
        }
    }
}
