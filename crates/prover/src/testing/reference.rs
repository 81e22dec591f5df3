//! The oracle of backends: Plonky3's batch prover over the commitments as they are written down first of all.

use p3_batch_stark::{ProverData, StarkInstance, prove_batch};
use p3_matrix::Matrix;
use p3_util::log2_strict_usize;
use vouch_air::tables::Instance;
use vouch_verifier::config::{ChallengeField, Config, config};
use vouch_verifier::{Parameters, Profile, encode_proof, with_challenge_field};

use crate::backend::{Backend, Job, failed};
use crate::coordinator::packing;
use crate::cost::layout;
use crate::error::ProveError;

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
        with_challenge_field!(parameters.extension, EF => prove::<EF>(parameters, job))
    }
}

fn prove<EF: ChallengeField>(parameters: &Parameters, job: Job) -> Result<Vec<u8>, ProveError> {
    let tables = &job.traces.tables;
    let packing = packing(parameters, tables);
    let config: &Config<EF> = &config(parameters, packing.clone(), job.seed);
    let airs: Vec<Instance> = tables.iter().map(|trace| trace.instance.clone()).collect();
    let heights: Vec<usize> = tables
        .iter()
        .map(|trace| log2_strict_usize(trace.matrix.height()))
        .collect();
    let instances: Vec<StarkInstance<'_, Config<EF>, Instance>> = tables
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
    let proof = prove_batch(config, &instances, &data).map_err(failed)?;
    encode_proof(&proof, &packing).map_err(failed)
}
