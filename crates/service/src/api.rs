//! How clients speak to the service: one port for JSON-RPC, gRPC and plain HTTP.
//!
//! | module | what |
//! |---|---|
//! | [`server`] | sockets, TLS, shutdown |
//! | `idle` | connections without a request |
//! | `local` | whom a request is addressed to, where no token says who sends it |
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
mod idle;
mod json_rpc;
mod local;
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
pub(crate) use {http::OPENAPI, json_rpc::OPENRPC};

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

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;
    use std::time::Duration;

    use super::*;
    use crate::admission::Pool;
    use crate::config::Config;
    use crate::core::Started;

    fn service() -> (tempfile::TempDir, Started) {
        let folder = tempfile::tempdir().expect("a folder");
        let mut config = Config::default();
        config.data.folder = folder.path().join("data");
        let started = Service::start(config).expect("a service");
        (folder, started)
    }

    fn visit(service: &Service) -> Visit {
        let client = service.clients().named("local");
        let visit = service.admission().enter(client, Pool::Requests);
        visit.expect("there is room")
    }

    /// A thread is not stopped by whoever no longer waits for it: what it takes stays taken.
    #[tokio::test(flavor = "multi_thread")]
    async fn work_holds_what_it_takes_though_nobody_waits() {
        let (_folder, started) = service();
        let service = &started.service;
        let visit = visit(service);
        visit.hold(100).expect("there is room");
        let (begin, begun) = channel();
        let (go_on, may_go_on) = channel::<()>();
        let calling = {
            let (service, visit) = (service.clone(), visit);
            tokio::spawn(async move {
                let label = ("test", "work");
                let kind = Work::Verification;
                work(&service, &visit, kind, label, move |_, _| {
                    begin.send(()).expect("the test waits");
                    may_go_on.recv().map_err(|_| ServiceError::Stopping)
                })
                .await
            })
        };
        begun.recv().expect("it begins");
        calling.abort();
        assert!(calling.await.is_err_and(|error| error.is_cancelled()));
        assert_eq!(service.admission().used(), [1, 0, 100]);
        go_on.send(()).expect("it waits");
        while service.admission().used() != [0; 3] {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        started.stop(Duration::ZERO);
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn what_nobody_waits_for_is_not_begun() {
        let (_folder, started) = service();
        let visit = visit(&started.service);
        visit.cancel().cancel();
        let label = ("test", "call");
        let done = call(&started.service, &visit, label, |_, _| Ok(())).await;
        assert!(matches!(done, Err(ServiceError::Timeout { .. })));
        started.stop(Duration::ZERO);
    }

    #[test]
    fn quotations_are_short() {
        assert_eq!(quote("a\u{7}"), "\"a\\u{7}\"");
        let long = quote(&"x".repeat(1 << 20));
        assert!(
            long.len() < 100 && long.ends_with("... (1048576 bytes)"),
            "{long}"
        );
    }
}
