//! `vouch serve`: the proof service.

use std::env::VarError;
use std::io;

use serde_json::json;
use tokio::runtime::Builder;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tracing::{error, info};
use tracing_subscriber::Layer;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use vouch_service::config::LogFormat;
use vouch_service::{Config, Server};

use super::fields;
use crate::args::{LogFormatName, ServeArgs};
use crate::error::Error;
use crate::kind::SIGNALLED;
use crate::output::{Fields, Output};
use crate::signals;

/// Options of an S3 store that may come from the environment: keys are better not in a file.
const ENVIRONMENT: [(&str, &str); 6] = [
    ("AWS_ACCESS_KEY_ID", "aws_access_key_id"),
    ("AWS_SECRET_ACCESS_KEY", "aws_secret_access_key"),
    ("AWS_SESSION_TOKEN", "aws_session_token"),
    ("AWS_REGION", "aws_region"),
    ("AWS_ENDPOINT_URL", "aws_endpoint"),
    ("AWS_ALLOW_HTTP", "aws_allow_http"),
];

/// Serves until SIGTERM or SIGINT.
///
/// # Errors
/// The configuration cannot be used, or something that it names.
pub fn serve(
    arguments: &ServeArgs,
    verbose: u8,
    other_signals: &signals::Signals,
    output: &Output,
) -> Result<Fields, Error> {
    let config = configuration(arguments)?;
    log(config.log.format, verbose);
    let runtime = Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(Error::Runtime)?;
    runtime.block_on(async {
        // From here on a signal does not just end the process.
        let mut signals = Signals::watch().map_err(Error::Signals)?;
        other_signals.leave();
        let server = Server::start(config).await?;
        let address = server.address();
        output.say(format_args!("listening on {address}"))?;
        signals.until_stopped(&server).await;
        info!("stopping");
        let impatient = output.clone();
        tokio::spawn(async move {
            let number = signals.next_stop().await;
            // Somebody does not want to wait. What is written is whole at any time.
            let error = Error::Ended {
                signal: u8::try_from(number).unwrap_or_default(),
            };
            impatient.end(&error, || std::process::exit(i32::from(SIGNALLED) + number));
        });
        server.stop().await?;
        Ok(fields([("address", json!(address.to_string()))]))
    })
}

/// The file's configuration, what the environment says beside it, and what flags say instead.
fn configuration(arguments: &ServeArgs) -> Result<Config, Error> {
    let mut config = match &arguments.config {
        Some(path) => Config::read(path).map_err(vouch_service::ServeError::from)?,
        None => Config::default(),
    };
    for (variable, option) in ENVIRONMENT {
        let value = match std::env::var(variable) {
            Ok(value) => Some(value),
            Err(VarError::NotPresent) => None,
            Err(VarError::NotUnicode(_)) => return Err(Error::Environment { name: variable }),
        };
        if let Some(value) = value {
            let options = &mut config.data.store_options;
            options.entry(option.into()).or_insert(value);
        }
    }
    if let Some(listen) = arguments.listen {
        config.server.listen = listen;
    }
    if let Some(folder) = &arguments.data_dir {
        config.data.folder.clone_from(folder);
    }
    if let Some(backend) = arguments.backend {
        config.proving.backend = backend.into();
    }
    if let Some(bytes) = arguments.max_memory {
        config.proving.max_memory = bytes;
    }
    if arguments.concurrency.is_some() {
        config.proving.concurrency = arguments.concurrency.map(usize::from);
    }
    if let Some(format) = arguments.log_format {
        config.log.format = format.into();
    }
    Ok(config)
}

/// Logs to stderr what the service does; with `-v` what happens beneath it, too.
fn log(format: LogFormat, verbose: u8) {
    let beneath = match verbose {
        0 => LevelFilter::WARN,
        1 => LevelFilter::INFO,
        _ => LevelFilter::DEBUG,
    };
    let service = beneath.max(LevelFilter::INFO);
    let filter = Targets::new()
        .with_default(beneath)
        .with_targets([("vouch", service), ("vouch_service", service)]);
    let lines = tracing_subscriber::fmt::layer()
        .with_writer(io::stderr)
        .with_ansi(false);
    let lines = match format {
        LogFormat::Json => lines.json().flatten_event(true).boxed(),
        LogFormat::Text => lines.boxed(),
    };
    tracing_subscriber::registry()
        .with(lines.with_filter(filter))
        .init();
}

/// Signals to a service.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
    reload: Signal,
}

impl Signals {
    fn watch() -> io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            reload: signal(SignalKind::hangup())?,
        })
    }

    /// The number of the next signal that asks to stop.
    async fn next_stop(&mut self) -> i32 {
        let kind = tokio::select! {
            _ = self.terminate.recv() => SignalKind::terminate(),
            _ = self.interrupt.recv() => SignalKind::interrupt(),
        };
        kind.as_raw_value()
    }

    /// Waits for a signal that asks to stop, and reads the certificate again on SIGHUP.
    async fn until_stopped(&mut self, server: &Server) {
        loop {
            tokio::select! {
                _ = self.terminate.recv() => return,
                _ = self.interrupt.recv() => return,
                _ = self.reload.recv() => {
                    if let Err(error) = server.reload_tls().await {
                        error!(%error, "the old certificate stays in use");
                    }
                }
            }
        }
    }
}

impl From<LogFormatName> for LogFormat {
    fn from(name: LogFormatName) -> Self {
        match name {
            LogFormatName::Json => Self::Json,
            LogFormatName::Text => Self::Text,
        }
    }
}
