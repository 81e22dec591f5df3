//! LogUp columns: for each group of messages the sum of their fractions, and the running sum.

use p3_air::Air;
use p3_field::extension::BinomiallyExtendable;
use p3_field::{BasedVectorSpace, PrimeCharacteristicRing, batch_multiplicative_inverse_general};
use p3_matrix::Matrix;
use p3_matrix::dense::RowMajorMatrix;
use p3_maybe_rayon::prelude::*;
use vouch_air::F;
use vouch_air::capture::{Capture, Row};
use vouch_air::witness::Trace;
use vouch_verifier::config::Challenge;

use super::emitted::{Combiner, Emitted};
use super::pack::{ChallengePack, Pack, WIDTH, invert, lane, load, store};
use crate::plan::TablePlan;

/// Rows whose denominators are inverted together.
const CHUNK: usize = 32 * WIDTH;

/// The LogUp columns of a table.
pub(super) struct LogUp<const D: usize>
where
    F: BinomiallyExtendable<D>,
{
    /// The running sum before each row, then a column for each group of messages; all
    /// challenges as `D` base-field cells. The last rows of a matrix as high as their extension.
    pub matrix: RowMajorMatrix<F>,
    /// The sum over all rows.
    pub terminal: Challenge<D>,
}

/// The LogUp columns of `trace`, to be extended `2^log_blowup` times; `fixed` are the table's fixed columns, if it has any.
pub(super) fn logup<const D: usize>(
    plan: &TablePlan,
    trace: &Trace,
    fixed: Option<&RowMajorMatrix<F>>,
    combiners: &[Combiner<D>],
    log_blowup: usize,
) -> LogUp<D>
where
    F: BinomiallyExtendable<D>,
{
    let width = D * (plan.columns.len() + 1);
    let height = trace.matrix.height();
    let mut values = F::zero_vec((width * height) << log_blowup);
    let first = values.len() - width * height;
    let cells = &mut values[first..];
    let rows = CHUNK.min(height);
    let totals: Vec<Challenge<D>> = cells
        .par_chunks_exact_mut(rows * width)
        .enumerate()
        .map(|(i, out)| {
            let mut chunk = Chunk::new(plan, combiners, rows);
            chunk.evaluate(trace, fixed, i * rows..(i + 1) * rows);
            chunk.write(out, width)
        })
        .collect();

    // What the chunks before each have added up to.
    let mut terminal = Challenge::<D>::ZERO;
    let before: Vec<Challenge<D>> = totals
        .into_iter()
        .map(|total| {
            let before = terminal;
            terminal += total;
            before
        })
        .collect();
    cells
        .par_chunks_exact_mut(rows * width)
        .zip(before)
        .for_each(|(out, before)| {
            let before: &[F] = before.as_basis_coefficients_slice();
            for row in out.chunks_exact_mut(width) {
                for (cell, &before) in row.iter_mut().zip(before) {
                    *cell += before;
                }
            }
        });
    LogUp {
        matrix: RowMajorMatrix::new(values, width),
        terminal,
    }
}

/// The fractions of some rows.
struct Chunk<'a, const D: usize>
where
    F: BinomiallyExtendable<D>,
{
    plan: &'a TablePlan,
    emitted: Emitted<'a, D>,
    /// A pack for each column, pack of rows after pack of rows.
    numerators: Vec<ChallengePack<D>>,
    denominators: Vec<ChallengePack<D>>,
}

impl<'a, const D: usize> Chunk<'a, D>
where
    F: BinomiallyExtendable<D>,
{
    fn new(plan: &'a TablePlan, combiners: &'a [Combiner<D>], rows: usize) -> Self {
        let fractions = plan.columns.len() * rows / WIDTH;
        Self {
            plan,
            emitted: Emitted::new(combiners),
            numerators: Vec::with_capacity(fractions),
            denominators: Vec::with_capacity(fractions),
        }
    }

    fn evaluate(
        &mut self,
        trace: &Trace,
        fixed: Option<&RowMajorMatrix<F>>,
        rows: core::ops::Range<usize>,
    ) {
        let width = trace.matrix.width();
        let (mut current, mut preprocessed) = (Vec::new(), Vec::new());
        for first in rows.step_by(WIDTH) {
            current.resize(width, Pack::ZERO);
            load(
                &trace.matrix.values[first * width..],
                width,
                0..width,
                &mut current,
            );
            if let Some(fixed) = fixed {
                let width = fixed.width();
                preprocessed.resize(width, Pack::ZERO);
                load(
                    &fixed.values[first * width..],
                    width,
                    0..width,
                    &mut preprocessed,
                );
            }
            // Messages depend on nothing but the current row and the public values.
            let row = Row {
                current: &current,
                next: &current,
                preprocessed: &preprocessed,
                periodic: &[Pack::ZERO; 3],
                public: &trace.public_values,
                is_first: Pack::ZERO,
                is_last: Pack::ZERO,
                is_transition: Pack::ZERO,
            };
            self.emitted.clear();
            trace
                .instance
                .eval(&mut Capture::new(row, &mut self.emitted));
            for slots in &self.plan.columns {
                let (numerator, denominator) = self.emitted.sum(slots.clone());
                self.numerators.push(numerator);
                self.denominators.push(denominator);
            }
        }
    }

    /// Writes the rows, their running sum from 0, and returns the sum.
    fn write(&self, out: &mut [F], width: usize) -> Challenge<D> {
        let mut inverses = vec![ChallengePack::<D>::ZERO; self.denominators.len()];
        batch_multiplicative_inverse_general(&self.denominators, &mut inverses, invert);
        let columns = self.plan.columns.len();
        let mut running = Challenge::<D>::ZERO;
        let mut cells: Vec<Pack> = Vec::with_capacity(D * columns);
        let packs = self
            .numerators
            .chunks_exact(columns)
            .zip(inverses.chunks_exact(columns));
        for (rows, (numerators, inverses)) in out.chunks_exact_mut(WIDTH * width).zip(packs) {
            let mut total = ChallengePack::<D>::ZERO;
            cells.clear();
            for (&numerator, &inverse) in numerators.iter().zip(inverses) {
                let fraction = inverse * numerator;
                total += fraction;
                cells.extend_from_slice(fraction.as_basis_coefficients_slice());
            }
            store(&cells, rows, width, D);
            for (i, row) in rows.chunks_exact_mut(width).enumerate() {
                row[..D].copy_from_slice(running.as_basis_coefficients_slice());
                running += lane(&total, i);
            }
        }
        running
    }
}
