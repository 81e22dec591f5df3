//! Quotients: all constraints of a table, LogUp included, folded into one by powers of a
//! challenge and divided by the polynomial that vanishes on the table's rows.
//!
//! Everything is in bit-reversed order, as the committed matrices are: the point at index `i`
//! of a domain of `2^n` points is `COSET * w^j`, `j` being `i` with its `n` bits reversed. The
//! points of a smaller domain are the first of a larger one, and those of a domain that is cut
//! into two chunks are its two halves.

use p3_air::Air;
use p3_field::extension::BinomiallyExtendable;
use p3_field::{
    BasedVectorSpace, Field, PackedValue, PrimeCharacteristicRing, TwoAdicField,
    batch_multiplicative_inverse_general,
};
use p3_matrix::Matrix;
use p3_matrix::dense::RowMajorMatrix;
use p3_maybe_rayon::prelude::*;
use p3_util::reverse_bits_len;
use vouch_air::F;
use vouch_air::capture::{Capture, Row};
use vouch_air::tables::Instance;
use vouch_verifier::config::Challenge;
use vouch_verifier::packing::COSET;

use super::emitted::{Combiner, Emitted};
use super::extend::Order;
use super::pack::{ChallengePack, Factors, Neighbours, Pack, WIDTH, invert_base, load, store};
use super::setup::{Input, Rows};
use crate::plan::TablePlan;

/// Points whose selectors are inverted together.
const CHUNK: usize = 32 * WIDTH;

/// A table on its extended domain.
pub(super) struct Extended<'a, const D: usize>
where
    F: BinomiallyExtendable<D>,
{
    pub plan: &'a TablePlan,
    pub instance: &'a Instance,
    pub public_values: &'a [F],
    /// Rows of the table, log2.
    pub log_height: usize,
    pub main: &'a RowMajorMatrix<F>,
    pub logup: &'a RowMajorMatrix<F>,
    /// Fixed columns, if the table has any.
    pub fixed: Option<&'a RowMajorMatrix<F>>,
    /// Periodic columns, if the table has any.
    pub periodic: Option<RowMajorMatrix<F>>,
    pub combiners: &'a [Combiner<D>],
    /// The sum of all fractions.
    pub terminal: Challenge<D>,
}

/// Powers of the challenge that folds the constraints.
struct Powers<const D: usize>
where
    F: BinomiallyExtendable<D>,
{
    constraints: Factors<D>,
    /// Of the fractions, then of the running sum on the first row, on all but the last, and on
    /// the last.
    logup: Vec<Challenge<D>>,
}

impl<const D: usize> Powers<D>
where
    F: BinomiallyExtendable<D>,
{
    /// p3 gives the first constraint the highest power and the last the power 0.
    fn new(plan: &TablePlan, alpha: Challenge<D>) -> Self {
        let logup = plan.columns.len() + 3;
        let mut powers = alpha.powers().collect_n(plan.constraints + logup);
        powers.reverse();
        let logup = powers.split_off(plan.constraints);
        Self {
            constraints: Factors::new(powers),
            logup,
        }
    }
}

/// The quotient's values in rows from `first` on of its domain, `D` cells each; the domain has
/// `2^(log_height + log_chunks)` rows. `points` are those of the domain or of a larger one.
pub(super) fn quotient<const D: usize>(
    table: &Extended<'_, D>,
    alpha: Challenge<D>,
    points: &[F],
    first: usize,
    cells: &mut [F],
) where
    F: BinomiallyExtendable<D>,
{
    let powers = Powers::new(table.plan, alpha);
    let rows = CHUNK.min(1 << table.log_height);
    cells
        .par_chunks_exact_mut(D * rows)
        .zip(points[first..].par_chunks_exact(rows))
        .enumerate()
        .for_each(|(i, (out, points))| {
            let mut evaluation = Evaluation {
                table,
                powers: &powers,
                emitted: Emitted::new(table.combiners),
                current: Vec::new(),
                next: Vec::new(),
                logup: Vec::new(),
                after: Vec::new(),
                preprocessed: Vec::new(),
                periodic: Vec::new(),
            };
            let selectors = Selectors::new(points, table.log_height);
            for (j, out) in out.chunks_exact_mut(D * WIDTH).enumerate() {
                let value = evaluation.at(first + i * rows + j * WIDTH, selectors.at(j));
                let value = value * Pack::from(selectors.inverse_vanishing);
                store(value.as_basis_coefficients_slice(), out, D, 0);
            }
        });
}

/// Which row a point stands for, as p3 has it: multiples of Lagrange polynomials of the first
/// and the last row, and a polynomial that vanishes on the last row.
struct Selectors {
    /// First row and last row, by pack of points.
    ends: Vec<[Pack; 2]>,
    transition: Vec<Pack>,
    inverse_vanishing: F,
}

impl Selectors {
    /// Of points on which `x^(2^log_height)` is the same.
    fn new(points: &[F], log_height: usize) -> Self {
        let last = F::two_adic_generator(log_height).inverse();
        let vanishing = points[0].exp_power_of_2(log_height) - F::ONE;
        let packs = Pack::pack_slice(points);
        let differences: Vec<Pack> = packs.iter().flat_map(|&x| [x - F::ONE, x - last]).collect();
        let mut inverses = vec![Pack::ZERO; differences.len()];
        batch_multiplicative_inverse_general(&differences, &mut inverses, invert_base);
        Self {
            ends: inverses
                .chunks_exact(2)
                .map(|ends| [ends[0] * vanishing, ends[1] * vanishing])
                .collect(),
            transition: packs.iter().map(|&x| x - last).collect(),
            inverse_vanishing: vanishing.inverse(),
        }
    }

    fn at(&self, pack: usize) -> [Pack; 3] {
        let [first, last] = self.ends[pack];
        [first, last, self.transition[pack]]
    }
}

/// Evaluates the constraints at some points.
struct Evaluation<'a, const D: usize>
where
    F: BinomiallyExtendable<D>,
{
    table: &'a Extended<'a, D>,
    powers: &'a Powers<D>,
    emitted: Emitted<'a, D>,
    current: Vec<Pack>,
    next: Vec<Pack>,
    logup: Vec<Pack>,
    /// The running sum of the next row.
    after: Vec<Pack>,
    preprocessed: Vec<Pack>,
    periodic: Vec<Pack>,
}

impl<const D: usize> Evaluation<'_, D>
where
    F: BinomiallyExtendable<D>,
{
    /// The folded constraints at the points from index `first` on.
    fn at(
        &mut self,
        first: usize,
        [is_first, is_last, is_transition]: [Pack; 3],
    ) -> ChallengePack<D> {
        let table = self.table;
        let bits = table.log_height + table.plan.log_chunks;
        let next = Neighbours::new(first, 1 << table.plan.log_chunks, bits);
        reload(&mut self.current, Some(table.main), first);
        reload(&mut self.logup, Some(table.logup), first);
        reload(&mut self.preprocessed, table.fixed, first);
        reload(&mut self.periodic, table.periodic.as_ref(), first);
        if table.plan.looks_ahead {
            reload(&mut self.next, Some(table.main), next.first);
            next.arrange(&mut self.next);
        }
        let (cells, width) = (&table.logup.values, table.logup.width());
        self.after.resize(D, Pack::ZERO);
        load(&cells[next.first * width..], width, 0..D, &mut self.after);
        next.arrange(&mut self.after);
        let after = ChallengePack::<D>::from_basis_coefficients_fn(|k| self.after[k]);
        let row = Row {
            current: &self.current,
            next: match table.plan.looks_ahead {
                true => &self.next,
                false => &self.current,
            },
            preprocessed: &self.preprocessed,
            periodic: &self.periodic,
            public: table.public_values,
            is_first,
            is_last,
            is_transition,
        };
        self.emitted.clear();
        table
            .instance
            .eval(&mut Capture::new(row, &mut self.emitted));
        self.powers.constraints.combine(&self.emitted.constraints)
            + self.fractions(after, [is_first, is_last, is_transition])
    }

    /// The folded constraints of LogUp, given the running sum of the next row.
    fn fractions(
        &self,
        after: ChallengePack<D>,
        [is_first, is_last, is_transition]: [Pack; 3],
    ) -> ChallengePack<D> {
        let current = |column: usize| {
            let cells = &self.logup[column * D..];
            ChallengePack::<D>::from_basis_coefficients_fn(|k| cells[k])
        };
        let columns = &self.table.plan.columns;
        let (fractions, ends) = self.powers.logup.split_at(columns.len());
        let mut folded = ChallengePack::<D>::ZERO;
        let mut total = ChallengePack::<D>::ZERO;
        for (column, (slots, &power)) in (1..).zip(columns.iter().zip(fractions)) {
            let fraction = current(column);
            let (numerator, denominator) = self.emitted.sum(slots.clone());
            folded += (denominator * fraction - numerator) * power;
            total += fraction;
        }
        let running = current(0);
        let terminal = ChallengePack::<D>::from(self.table.terminal);
        let sum = running + total;
        folded
            + running * is_first * ends[0]
            + (after - sum) * is_transition * ends[1]
            + (terminal - sum) * is_last * ends[2]
    }
}

/// The rows from `first` on, as packs.
fn reload(out: &mut Vec<Pack>, matrix: Option<&RowMajorMatrix<F>>, first: usize) {
    if let Some(matrix) = matrix {
        let width = matrix.width();
        out.resize(width, Pack::ZERO);
        load(&matrix.values[first * width..], width, 0..width, out);
    }
}

/// The chunks of a quotient, each by its values on a coset of the table's domain: chunk `i` of
/// `n` holds the values at every `n`-th point from the `i`-th on. To be extended `2^log_blowup` times.
pub(super) fn chunks<const D: usize>(
    table: &Extended<'_, D>,
    alpha: Challenge<D>,
    points: &[F],
    log_blowup: usize,
) -> Vec<Input<'static>>
where
    F: BinomiallyExtendable<D>,
{
    let (log_height, log_chunks) = (table.log_height, table.plan.log_chunks);
    let generator = F::two_adic_generator(log_height + log_chunks);
    let chunk = |i: usize| {
        let mut values = F::zero_vec(D << log_height << log_blowup);
        let rows = values.len() - (D << log_height);
        let first = reverse_bits_len(i, log_chunks) << log_height;
        quotient(table, alpha, points, first, &mut values[rows..]);
        Input {
            rows: Rows::InPlace(RowMajorMatrix::new(values, D)),
            order: Order::BitReversed,
            shift: COSET * generator.exp_u64(i as u64),
            chunks: 1 << log_chunks,
        }
    };
    (0..1 << log_chunks).into_par_iter().map(chunk).collect()
}
