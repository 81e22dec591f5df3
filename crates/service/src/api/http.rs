//! Plain HTTP: events and receipts of jobs, metrics, health, descriptions.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{Extension, Path, State};
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE, ETAG};
use axum::http::{HeaderMap, HeaderValue};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use futures_util::{Stream, StreamExt};
use serde_json::{Value, json};

use super::guard::{Guard, Held, refuse};
use super::{blocking, call, updates};
use crate::clients::Client;
use crate::core::Service;
use crate::error::ServiceError;
use crate::job::{JobId, JobStatus};

/// The description of what is not JSON-RPC.
pub const OPENAPI: &str = include_str!("../../openapi.json");
const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
/// Time after which a stream without news says that it is still there.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

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
        .route("/openapi.json", get(async || described(OPENAPI)))
        .route(
            "/openrpc.json",
            get(async || described(super::json_rpc::OPENRPC)),
        )
}

fn described(text: &'static str) -> impl IntoResponse {
    ([(CONTENT_TYPE, "application/json")], text)
}

async fn ready(State(service): State<Arc<Service>>) -> Response {
    match blocking(move || service.ready()).await {
        Ok(()) => Json(json!({ "status": "ready" })).into_response(),
        // Whoever asks may not be a client: they learn that something is wrong, not what.
        Err(error) => refuse(&error, false),
    }
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
    Extension(client): Extension<Arc<Client>>,
    Path(id): Path<String>,
) -> Response {
    let watched = call(
        &service,
        &client,
        ("http", "events"),
        move |service, client| service.watch(client, job_id(&id)?),
    );
    match watched.await {
        Ok(receiver) => Sse::new(as_events(updates(receiver)))
            .keep_alive(KeepAlive::new().interval(KEEP_ALIVE))
            .into_response(),
        Err(error) => refuse(&error, false),
    }
}

fn as_events(
    updates: impl Stream<Item = JobStatus>,
) -> impl Stream<Item = Result<Event, Infallible>> {
    updates.map(|status| {
        let data = serde_json::to_value(&status).unwrap_or(Value::Null);
        Ok(Event::default()
            .event(status.job.state.name())
            .data(data.to_string()))
    })
}

async fn receipt(
    State(service): State<Arc<Service>>,
    Extension(client): Extension<Arc<Client>>,
    Extension(guard): Extension<Guard>,
    Path(id): Path<String>,
) -> Response {
    let found = call(
        &service,
        &client,
        ("http", "receipt"),
        move |service, client| {
            let id = job_id(&id)?;
            let result = service.result(client, id)?;
            let memory = guard.reserve(result.receipt_bytes)?;
            Ok((
                id,
                result.receipt_digest,
                service.receipt(client, id)?,
                memory,
            ))
        },
    );
    let (id, digest, bytes, memory) = match found.await {
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
    let body = Body::new(Held {
        body: Body::from(bytes),
        _held: memory,
    });
    (headers, body).into_response()
}
