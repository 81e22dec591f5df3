//! The service's memory, processor time and metrics, each second.

use std::collections::BTreeMap;
use std::fs;
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::{MissedTickBehavior, interval};

use crate::host::Host;
use crate::json::JsonRpc;
use crate::tally::Tally;

/// Units of processor time in /proc, in a second, on every Linux.
const TICKS: f64 = 100.0;

/// A look at the service.
#[derive(Clone, Debug)]
pub struct Sample {
    /// Seconds since the start.
    pub seconds: f64,
    /// How often the service had been killed.
    pub kills: u64,
    /// Proofs since its last start.
    pub proofs: f64,
    /// Memory of the process, in bytes.
    pub rss: u64,
    /// Jobs that wait.
    pub queued: f64,
    /// Jobs that run.
    pub running: f64,
}

/// Processor time, in seconds.
#[derive(Clone, Copy, Debug, Default)]
pub struct Processor {
    /// Of the service, all its processes together.
    pub service: f64,
    /// Of the load test.
    pub load: f64,
}

/// Looks at the service each second.
pub struct Sampler {
    task: JoinHandle<Vec<Sample>>,
    stop: oneshot::Sender<()>,
    /// Processor time of each process of the service.
    services: Arc<Mutex<BTreeMap<u32, f64>>>,
    host: Arc<Host>,
    own: f64,
}

impl Sampler {
    /// Begins.
    pub fn start(host: Arc<Host>, tally: Arc<Tally>) -> Result<Self, reqwest::Error> {
        let metrics = JsonRpc::new(host.address(), host.token(0), host.image_id())?;
        let services = Arc::new(Mutex::new(BTreeMap::new()));
        let (stop, stopped) = oneshot::channel();
        let look = look_each_second(host.clone(), metrics, tally, services.clone(), stopped);
        Ok(Self {
            task: tokio::spawn(look),
            stop,
            services,
            host,
            own: processor_seconds("self").unwrap_or_default(),
        })
    }

    /// Processor time until now.
    pub fn processor_seconds(&self) -> Processor {
        note(&self.services, self.host.pid());
        let services = self.services.lock();
        Processor {
            service: services.values().sum(),
            load: processor_seconds("self").unwrap_or_default() - self.own,
        }
    }

    /// Ends, with everything that was seen.
    pub async fn stop(self) -> Vec<Sample> {
        // Should it have ended by itself, it is of no use any more.
        let _ = self.stop.send(());
        self.task.await.unwrap_or_default()
    }
}

fn note(services: &Mutex<BTreeMap<u32, f64>>, pid: u32) {
    if let Some(seconds) = processor_seconds(&pid.to_string()) {
        let mut services = services.lock();
        services.insert(pid, seconds);
    }
}

async fn look_each_second(
    host: Arc<Host>,
    client: JsonRpc,
    tally: Arc<Tally>,
    services: Arc<Mutex<BTreeMap<u32, f64>>>,
    mut stopped: oneshot::Receiver<()>,
) -> Vec<Sample> {
    let start = Instant::now();
    let mut samples = Vec::new();
    let mut ticks = interval(Duration::from_secs(1));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = &mut stopped => return samples,
            _ = ticks.tick() => {}
        }
        let kills = host.until_up().await;
        let pid = host.pid();
        note(&services, pid);
        match client.text("/metrics").await {
            // Another process than the one that was asked for.
            Ok(_) if host.kills() != kills => {}
            Ok(text) => samples.extend(rss_bytes(pid).map(|rss| Sample {
                seconds: start.elapsed().as_secs_f64(),
                kills,
                proofs: metric(&text, "vouch_proofs_total").unwrap_or_default(),
                rss,
                queued: metric(&text, "vouch_queue_length").unwrap_or_default(),
                running: metric(&text, "vouch_jobs{state=\"running\"}").unwrap_or_default(),
            })),
            Err(_) if host.was_killed_since(kills) => {}
            Err(error) => tally.wrong(format!("/metrics: {error}")),
        }
    }
}

/// A value by its name and labels.
pub fn metric(text: &str, name: &str) -> Option<f64> {
    let mut lines = text.lines();
    let value = lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    value?.trim().parse().ok()
}

/// Memory of a process in bytes.
fn rss_bytes(pid: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let mut lines = status.lines();
    let kib = lines.find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kib: u64 = kib.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(kib << 10)
}

/// Processor time of a process, in user and system mode (proc_pid_stat(5), fields 14 and 15).
fn processor_seconds(process: &str) -> Option<f64> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    // The second field, a name in brackets, may hold anything; what follows begins with the third.
    let (_, fields) = stat.rsplit_once(") ")?;
    let ticks = fields.split(' ').skip(11).take(2);
    let ticks: f64 = ticks.filter_map(|field| field.parse::<f64>().ok()).sum();
    Some(ticks / TICKS)
}
