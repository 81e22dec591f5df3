//! How clients speak to the service: one port for JSON-RPC, gRPC and plain HTTP.
//!
//! | module | what |
//! |---|---|
//! | [`server`] | sockets, TLS, shutdown |
//! | `idle` | connections without a request |
//! | `local` | whom a request is addressed to, where no token says who sends it |
//! | `guard` | what every request passes: its token, its size, its time |
//! | `json_rpc` | JSON-RPC 2.0 at `POST /rpc`, described by openrpc.json |
//! | `grpc` | `vouch.v1.Vouch`, described by proto/vouch/v1/vouch.proto |
//! | `http` | events, receipts, metrics and health, described by openapi.json |

mod grpc;
mod guard;
mod http;
mod idle;
mod json_rpc;
mod local;
pub mod server;

use std::future::Future;
use std::sync::Arc;

use futures_util::Stream;
use futures_util::stream::unfold;
use tokio::sync::watch;
use tokio::task::spawn_blocking;

use crate::clients::Client;
use crate::core::Service;
use crate::error::ServiceError;
use crate::job::JobStatus;
use crate::metrics::RequestLabel;

#[cfg(test)]
pub(crate) use {http::OPENAPI, json_rpc::OPENRPC};

/// One request of a client, counted and made on a thread that may block.
pub(crate) async fn call<T: Send + 'static>(
    service: &Arc<Service>,
    client: &Arc<Client>,
    (api, method): (&'static str, &'static str),
    operation: impl FnOnce(&Service, &Arc<Client>) -> Result<T, ServiceError> + Send + 'static,
) -> Result<T, ServiceError> {
    let result = match client.count_request() {
        Err(error) => Err(error),
        Ok(()) => {
            let (service, client) = (service.clone(), client.clone());
            blocking(move || operation(&service, &client)).await
        }
    };
    let code = result
        .as_ref()
        .map_or_else(|error| error.code().name, |_| "ok");
    let label = RequestLabel { api, method, code };
    service.metrics().requests.get_or_create(&label).inc();
    result
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

/// How a job is doing: now, and whenever that changes, until it has ended.
pub(crate) fn updates(receiver: watch::Receiver<JobStatus>) -> impl Stream<Item = JobStatus> {
    unfold(Some((receiver, true)), |state| async {
        let (mut receiver, first) = state?;
        if !first {
            receiver.changed().await.ok()?;
        }
        let status = receiver.borrow_and_update().clone();
        let ended = status.job.state.has_ended();
        Some((status, (!ended).then_some((receiver, false))))
    })
}
