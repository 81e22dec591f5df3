//! What a measurement says.

use std::fmt;
use std::time::Duration;

use clap::ValueEnum;
use serde::{Deserialize, Serialize};

use crate::{Args, Guest, Prover};

/// The configuration of a prover.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Config {
    /// What a user gets who sets nothing.
    Default,
    /// The fastest that we found on a CPU at the same security: README.md.
    Tuned,
    /// Vouch's profile for small receipts.
    Compact,
}

impl fmt::Display for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Default => "default",
            Self::Tuned => "tuned",
            Self::Compact => "compact",
        })
    }
}

/// What is known of the security of the proofs that were measured.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Security {
    /// Provable bits, where a public calculation gives them.
    pub provable_bits: Option<f64>,
    /// Where the bits come from, and what else the system states.
    pub text: String,
}

/// What a peer's program measures by itself.
#[derive(Debug, Clone)]
pub struct Measured {
    /// Instructions executed, as the prover counts them, system calls of its own included.
    pub cycles: u64,
    /// Segments, shards: how many proofs the run was cut into.
    pub segments: usize,
    /// Before the guest is known or run: keys, commitment to the program.
    pub setup: Duration,
    /// From the program and its keys to the proof: execution and proving.
    pub proving: Duration,
    /// The first verification in the process.
    pub verification: Duration,
    /// All that the verifier needs besides its key, encoded as the system itself does.
    pub proof_bytes: usize,
    /// The security of this proof.
    pub security: Security,
}

/// One proof of one guest by one prover, as JSON.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// Who proved.
    pub peer: Prover,
    /// The version of the prover's crates.
    pub version: String,
    /// The prover's configuration.
    pub config: Config,
    /// What was proven.
    pub guest: Guest,
    /// See [`Measured::cycles`].
    pub cycles: u64,
    /// See [`Measured::segments`].
    pub segments: usize,
    /// See [`Measured::setup`].
    pub setup_seconds: f64,
    /// See [`Measured::proving`].
    pub seconds: f64,
    /// `cycles` over `seconds`.
    pub cycles_per_second: f64,
    /// See [`Measured::proof_bytes`].
    pub proof_bytes: usize,
    /// See [`Measured::verification`].
    pub verify_ms: f64,
    /// Peak resident memory of the whole process, setup included.
    pub peak_rss_bytes: u64,
    /// See [`Measured::security`].
    pub security: Security,
}

impl Report {
    pub(crate) fn new(
        peer: Prover,
        version: &str,
        args: &Args,
        measured: Measured,
        peak_rss_bytes: u64,
    ) -> Self {
        let seconds = measured.proving.as_secs_f64();
        Self {
            peer,
            version: version.to_owned(),
            config: args.config,
            guest: args.guest,
            cycles: measured.cycles,
            segments: measured.segments,
            setup_seconds: measured.setup.as_secs_f64(),
            seconds,
            cycles_per_second: measured.cycles as f64 / seconds,
            proof_bytes: measured.proof_bytes,
            verify_ms: measured.verification.as_secs_f64() * 1000.0,
            peak_rss_bytes,
            security: measured.security,
        }
    }
}
