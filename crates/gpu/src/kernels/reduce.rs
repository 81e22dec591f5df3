//! What FRI is to show to be a polynomial (`kernels/reduce.cu`).

use std::collections::BTreeMap;

use p3_field::extension::BinomiallyExtendable;
use p3_field::{BasedVectorSpace, Field, PrimeCharacteristicRing, TwoAdicField};
use vouch_air::F;
use vouch_verifier::config::Challenge;
use vouch_verifier::packing::{COSET, Group};

use super::degree::{self, MOST_DEGREE};
use super::openings::Opener;
use super::pack::add_packs;
use super::part::{Part, ROOM, log_run};
use super::roots::{Powers, Roots};
use crate::arena::Buffer;
use crate::device::{Address, Arguments, Grid};
use crate::error::GpuError;
use crate::field::{challenge_words, word};
use crate::matrix::Matrix;
use crate::packs::{Packs, address_words};

/// Threads of a block.
const BLOCK: u32 = 128;
/// Rows and coefficients of a thread.
const ROWS: usize = 2;
const COEFFICIENTS: usize = 8;
/// Words of a `Term`, and columns that its factors are a multiple of.
const TERM: usize = 12;
const COLUMNS: usize = 4;
/// Neighbouring rows of coefficients that are kept at once, log2, at least.
const LEAST_RUN: usize = 5;

#[derive(Clone, Copy)]
#[repr(C)]
struct Reduce<const D: usize> {
    terms: Address,
    inverses: Address,
    values: Address,
    to: Address,
    powers: Powers,
    correction: [u32; MOST_DEGREE],
    count: u32,
    log_height: u32,
    log_cosets: u32,
    log_size: u32,
    log_rows: u32,
    part: Part,
    next: u32,
    back: u32,
    shift: u32,
}

// SAFETY: `ReduceArgs` has the same fields; no padding.
unsafe impl<const D: usize> Arguments for Reduce<D> {
    const KERNEL: &'static str = degree::name(D, ["reduce_4", "reduce_5"]);
}

/// What is claimed of packs: the values of their columns, those that are there, at each of their
/// points.
pub struct Claims<'a, const D: usize>
where
    F: BinomiallyExtendable<D>,
{
    /// The packs.
    pub packs: &'a Packs,
    /// Where they are in the proof: fixed columns are committed to before there is one, so that their packs
    /// do not know their terms.
    pub group: &'a Group,
    /// By point, then column.
    pub values: Vec<Vec<Challenge<D>>>,
}

impl<const D: usize> Opener<D>
where
    F: BinomiallyExtendable<D>,
{
    /// What FRI is given at a level: the sum over its terms (docs/packing.md, "The opening"), `terms` of
    /// them, as `D` columns. `claims` are of all packs of the level.
    ///
    /// # Panics
    /// If there are none, or not one value for each column and point, or packs have a height or cosets
    /// that were not named.
    ///
    /// # Errors
    /// Those of [`Gpu::buffer`](crate::Gpu::buffer), [`Buffer::write`] and
    /// [`Gpu::launch`](crate::Gpu::launch).
    pub fn reduce(
        &self,
        roots: &Roots,
        claims: &[Claims<'_, D>],
        terms: usize,
        alpha: Challenge<D>,
    ) -> Result<Matrix, GpuError> {
        self.reduce_within(roots, claims, terms, alpha, ROOM)
    }

    /// As [`Self::reduce`], with room for `room` words of coefficients.
    ///
    /// # Panics
    /// As [`Self::reduce`].
    ///
    /// # Errors
    /// As [`Self::reduce`].
    pub fn reduce_within(
        &self,
        roots: &Roots,
        claims: &[Claims<'_, D>],
        terms: usize,
        alpha: Challenge<D>,
        room: usize,
    ) -> Result<Matrix, GpuError> {
        let first = claims.first().expect("a level has packs").packs;
        let (level, log_cosets) = (first.group().level(), first.log_cosets());
        let mut sum = Matrix::new(self.gpu(), D, level, log_cosets)?;
        // The highest columns first: if they are packs of their own, their terms are the sum's first.
        let mut by_height: BTreeMap<usize, Vec<&Claims<'_, D>>> = BTreeMap::new();
        for claims in claims {
            assert_eq!(claims.packs.group().level(), level);
            assert_eq!(claims.packs.log_cosets(), log_cosets);
            let log_height = claims.packs.group().log_height;
            by_height.entry(log_height).or_default().push(claims);
        }
        let correction = alpha.exp_u64(terms as u64);
        for (i, (&log_height, claims)) in by_height.iter().rev().enumerate() {
            let height = Height {
                roots,
                log_height,
                log_cosets,
                log_size: level - log_height,
                terms: claims
                    .iter()
                    .map(|claims| Term::new(claims, alpha))
                    .collect(),
                correction,
            };
            self.add_height(&height, &mut sum, i > 0, room)?;
        }
        Ok(sum)
    }

    /// Adds the terms of one height to the sum, or makes it of them.
    fn add_height(
        &self,
        height: &Height<'_, D>,
        sum: &mut Matrix,
        add: bool,
        room: usize,
    ) -> Result<(), GpuError> {
        let gpu = self.gpu();
        let &Height {
            roots, log_height, ..
        } = height;
        let (table, values) = (height.table(self)?, height.values(self)?);
        if height.log_size == 0 {
            return self.coefficients(height, Part::ALL, &[&table, &values, &sum.buffer]);
        }
        let words = D << (height.log_size + height.log_cosets);
        let run = log_run(log_height, LEAST_RUN, words, room);
        let coefficients = gpu.buffer(words << run)?;
        for part in Part::of(log_height, run) {
            self.coefficients(height, part, &[&table, &values, &coefficients])?;
            add_packs(gpu, roots, &coefficients, log_height, part, sum, add)?;
        }
        Ok(())
    }

    /// The coefficients at a part of the rows.
    fn coefficients(
        &self,
        height: &Height<'_, D>,
        part: Part,
        [table, values, to]: &[&Buffer; 3],
    ) -> Result<(), GpuError> {
        let &Height {
            roots,
            log_height,
            log_cosets,
            log_size,
            ..
        } = height;
        let inverses = self.inverses(log_height, log_cosets);
        let log_rows = part.log_rows(log_height);
        let rows = 1 << (log_cosets + log_rows);
        assert!(
            to.len() >= (D * rows) << log_size,
            "no room for coefficients"
        );
        let arguments = Reduce::<D> {
            terms: table.start(),
            inverses: inverses.buffer.start(),
            values: values.start(),
            to: to.start(),
            powers: roots.powers(log_height + log_cosets)?,
            correction: degree::argument(height.correction),
            count: height.terms.len() as u32,
            log_height: log_height as u32,
            log_cosets: log_cosets as u32,
            log_size: log_size as u32,
            log_rows: log_rows as u32,
            part,
            next: height.terms.iter().any(Term::at_next).into(),
            back: word(F::two_adic_generator(log_height).inverse()),
            shift: word(COSET),
        };
        let along_y = (1usize << log_size).div_ceil(COEFFICIENTS);
        let grid = Grid::rows(usize::div_ceil(rows, ROWS), along_y, BLOCK);
        // SAFETY: it reads columns and inverses of this height, which have the rows of the part, and
        // writes as many for each coefficient; the table has factors for all words.
        unsafe { self.gpu().launch(grid, arguments) }
    }
}

/// Packs of columns of one height, and the claims about them.
struct Height<'a, const D: usize>
where
    F: BinomiallyExtendable<D>,
{
    roots: &'a Roots,
    log_height: usize,
    log_cosets: usize,
    log_size: usize,
    terms: Vec<Term<'a, D>>,
    correction: Challenge<D>,
}

/// Packs with the powers of the challenge.
struct Term<'a, const D: usize>
where
    F: BinomiallyExtendable<D>,
{
    claims: &'a Claims<'a, D>,
    /// Those of each pack, at `z`.
    powers: Vec<Challenge<D>>,
    /// By how much those for the next row's point are greater.
    next: Challenge<D>,
}

impl<'a, const D: usize> Term<'a, D>
where
    F: BinomiallyExtendable<D>,
{
    fn new(claims: &'a Claims<'a, D>, alpha: Challenge<D>) -> Self {
        let group = claims.group;
        assert_eq!(claims.values.len(), group.points(), "one list a point");
        let is_whole = |values: &Vec<_>| values.len() == group.columns.len();
        assert!(claims.values.iter().all(is_whole), "one value a column");
        let first = alpha.exp_u64(group.first_term as u64);
        Self {
            claims,
            powers: alpha.shifted_powers(first).collect_n(group.packs),
            next: alpha.exp_u64(group.packs as u64),
        }
    }

    fn at_next(&self) -> bool {
        self.claims.group.at_next
    }

    /// What each word of a coefficient is multiplied by: one of the coordinates of a challenge by its unit,
    /// too.
    fn factors(&self) -> impl Iterator<Item = Challenge<D>> + '_ {
        let cells = self.claims.packs.cells();
        let unit = |d| Challenge::<D>::from_basis_coefficients_fn(|i| F::from_bool(i == d));
        let units = move |&power: &Challenge<D>| (0..cells).map(move |d| power * unit(d));
        self.powers.iter().flat_map(units)
    }

    /// The claims at a point for coefficient `j`, by the powers at `z`.
    fn value(&self, point: usize, j: usize) -> Challenge<D> {
        let values = self.claims.values.get(point).into_iter().flatten();
        let of_pack = values.skip(j * self.powers.len()).zip(&self.powers);
        of_pack.map(|(&value, &power)| value * power).sum()
    }
}

impl<const D: usize> Height<'_, D>
where
    F: BinomiallyExtendable<D>,
{
    /// The terms, then the factors of each.
    fn table(&self, opener: &Opener<D>) -> Result<Buffer, GpuError> {
        let padded = |term: &Term<'_, D>| D * term.claims.packs.width().next_multiple_of(COLUMNS);
        let heads = TERM * self.terms.len();
        let words = heads + self.terms.iter().map(padded).sum::<usize>();
        let buffer = opener.gpu().buffer(words)?;
        let (mut words, mut tail) = (Vec::with_capacity(words), Vec::new());
        for term in &self.terms {
            let packs = term.claims.packs;
            words.extend(address_words(&[
                packs.table(),
                buffer.at(heads + tail.len()),
            ]));
            words.extend(degree::argument(term.next));
            let [width, count] = [packs.width(), packs.starts().len()].map(|n| n as u32);
            words.extend([width, count, term.at_next().into()]);
            let end = tail.len() + padded(term);
            tail.extend(challenge_words(&term.factors().collect::<Vec<_>>()));
            tail.resize(end, 0);
        }
        words.append(&mut tail);
        buffer.write(0, &words)?;
        Ok(buffer)
    }

    /// For each coefficient the claims at both points, by the powers that they get.
    fn values(&self, opener: &Opener<D>) -> Result<Buffer, GpuError> {
        let value = |j| {
            let at_point = self.terms.iter().map(|term| term.value(0, j));
            let at_next = self.terms.iter().map(|term| term.value(1, j) * term.next);
            [at_point.sum(), at_next.sum::<Challenge<D>>()]
        };
        let values: Vec<_> = (0..1 << self.log_size).flat_map(value).collect();
        opener.gpu().upload(&challenge_words(&values))
    }
}
