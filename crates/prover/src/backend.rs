//! What computes a proof.

use std::sync::Arc;

use p3_batch_stark::{ProverData, StarkInstance, prove_batch};
use p3_field::extension::BinomiallyExtendable;
use p3_matrix::Matrix;
use p3_util::log2_strict_usize;
use serde::Serialize;
use vouch_air::F;
use vouch_air::tables::Instance;
use vouch_air::witness::Traces;
use vouch_verifier::config::{Config, Proof, config};
use vouch_verifier::{ExtensionDegree, Parameters, Profile};

use crate::cancel::Cancel;
use crate::coordinator;
use crate::cost::layout;
use crate::engine::Engine;
use crate::error::ProveError;

/// The proof of one segment, yet to be made.
#[derive(Clone, Debug)]
pub struct Job {
    /// What the transcript starts with: the segment's claim.
    pub seed: Vec<u8>,
    /// The filled tables.
    pub traces: Traces,
    /// Whether to stop.
    pub cancel: Cancel,
}

/// Computes proofs. Every backend gives the same bytes for the same job.
pub trait Backend: Send + Sync {
    /// Name for logs and reports.
    fn name(&self) -> &'static str;

    /// The parameters of its proofs.
    fn profile(&self) -> Profile;

    /// The encoded proof of a segment.
    ///
    /// # Errors
    /// [`ProveError::Backend`] if the proof system fails, [`ProveError::Cancelled`] a second or two,
    /// at most, after the job was cancelled.
    fn prove(&self, job: Job) -> Result<Vec<u8>, ProveError>;
}

impl<B: Backend + ?Sized> Backend for Arc<B> {
    fn name(&self) -> &'static str {
        (**self).name()
    }

    fn profile(&self) -> Profile {
        (**self).profile()
    }

    fn prove(&self, job: Job) -> Result<Vec<u8>, ProveError> {
        (**self).prove(job)
    }
}

/// The coordinator with an engine that computes.
pub struct Coordinated<const D: usize, E> {
    profile: Profile,
    engine: E,
}

impl<const D: usize, E: Engine<D>> Coordinated<D, E>
where
    F: BinomiallyExtendable<D>,
{
    /// For proofs of `profile`, whose challenges have degree `D`; of its parameters, as long as the
    /// engine has no others for a measurement.
    pub fn new(profile: Profile, engine: E) -> Self {
        Self { profile, engine }
    }

    /// The engine.
    pub fn engine(&self) -> &E {
        &self.engine
    }
}

impl<const D: usize, E: Engine<D>> Backend for Coordinated<D, E>
where
    F: BinomiallyExtendable<D>,
{
    fn name(&self) -> &'static str {
        self.engine.name()
    }

    fn profile(&self) -> Profile {
        self.profile
    }

    fn prove(&self, job: Job) -> Result<Vec<u8>, ProveError> {
        encode(&coordinator::prove(&self.engine, job)?)
    }
}

/// Plonky3's own batch prover: the oracle that other backends must equal.
#[derive(Clone, Copy, Debug)]
pub struct Reference {
    /// The parameters of its proofs.
    pub profile: Profile,
}

impl Backend for Reference {
    fn name(&self) -> &'static str {
        "plonky3"
    }

    fn profile(&self) -> Profile {
        self.profile
    }

    /// It cannot be stopped half-way.
    fn prove(&self, job: Job) -> Result<Vec<u8>, ProveError> {
        job.cancel.check()?;
        let parameters = &self.profile.parameters();
        match parameters.extension {
            ExtensionDegree::Four => encode(&prove::<4>(parameters, job)?),
            ExtensionDegree::Five => encode(&prove::<5>(parameters, job)?),
        }
    }
}

fn prove<const D: usize>(parameters: &Parameters, job: Job) -> Result<Proof<D>, ProveError>
where
    F: BinomiallyExtendable<D>,
{
    let config: &Config<D> = &config(parameters, job.seed);
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
    let budget = |air: &Instance| layout(air.table).0.lookup_budget;
    let data = ProverData::from_airs_and_degrees_with_lookup_budgets(
        config,
        &airs,
        &heights,
        &airs.iter().map(budget).collect::<Vec<_>>(),
        parameters.log_blowup,
    )
    .map_err(failed)?;
    prove_batch(config, &instances, &data).map_err(failed)
}

pub(crate) fn encode(proof: &impl Serialize) -> Result<Vec<u8>, ProveError> {
    postcard::to_allocvec(proof).map_err(failed)
}

pub(crate) fn failed(error: impl core::fmt::Display) -> ProveError {
    ProveError::Backend {
        reason: error.to_string(),
    }
}
