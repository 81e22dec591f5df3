//! Vouch itself, through its command line.

use std::{path::Path, time::Duration};

use anyhow::{Context, Result, bail, ensure};
use peers_common::{Config, Prover, Report, Security};
use serde::Deserialize;

use crate::{Case, process};

/// What `vouch prove --json` says, as far as it matters here.
#[derive(Debug, Deserialize)]
struct Proven {
    security_bits: f64,
    cycles: u64,
    segments: usize,
    execute_seconds: f64,
    prove_seconds: f64,
    proof_bytes: usize,
    peak_rss_bytes: Option<u64>,
}

/// What `vouch verify --json` says, as far as it matters here.
#[derive(Debug, Deserialize)]
struct Verified {
    verified: bool,
    verify_ms: f64,
}

/// Proves and verifies a guest, in two processes.
///
/// # Errors
/// If `vouch` fails or says something else than expected.
pub fn measure(vouch: &Path, case: Case, limit: Duration) -> Result<Report> {
    let profile = match case.config {
        Config::Default => "fast",
        Config::Compact => "compact",
        Config::Tuned => bail!("Vouch has no tuned configuration here"),
    };
    let directory = tempfile::tempdir()?;
    let path = |name: &str| {
        let path = directory.path().join(name);
        path.into_os_string()
            .into_string()
            .ok()
            .context("a directory that is not UTF-8")
    };
    let (elf, receipt) = (path("guest.elf")?, path("receipt.vouch")?);
    std::fs::write(
        &elf,
        case.guest
            .elf(Prover::Vouch, case.guest.turns(case.cycles)?)?,
    )?;

    let version = process::stdout(vouch, &["--version"], limit)?;
    let version = version.trim().trim_start_matches("vouch ").to_owned();
    let prove = [
        "prove",
        &elf,
        "-o",
        &receipt,
        "--profile",
        profile,
        "--json",
    ];
    let proven: Proven = serde_json::from_str(&process::stdout(vouch, &prove, limit)?)?;
    let verify = ["verify", &receipt, "--elf", &elf, "--json"];
    let verified: Verified = serde_json::from_str(&process::stdout(vouch, &verify, limit)?)?;
    ensure!(verified.verified, "expected a receipt that verifies");

    let seconds = proven.execute_seconds + proven.prove_seconds;
    Ok(Report {
        peer: Prover::Vouch,
        version,
        config: case.config,
        guest: case.guest,
        cycles: proven.cycles,
        segments: proven.segments,
        setup_seconds: 0.0,
        seconds,
        cycles_per_second: proven.cycles as f64 / seconds,
        proof_bytes: proven.proof_bytes,
        verify_ms: verified.verify_ms,
        peak_rss_bytes: proven
            .peak_rss_bytes
            .context("Vouch could not tell its memory")?,
        security: Security {
            provable_bits: Some(proven.security_bits),
            text: "computed by Vouch from the parameters of the proof: docs/security.md".to_owned(),
        },
    })
}
