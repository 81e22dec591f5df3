//! The operations of a proof on a device.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::Arc;

use p3_field::extension::BinomiallyExtendable;
use p3_field::{BasedVectorSpace, PrimeCharacteristicRing};
use p3_matrix::dense::RowMajorMatrix;
use vouch_air::F;
use vouch_air::witness::Trace;
use vouch_prover::plan::plan;
use vouch_prover::{
    Commitment, Engine, Inspect, LayerOpening, OpenedRound, Opening, Openings, Place, ProveError,
};
use vouch_verifier::config::Challenge;
use vouch_verifier::packing::{Level, Packing, Round};
use vouch_verifier::{Grinder, Parameters};

use crate::columns::{Columns, Committed};
use crate::error::GpuError;
use crate::kernels::{self, GpuGrinder, Hash, Opener};
use crate::matrix::Matrix;
use crate::merkle::{MerkleTree, answer};
use crate::opened::{claims, matrices, openings};
use crate::setup::{GpuEngine, commitment};

/// A vector that FRI has committed to.
pub struct Layer {
    vector: Matrix,
    tree: MerkleTree,
    log_arity: usize,
}

impl<const D: usize> Engine<D> for GpuEngine<D>
where
    F: BinomiallyExtendable<D>,
{
    type Tables = Vec<Matrix>;
    type Columns = Vec<Columns>;
    type Committed = Committed;
    type Point = Opener<D>;
    type Vector = Matrix;
    type Layer = Layer;

    fn name(&self) -> &'static str {
        self.gpu.kind()
    }

    fn parameters(&self) -> &Parameters {
        &self.parameters
    }

    fn tables(&self, traces: Vec<Trace>) -> Result<Vec<Matrix>, ProveError> {
        let upload = |trace: Trace| self.upload(&trace.matrix);
        let tables: Result<_, _> = traces.into_iter().map(upload).collect();
        tables.map_err(self.device())
    }

    fn commit_tables(
        &self,
        tables: &Vec<Matrix>,
        round: &Round,
    ) -> Result<(Commitment, Committed), ProveError> {
        let extended: Result<Vec<Matrix>, _> = tables.iter().map(|t| self.extend(t)).collect();
        extended
            .and_then(|extended| self.tree(extended, round))
            .map_err(self.device())
    }

    fn fixed(&self) -> Result<(Commitment, Arc<Committed>), ProveError> {
        let fixed = self.fixed_columns().map_err(self.device())?;
        Ok((fixed.commitment.clone(), Arc::clone(&fixed.committed)))
    }

    fn logup(
        &self,
        tables: Vec<Matrix>,
        places: &[Place<D>],
    ) -> Result<(Vec<Columns>, Vec<Challenge<D>>), ProveError> {
        let columns = |(rows, place): (Matrix, &Place<D>)| {
            let fixed = match place.is_fixed() {
                true => Some(&self.fixed_columns()?.rows),
                false => None,
            };
            let (matrix, terminal) = kernels::logup(
                &self.gpu,
                place.instance.table,
                &place.public_values,
                &rows,
                fixed,
                &place.challenges,
            )?;
            Ok((Columns::Rows(matrix), terminal))
        };
        let both: Result<Vec<_>, _> = tables.into_iter().zip(places).map(columns).collect();
        Ok(both.map_err(self.device())?.into_iter().unzip())
    }

    fn commit(
        &self,
        columns: Vec<Columns>,
        round: &Round,
    ) -> Result<(Commitment, Committed), ProveError> {
        let (gpu, roots, added_bits) = (&self.gpu, &self.roots, self.parameters.log_blowup);
        let extend = |columns: Columns| columns.extend(gpu, roots, added_bits);
        let extended: Result<Vec<_>, _> = columns.into_iter().map(extend).collect();
        extended
            .and_then(|extended| self.tree(extended.into_iter().flatten().collect(), round))
            .map_err(self.device())
    }

    fn quotients(
        &self,
        places: &[Place<D>],
        main: &Committed,
        logup: &Committed,
        alpha: Challenge<D>,
    ) -> Result<Vec<Columns>, ProveError> {
        let tables = places.iter().zip(&main.matrices).zip(&logup.matrices);
        // By height and number of chunks.
        let mut selectors: BTreeMap<(usize, usize), Matrix> = BTreeMap::new();
        let mut quotients = Vec::with_capacity(places.len());
        for ((place, main), logup) in tables {
            let shape = (place.log_height, plan(place.instance.table).log_chunks);
            let selectors = match selectors.entry(shape) {
                Entry::Occupied(entry) => entry.into_mut(),
                Entry::Vacant(entry) => {
                    let new = kernels::selectors(&self.gpu, shape.0, shape.1);
                    entry.insert(new.map_err(self.device())?)
                }
            };
            let quotient = self.quotient(place, [main, logup, selectors], alpha);
            quotients.push(Columns::Quotient(quotient.map_err(self.device())?));
        }
        Ok(quotients)
    }

    fn evaluate(
        &self,
        rounds: &[OpenedRound<'_, Committed>],
        point: Challenge<D>,
    ) -> Result<(Openings<D>, Opener<D>), ProveError> {
        let opened = matrices(rounds);
        let heights = opened.iter().map(|opened| opened.matrix.log_height);
        let log_cosets = self.parameters.log_blowup;
        let opener = Opener::new(&self.gpu, &self.roots, point, heights, log_cosets)
            .map_err(self.device())?;
        let values = opener.evaluate(&opened).map_err(self.device())?;
        Ok((openings(rounds, values), opener))
    }

    fn reduce(
        &self,
        packing: &Packing,
        rounds: &[OpenedRound<'_, Committed>],
        values: &Openings<D>,
        point: Opener<D>,
        alpha: Challenge<D>,
    ) -> Result<Vec<(usize, Matrix)>, ProveError> {
        let sum = |level: &Level| {
            let claims = claims(rounds, values, level.log_height);
            let sum = point.reduce(&self.roots, &claims, level.terms, alpha)?;
            Ok((sum.log_height + sum.log_cosets, sum))
        };
        let sums: Result<_, GpuError> = packing.levels().iter().map(sum).collect();
        sums.map_err(self.device())
    }

    fn commit_layer(
        &self,
        vector: Matrix,
        log_arity: usize,
    ) -> Result<(Commitment, Layer), ProveError> {
        let tree = MerkleTree::commit_groups(&self.gpu, Hash::Blake3, &vector, log_arity)
            .map_err(self.device())?;
        let commitment = commitment(&tree).map_err(self.device())?;
        let layer = Layer {
            vector,
            tree,
            log_arity,
        };
        Ok((commitment, layer))
    }

    fn fold(
        &self,
        layer: &Layer,
        beta: Challenge<D>,
        other: Option<Matrix>,
    ) -> Result<Matrix, ProveError> {
        let (gpu, log_arity) = (&self.gpu, layer.log_arity);
        let folded = kernels::fold(gpu, &self.roots, &layer.vector, log_arity, beta);
        let mut folded = folded.map_err(self.device())?;
        if let Some(other) = other {
            let factor = beta.exp_power_of_2(log_arity);
            kernels::add_scaled(gpu, &mut folded, factor, &other).map_err(self.device())?;
        }
        Ok(folded)
    }

    fn first(&self, vector: Matrix, count: usize) -> Result<Vec<Challenge<D>>, ProveError> {
        let mut numbers = self.vector(&vector)?;
        numbers.truncate(count);
        Ok(numbers)
    }

    fn open(&self, committed: &Committed, indices: &[usize]) -> Result<Opening, ProveError> {
        let Committed { tree, packs, .. } = committed;
        let opened = tree.open(&self.gpu, &self.roots, packs, indices);
        let (opened_values, opening_proof) = opened.map_err(self.device())?;
        Ok(Opening {
            opened_values,
            opening_proof,
        })
    }

    fn open_layer(&self, layer: &Layer, indices: &[usize]) -> Result<LayerOpening<D>, ProveError> {
        let groups: Vec<usize> = indices
            .iter()
            .map(|index| index >> layer.log_arity)
            .collect();
        let query = layer
            .tree
            .query_groups(&layer.vector, layer.log_arity, &groups);
        let mut opened = answer(&self.gpu, &[query]).map_err(self.device())?;
        let opened = opened.pop().expect("one was asked for");
        let within = |index: &usize| index & ((1 << layer.log_arity) - 1);
        let members: Vec<usize> = indices.iter().map(within).collect();
        Ok(LayerOpening {
            sibling_values: opened.siblings::<D>(&members),
            opening_proof: opened.paths,
        })
    }

    fn grinder(&self) -> Option<Arc<dyn Grinder>> {
        Some(Arc::new(GpuGrinder::new(self.gpu.clone())))
    }

    fn log_max_height(&self, committed: &Committed) -> usize {
        committed.tree.log_leaves()
    }
}

impl<const D: usize> Inspect<D> for GpuEngine<D>
where
    F: BinomiallyExtendable<D>,
{
    fn committed(&self, committed: &Committed) -> Result<Vec<RowMajorMatrix<F>>, ProveError> {
        let rows = committed.matrices.iter().map(|matrix| matrix.to_plonky3());
        let rows: Result<_, _> = rows.collect();
        rows.map_err(self.device())
    }

    fn columns(&self, columns: &Vec<Columns>) -> Result<Vec<RowMajorMatrix<F>>, ProveError> {
        let rows: Result<Vec<_>, _> = columns.iter().map(Columns::rows).collect();
        Ok(rows.map_err(self.device())?.concat())
    }

    fn vector(&self, vector: &Matrix) -> Result<Vec<Challenge<D>>, ProveError> {
        let rows = vector.to_plonky3().map_err(self.device())?;
        let number = |c: &[F]| Challenge::<D>::from_basis_coefficients_fn(|i| c[i]);
        Ok(rows.values.chunks_exact(D).map(number).collect())
    }
}
