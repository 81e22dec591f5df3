//! What every request passes: how many there are, its token, its size, its time.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
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
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use crate::core::Service;
use crate::error::ServiceError;
use crate::metrics::RequestLabel;

/// Bytes that a permit of the request memory stands for.
const PERMIT_BYTES: u64 = 1024;
/// Room in a request beside its largest field.
const BESIDE: u64 = 64 << 10;

/// What requests share.
#[derive(Clone)]
pub struct Guard {
    service: Arc<Service>,
    requests: Arc<Semaphore>,
    memory: Arc<Semaphore>,
    /// Largest request in bytes.
    max_bytes: u64,
}

impl Guard {
    /// Within the bounds of the service's configuration.
    pub fn new(service: Arc<Service>) -> Self {
        let config = service.config();
        let limits = &config.limits;
        let largest = limits
            .elf_bytes
            .max(limits.input_bytes)
            .max(limits.receipt_bytes);
        let memory = permits(config.server.max_request_memory);
        Self {
            requests: Arc::new(Semaphore::new(config.server.max_requests)),
            memory: Arc::new(Semaphore::new(memory as usize)),
            // Base64 makes four bytes of three.
            max_bytes: largest.saturating_mul(4) / 3 + BESIDE,
            service,
        }
    }

    /// Memory for a response, given back when what is returned is dropped.
    ///
    /// # Errors
    /// [`ServiceError::Busy`] if there is none.
    pub fn reserve(&self, bytes: u64) -> Result<OwnedSemaphorePermit, ServiceError> {
        let permits = permits(bytes);
        let reserved = self.memory.clone().try_acquire_many_owned(permits);
        reserved.map_err(|_| ServiceError::Busy)
    }

    fn check_size(&self, headers: &HeaderMap) -> Result<(), ServiceError> {
        let length = headers
            .get(CONTENT_LENGTH)
            .and_then(|value| value.to_str().ok());
        let length = length.and_then(|value| value.parse().ok()).unwrap_or(0);
        if length > self.max_bytes {
            return Err(ServiceError::TooLarge {
                what: "bytes in a request",
                limit: self.max_bytes,
                got: length,
            });
        }
        match self.memory.available_permits() >= permits(length) as usize {
            true => Ok(()),
            false => Err(ServiceError::Busy),
        }
    }
}

fn permits(bytes: u64) -> u32 {
    u32::try_from(bytes.div_ceil(PERMIT_BYTES))
        .unwrap_or(u32::MAX >> 3)
        .min(u32::MAX >> 3)
}

/// Lets a request through that has a token, is not too large, and comes when there is room.
pub async fn guard(State(guard): State<Guard>, request: Request, next: Next) -> Response {
    let grpc = is_grpc(request.headers());
    match admit(&guard, request, next).await {
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

async fn admit(guard: &Guard, mut request: Request, next: Next) -> Result<Response, ServiceError> {
    let open = guard.requests.clone().try_acquire_owned();
    let open = open.map_err(|_| ServiceError::Busy)?;
    let client = guard
        .service
        .clients()
        .authenticate(bearer(request.headers()))?;
    guard.check_size(request.headers())?;
    request.extensions_mut().insert(client);
    request.extensions_mut().insert(guard.clone());
    let held = Arc::new(Mutex::new(Vec::new()));
    let request = request.map(|body| {
        Body::new(Metered {
            body,
            left: guard.max_bytes,
            memory: guard.memory.clone(),
            held: held.clone(),
        })
    });
    let limit = guard.service.config().server.request_timeout;
    let response = timeout(limit, next.run(request)).await;
    drop(held);
    let response = response.map_err(|_| ServiceError::Timeout { limit })?;
    Ok(response.map(|body| Body::new(Held { body, _held: open })))
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

/// The answer to a request that is not met, in the words of its protocol.
pub fn refuse(error: &ServiceError, grpc: bool) -> Response {
    if grpc {
        return super::grpc::status(error).into_http();
    }
    let code = error.code();
    let status = StatusCode::from_u16(code.http).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let body = json!({ "error": error.public_message(), "code": code.name });
    let mut response = (status, axum::Json(body)).into_response();
    let headers = response.headers_mut();
    if status == StatusCode::UNAUTHORIZED {
        headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    if let ServiceError::RateLimited { retry_after } = error {
        headers.insert(RETRY_AFTER, HeaderValue::from(retry_after.as_secs() + 1));
    }
    response
}

/// A request's body, as large as it may be, that counts towards the memory of all requests until
/// it has been answered.
struct Metered {
    body: Body,
    /// Bytes that may still come.
    left: u64,
    memory: Arc<Semaphore>,
    held: Arc<Mutex<Vec<OwnedSemaphorePermit>>>,
}

impl Metered {
    fn count(&mut self, bytes: usize) -> Result<(), ServiceError> {
        let bytes = bytes as u64;
        self.left = self.left.checked_sub(bytes).ok_or(ServiceError::TooLarge {
            what: "bytes in a request",
            limit: 0,
            got: bytes,
        })?;
        let permit = self.memory.clone().try_acquire_many_owned(permits(bytes));
        let permit = permit.map_err(|_| ServiceError::Busy)?;
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.push(permit);
        Ok(())
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
        Poll::Ready(Some(counted.map(|()| frame).map_err(Into::into)))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// A response's body that holds something until it has been sent.
pub struct Held<T> {
    /// The body.
    pub body: Body,
    /// What it holds.
    pub _held: T,
}

impl<T: Unpin> HttpBody for Held<T> {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
