//! How clients speak to the service: one port for JSON-RPC, gRPC and plain HTTP.
//!
//! | module | what |
//! |---|---|
//! | [`server`] | sockets, TLS, shutdown |
//! | `guard` | what every request passes: its token, its pool, its size, its time |
//! | `pace` | peers that do not take what is sent to them |
//! | `methods` | methods of JSON-RPC: who asks, parameters, errors |
//! | `body` | what is looked at in a body of JSON-RPC before anything is made of it |
//! | `json_rpc` | JSON-RPC 2.0 at `POST /rpc`, described by openrpc.json |
//! | `grpc` | `vouch.v1.Vouch`, described by proto/vouch/v1/vouch.proto |
//! | `http` | events, receipts, metrics and health, described by openapi.json |

mod body;
mod grpc;
mod guard;
mod http;
mod json_rpc;
mod methods;
mod pace;
pub mod server;

use std::future::Future;
use std::sync::Arc;

use futures_util::Stream;
use futures_util::stream::unfold;
use tokio::sync::watch;
use tokio::task::spawn_blocking;

use crate::admission::{Visit, Work};
use crate::core::Service;
use crate::error::ServiceError;
use crate::job::JobStatus;
use crate::metrics::RequestLabel;

/// Characters that are quoted.
const MAX_QUOTE: usize = 64;

#[cfg(test)]
pub(crate) use json_rpc::OPENRPC;

/// One request of a client, counted and made on a thread that may block.
pub(crate) async fn call<T: Send + 'static>(
    service: &Arc<Service>,
    visit: &Visit,
    label: (&'static str, &'static str),
    operation: impl FnOnce(&Service, &Visit) -> Result<T, ServiceError> + Send + 'static,
) -> Result<T, ServiceError> {
    let result = attempt(service, visit, None, operation).await;
    count(service, label, &result);
    result
}

/// As [`call`], for work of which only so much is done at once.
pub(crate) async fn work<T: Send + 'static>(
    service: &Arc<Service>,
    visit: &Visit,
    work: Work,
    label: (&'static str, &'static str),
    operation: impl FnOnce(&Service, &Visit) -> Result<T, ServiceError> + Send + 'static,
) -> Result<T, ServiceError> {
    let result = attempt(service, visit, Some(work), operation).await;
    count(service, label, &result);
    result
}

fn count<T>(
    service: &Service,
    (api, method): (&'static str, &'static str),
    result: &Result<T, ServiceError>,
) {
    let code = result
        .as_ref()
        .map_or_else(|error| error.code().name, |_| "ok");
    let label = RequestLabel { api, method, code };
    service.metrics().requests.get_or_create(&label).inc();
}

async fn attempt<T: Send + 'static>(
    service: &Arc<Service>,
    visit: &Visit,
    work: Option<Work>,
    operation: impl FnOnce(&Service, &Visit) -> Result<T, ServiceError> + Send + 'static,
) -> Result<T, ServiceError> {
    visit.count_request()?;
    let place = match work {
        Some(work) => Some(visit.begin(work).await?),
        None => None,
    };
    let (service, visit) = (service.clone(), visit.clone());
    blocking(move || {
        // A thread is not stopped when nobody waits for it any more. What it takes is taken until it ends.
        let _place = place;
        match visit.cancel().is_cancelled() {
            true => Err(service.timed_out()),
            false => operation(&service, &visit),
        }
    })
    .await
}

/// Does something that blocks.
fn blocking<T: Send + 'static>(
    operation: impl FnOnce() -> Result<T, ServiceError> + Send + 'static,
) -> impl Future<Output = Result<T, ServiceError>> {
    let task = spawn_blocking(operation);
    async {
        let panicked = |_| Err(ServiceError::Internal("the request panicked".into()));
        task.await.unwrap_or_else(panicked)
    }
}

/// How a job is doing: now, and whenever that changes, until it has ended. Its result is counted as memory.
pub(crate) fn updates(
    receiver: watch::Receiver<JobStatus>,
    visit: Visit,
) -> impl Stream<Item = Result<JobStatus, ServiceError>> {
    unfold(Some((receiver, visit, true)), |state| async {
        let (mut receiver, visit, first) = state?;
        if !first {
            receiver.changed().await.ok()?;
        }
        let update = {
            let status = receiver.borrow_and_update();
            let counted = visit.answer(status.job.state.journal_bytes());
            counted.map(|()| status.clone())
        };
        let goes_on = matches!(&update, Ok(status) if !status.job.state.has_ended());
        Some((update, goes_on.then_some((receiver, visit, false))))
    })
}

/// The beginning of what a client sent, for a message: it may be very long.
pub(crate) fn quote(text: &str) -> String {
    let beginning: String = text.chars().take(MAX_QUOTE).collect();
    match beginning.len() == text.len() {
        true => format!("{text:?}"),
        false => format!("{beginning:?}... ({} bytes)", text.len()),
    }
}
