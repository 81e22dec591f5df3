//! Plain HTTP: events and receipts of jobs, metrics, health, descriptions.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::Body;
use axum::extract::{Extension, Path, State};
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE, ETAG};
use axum::http::{HeaderMap, HeaderValue};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use futures_util::{Stream, StreamExt};
use serde_json::json;
use tokio::sync::Mutex;

use super::guard::{described_error, refuse};
use super::{blocking, call, updates};
use crate::admission::{ANSWER_COPIES, Visit};
use crate::core::Service;
use crate::error::ServiceError;
use crate::job::{JobId, JobStatus};

/// The description of what is not JSON-RPC.
pub const OPENAPI: &str = include_str!("../../openapi.json");
const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
/// Time after which a stream without news says that it is still there.
const KEEP_ALIVE: Duration = Duration::from_secs(15);
/// Time for which a look at whether jobs are taken is good.
const READY_FOR: Duration = Duration::from_secs(1);

/// What needs a token.
pub fn routes() -> Router<Arc<Service>> {
    Router::new()
        .route("/v1/jobs/{id}/events", get(events))
        .route("/v1/jobs/{id}/receipt", get(receipt))
        .route("/metrics", get(metrics))
}

/// What everybody may know.
pub fn open_routes() -> Router<Arc<Service>> {
    Router::new()
        .route("/healthz", get(async || Json(json!({ "status": "ok" }))))
        .route("/readyz", get(ready))
        .layer(Extension(Readiness::default()))
        .route("/openapi.json", get(async || described(OPENAPI)))
        .route(
            "/openrpc.json",
            get(async || described(super::json_rpc::OPENRPC)),
        )
}

fn described(text: &'static str) -> impl IntoResponse {
    ([(CONTENT_TYPE, "application/json")], text)
}

/// What was found last. Whoever asks may be nobody's client, and asking costs a look at the store: one
/// looks at a time, and what it finds is the answer to all who ask within a second.
type Readiness = Arc<Mutex<Option<(Instant, Result<(), ServiceError>)>>>;

async fn ready(
    State(service): State<Arc<Service>>,
    Extension(readiness): Extension<Readiness>,
) -> Response {
    let mut last = readiness.lock().await;
    let fresh = last.take_if(|(at, _)| at.elapsed() < READY_FOR);
    let (at, found) = match fresh {
        Some(found) => found,
        None => {
            let found = blocking(move || service.ready()).await;
            (Instant::now(), found)
        }
    };
    let response = match &found {
        Ok(()) => Json(json!({ "status": "ready" })).into_response(),
        // They learn that something is wrong, not what.
        Err(error) => refuse(error, false),
    };
    *last = Some((at, found));
    response
}

async fn metrics(State(service): State<Arc<Service>>) -> Response {
    match blocking(move || Ok(service.encode_metrics())).await {
        Ok(text) => ([(CONTENT_TYPE, OPEN_METRICS)], text).into_response(),
        Err(error) => refuse(&error, false),
    }
}

fn job_id(text: &str) -> Result<JobId, ServiceError> {
    text.parse().map_err(|_| ServiceError::NotFound {
        what: "job",
        name: text.chars().take(64).collect(),
    })
}

async fn events(
    State(service): State<Arc<Service>>,
    Extension(visit): Extension<Visit>,
    Path(id): Path<String>,
) -> Response {
    let watched = call(
        &service,
        &visit,
        ("http", "events"),
        move |service, client| service.watch(client, job_id(&id)?),
    );
    match watched.await {
        Ok(receiver) => Sse::new(as_events(updates(receiver, visit)))
            .keep_alive(KeepAlive::new().interval(KEEP_ALIVE))
            .into_response(),
        Err(error) => refuse(&error, false),
    }
}

fn as_events(
    updates: impl Stream<Item = Result<JobStatus, ServiceError>>,
) -> impl Stream<Item = Result<Event, Infallible>> {
    updates.map(|update| {
        let (name, data) = match &update {
            Ok(status) => (status.job.state.name(), serde_json::to_string(status)),
            Err(error) => ("error", serde_json::to_string(&described_error(error))),
        };
        Ok(Event::default().event(name).data(data.unwrap_or_default()))
    })
}

async fn receipt(
    State(service): State<Arc<Service>>,
    Extension(visit): Extension<Visit>,
    Path(id): Path<String>,
) -> Response {
    let found = call(
        &service,
        &visit,
        ("http", "receipt"),
        move |service, client| {
            let id = job_id(&id)?;
            client.hold(service.job_bytes(id)?.saturating_mul(ANSWER_COPIES))?;
            let result = service.result(client, id)?;
            client.hold(result.receipt_bytes)?;
            Ok((id, result.receipt_digest, service.receipt(client, id)?))
        },
    );
    let (id, digest, bytes) = match found.await {
        Ok(found) => found,
        Err(error) => return refuse(&error, false),
    };
    let mut headers = HeaderMap::new();
    headers.insert(
        CONTENT_TYPE,
        HeaderValue::from_static("application/octet-stream"),
    );
    for (name, value) in [
        (ETAG, format!("\"{digest}\"")),
        (
            CONTENT_DISPOSITION,
            format!("attachment; filename=\"{id}.vouch\""),
        ),
    ] {
        headers.extend(HeaderValue::try_from(value).map(|value| (name, value)));
    }
    (headers, Body::from(bytes)).into_response()
}
