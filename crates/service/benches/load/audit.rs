//! What must hold at the end.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use tokio::task::spawn_blocking;

use crate::caller::{CallError, Job};
use crate::client::caller;
use crate::host::{Host, MAX_RECEIPT_BYTES, TENANTS};
use crate::json::JsonRpc;
use crate::report::Memory;
use crate::sampler::{Sample, metric};
use crate::tally::{Accepted, Tally};

/// Growth of the memory between the middle and the end that is none, in bytes.
const NOISE: u64 = 64 << 20;
/// Seconds of load after which memory is what it will be.
const SETTLED: f64 = 60.0;

/// Something that must hold.
pub struct Check {
    /// What.
    pub name: &'static str,
    /// What was seen; or what is wrong.
    pub outcome: Result<String, String>,
}

/// Looks at everything, and stops the service.
pub async fn audit(host: &Arc<Host>, tally: &Tally, samples: &[Sample]) -> Vec<Check> {
    let accepted = tally.jobs();
    let listed = list(host).await.map_err(|error| error.to_string());
    let metrics = match JsonRpc::new(host.address(), host.token(0), host.image_id()) {
        Ok(client) => client
            .text("/metrics")
            .await
            .map_err(|error| error.to_string()),
        Err(error) => Err(error.to_string()),
    };
    let kills = host.kills();
    let metrics = metrics.as_deref().map_err(Clone::clone);
    let check = |name, outcome| Check { name, outcome };
    let mut checks = vec![
        check("every answer was right", answers(tally)),
        check("every accepted job ended well", ended(&accepted)),
        check(
            "every accepted job is there once",
            listed.and_then(|jobs| once(&jobs, &accepted, kills)),
        ),
        check(
            "no job was proven twice",
            metrics
                .clone()
                .and_then(|text| proofs(text, samples, &accepted, kills)),
        ),
        check(
            "no job failed, nothing broke",
            metrics.clone().and_then(failures),
        ),
        check("nothing is left", metrics.and_then(|text| left(text, host))),
        check("memory is flat", flat(samples, kills)),
    ];
    let stopping = host.clone();
    let stopped = spawn_blocking(move || stopping.stop().map_err(|error| error.to_string())).await;
    let stopped = stopped.unwrap_or_else(|error| Err(error.to_string()));
    checks.push(check(
        "it stops when asked to",
        stopped.map(|()| "by SIGTERM".into()),
    ));
    // What it says when it stops is in the log as well.
    checks.push(check("no error in its log", log(host)));
    checks
}

/// All jobs with their tenants, in pages, over either interface in turn.
async fn list(host: &Host) -> Result<Vec<(usize, Job)>, CallError> {
    let mut jobs = Vec::new();
    for tenant in 0..TENANTS {
        let caller = caller(host, tenant, tenant % 2 == 1);
        let caller = caller.map_err(|error| CallError::Broken(error.to_string()))?;
        let mut before: Option<String> = None;
        loop {
            let page = caller.list(before.as_deref()).await?;
            let Some(last) = page.last() else { break };
            before = Some(last.id.clone());
            jobs.extend(page.into_iter().map(|job| (tenant, job)));
        }
    }
    Ok(jobs)
}

fn answers(tally: &Tally) -> Result<String, String> {
    let answers: usize = tally.times().values().map(Vec::len).sum();
    match tally.wrongs() {
        (0, _) => Ok(format!("{answers} answers")),
        (wrong, texts) => Err(format!("{wrong} were not: {}", texts.join("; "))),
    }
}

fn ended(accepted: &BTreeMap<String, Accepted>) -> Result<String, String> {
    let lost: Vec<_> = accepted.iter().filter(|(_, job)| !job.ended).collect();
    match lost.first() {
        _ if accepted.is_empty() => Err("no job was accepted".into()),
        None => Ok(format!("{} jobs", accepted.len())),
        Some((key, job)) => Err(format!("{} did not, as {key}, job {}", lost.len(), job.id)),
    }
}

/// The service's list against the clients' own.
fn once(
    jobs: &[(usize, Job)],
    accepted: &BTreeMap<String, Accepted>,
    kills: u64,
) -> Result<String, String> {
    let mut keys = BTreeSet::new();
    for (tenant, job) in jobs {
        let own = |own: &Accepted| own.id == job.id && own.tenant == *tenant;
        if !accepted.get(&job.key).is_some_and(own) {
            return Err(format!(
                "tenant {tenant} has not been told of job {} ({})",
                job.id, job.key
            ));
        }
        if !keys.insert(&job.key) {
            return Err(format!("two jobs of {}", job.key));
        }
        if job.state != "succeeded" {
            return Err(format!("job {} is {}: {}", job.id, job.state, job.failure));
        }
        if job.attempts == 0 || job.attempts > 1 + kills {
            let attempts = job.attempts;
            return Err(format!(
                "job {}: begun {attempts} times, {kills} kills",
                job.id
            ));
        }
    }
    let bytes: u64 = accepted.values().map(|job| job.receipt_bytes).sum();
    let gone = accepted.len() - keys.len();
    // The oldest go once there are too many receipts.
    if gone > 0 && bytes <= MAX_RECEIPT_BYTES {
        return Err(format!("{gone} of {} jobs are gone", accepted.len()));
    }
    let again = jobs.iter().filter(|(_, job)| job.attempts > 1).count();
    Ok(format!(
        "{} listed, {gone} gone with old receipts, {again} begun more than once",
        jobs.len()
    ))
}

fn value(text: &str, name: &str) -> Result<f64, String> {
    metric(text, name).ok_or_else(|| format!("no metric {name}"))
}

/// Nothing was asked for before, so every job costs a proof, and no more; or one each time that it
/// was begun, if the service was killed. Counters begin anew when the service does: what it counted
/// before a kill is at least what it told a moment earlier.
fn proofs(
    text: &str,
    samples: &[Sample],
    accepted: &BTreeMap<String, Accepted>,
    kills: u64,
) -> Result<String, String> {
    let mut proofs = BTreeMap::new();
    for sample in samples {
        proofs.insert(sample.kills, sample.proofs);
    }
    proofs.insert(kills, value(text, "vouch_proofs_total")?);
    let proofs: f64 = proofs.values().sum();
    let begun = accepted.values().map(|job| job.attempts).sum::<u64>() as f64;
    let jobs = accepted.len();
    if kills > 0 {
        return match proofs <= begun {
            true => Ok(format!(
                "{jobs} jobs, begun {begun} times: {proofs} proofs seen"
            )),
            false => Err(format!("{jobs} jobs, begun {begun} times: {proofs} proofs")),
        };
    }
    let submitted = value(text, "vouch_jobs_submitted_total")?;
    match proofs == jobs as f64 && submitted == jobs as f64 {
        true => Ok(format!("{proofs} proofs")),
        false => Err(format!(
            "{jobs} jobs accepted: {submitted} counted, {proofs} proofs"
        )),
    }
}

fn none(text: &str, names: &[&str]) -> Result<(), String> {
    for name in names {
        let value = value(text, name)?;
        if value != 0.0 {
            return Err(format!("{name}: expected 0, got {value}"));
        }
    }
    Ok(())
}

fn failures(text: &str) -> Result<String, String> {
    none(
        text,
        &[
            "vouch_jobs_finished_total{outcome=\"failed\"}",
            "vouch_jobs_finished_total{outcome=\"cancelled\"}",
            "vouch_storage_errors_total",
            "vouch_cache_corrupted",
            "vouch_queue_rejections_total",
        ],
    )?;
    Ok("by its metrics".into())
}

fn left(text: &str, host: &Host) -> Result<String, String> {
    none(
        text,
        &[
            "vouch_jobs{state=\"queued\"}",
            "vouch_jobs{state=\"running\"}",
            "vouch_queue_length",
        ],
    )?;
    match host.inputs() {
        Ok(0) => Ok("no job, no input".into()),
        Ok(inputs) => Err(format!("{inputs} inputs")),
        Err(error) => Err(format!("its inputs: {error}")),
    }
}

/// Whether memory no longer grows in the second half, where it can be told.
fn flat(samples: &[Sample], kills: u64) -> Result<String, String> {
    let memory = Memory::of(samples);
    let Memory { middle, end, .. } = memory;
    let summary = format!(
        "{} MiB in the middle, {} at the end",
        middle >> 20,
        end >> 20
    );
    let long = samples.last().is_some_and(|last| last.seconds >= SETTLED);
    if kills > 0 || !long {
        return Ok(format!("{summary}; too short a life to tell"));
    }
    match end <= middle.saturating_add(NOISE.max(middle / 4)) {
        true => Ok(summary),
        false => Err(summary),
    }
}

fn log(host: &Host) -> Result<String, String> {
    let errors = host.errors_in_log().map_err(|error| error.to_string())?;
    match errors.first() {
        None => Ok("no line".into()),
        Some(first) => Err(format!("{} lines, as {first}", errors.len())),
    }
}
