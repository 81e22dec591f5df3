//! Openings: the value of every column at the out-of-domain point `z`, of some also at the
//! point of the next row, and what FRI is to show to be a polynomial: the sum over all columns
//! `p` and points, each with a power of a challenge, of `(p(z) - p(x)) / (z - x)`.

use p3_field::extension::BinomiallyExtendable;
use p3_field::{
    BasedVectorSpace, Field, FieldArray, PackedFieldExtension, PackedValue,
    PrimeCharacteristicRing, TwoAdicField, batch_multiplicative_inverse_general, dot_product,
};
use p3_matrix::Matrix;
use p3_matrix::dense::RowMajorMatrix;
use p3_maybe_rayon::prelude::*;
use p3_util::{log2_strict_usize, reverse_bits_len};
use vouch_air::F;
use vouch_verifier::config::Challenge;

use super::pack::{ChallengePack, Factors, Pack, WIDTH, invert, lane, load};

/// Points whose distances from `z` are inverted together.
const CHUNK: usize = 64 * WIDTH;

/// A committed matrix, in bit-reversed order, and where it is opened.
#[derive(Clone, Copy)]
pub(super) struct Opened<'a> {
    pub matrix: &'a RowMajorMatrix<F>,
    /// Opened at the point of the next row, too.
    pub at_next: bool,
}

/// The values of a matrix's columns at a point.
type Values<const D: usize> = Vec<Challenge<D>>;

/// Opens matrices at one point.
pub struct Opener<const D: usize>
where
    F: BinomiallyExtendable<D>,
{
    log_blowup: usize,
    point: Challenge<D>,
    /// `1 / (z - x)` for every point `x` of the largest domain.
    inverses: Vec<ChallengePack<D>>,
    /// For a matrix without a next row: the barycentric weights, up to a factor.
    weights: Vec<FieldArray<Challenge<D>, 1>>,
}

impl<const D: usize> Opener<D>
where
    F: BinomiallyExtendable<D>,
{
    /// Opens at `point`; `points` are those of the largest committed domain, bit-reversed.
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
        let mut weights = vec![FieldArray([Challenge::<D>::ZERO]); points.len() >> log_blowup];
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
    pub(super) fn evaluate(&self, rounds: &[Vec<Opened<'_>>]) -> Vec<Vec<Vec<Values<D>>>> {
        let mut heights: Vec<usize> = rounds
            .iter()
            .flatten()
            .filter(|m| m.at_next)
            .map(|m| m.matrix.height())
            .collect();
        heights.sort_unstable();
        heights.dedup();
        let pairs: Vec<_> = heights
            .iter()
            .map(|&height| (height, self.pairs(height >> self.log_blowup)))
            .collect();
        let evaluate = |opened: &Opened<'_>| {
            let matrix = opened.matrix;
            let height = matrix.height() >> self.log_blowup;
            // The first rows of a committed matrix are a domain as large as the table.
            let (rows, _) = matrix.split_rows(height);
            let log_height = log2_strict_usize(height);
            match pairs
                .iter()
                .find(|(height, _)| opened.at_next && *height == matrix.height())
            {
                Some((_, pairs)) => {
                    let sums = rows.columnwise_dot_product_batched(pairs);
                    let next = self.next_point(log_height);
                    let scales = [scale(self.point, log_height), scale(next, log_height)];
                    let at = |i: usize| sums.iter().map(|sum| sum.0[i] * scales[i]).collect();
                    vec![at(0), at(1)]
                }
                None => {
                    let sums = rows.columnwise_dot_product_batched(&self.weights[..height]);
                    let scale = scale(self.point, log_height);
                    vec![sums.iter().map(|sum| sum.0[0] * scale).collect()]
                }
            }
        };
        rounds
            .iter()
            .map(|matrices| matrices.iter().map(evaluate).collect())
            .collect()
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
        let offset = self.point.inverse();
        let next_offset = self.next_point(log_height).inverse();
        let mut pairs = vec![FieldArray([Challenge::<D>::ZERO; 2]); height];
        pairs.par_iter_mut().enumerate().for_each(|(i, pair)| {
            let before = before(i, 1, log_height);
            // The weights hold `1 / (z - x) - 1 / z`.
            let at_before = self.weights[before].0[0] + offset;
            pair.0 = [self.weights[i].0[0], at_before * inverse - next_offset];
        });
        pairs
    }

    /// What FRI is given: for each height of a committed matrix, greatest first, the sum over
    /// the matrices of that height, at every point of their domain.
    pub(super) fn reduce(
        &self,
        rounds: &[Vec<Opened<'_>>],
        values: &[Vec<Vec<Values<D>>>],
        alpha: Challenge<D>,
    ) -> Vec<Vec<Challenge<D>>> {
        let mut sums: Vec<Sum<'_, D>> = Vec::new();
        let opened = rounds.iter().flatten().zip(values.iter().flatten());
        for (opened, values) in opened {
            let height = opened.matrix.height();
            let place = sums.iter().position(|sum| sum.height == height);
            let place = place.unwrap_or_else(|| {
                sums.push(Sum::new(height));
                sums.len() - 1
            });
            sums[place].add(opened.matrix, values, alpha);
        }
        sums.sort_by_key(|sum| core::cmp::Reverse(sum.height));
        sums.iter().map(|sum| self.reduced(sum)).collect()
    }

    fn reduced(&self, sum: &Sum<'_, D>) -> Vec<Challenge<D>> {
        let bits = log2_strict_usize(sum.height);
        let inverse = Pack::from(F::two_adic_generator(bits - self.log_blowup).inverse());
        let next = sum.terms.iter().any(|term| term.next.is_some());
        let mut reduced = Challenge::<D>::zero_vec(sum.height);
        reduced
            .par_chunks_exact_mut(WIDTH)
            .enumerate()
            .for_each_init(Vec::new, |cells, (i, out)| {
                let first = i * WIDTH;
                let mut at_point = ChallengePack::<D>::from(sum.at_point);
                let mut at_next = ChallengePack::<D>::from(sum.at_next);
                for term in &sum.terms {
                    let width = term.matrix.width();
                    cells.clear();
                    load(&term.matrix.values[first * width..], width, cells);
                    let folded = term.factors.combine(cells);
                    at_point -= folded;
                    if let Some(power) = term.next {
                        at_next -= folded * power;
                    }
                }
                let mut value = at_point * self.inverses[i];
                if next {
                    let rows: [usize; WIDTH] = core::array::from_fn(|lane| {
                        before(first + lane, 1 << self.log_blowup, bits)
                    });
                    value += at_next * self.gather(&rows) * inverse;
                }
                value.to_ext_slice(out);
            });
        reduced
    }

    /// `1 / (z - x)` at some points.
    fn gather(&self, rows: &[usize; WIDTH]) -> ChallengePack<D> {
        ChallengePack::<D>::from_basis_coefficients_fn(|k| {
            Pack::from_fn(|lane| {
                let coordinates: &[Pack] =
                    self.inverses[rows[lane] / WIDTH].as_basis_coefficients_slice();
                coordinates[k].as_slice()[rows[lane] % WIDTH]
            })
        })
    }
}

/// Where the point `step` before that at `i` is, in a bit-reversed domain of `2^bits` points.
fn before(i: usize, step: usize, bits: usize) -> usize {
    let natural = reverse_bits_len(i, bits) + (1 << bits) - step;
    reverse_bits_len(natural & ((1 << bits) - 1), bits)
}

/// The factor that the weights `1 / (z - x) - 1 / z` lack on the coset of `2^log_height` points:
/// `z (z^n - g^n) / (n g^n)`.
fn scale<const D: usize>(point: Challenge<D>, log_height: usize) -> Challenge<D>
where
    F: BinomiallyExtendable<D>,
{
    let shift = F::GENERATOR.exp_power_of_2(log_height);
    let denominator = shift.mul_2exp_u64(log_height as u64);
    point * (point.exp_power_of_2(log_height) - shift) * denominator.inverse()
}

/// The matrices of one height, with the powers of the challenge that each column gets.
struct Sum<'a, const D: usize>
where
    F: BinomiallyExtendable<D>,
{
    height: usize,
    /// Columns and points so far: the power of the next one.
    used: usize,
    terms: Vec<Reduced<'a, D>>,
    /// The opened values, times their powers: at `z`, and at the next row's point.
    at_point: Challenge<D>,
    at_next: Challenge<D>,
}

struct Reduced<'a, const D: usize>
where
    F: BinomiallyExtendable<D>,
{
    matrix: &'a RowMajorMatrix<F>,
    /// Powers of the challenge for the values at `z`.
    factors: Factors<D>,
    /// By how much those for the next row's point are greater, if it is opened there.
    next: Option<Challenge<D>>,
}

impl<'a, const D: usize> Sum<'a, D>
where
    F: BinomiallyExtendable<D>,
{
    fn new(height: usize) -> Self {
        Self {
            height,
            used: 0,
            terms: Vec::new(),
            at_point: Challenge::<D>::ZERO,
            at_next: Challenge::<D>::ZERO,
        }
    }

    fn add(&mut self, matrix: &'a RowMajorMatrix<F>, values: &[Values<D>], alpha: Challenge<D>) {
        let width = matrix.width();
        let powers = alpha
            .shifted_powers(alpha.exp_u64(self.used as u64))
            .collect_n(width);
        let next = alpha.exp_u64(width as u64);
        let sum = |values: &Values<D>| {
            dot_product::<Challenge<D>, _, _>(values.iter().copied(), powers.iter().copied())
        };
        self.at_point += values.first().map(sum).unwrap_or_default();
        self.at_next += values.get(1).map(sum).unwrap_or_default() * next;
        self.used += width * values.len();
        self.terms.push(Reduced {
            matrix,
            factors: Factors::new(powers),
            next: (values.len() > 1).then_some(next),
        });
    }
}
