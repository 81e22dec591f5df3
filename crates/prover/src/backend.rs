//! What computes a proof.

use p3_batch_stark::{ProverData, StarkInstance, prove_batch};
use p3_field::extension::BinomiallyExtendable;
use p3_matrix::Matrix;
use p3_util::log2_strict_usize;
use vouch_air::F;
use vouch_air::tables::Instance;
use vouch_air::witness::Traces;
use vouch_verifier::config::{Config, Proof};

use crate::error::ProveError;

/// The proof of one segment, yet to be made.
pub struct Job<'a, const D: usize>
where
    F: BinomiallyExtendable<D>,
{
    /// The proof system, its transcript seeded with the segment's claim.
    pub config: &'a Config<D>,
    /// The filled tables.
    pub traces: &'a Traces,
}

/// Computes proofs. Every backend gives the same bytes for the same job.
///
/// One method a degree and no generic one: a prover holds its backend as an object, so that
/// the proof system is compiled here and not again in every program that uses it.
pub trait Backend: Send + Sync {
    /// Name for logs and reports.
    fn name(&self) -> &'static str;

    /// The proof of a segment, its challenges of degree 4.
    ///
    /// # Errors
    /// [`ProveError::Backend`] if the proof system fails.
    fn prove4(&self, job: &Job<'_, 4>) -> Result<Proof<4>, ProveError>;

    /// The proof of a segment, its challenges of degree 5.
    ///
    /// # Errors
    /// [`ProveError::Backend`] if the proof system fails.
    fn prove5(&self, job: &Job<'_, 5>) -> Result<Proof<5>, ProveError>;
}

/// Plonky3's own batch prover: the oracle that other backends must equal.
#[derive(Clone, Copy, Debug, Default)]
pub struct Reference;

impl Backend for Reference {
    fn name(&self) -> &'static str {
        "plonky3"
    }

    fn prove4(&self, job: &Job<'_, 4>) -> Result<Proof<4>, ProveError> {
        prove(job)
    }

    fn prove5(&self, job: &Job<'_, 5>) -> Result<Proof<5>, ProveError> {
        prove(job)
    }
}

fn prove<const D: usize>(job: &Job<'_, D>) -> Result<Proof<D>, ProveError>
where
    F: BinomiallyExtendable<D>,
{
    let tables = &job.traces.tables;
    let airs: Vec<Instance> = tables.iter().map(|trace| trace.instance.clone()).collect();
    let heights: Vec<usize> = tables
        .iter()
        .map(|trace| log2_strict_usize(trace.matrix.height()))
        .collect();
    let instances: Vec<StarkInstance<'_, Config<D>, Instance>> = tables
        .iter()
        .map(|trace| StarkInstance {
            air: &trace.instance,
            trace: &trace.matrix,
            public_values: trace.public_values.clone(),
        })
        .collect();
    let data = ProverData::from_airs_and_degrees(job.config, &airs, &heights).map_err(failed)?;
    prove_batch(job.config, &instances, &data).map_err(failed)
}

fn failed(error: impl core::fmt::Display) -> ProveError {
    ProveError::Backend {
        reason: error.to_string(),
    }
}
