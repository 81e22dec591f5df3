//! What is told.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use crate::audit::Check;
use crate::client::WHOLE;
use crate::command_line::Rate;
use crate::sampler::{Processor, Sample};
use crate::tally::Tally;

const MIB: f64 = 1024.0 * 1024.0;

/// Everything that was found.
pub struct Report {
    /// Clients at once.
    pub clients: u32,
    /// Seconds for which they submitted jobs.
    pub seconds: u64,
    /// Seconds between two kills.
    pub kill_every: Option<u64>,
    /// Whether there were jobs only.
    pub jobs_only: bool,
    /// What the command line does.
    pub one_job: Rate,
    /// Jobs that ended within these seconds.
    pub ended: u64,
    /// Processor time within these seconds.
    pub processor: Processor,
    /// The service, second by second.
    pub samples: Vec<Sample>,
    /// What must hold.
    pub checks: Vec<Check>,
    /// Times of its starts after kills, shortest first.
    pub restarts: Vec<Duration>,
    /// What clients saw.
    pub tally: Arc<Tally>,
}

/// Memory of the service over time, in bytes.
pub struct Memory {
    /// Once it has run for a fifth of the time.
    pub warm: u64,
    /// In the middle.
    pub middle: u64,
    /// At the end.
    pub end: u64,
    /// At most.
    pub most: u64,
    /// Growth a minute once it is warm, by least squares.
    pub slope: f64,
}

impl Memory {
    /// Means over a tenth of the samples at each place.
    pub fn of(samples: &[Sample]) -> Self {
        let last = samples.last().map_or(0.0, |last| last.seconds);
        let mean = |from: f64, to: f64| {
            let place = |sample: &&Sample| (from * last..=to * last).contains(&sample.seconds);
            let there: Vec<_> = samples.iter().filter(place).map(|s| s.rss).collect();
            there.iter().sum::<u64>() / there.len().max(1) as u64
        };
        Self {
            warm: mean(0.2, 0.3),
            middle: mean(0.45, 0.55),
            end: mean(0.9, 1.0),
            most: samples.iter().map(|sample| sample.rss).max().unwrap_or(0),
            slope: 60.0 * slope(samples.iter().filter(|s| s.seconds >= 0.2 * last)),
        }
    }
}

/// Bytes a second, by least squares; 0 of fewer than two samples.
fn slope<'s>(samples: impl Iterator<Item = &'s Sample> + Clone) -> f64 {
    let count = samples.clone().count().max(1) as f64;
    let points = samples.map(|sample| (sample.seconds, sample.rss as f64));
    let sum = |of: fn((f64, f64)) -> f64| points.clone().map(of).sum::<f64>();
    let (x, y) = (sum(|(x, _)| x), sum(|(_, y)| y));
    let above = sum(|(x, y)| x * y) - x * y / count;
    let below = sum(|(x, _)| x * x) - x * x / count;
    if below > 0.0 { above / below } else { 0.0 }
}

/// The time that a share of calls did not exceed (nearest rank), in milliseconds.
fn percentile(sorted: &[Duration], share: f64) -> f64 {
    let rank = (share * sorted.len() as f64).ceil() as usize;
    let time = sorted.get(rank.max(1) - 1);
    time.map_or(0.0, |time| time.as_secs_f64() * 1000.0)
}

fn spread(sorted: &[Duration]) -> Value {
    json!({
        "count": sorted.len(),
        "p50_ms": percentile(sorted, 0.5),
        "p95_ms": percentile(sorted, 0.95),
        "p99_ms": percentile(sorted, 0.99),
        "max_ms": percentile(sorted, 1.0),
    })
}

impl Report {
    /// Whether all was as it should be.
    pub fn passed(&self) -> bool {
        self.checks.iter().all(|check| check.outcome.is_ok())
    }

    /// Jobs a second.
    fn rate(&self) -> f64 {
        self.ended as f64 / self.seconds as f64
    }

    /// Greatest and mean of something over all samples.
    fn over_time(&self, of: fn(&Sample) -> f64) -> (f64, f64) {
        let values = self.samples.iter().map(of);
        let mean = values.clone().sum::<f64>() / self.samples.len().max(1) as f64;
        (values.fold(0.0, f64::max), mean)
    }

    /// For programs.
    pub fn json(&self) -> Value {
        let memory = Memory::of(&self.samples);
        let (most_queued, _) = self.over_time(|sample| sample.queued);
        let (_, mean_running) = self.over_time(|sample| sample.running);
        let times = self.tally.times();
        let whole = times.get(WHOLE).map(Vec::as_slice).unwrap_or_default();
        let requests = times.iter().filter(|(kind, _)| **kind != WHOLE);
        let requests = requests.map(|(kind, times)| ((*kind).into(), spread(times)));
        let checks = self.checks.iter().map(|check| {
            let (Ok(detail) | Err(detail)) = &check.outcome;
            json!({ "check": check.name, "passed": check.outcome.is_ok(), "detail": detail })
        });
        let (processes, proofs) = (self.one_job.of_processes(), self.one_job.of_proofs());
        json!({
            "clients": self.clients,
            "seconds": self.seconds,
            "kill_every_seconds": self.kill_every,
            "jobs_only": self.jobs_only,
            "cores": std::thread::available_parallelism().map_or(0, usize::from),
            "command_line": {
                "jobs_per_second": processes,
                "proofs_per_second": proofs,
                "process": spread(&self.one_job.processes),
                "proof": spread(&self.one_job.proofs),
            },
            "service": {
                "jobs": self.ended,
                "jobs_per_second": self.rate(),
                "ratio_to_command_line_jobs": self.rate() / processes,
                "ratio_to_command_line_proofs": self.rate() / proofs,
                "most_queued": most_queued,
                "mean_running": mean_running,
                "processor_seconds": self.processor.service,
            },
            "load_processor_seconds": self.processor.load,
            "job": spread(whole),
            "requests": requests.collect::<serde_json::Map<_, _>>(),
            "rss_bytes": {
                "warm": memory.warm,
                "middle": memory.middle,
                "end": memory.end,
                "most": memory.most,
                "slope_per_minute": memory.slope,
            },
            "restarts": spread(&self.restarts),
            "retries": self.tally.retries(),
            "checks": checks.collect::<Vec<_>>(),
            "passed": self.passed(),
        })
    }

    /// For people.
    pub fn text(&self) -> String {
        let mut text = String::new();
        // Writing to a string does not fail.
        let _ = self.write(&mut text);
        text
    }

    fn write(&self, out: &mut String) -> std::fmt::Result {
        let (processes, proofs) = (self.one_job.of_processes(), self.one_job.of_proofs());
        let rate = self.rate();
        let memory = Memory::of(&self.samples);
        let mib = |bytes: u64| bytes as f64 / MIB;
        let (most_queued, _) = self.over_time(|sample| sample.queued);
        let (_, running) = self.over_time(|sample| sample.running);
        writeln!(out, "jobs a second")?;
        writeln!(out, "  command line, whole processes  {processes:8.2}")?;
        writeln!(out, "  command line, its proofs alone {proofs:8.2}")?;
        let (jobs, seconds) = (self.ended, self.seconds);
        writeln!(
            out,
            "  service                        {rate:8.2}  ({jobs} in {seconds} s)"
        )?;
        let ratios = (rate / processes, rate / proofs);
        writeln!(
            out,
            "  service / command line: {:.2} of processes, {:.2} of proofs",
            ratios.0, ratios.1
        )?;
        writeln!(
            out,
            "\nmilliseconds                count      p50      p95      p99      max"
        )?;
        write_times(out, "vouch prove, process", &self.one_job.processes)?;
        write_times(out, "vouch prove, proof", &self.one_job.proofs)?;
        for (kind, times) in self.tally.times() {
            write_times(out, kind, &times)?;
        }
        write_times(out, "restart", &self.restarts)?;
        writeln!(
            out,
            "\nmemory in MiB: {:.0} warm, {:.0} in the middle, {:.0} at the end, {:.0} at most; {:+.2} a minute",
            mib(memory.warm),
            mib(memory.middle),
            mib(memory.end),
            mib(memory.most),
            memory.slope / MIB,
        )?;
        writeln!(
            out,
            "jobs: {running:.1} ran on average, {most_queued} waited at most"
        )?;
        let Processor { service, load } = self.processor;
        writeln!(
            out,
            "processor seconds: {service:.1} of the service, {load:.1} of the load test"
        )?;
        writeln!(
            out,
            "kills: {}, calls made again: {}\n",
            self.restarts.len(),
            self.tally.retries()
        )?;
        for Check { name, outcome } in &self.checks {
            match outcome {
                Ok(detail) => writeln!(out, "ok     {name}: {detail}")?,
                Err(detail) => writeln!(out, "WRONG  {name}: {detail}")?,
            }
        }
        Ok(())
    }
}

fn write_times(out: &mut String, kind: &str, sorted: &[Duration]) -> std::fmt::Result {
    if sorted.is_empty() {
        return Ok(());
    }
    write!(out, "  {kind:<25} {:5}", sorted.len())?;
    for share in [0.5, 0.95, 0.99, 1.0] {
        write!(out, " {:8.1}", percentile(sorted, share))?;
    }
    writeln!(out)
}
