//! The service: its process, its configuration, killing it.

use std::fs::{self, File, OpenOptions};
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use parking_lot::{Mutex, MutexGuard};
use sha2::{Digest, Sha256};
use tokio::sync::watch;
use vouch_sdk::{ImageId, Program, guests, image_id};

use crate::Failure;
use crate::hostile::MAX_INPUT_BYTES;

/// Clients by the service's configuration. Several of the load's clients are one of them.
pub const TENANTS: usize = 8;
/// Receipts that the service keeps, in bytes.
pub const MAX_RECEIPT_BYTES: u64 = 2 << 30;

/// Time until the service listens, at most.
const START: Duration = Duration::from_secs(60);
/// Time until it has stopped when asked to, at most.
const STOP: Duration = Duration::from_secs(60);
/// Time after a restart in which connections may still turn out to be broken.
const AFTERMATH: Duration = Duration::from_secs(5);
/// Attempts to get the port back.
const ATTEMPTS: u32 = 20;

/// What becomes of the service.
#[derive(Clone, Copy)]
struct Life {
    pid: u32,
    kills: u64,
    up: bool,
    since: Instant,
}

/// The service, as one process after the other.
pub struct Host {
    vouch: PathBuf,
    folder: PathBuf,
    address: SocketAddr,
    tokens: Vec<String>,
    image_id: ImageId,
    process: Mutex<Child>,
    life: watch::Sender<Life>,
    restarts: Mutex<Vec<Duration>>,
}

impl Host {
    /// Starts a service on a free port, with its data in a folder.
    pub fn start(
        vouch: PathBuf,
        folder: &Path,
        concurrency: Option<usize>,
    ) -> Result<Self, Failure> {
        let run = uuid::Uuid::now_v7();
        let tokens: Vec<_> = (0..TENANTS).map(|n| format!("tenant-{n}-{run}")).collect();
        if data(folder).exists() {
            let there = data(folder);
            return Err(format!("expected no data of another run, got {}", there.display()).into());
        }
        fs::write(config(folder), configuration(folder, &tokens, concurrency))?;
        let any = SocketAddr::from(([127, 0, 0, 1], 0));
        let (process, address) = spawn(&vouch, folder, any)?;
        let up = Life {
            pid: process.id(),
            kills: 0,
            up: true,
            since: Instant::now(),
        };
        Ok(Self {
            vouch,
            folder: folder.into(),
            address,
            tokens,
            image_id: image_id(&Program::from_elf(guests::COMMITMENT)?),
            process: Mutex::new(process),
            life: watch::Sender::new(up),
            restarts: Mutex::default(),
        })
    }

    /// Where it listens, after every restart too.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// The four-hash commitment.
    pub const fn image_id(&self) -> &ImageId {
        &self.image_id
    }

    /// The token of a tenant.
    pub fn token(&self, tenant: usize) -> &str {
        self.tokens.get(tenant).map_or("", String::as_str)
    }

    /// Files of inputs that are there.
    pub fn inputs(&self) -> std::io::Result<usize> {
        Ok(fs::read_dir(data(&self.folder).join("inputs"))?.count())
    }

    /// Lines of its log that tell of errors.
    pub fn errors_in_log(&self) -> std::io::Result<Vec<String>> {
        let log = BufReader::new(File::open(log(&self.folder))?);
        let bad = |line: &String| line.contains("\"level\":\"ERROR\"") || line.contains("panicked");
        Ok(log.lines().map_while(Result::ok).filter(bad).collect())
    }

    fn process(&self) -> MutexGuard<'_, Child> {
        self.process.lock()
    }

    /// The process, as it is now or was last.
    pub fn pid(&self) -> u32 {
        self.life.borrow().pid
    }

    /// Waits until it listens, and tells how often it had been killed by then.
    pub async fn until_up(&self) -> u64 {
        let mut life = self.life.subscribe();
        // The sender lives as long as `self`.
        let _ = life.wait_for(|life| life.up).await;
        self.kills()
    }

    /// How often it was killed.
    pub fn kills(&self) -> u64 {
        self.life.borrow().kills
    }

    /// Whether a call that was begun after `kills` may have been broken by another one.
    pub fn was_killed_since(&self, kills: u64) -> bool {
        let life = *self.life.borrow();
        let fresh = life.kills > 0 && life.since.elapsed() < AFTERMATH;
        life.kills != kills || !life.up || fresh
    }

    /// Kills it with SIGKILL, and starts it again on the same folder and port.
    pub fn kill_and_restart(&self) -> Result<(), Failure> {
        let mut process = self.process();
        self.life.send_modify(|life| {
            life.kills += 1;
            life.up = false;
        });
        process.kill()?;
        process.wait()?;
        let start = Instant::now();
        *process = self.spawn_again()?;
        let took = start.elapsed();
        let pid = process.id();
        drop(process);
        let mut restarts = self.restarts.lock();
        restarts.push(took);
        drop(restarts);
        self.life.send_modify(|life| {
            life.pid = pid;
            life.up = true;
            life.since = Instant::now();
        });
        Ok(())
    }

    fn spawn_again(&self) -> Result<Child, Failure> {
        let mut attempt = 1;
        loop {
            match spawn(&self.vouch, &self.folder, self.address) {
                Ok((process, _)) => return Ok(process),
                Err(error) if attempt == ATTEMPTS => return Err(error),
                // A connection that somebody makes may have the port for a moment.
                Err(_) => thread::sleep(Duration::from_millis(100)),
            }
            attempt += 1;
        }
    }

    /// Times from each start after a kill until it listened, shortest first.
    pub fn restart_times(&self) -> Vec<Duration> {
        let restarts = self.restarts.lock();
        let mut times = restarts.clone();
        times.sort_unstable();
        times
    }

    /// Asks it to stop by SIGTERM, and waits for that.
    pub fn stop(&self) -> Result<(), Failure> {
        let mut process = self.process();
        let pid = process.id().to_string();
        if !Command::new("kill")
            .args(["-TERM", &pid])
            .status()?
            .success()
        {
            return Err("it is no longer there".into());
        }
        let start = Instant::now();
        loop {
            match process.try_wait()? {
                Some(status) if status.success() => return Ok(()),
                Some(status) => return Err(status.to_string().into()),
                None if start.elapsed() > STOP => return Err("it does not stop".into()),
                None => thread::sleep(Duration::from_millis(20)),
            }
        }
    }
}

/// Nothing stays behind.
impl Drop for Host {
    fn drop(&mut self) {
        let mut process = self.process();
        // It may have ended already.
        let _ = process.kill();
        let _ = process.wait();
    }
}

fn config(folder: &Path) -> PathBuf {
    folder.join("vouch.toml")
}

fn data(folder: &Path) -> PathBuf {
    folder.join("data")
}

fn log(folder: &Path) -> PathBuf {
    folder.join("vouch.log")
}

/// Little is cached, so that memory is soon what it will be; nobody is slowed down by quotas.
fn configuration(folder: &Path, tokens: &[String], concurrency: Option<usize>) -> String {
    let concurrency = concurrency.map(|jobs| format!("concurrency = {jobs}\n"));
    let mut text = format!(
        "[data]\nfolder = {:?}\nmax_receipt_bytes = {MAX_RECEIPT_BYTES}\n\
         [proving]\nmax_attempts = 100\n{}\
         [limits]\ninput_bytes = {MAX_INPUT_BYTES}\nelf_bytes = \"1MiB\"\nreceipt_bytes = \"8MiB\"\n\
         [cache]\nmemory = \"64MiB\"\n",
        data(folder),
        concurrency.unwrap_or_default(),
    );
    for (number, token) in tokens.iter().enumerate() {
        let hash = hex::encode(Sha256::digest(token.as_bytes()));
        text += &format!(
            "[[clients]]\nname = \"tenant-{number}\"\ntoken_sha256 = \"{hash}\"\n\
             max_requests_per_minute = 10_000_000\n"
        );
    }
    text
}

/// A process that listens, and where.
fn spawn(vouch: &Path, folder: &Path, listen: SocketAddr) -> Result<(Child, SocketAddr), Failure> {
    let log = log(folder);
    let mut process = Command::new(vouch)
        .arg("serve")
        .arg("--config")
        .arg(config(folder))
        .args(["--listen", &listen.to_string()])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(OpenOptions::new().create(true).append(true).open(&log)?)
        .spawn()?;
    match first_line(&mut process) {
        Ok(address) => Ok((process, address)),
        Err(error) => {
            // It may have ended already.
            let _ = process.kill();
            process.wait()?;
            let log = fs::read_to_string(&log)?;
            let last = log.lines().last().unwrap_or("nothing in its log");
            Err(format!("vouch serve: {error}: {last}").into())
        }
    }
}

/// The address in `listening on ADDRESS`.
fn first_line(process: &mut Child) -> Result<SocketAddr, Failure> {
    let stdout = process.stdout.take().ok_or("it has no stdout")?;
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        for line in BufReader::new(stdout).lines().map_while(Result::ok) {
            // Only the first one is waited for.
            let _ = sender.send(line);
        }
    });
    let line = receiver.recv_timeout(START);
    let line = line.map_err(|_| "it does not say where it listens")?;
    let address = line.strip_prefix("listening on ");
    Ok(address
        .ok_or("expected the address that it listens on")?
        .parse()?)
}
