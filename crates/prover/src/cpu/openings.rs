//! Openings: the value of every column at the out-of-domain point `z`, of some also at the
//! point of the next row.

use p3_field::extension::BinomiallyExtendable;
use p3_field::{
    Algebra, BasedVectorSpace, Field, PackedValue, PrimeCharacteristicRing, TwoAdicField,
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
use crate::engine::{OpenedRound, Openings, recompose};

/// Points whose distances from `z` are inverted together.
const CHUNK: usize = 64 * WIDTH;
/// Rows that a thread adds up at a time.
const ROWS: usize = 1 << 12;

/// Opens matrices at one point.
pub struct Opener<const D: usize>
where
    F: BinomiallyExtendable<D>,
{
    pub(super) log_blowup: usize,
    point: Challenge<D>,
    /// `1 / (z - x)` for every point `x` of the coset that is as large as the tallest table.
    pub(super) inverses: Vec<ChallengePack<D>>,
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
        Self {
            log_blowup,
            point,
            inverses,
        }
    }

    /// The values of the columns of each matrix at each of its points.
    pub(super) fn evaluate(&self, rounds: &[OpenedRound<'_, Committed>]) -> Openings<D> {
        let round = |opened: &OpenedRound<'_, Committed>| {
            let matrices = opened.committed.matrices.iter().zip(&opened.round.matrices);
            let values = matrices.map(|(matrix, place)| match place.at_next {
                true => self.values::<2>(matrix),
                false => self.values::<1>(matrix),
            });
            let mut values: Vec<Vec<Vec<Challenge<D>>>> = values.collect();
            if opened.round.kind.is_extension() {
                let points = values.iter_mut().flatten();
                points.for_each(|values| recompose(values));
            }
            values
        };
        rounds.iter().map(round).collect()
    }

    /// The values of a matrix's columns at the point, and if `N` is 2 at that of the next row.
    ///
    /// Barycentric: the sum over the points `x` of a coset of `f(x) (1 / (z - x) - 1 / z)`, but for a factor.
    fn values<const N: usize>(&self, matrix: &RowMajorMatrix<F>) -> Vec<Vec<Challenge<D>>> {
        let width = matrix.width();
        let log_height = log2_strict_usize(matrix.height()) - self.log_blowup;
        let generator = F::two_adic_generator(log_height);
        let points = [self.point, self.point * generator];
        let offsets = points.map(|point| ChallengePack::<D>::from(point.inverse()));
        let weights = |first: usize| -> [ChallengePack<D>; N] {
            core::array::from_fn(|i| match i {
                0 => self.inverses[first / WIDTH] - offsets[0],
                // `1 / (z w - x) = (1 / w) / (z - x / w)`, and `x / w` is the point before `x`.
                _ => {
                    let inverse = Pack::from(generator.inverse());
                    self.inverse_before(first, log_height) * inverse - offsets[1]
                }
            })
        };
        let zeros = || vec![[ChallengePack::<D>::ZERO; N]; width.div_ceil(WIDTH)];
        // The first rows of a committed matrix are a coset as large as the table.
        let rows = 1usize << log_height;
        let sums = (0..rows.div_ceil(ROWS)).into_par_iter().par_fold_reduce(
            zeros,
            |mut sums, i| {
                for first in (i * ROWS..rows.min((i + 1) * ROWS)).step_by(WIDTH) {
                    add_weighted(&mut sums, matrix, first, &weights(first));
                }
                sums
            },
            |mut sums, others| {
                let both = sums.iter_mut().flatten().zip(others.iter().flatten());
                both.for_each(|(sum, &other)| *sum += other);
                sums
            },
        );
        let value = |i: usize| {
            let scale = scale(points[i], log_height);
            let column = |column: usize| {
                let start = start(column / WIDTH, width);
                lane(&sums[column / WIDTH][i], column - start) * scale
            };
            (0..width).map(column).collect()
        };
        (0..N).map(value).collect()
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

/// The first of the columns that a row's vector number `i` is of: the last one has some of the one before, so that it
/// does not end beyond the row.
fn start(i: usize, width: usize) -> usize {
    (i * WIDTH).min(width.saturating_sub(WIDTH))
}

/// Adds `WIDTH` rows of a matrix times their weights, a vector of columns at a time.
fn add_weighted<const D: usize, const N: usize>(
    sums: &mut [[ChallengePack<D>; N]],
    matrix: &RowMajorMatrix<F>,
    first: usize,
    weights: &[ChallengePack<D>; N],
) where
    F: BinomiallyExtendable<D>,
{
    let width = matrix.width();
    for (i, sums) in sums.iter_mut().enumerate() {
        let mut cells = [Pack::ZERO; WIDTH];
        // Narrow rows are taken with some of the next ones: there are more than those of the coset.
        for (row, cells) in cells.iter_mut().enumerate() {
            let at = (first + row) * width + start(i, width);
            *cells = *Pack::from_slice(&matrix.values[at..at + WIDTH]);
        }
        for (sum, weights) in sums.iter_mut().zip(weights) {
            let weights: &[Pack] = weights.as_basis_coefficients_slice();
            *sum += ChallengePack::<D>::from_basis_coefficients_fn(|k| {
                Pack::batched_linear_combination(&cells, weights[k].as_slice())
            });
        }
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
