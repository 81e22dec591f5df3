//! The operations of a proof on the CPU.

use std::sync::Arc;

use p3_commit::Mmcs;
use p3_field::extension::BinomiallyExtendable;
use p3_field::{BasedVectorSpace, TwoAdicField};
use p3_matrix::dense::RowMajorMatrix;
use p3_maybe_rayon::prelude::*;
use vouch_air::F;
use vouch_air::witness::Trace;
use vouch_verifier::Parameters;
use vouch_verifier::config::{Challenge, ValueMmcs};
use vouch_verifier::packing::{COSET, Packing, Round};

use super::emitted::combiners;
use super::fold::fold;
use super::logup::{LogUp, logup};
use super::openings::Opener;
use super::quotient::{Extended, chunks};
use super::setup::{Committed, Input, Rows, Setup};
use crate::engine::{
    Commitment, Engine, Inspect, LayerOpening, OpenedRound, Opening, Openings, Place,
};
use crate::error::ProveError;
use crate::plan::plan;

/// A vector that FRI has committed to, with its Merkle tree.
pub struct Layer<const D: usize> {
    /// `2^log_arity` challenges of `D` cells a row.
    committed: <ValueMmcs as Mmcs<F>>::ProverData<RowMajorMatrix<F>>,
    log_arity: usize,
}

impl<const D: usize> Engine<D> for Setup<D>
where
    F: BinomiallyExtendable<D>,
{
    type Tables = Vec<Trace>;
    type Columns = Vec<Input<'static>>;
    type Committed = Committed;
    type Point = Opener<D>;
    /// `D` cells a challenge.
    type Vector = Vec<F>;
    type Layer = Layer<D>;

    fn name(&self) -> &'static str {
        "cpu"
    }

    fn parameters(&self) -> &Parameters {
        &self.parameters
    }

    fn tables(&self, traces: Vec<Trace>) -> Result<Vec<Trace>, ProveError> {
        Ok(traces)
    }

    fn commit_tables(
        &self,
        tables: &Vec<Trace>,
        round: &Round,
    ) -> Result<(Commitment, Committed), ProveError> {
        let matrices = tables.iter().map(|trace| &trace.matrix);
        let inputs = matrices.map(|matrix| Input::rows(Rows::Elsewhere(matrix)));
        Ok(self.commit_inputs(inputs.collect(), round))
    }

    fn fixed(&self) -> Result<(Commitment, Arc<Committed>), ProveError> {
        let fixed = self.fixed_columns();
        Ok((fixed.commitment.clone(), Arc::clone(&fixed.committed)))
    }

    fn logup(
        &self,
        tables: Vec<Trace>,
        places: &[Place<D>],
    ) -> Result<(Vec<Input<'static>>, Vec<Challenge<D>>), ProveError> {
        Ok(self.logup_columns(tables, places))
    }

    fn commit(
        &self,
        columns: Vec<Input<'static>>,
        round: &Round,
    ) -> Result<(Commitment, Committed), ProveError> {
        Ok(self.commit_inputs(columns, round))
    }

    fn quotients(
        &self,
        places: &[Place<D>],
        main: &Committed,
        logup: &Committed,
        alpha: Challenge<D>,
    ) -> Result<Vec<Input<'static>>, ProveError> {
        let points = &domain(main.log_rows());
        Ok(places
            .par_iter()
            .zip(&main.matrices)
            .zip(&logup.matrices)
            .flat_map_iter(|((place, main), logup)| {
                self.table_quotient(place, [main, logup], alpha, points)
            })
            .collect())
    }

    fn evaluate(
        &self,
        rounds: &[OpenedRound<'_, Committed>],
        point: Challenge<D>,
    ) -> Result<(Openings<D>, Opener<D>), ProveError> {
        let heights = rounds.iter().map(|round| round.committed.log_rows());
        let tallest = heights.max().unwrap_or(0);
        let points = domain(tallest.saturating_sub(self.parameters.log_blowup));
        let opener = Opener::new(point, &points, self.parameters.log_blowup);
        Ok((opener.evaluate(rounds), opener))
    }

    fn reduce(
        &self,
        packing: &Packing,
        rounds: &[OpenedRound<'_, Committed>],
        values: &Openings<D>,
        point: Opener<D>,
        alpha: Challenge<D>,
    ) -> Result<Vec<(usize, Vec<F>)>, ProveError> {
        Ok(point.reduce(packing, rounds, values, alpha, &self.extender))
    }

    fn commit_layer(
        &self,
        vector: Vec<F>,
        log_arity: usize,
    ) -> Result<(Commitment, Layer<D>), ProveError> {
        let leaves = RowMajorMatrix::new(vector, D << log_arity);
        let (commitment, committed) = self.mmcs.commit_matrix(leaves);
        let layer = Layer {
            committed,
            log_arity,
        };
        Ok((commitment, layer))
    }

    fn fold(
        &self,
        layer: &Layer<D>,
        beta: Challenge<D>,
        other: Option<Vec<F>>,
    ) -> Result<Vec<F>, ProveError> {
        let leaves = self.mmcs.get_matrices(&layer.committed);
        Ok(fold(&leaves[0].values, layer.log_arity, beta, other))
    }

    fn first(&self, vector: Vec<F>, count: usize) -> Result<Vec<Challenge<D>>, ProveError> {
        Ok(challenges(&vector).take(count).collect())
    }

    fn open(&self, committed: &Committed, indices: &[usize]) -> Result<Opening, ProveError> {
        Ok(committed.open(indices))
    }

    fn open_layer(
        &self,
        layer: &Layer<D>,
        indices: &[usize],
    ) -> Result<LayerOpening<D>, ProveError> {
        let groups: Vec<usize> = indices
            .iter()
            .map(|index| index >> layer.log_arity)
            .collect();
        let (rows, opening_proof) = self.mmcs.open_multi_batch(&groups, &layer.committed);
        let others = |(rows, index): (Vec<Vec<F>>, &usize)| {
            let within = index & ((1 << layer.log_arity) - 1);
            let mut group: Vec<_> = rows.iter().flat_map(|row| challenges(row)).collect();
            drop(group.drain(within..=within));
            group
        };
        Ok(LayerOpening {
            sibling_values: rows.into_iter().zip(indices).map(others).collect(),
            opening_proof,
        })
    }

    fn log_max_height(&self, committed: &Committed) -> usize {
        committed.log_height()
    }
}

impl<const D: usize> Inspect<D> for Setup<D>
where
    F: BinomiallyExtendable<D>,
{
    fn committed(&self, committed: &Committed) -> Result<Vec<RowMajorMatrix<F>>, ProveError> {
        Ok(committed.matrices.clone())
    }

    fn columns(&self, columns: &Vec<Input<'static>>) -> Result<Vec<RowMajorMatrix<F>>, ProveError> {
        Ok(columns
            .iter()
            .map(|input| input.matrix(self.parameters.log_blowup))
            .collect())
    }

    fn vector(&self, vector: &Vec<F>) -> Result<Vec<Challenge<D>>, ProveError> {
        Ok(challenges(vector).collect())
    }
}

impl<const D: usize> Setup<D>
where
    F: BinomiallyExtendable<D>,
{
    /// The LogUp columns of every table, whose rows are dropped as soon as they are there, and
    /// the sum of its fractions.
    pub(super) fn logup_columns(
        &self,
        tables: Vec<Trace>,
        places: &[Place<D>],
    ) -> (Vec<Input<'static>>, Vec<Challenge<D>>) {
        let columns = |(trace, place): (Trace, &Place<D>)| {
            let plan = plan(place.instance.table);
            let combiners = combiners(plan, &place.challenges);
            let fixed = place.is_fixed().then(|| &self.fixed_columns().rows);
            let log_blowup = self.parameters.log_blowup;
            let LogUp { matrix, terminal } = logup(plan, &trace, fixed, &combiners, log_blowup);
            (Input::rows(Rows::InPlace(matrix)), terminal)
        };
        tables.into_par_iter().zip(places).map(columns).unzip()
    }

    /// The chunks of a table's quotient, given its extended main and LogUp columns.
    pub(super) fn table_quotient(
        &self,
        place: &Place<D>,
        [main, logup]: [&RowMajorMatrix<F>; 2],
        alpha: Challenge<D>,
        points: &[F],
    ) -> Vec<Input<'static>> {
        let plan = plan(place.instance.table);
        let table = Extended {
            plan,
            instance: &place.instance,
            public_values: &place.public_values,
            log_height: place.log_height,
            main,
            logup,
            fixed: { place.is_fixed() }.then(|| &self.fixed_columns().committed.matrices[0]),
            periodic: rows_of(&place.instance.periodic)
                .map(|rows| self.extend(&rows, plan.log_chunks)),
            combiners: &combiners(plan, &place.challenges),
            terminal: place.terminal,
        };
        chunks(&table, alpha, points, self.parameters.log_blowup)
    }
}

/// The challenges that cells are of, `D` each.
fn challenges<const D: usize>(cells: &[F]) -> impl Iterator<Item = Challenge<D>>
where
    F: BinomiallyExtendable<D>,
{
    let challenge = |cells: &[F]| Challenge::<D>::from_basis_coefficients_fn(|k| cells[k]);
    cells.chunks_exact(D).map(challenge)
}

/// The points of the domain of `2^bits` that commitments are on, bit-reversed: the second half of
/// each domain is its first, times a generator.
pub(super) fn domain(bits: usize) -> Vec<F> {
    let mut points = Vec::with_capacity(1 << bits);
    points.push(COSET);
    for bits in 1..=bits {
        let generator = F::two_adic_generator(bits);
        points.extend_from_within(..);
        let half = points.len() / 2;
        points[half..]
            .par_iter_mut()
            .with_min_len(1 << 12)
            .for_each(|point| *point *= generator);
    }
    points
}

/// Columns as a matrix; `None` if there are none.
fn rows_of(columns: &[Vec<F>]) -> Option<RowMajorMatrix<F>> {
    let height = columns.first()?.len();
    let values = (0..height).flat_map(|row| columns.iter().map(move |column| column[row]));
    Some(RowMajorMatrix::new(values.collect(), columns.len()))
}
