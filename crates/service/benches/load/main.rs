//! The proof service under load: what it proves a second, and whether it keeps its word.
//!
//!     cargo build --release --features serve
//!     cargo bench -p vouch-service --bench load -- --clients 50 --seconds 120 [--kill-every 20]
//!
//! Starts the real `vouch serve`, lets clients submit four-hash jobs over JSON-RPC and gRPC, checks
//! every answer, and ends with 1 if one was wrong; how fast it was decides nothing.
//!
//! | module | what |
//! |---|---|
//! | [`command_line`] | the rate of one job after the other by `vouch prove`, to compare with |
//! | [`host`] | the service: its process, its configuration, killing it |
//! | [`json`], [`grpc`] | a client of each interface |
//! | [`caller`] | what both have in common |
//! | [`client`] | what a client does |
//! | [`hostile`] | bad requests, and the answer that each must get |
//! | [`tally`] | what was seen: accepted jobs, times, whatever is wrong |
//! | [`sampler`] | the service's memory, processor time and metrics, each second |
//! | [`audit`] | what must hold at the end |
//! | [`report`] | what is told |

mod audit;
mod caller;
mod client;
mod command_line;
mod grpc;
mod host;
mod hostile;
mod json;
mod report;
mod sampler;
mod tally;

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::Parser;
use tokio::task::{JoinSet, spawn_blocking};
use tokio::time::{sleep_until, timeout};

use client::Client;
use host::Host;
use report::Report;
use sampler::Sampler;
use tally::Tally;

/// Time that jobs have to end after the last one was submitted.
const DRAIN: Duration = Duration::from_secs(300);

/// Why there is no load test: nothing of the service is judged by it.
pub(crate) type Failure = Box<dyn Error + Send + Sync>;

/// Puts the proof service under load, and checks what it answers.
#[derive(Parser)]
struct Arguments {
    /// Clients at once, half of them over JSON-RPC and half over gRPC
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..))]
    clients: u32,
    /// Seconds for which they submit jobs
    #[arg(long, default_value_t = 120, value_parser = clap::value_parser!(u64).range(1..))]
    seconds: u64,
    /// The binary [default: `vouch` in the folder of this program's profile, as target/release]
    #[arg(long)]
    vouch: Option<PathBuf>,
    /// Kill -9 the service every so many seconds, and start it again
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..))]
    kill_every: Option<u64>,
    /// Jobs of the command line that the rate is compared with
    #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..))]
    command_line_jobs: u32,
    /// Jobs only: no verification, no bad requests, nothing sent twice
    #[arg(long)]
    jobs_only: bool,
    /// Jobs that the service proves at once [default: its own]
    #[arg(long)]
    concurrency: Option<usize>,
    /// Folder of the service's data and log, kept [default: a temporary one]
    #[arg(long)]
    folder: Option<PathBuf>,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
    /// Cargo passes it
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(2)
        }
    }
}

/// Whether all was as it should be.
fn run(arguments: &Arguments) -> Result<bool, Failure> {
    // Another provider than the one installed first would do as well.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let vouch = binary(arguments.vouch.as_deref())?;
    let temporary = tempfile::tempdir()?;
    let folder = match &arguments.folder {
        Some(folder) => std::path::absolute(folder)?,
        None => temporary.path().into(),
    };
    std::fs::create_dir_all(&folder)?;
    eprintln!(
        "{} jobs of the command line ..",
        arguments.command_line_jobs
    );
    let one_job = command_line::measure(&vouch, temporary.path(), arguments.command_line_jobs)?;
    let runtime = tokio::runtime::Runtime::new()?;
    let report = runtime.block_on(load(arguments, vouch, &folder, one_job))?;
    match arguments.json {
        true => println!("{}", report.json()),
        false => print!("{}", report.text()),
    }
    Ok(report.passed())
}

/// The binary to start: as given, from where the command was typed or from the workspace (cargo
/// changes to the crate's folder).
fn binary(given: Option<&Path>) -> Result<PathBuf, Failure> {
    let found = match given {
        Some(given) => {
            let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
            let there = [given.to_path_buf(), workspace.join(given)];
            there.into_iter().find(|path| path.is_file())
        }
        // This program is in target/release/deps.
        None => std::env::current_exe()?
            .ancestors()
            .nth(2)
            .map(|folder| folder.join("vouch"))
            .filter(|path| path.is_file()),
    };
    match found {
        Some(path) => Ok(path.canonicalize()?),
        None => {
            Err("no `vouch` binary: run `cargo build --release --features serve`, or name one by --vouch".into())
        }
    }
}

/// The load itself.
async fn load(
    arguments: &Arguments,
    vouch: PathBuf,
    folder: &Path,
    one_job: command_line::Rate,
) -> Result<Report, Failure> {
    let folder = folder.to_path_buf();
    let concurrency = arguments.concurrency;
    let started = spawn_blocking(move || Host::start(vouch, &folder, concurrency)).await?;
    let host = Arc::new(started?);
    let tally = Arc::new(Tally::default());
    let sampler = Sampler::start(host.clone(), tally.clone())?;
    let begin = Instant::now();
    let end = begin + Duration::from_secs(arguments.seconds);
    eprintln!(
        "{} clients for {} s against {} ..",
        arguments.clients,
        arguments.seconds,
        host.address()
    );
    let mut clients = JoinSet::new();
    for number in 0..arguments.clients {
        let client = Client::new(number, &host, &tally, !arguments.jobs_only)?;
        clients.spawn(client.run(end));
    }
    let killer = arguments.kill_every.map(|every| {
        tokio::spawn(kill(
            host.clone(),
            tally.clone(),
            Duration::from_secs(every),
            end,
        ))
    });
    sleep_until(end.into()).await;
    let ended = tally.ended();
    let processor = sampler.processor_seconds();
    if timeout(DRAIN, clients.join_all()).await.is_err() {
        tally.wrong(format!(
            "clients still wait {} s after the end",
            DRAIN.as_secs()
        ));
    }
    if let Some(killer) = killer {
        killer.await?;
    }
    let samples = sampler.stop().await;
    let checks = audit::audit(&host, &tally, &samples).await;
    Ok(Report {
        clients: arguments.clients,
        seconds: arguments.seconds,
        kill_every: arguments.kill_every,
        jobs_only: arguments.jobs_only,
        one_job,
        ended,
        processor,
        samples,
        checks,
        restarts: host.restart_times(),
        tally,
    })
}

/// Kills the service again and again.
async fn kill(host: Arc<Host>, tally: Arc<Tally>, every: Duration, end: Instant) {
    let mut next = Instant::now() + every;
    while next < end {
        sleep_until(next.into()).await;
        let killed = host.clone();
        match spawn_blocking(move || killed.kill_and_restart()).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => {
                return tally.wrong(format!("the service does not come back: {error}"));
            }
            Err(error) => return tally.wrong(format!("killing it: {error}")),
        }
        next = Instant::now() + every;
    }
}
