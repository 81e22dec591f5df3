//! Sockets, TLS, shutdown.

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::post;
use axum_server::Handle;
use axum_server::tls_rustls::{RustlsAcceptor, RustlsConfig};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use thiserror::Error;
use tokio::task::JoinHandle;
use tonic::service::Routes;
use tower_http::catch_panic::CatchPanicLayer;
use tracing::info;

use super::grpc::Grpc;
use super::guard::{Guard, guard};
use super::http;
use super::json_rpc::{self, JsonRpc};
use super::local::{Local, local_only};
use super::pace::{Doorman, pace};
use crate::config::{ConfigError, TlsConfig};
use crate::core::{Service, Started};
use crate::error::ServiceError;
use crate::proto::FILE_DESCRIPTOR_SET;

/// Time between two looks at whether an HTTP/2 client is still there.
const PING: Duration = Duration::from_secs(20);
/// Bytes of a connection of HTTP/1, or of a stream of HTTP/2, that wait to be read or sent.
const BUFFER: usize = 64 << 10;
/// Bytes of a stream of HTTP/2 that its client may send before they are read.
const WINDOW: u32 = 256 << 10;
/// Streams of a connection of HTTP/2.
const STREAMS: u32 = 128;
/// Time that open connections get when nothing runs any more.
const DRAIN: Duration = Duration::from_secs(5);

/// Why the service does not run.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ServeError {
    /// Its configuration makes no sense.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// What lies beneath it cannot be used.
    #[error(transparent)]
    Service(#[from] ServiceError),
    /// Its address cannot be had.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What the system says.
        source: std::io::Error,
    },
    /// Its certificate or key cannot be used.
    #[error("TLS with {}: {source}", certificate.display())]
    Tls {
        /// The certificate.
        certificate: std::path::PathBuf,
        /// What is wrong.
        source: std::io::Error,
    },
    /// A bug.
    #[error("internal error: {0}")]
    Internal(String),
}

/// A service that clients can speak to.
///
/// ```
/// use vouch_service::proto::vouch_client::VouchClient;
/// use vouch_service::proto::{GetJobRequest, JobState, SubmitJobRequest};
/// use vouch_service::{Config, Server};
///
/// # let runtime = tokio::runtime::Runtime::new()?;
/// # runtime.block_on(async {
/// # let folder = tempfile::tempdir()?;
/// let mut config = Config::default();
/// config.server.listen = "127.0.0.1:0".parse()?;
/// config.data.folder = folder.path().join("data");
/// let server = Server::start(config).await?;
///
/// let hashes = [[1; 32], [2; 32], [3; 32], [4; 32]]; // job, model, input, output
/// let program = vouch_sdk::Program::from_elf(vouch_sdk::guests::COMMITMENT)?;
/// let mut client = VouchClient::connect(format!("http://{}", server.address())).await?;
/// let job = client.submit_job(SubmitJobRequest {
///     image_id: vouch_sdk::image_id(&program).0.into(),
///     input: hashes.concat(),
///     idempotency_key: "job-1".into(),
///     ..Default::default()
/// });
/// let id = job.await?.into_inner().id;
/// let mut updates = client.watch_job(GetJobRequest { id }).await?.into_inner();
/// let mut end = None;
/// while let Some(job) = updates.message().await? {
///     end = Some(job);
/// }
/// assert_eq!(end.map(|job| job.state()), Some(JobState::Succeeded));
/// server.stop().await?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Server {
    started: Started,
    address: SocketAddr,
    tls: Option<(TlsConfig, RustlsConfig)>,
    handle: Handle<SocketAddr>,
    connections: JoinHandle<std::io::Result<()>>,
}

impl Server {
    /// Takes up what was left, and listens. To be called within a tokio runtime.
    ///
    /// # Errors
    /// Something that the configuration names cannot be used.
    pub async fn start(config: crate::config::Config) -> Result<Self, ServeError> {
        config.check()?;
        let server = config.server.clone();
        // First of all: should the address be taken, nothing has been done yet.
        let listener = listen(server.listen)?;
        let address = listener.local_addr().map_err(listening(server.listen))?;
        let tls = match server.tls {
            Some(files) => {
                let loaded = load(&files).await?;
                Some((files, loaded))
            }
            None => None,
        };
        let opened = tokio::task::spawn_blocking(|| Service::start(config)).await;
        let started = opened.map_err(internal)??;
        let scheme = if tls.is_some() { "https" } else { "http" };
        let router = router(&started.service, address.port(), scheme)?.into_make_service();
        let handle = Handle::new();
        let doorman = Doorman::new(started.service.clone());
        let listening = axum_server::from_tcp(listener).map_err(internal)?;
        let connections = match &tls {
            Some((_, loaded)) => {
                let acceptor = RustlsAcceptor::new(loaded.clone()).acceptor(doorman);
                let mut server = listening.acceptor(acceptor).handle(handle.clone());
                set_timeouts(server.http_builder());
                tokio::spawn(server.serve(router))
            }
            None => {
                let mut server = listening.acceptor(doorman).handle(handle.clone());
                set_timeouts(server.http_builder());
                tokio::spawn(server.serve(router))
            }
        };
        info!(%address, tls = tls.is_some(), "listening");
        Ok(Self {
            started,
            address,
            tls,
            handle,
            connections,
        })
    }

    /// The address that it listens on.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The service behind it.
    pub fn service(&self) -> &Arc<Service> {
        &self.started.service
    }

    /// Reads certificate and key again; connections that are open keep theirs.
    ///
    /// # Errors
    /// [`ServeError::Tls`]; then those read before stay.
    pub async fn reload_tls(&self) -> Result<(), ServeError> {
        let Some((files, loaded)) = &self.tls else {
            return Ok(());
        };
        let read = loaded.reload_from_pem_file(&files.certificate, &files.key);
        read.await.map_err(tls_error(files))?;
        info!("certificate and key were reloaded");
        Ok(())
    }

    /// Stops: jobs that run end or are parked, requests are answered, connections are closed.
    ///
    /// # Errors
    /// [`ServeError::Internal`]
    pub async fn stop(self) -> Result<(), ServeError> {
        let grace = self.started.service.config().server.shutdown_grace;
        let started = self.started;
        // Clients may ask how their jobs end until they have.
        let stopped = tokio::task::spawn_blocking(move || started.stop(grace)).await;
        self.handle.graceful_shutdown(Some(DRAIN));
        stopped.map_err(internal)?;
        self.connections.await.map_err(internal)?.map_err(internal)
    }
}

fn internal(error: impl ToString) -> ServeError {
    ServeError::Internal(error.to_string())
}

fn listening(address: SocketAddr) -> impl Fn(std::io::Error) -> ServeError {
    move |source| ServeError::Listen { address, source }
}

fn listen(address: SocketAddr) -> Result<TcpListener, ServeError> {
    let listener = TcpListener::bind(address).map_err(listening(address))?;
    listener.set_nonblocking(true).map_err(listening(address))?;
    Ok(listener)
}

fn tls_error(files: &TlsConfig) -> impl Fn(std::io::Error) -> ServeError {
    let certificate = files.certificate.clone();
    move |source| ServeError::Tls {
        certificate: certificate.clone(),
        source,
    }
}

async fn load(files: &TlsConfig) -> Result<RustlsConfig, ServeError> {
    // Whoever installed one before has the same: there is one in the program.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let loaded = RustlsConfig::from_pem_file(&files.certificate, &files.key);
    loaded.await.map_err(tls_error(files))
}

/// Whoever is gone does not stay, and what is not read does not pile up. Whoever is idle is the acceptor's
/// concern.
fn set_timeouts(builder: &mut Builder<TokioExecutor>) {
    builder
        .http1()
        .header_read_timeout(None)
        .max_buf_size(BUFFER);
    builder
        .http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(PING)
        .keep_alive_timeout(PING)
        .max_concurrent_streams(STREAMS)
        .initial_stream_window_size(WINDOW)
        .initial_connection_window_size(2 * WINDOW)
        .max_send_buf_size(BUFFER);
}

/// Everything on one port.
fn router(service: &Arc<Service>, port: u16, scheme: &'static str) -> Result<Router, ServeError> {
    let json_rpc = JsonRpc::new(service.clone()).map_err(internal)?;
    let reflection = tonic_reflection::server::Builder::configure()
        .register_encoded_file_descriptor_set(FILE_DESCRIPTOR_SET)
        .build_v1()
        .map_err(internal)?;
    let grpc = Routes::new(Grpc::server(service.clone())).add_service(reflection);
    let guarded = http::routes()
        .with_state(service.clone())
        .route("/rpc", post(json_rpc::answer).with_state(json_rpc))
        // Its fallback would answer whatever is not here as a gRPC call.
        .merge(grpc.into_axum_router().reset_fallback())
        .layer(from_fn_with_state(Guard::new(service.clone()), guard));
    let open = http::open_routes().with_state(service.clone());
    let mut everything = guarded.merge(open);
    if service.config().clients.is_empty() {
        let local = Local {
            service: service.clone(),
            port,
            scheme,
        };
        everything = everything.layer(from_fn_with_state(local, local_only));
    }
    Ok(everything
        .layer(CatchPanicLayer::new())
        .layer(from_fn(pace)))
}
