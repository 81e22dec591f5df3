//! What FRI is given (docs/packing.md, "The opening"): for every level the sum over its packs `P` and their points,
//! each with a power of a challenge, of `(P - I) / (x^k - z)`, raised to the level's degree.
//!
//! It is computed from the columns: at a row of them, for each number that columns have in their packs, the sum of
//! `(f(y) - v) / (y - z)`. The results are coefficients of a polynomial, as the columns' values are those of a pack.
//! And it is a polynomial of the level's degree: as many values are computed, and extended to the others.

use p3_field::extension::BinomiallyExtendable;
use p3_field::{BasedVectorSpace, Field, PrimeCharacteristicRing, TwoAdicField};
use p3_matrix::dense::RowMajorMatrix;
use p3_maybe_rayon::prelude::*;
use vouch_air::F;
use vouch_verifier::config::Challenge;
use vouch_verifier::packing::{Group, Level, Packing};

use super::extend::{Extender, Order};
use super::openings::Opener;
use super::pack::{ChallengePack, Factors, Pack, WIDTH, load, store};
use super::packs::{self, Columns, Points};
use super::setup::Committed;
use crate::engine::{OpenedRound, Openings, basis, parts};

/// Groups of one level whose columns have one height.
struct Sum<'a, const D: usize>
where
    F: BinomiallyExtendable<D>,
{
    log_size: usize,
    /// Rows of the table's columns, log2.
    log_height: usize,
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
    fn new(group: &Group, correction: Challenge<D>) -> Self {
        Self {
            log_size: group.log_size,
            log_height: group.log_height,
            terms: Vec::new(),
            claims: vec![[Challenge::<D>::ZERO; 2]; 1 << group.log_size],
            correction,
        }
    }

    /// Adds a group, with what is claimed of the columns of its round.
    fn add(
        &mut self,
        opened: &OpenedRound<'_, Committed>,
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
    /// For each level the length of its vector, log2, and that: `D` cells a number.
    pub(super) fn reduce(
        &self,
        packing: &Packing,
        rounds: &[OpenedRound<'_, Committed>],
        values: &Openings<D>,
        alpha: Challenge<D>,
        extender: &Extender,
    ) -> Vec<(usize, Vec<F>)> {
        let level = |level: &Level| {
            let mut sums: Vec<Sum<'_, D>> = Vec::new();
            for (opened, values) in rounds.iter().zip(values) {
                let groups = opened.round.groups.iter().zip(opened.committed.columns());
                for (group, columns) in groups.filter(|(g, _)| g.level() == level.log_height) {
                    let same = |sum: &Sum<'_, D>| sum.log_size == group.log_size;
                    let place = sums.iter().position(same).unwrap_or_else(|| {
                        let correction = alpha.exp_u64(level.terms as u64);
                        sums.push(Sum::new(group, correction));
                        sums.len() - 1
                    });
                    sums[place].add(opened, group, columns, values, alpha);
                }
            }
            let log_length = level.log_height + self.log_blowup;
            let mut vector = F::zero_vec(D << log_length);
            // From there they are extended.
            let first = (D << log_length) - (D << level.log_height);
            for (i, sum) in sums.iter().enumerate() {
                self.add(sum, i > 0, &mut vector[first..]);
            }
            let mut vector = RowMajorMatrix::new(vector, D);
            let added = self.log_blowup;
            extender.extend_in_place(&mut vector, Order::BitReversed, added, F::ONE);
            (log_length, vector.values)
        };
        packing.levels().iter().map(level).collect()
    }

    /// Adds a sum to a level's, or writes it if there is none.
    fn add(&self, sum: &Sum<'_, D>, is_there: bool, vector: &mut [F]) {
        let size = 1 << sum.log_size;
        let points = (Points::new(0), Points::new(sum.log_size));
        let generator = F::two_adic_generator(sum.log_height).inverse();
        let looks_ahead = sum.terms.iter().any(|term| term.next.is_some());
        vector
            .par_chunks_exact_mut(WIDTH * size * D)
            .enumerate()
            .for_each_init(
                || Scratch::<D>::new(size),
                |scratch, (i, out)| {
                    let first = i * WIDTH;
                    let correction = ChallengePack::<D>::from(sum.correction)
                        * points.0.of_rows(first)
                        + ChallengePack::<D>::ONE;
                    let at_point = self.inverses[i] * correction;
                    // `1 / (z w - x) = (1 / w) / (z - x / w)`.
                    let at_next = looks_ahead.then(|| {
                        self.inverse_before(first, sum.log_height)
                            * correction
                            * Pack::from(generator)
                    });
                    scratch.sum(sum, first);
                    let values = scratch.values.chunks_exact_mut(D);
                    for ([here, next], out) in scratch.sums.iter().zip(values) {
                        let mut value = *here * at_point;
                        if let Some(at_next) = at_next {
                            value += *next * at_next;
                        }
                        out.copy_from_slice(value.as_basis_coefficients_slice());
                    }
                    points.1.roots(first, &mut scratch.roots);
                    packs::values(&mut scratch.values, sum.log_size, &scratch.roots);
                    if is_there {
                        scratch.cells.resize(size * D, Pack::ZERO);
                        load(out, size * D, 0..size * D, &mut scratch.cells);
                        let there = scratch.values.iter_mut().zip(&scratch.cells);
                        there.for_each(|(value, &there)| *value += there);
                    }
                    store(&scratch.values, out, size * D, 0);
                },
            );
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
