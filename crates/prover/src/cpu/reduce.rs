//! What FRI is given (docs/packing.md, "The opening"): for every level the sum over its packs `P` and their points,
//! each with a power of a challenge, of `(P - I) / (x^k - z)`, raised to the level's degree.
//!
//! It is computed from the columns: at a row of them, for each number that columns have in their packs, the sum of
//! `(f(y) - v) / (y - z)`. The results are coefficients of a polynomial, as the columns' values are those of a pack.

use p3_field::extension::BinomiallyExtendable;
use p3_field::{
    BasedVectorSpace, Field, PackedFieldExtension, PrimeCharacteristicRing, TwoAdicField,
};
use p3_maybe_rayon::prelude::*;
use vouch_air::F;
use vouch_verifier::config::Challenge;
use vouch_verifier::packing::{Group, Packing};

use super::openings::{Opener, basis, before};
use super::pack::{ChallengePack, Factors, Pack, WIDTH};
use super::packs::{Columns, Points, values as dft};
use super::setup::Committed;
use crate::engine::{Opened, Openings, parts};

/// Groups of one level whose columns have one height.
struct Sum<'a, const D: usize>
where
    F: BinomiallyExtendable<D>,
{
    log_size: usize,
    /// Rows of the columns, log2.
    log_rows: usize,
    terms: Vec<Term<'a, D>>,
    /// For each number that a column has in its pack: what is claimed of the columns, times their powers; at the point,
    /// and at that of the next row.
    claims: Vec<[Challenge<D>; 2]>,
    /// The challenge to the power of the level's terms.
    correction: Challenge<D>,
}

struct Term<'a, const D: usize>
where
    F: BinomiallyExtendable<D>,
{
    columns: Columns<'a>,
    /// Powers of the challenge, for the values at the point, by cell of a row of packs.
    factors: Factors<D>,
    /// By how much those at the next row's point are greater, if the columns are opened there.
    next: Option<Challenge<D>>,
}

impl<'a, const D: usize> Sum<'a, D>
where
    F: BinomiallyExtendable<D>,
{
    fn new(columns: &Columns<'_>, correction: Challenge<D>) -> Self {
        Self {
            log_size: columns.log_size,
            log_rows: columns.log_rows,
            terms: Vec::new(),
            claims: vec![[Challenge::<D>::ZERO; 2]; 1 << columns.log_size],
            correction,
        }
    }

    /// Adds a group, with what is claimed of the columns of its round.
    fn add(
        &mut self,
        opened: &Opened<'_, Committed>,
        group: &Group,
        columns: Columns<'a>,
        values: &[Vec<Vec<Challenge<D>>>],
        alpha: Challenge<D>,
    ) {
        let cells = opened.committed.cells;
        let first = alpha.exp_u64(group.first_term as u64);
        let powers = alpha.shifted_powers(first).collect_n(group.packs);
        let next = group.at_next.then(|| alpha.exp_u64(group.packs as u64));
        let mut number = 0;
        for (matrix, columns) in parts(opened.round, group) {
            for column in columns {
                let (place, pack) = (number / group.packs, number % group.packs);
                let factors = [powers[pack], powers[pack] * next.unwrap_or_default()];
                for ((sum, values), factor) in self.claims[place]
                    .iter_mut()
                    .zip(&values[matrix])
                    .zip(factors)
                {
                    *sum += values[column * cells] * factor;
                }
                number += 1;
            }
        }
        let factors = { powers.iter() }
            .flat_map(|&power| (0..cells).map(move |cell| power * basis::<D>(cell)));
        self.terms.push(Term {
            factors: Factors::new(factors),
            columns,
            next,
        });
    }
}

impl<const D: usize> Opener<D>
where
    F: BinomiallyExtendable<D>,
{
    /// For each level, the sum over its terms.
    pub(super) fn reduce(
        &self,
        packing: &Packing,
        rounds: &[Opened<'_, Committed>],
        values: &Openings<D>,
        alpha: Challenge<D>,
    ) -> Vec<(usize, Vec<Challenge<D>>)> {
        let level = |level: &vouch_verifier::packing::Level| {
            let correction = alpha.exp_u64(level.terms as u64);
            let mut sums: Vec<Sum<'_, D>> = Vec::new();
            for (opened, values) in rounds.iter().zip(values) {
                let groups = opened.round.groups.iter().zip(opened.committed.columns());
                for (group, columns) in groups.filter(|(g, _)| g.level() == level.log_height) {
                    let same = |sum: &Sum<'_, D>| sum.log_size == group.log_size;
                    let place = sums.iter().position(same).unwrap_or_else(|| {
                        sums.push(Sum::new(&columns, correction));
                        sums.len() - 1
                    });
                    sums[place].add(opened, group, columns, values, alpha);
                }
            }
            let log_length = level.log_height + self.log_blowup;
            let mut vector = Challenge::<D>::zero_vec(1 << log_length);
            for (i, sum) in sums.iter().enumerate() {
                self.add(sum, i > 0, &mut vector);
            }
            (log_length, vector)
        };
        packing.levels().iter().map(level).collect()
    }

    /// Adds a sum to a level's, or writes it if there is none.
    fn add(&self, sum: &Sum<'_, D>, is_there: bool, vector: &mut [Challenge<D>]) {
        let size = 1 << sum.log_size;
        let points = (Points::new(0), Points::new(sum.log_size));
        let generator = F::two_adic_generator(sum.log_rows - self.log_blowup);
        let looks_ahead = sum.terms.iter().any(|term| term.next.is_some());
        let scratch = || Scratch::<D>::new(size);
        vector
            .par_chunks_exact_mut(WIDTH * size)
            .enumerate()
            .for_each_init(scratch, |scratch, (i, out)| {
                let first = i * WIDTH;
                let correction = ChallengePack::<D>::from(sum.correction) * points.0.of_rows(first)
                    + ChallengePack::<D>::ONE;
                let at_point = self.inverses[i] * correction;
                let at_next = looks_ahead.then(|| {
                    let rows: [usize; WIDTH] = core::array::from_fn(|lane| {
                        before(first + lane, 1 << self.log_blowup, sum.log_rows)
                    });
                    let inverse = self.gather(&rows) * Pack::from(generator.inverse());
                    inverse * correction
                });
                scratch.sum(sum, first);
                for ([here, next], out) in
                    scratch.sums.iter().zip(scratch.values.chunks_exact_mut(D))
                {
                    let mut value = *here * at_point;
                    if let Some(at_next) = at_next {
                        value += *next * at_next;
                    }
                    out.copy_from_slice(value.as_basis_coefficients_slice());
                }
                points.1.roots(first, &mut scratch.roots);
                dft(&mut scratch.values, sum.log_size, &scratch.roots);
                for (place, value) in scratch.values.chunks_exact(D).enumerate() {
                    let value = ChallengePack::<D>::from_basis_coefficients_fn(|k| value[k]);
                    let mut lanes = [Challenge::<D>::ZERO; WIDTH];
                    value.to_ext_slice(&mut lanes);
                    let out = out[place..].iter_mut().step_by(size);
                    for (out, value) in out.zip(lanes) {
                        *out = if is_there { *out + value } else { value };
                    }
                }
            });
    }
}

/// What the rows of a vector are worked on in.
struct Scratch<const D: usize>
where
    F: BinomiallyExtendable<D>,
{
    cells: Vec<Pack>,
    /// Claims less values, for the point and that of the next row.
    sums: Vec<[ChallengePack<D>; 2]>,
    values: Vec<Pack>,
    roots: Vec<Pack>,
}

impl<const D: usize> Scratch<D>
where
    F: BinomiallyExtendable<D>,
{
    fn new(size: usize) -> Self {
        Self {
            cells: Vec::new(),
            sums: vec![[ChallengePack::<D>::ZERO; 2]; size],
            values: vec![Pack::ZERO; size * D],
            roots: Vec::new(),
        }
    }

    /// The claims less the values of all columns, in `WIDTH` rows from `first` on.
    fn sum(&mut self, sum: &Sum<'_, D>, first: usize) {
        for (out, claims) in self.sums.iter_mut().zip(&sum.claims) {
            *out = claims.map(ChallengePack::<D>::from);
        }
        for term in &sum.terms {
            term.columns.load(first, &mut self.cells);
            let cells = self.cells.chunks_exact(term.columns.width);
            for ([here, next], cells) in self.sums.iter_mut().zip(cells) {
                let folded = term.factors.combine(cells);
                *here -= folded;
                if let Some(power) = term.next {
                    *next -= folded * power;
                }
            }
        }
    }
}
