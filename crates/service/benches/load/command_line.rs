//! What the command line does with the same jobs, one after the other.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::Value;
use vouch_sdk::guests;

use crate::Failure;
use crate::client::hashes;

/// Jobs of the command line.
pub struct Rate {
    /// Whole processes, from start to end, shortest first.
    pub processes: Vec<Duration>,
    /// Of these, executing and proving, as the command tells; shortest first.
    pub proofs: Vec<Duration>,
}

impl Rate {
    /// Processes a second.
    pub fn of_processes(&self) -> f64 {
        rate(&self.processes)
    }

    /// Proofs a second, if that were all that a process does.
    pub fn of_proofs(&self) -> f64 {
        rate(&self.proofs)
    }
}

fn rate(times: &[Duration]) -> f64 {
    times.len() as f64 / times.iter().sum::<Duration>().as_secs_f64()
}

/// Proves the four-hash commitment `jobs` times with `vouch prove`, each time of other hashes.
pub fn measure(vouch: &Path, folder: &Path, jobs: u32) -> Result<Rate, Failure> {
    let elf = folder.join("commitment.elf");
    std::fs::write(&elf, guests::COMMITMENT)?;
    let input = folder.join("hashes");
    // The first one reads the binary from the disk.
    prove(vouch, &elf, &input, u64::MAX)?;
    let (mut processes, mut proofs) = (Vec::new(), Vec::new());
    for job in 0..u64::from(jobs) {
        let (process, proof) = prove(vouch, &elf, &input, job)?;
        processes.push(process);
        proofs.push(proof);
    }
    processes.sort_unstable();
    proofs.sort_unstable();
    Ok(Rate { processes, proofs })
}

/// Times of one process, and of executing and proving in it.
fn prove(
    vouch: &Path,
    elf: &Path,
    input: &Path,
    job: u64,
) -> Result<(Duration, Duration), Failure> {
    let expected = hashes(u32::MAX, job);
    std::fs::write(input, expected)?;
    let start = Instant::now();
    let output = Command::new(vouch)
        .args(["prove", "--json", "-o"])
        .arg(input.with_extension("vouch"))
        .arg("--input")
        .args([input, elf])
        .output()?;
    let process = start.elapsed();
    if !output.status.success() {
        let stderr = String::from_utf8_lossy(&output.stderr);
        return Err(format!("vouch prove: {}: {stderr}", output.status).into());
    }
    let reply: Value = serde_json::from_slice(&output.stdout)?;
    if reply.get("journal").and_then(Value::as_str) != Some(&hex::encode(expected)) {
        return Err("vouch prove: the journal is not the four hashes".into());
    }
    let seconds = |field| reply.get(field).and_then(Value::as_f64);
    match (seconds("execute_seconds"), seconds("prove_seconds")) {
        (Some(execute), Some(prove)) => Ok((process, Duration::from_secs_f64(execute + prove))),
        _ => Err("vouch prove --json: expected execute_seconds and prove_seconds".into()),
    }
}
