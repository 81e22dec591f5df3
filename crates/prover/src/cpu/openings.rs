//! Openings: the value of every column at the out-of-domain point `z`, of some also at the
//! point of the next row.

use p3_field::extension::BinomiallyExtendable;
use p3_field::{
    BasedVectorSpace, Field, FieldArray, PackedValue, PrimeCharacteristicRing, TwoAdicField,
    batch_multiplicative_inverse_general,
};
use p3_matrix::Matrix;
use p3_matrix::dense::RowMajorMatrix;
use p3_maybe_rayon::prelude::*;
use p3_util::log2_strict_usize;
use vouch_air::F;
use vouch_verifier::config::Challenge;
use vouch_verifier::packing::COSET;

use super::pack::{ChallengePack, Neighbours, Pack, WIDTH, invert, lane};
use super::setup::Committed;
use crate::engine::{Opened, Openings};

/// Points whose distances from `z` are inverted together.
const CHUNK: usize = 64 * WIDTH;

/// Opens matrices at one point.
pub struct Opener<const D: usize>
where
    F: BinomiallyExtendable<D>,
{
    pub(super) log_blowup: usize,
    point: Challenge<D>,
    /// `1 / (z - x)` for every point `x` of the coset that is as large as the tallest table.
    pub(super) inverses: Vec<ChallengePack<D>>,
    /// For a matrix without a next row: the barycentric weights, up to a factor.
    weights: Vec<FieldArray<Challenge<D>, 1>>,
}

impl<const D: usize> Opener<D>
where
    F: BinomiallyExtendable<D>,
{
    /// Opens at `point`; `points` are those of the coset of the tallest table, bit-reversed.
    pub(super) fn new(point: Challenge<D>, points: &[F], log_blowup: usize) -> Self {
        let mut inverses = vec![ChallengePack::<D>::ZERO; points.len() / WIDTH];
        let rows = CHUNK.min(points.len());
        let from = ChallengePack::<D>::from(point);
        inverses
            .par_chunks_exact_mut(rows / WIDTH)
            .zip(points.par_chunks_exact(rows))
            .for_each(|(out, points)| {
                let distance = |&x: &Pack| from - x;
                let distances: Vec<_> = Pack::pack_slice(points).iter().map(distance).collect();
                batch_multiplicative_inverse_general(&distances, out, invert);
            });
        let offset = point.inverse();
        let mut weights = vec![FieldArray([Challenge::<D>::ZERO]); points.len()];
        weights
            .par_chunks_mut(WIDTH)
            .zip(&inverses)
            .for_each(|(out, inverse)| {
                for (i, weight) in out.iter_mut().enumerate() {
                    weight.0[0] = lane(inverse, i) - offset;
                }
            });
        Self {
            log_blowup,
            point,
            inverses,
            weights,
        }
    }

    /// The values of the columns of each matrix at each of its points.
    pub(super) fn evaluate(&self, rounds: &[Opened<'_, Committed>]) -> Openings<D> {
        let matrices = rounds.iter().flat_map(|round| &round.round.matrices);
        let looking = matrices.filter(|matrix| matrix.at_next);
        let mut heights: Vec<usize> = looking.map(|matrix| matrix.log_height).collect();
        heights.sort_unstable();
        heights.dedup();
        let pairs: Vec<_> = heights
            .iter()
            .map(|&height| (height, self.pairs(1 << height)))
            .collect();
        let evaluate = |matrix: &RowMajorMatrix<F>, cells: usize, at_next: bool| {
            let height = matrix.height() >> self.log_blowup;
            // The first rows of a committed matrix are a domain as large as the table.
            let (rows, _) = matrix.split_rows(height);
            let log_height = log2_strict_usize(height);
            let pairs = pairs.iter().find(|(of, _)| at_next && *of == log_height);
            match pairs {
                Some((_, pairs)) => {
                    let sums = rows.columnwise_dot_product_batched(pairs);
                    let next = self.next_point(log_height);
                    let scales = [scale(self.point, log_height), scale(next, log_height)];
                    let at = |i: usize| {
                        let values = sums.iter().map(|sum| sum.0[i] * scales[i]);
                        claims(values.collect(), cells)
                    };
                    vec![at(0), at(1)]
                }
                None => {
                    let sums = rows.columnwise_dot_product_batched(&self.weights[..height]);
                    let scale = scale(self.point, log_height);
                    let values = sums.iter().map(|sum| sum.0[0] * scale);
                    vec![claims(values.collect(), cells)]
                }
            }
        };
        let round = |opened: &Opened<'_, Committed>| {
            let matrices = opened.committed.matrices.iter();
            let places = &opened.round.matrices;
            matrices
                .zip(places)
                .map(|(matrix, place)| evaluate(matrix, opened.committed.cells, place.at_next))
                .collect()
        };
        rounds.iter().map(round).collect()
    }

    /// `z` times the generator of a table's domain.
    fn next_point(&self, log_height: usize) -> Challenge<D> {
        self.point * F::two_adic_generator(log_height)
    }

    /// Barycentric weights for `z` and for the point of the next row, up to factors.
    ///
    /// `1 / (z w - x) = (1 / w) / (z - x / w)`, and `x / w` is the point before `x`.
    fn pairs(&self, height: usize) -> Vec<FieldArray<Challenge<D>, 2>> {
        let log_height = log2_strict_usize(height);
        let inverse = F::two_adic_generator(log_height).inverse();
        let next_offset = self.next_point(log_height).inverse();
        let mut pairs = vec![FieldArray([Challenge::<D>::ZERO; 2]); height];
        { pairs.par_chunks_exact_mut(WIDTH).enumerate() }.for_each(|(i, pairs)| {
            let before = self.inverse_before(i * WIDTH, log_height);
            let weights = &self.weights[i * WIDTH..];
            for (i, (pair, weight)) in pairs.iter_mut().zip(weights).enumerate() {
                pair.0 = [weight.0[0], lane(&before, i) * inverse - next_offset];
            }
        });
        pairs
    }

    /// `1 / (z - x)` at the points of the rows that are before those from `first` on.
    pub(super) fn inverse_before(&self, first: usize, log_height: usize) -> ChallengePack<D> {
        let before = Neighbours::new(first, -1, log_height);
        let inverse = &self.inverses[before.first / WIDTH];
        let coordinates: &[Pack] = inverse.as_basis_coefficients_slice();
        let mut coordinates: [Pack; D] = core::array::from_fn(|k| coordinates[k]);
        before.arrange(&mut coordinates);
        ChallengePack::<D>::from_basis_coefficients_fn(|k| coordinates[k])
    }
}

/// The factor that the weights `1 / (z - x) - 1 / z` lack on the coset of `2^log_height` points:
/// `z (z^n - g^n) / (n g^n)`.
fn scale<const D: usize>(point: Challenge<D>, log_height: usize) -> Challenge<D>
where
    F: BinomiallyExtendable<D>,
{
    let shift = COSET.exp_power_of_2(log_height);
    let denominator = shift.mul_2exp_u64(log_height as u64);
    point * (point.exp_power_of_2(log_height) - shift) * denominator.inverse()
}

/// What is claimed of columns, given the values of their cells: of a column of challenges its value and zeros.
fn claims<const D: usize>(mut values: Vec<Challenge<D>>, cells: usize) -> Vec<Challenge<D>>
where
    F: BinomiallyExtendable<D>,
{
    if cells > 1 {
        for column in values.chunks_exact_mut(cells) {
            let terms = column.iter().enumerate();
            let terms = terms.map(|(i, &value)| value * basis::<D>(i));
            column[0] = terms.sum();
            column[1..].fill(Challenge::<D>::ZERO);
        }
    }
    values
}

/// The `i`-th element of the challenge field's basis.
pub(super) fn basis<const D: usize>(i: usize) -> Challenge<D>
where
    F: BinomiallyExtendable<D>,
{
    Challenge::<D>::from_basis_coefficients_fn(|k| F::from_bool(k == i))
}
