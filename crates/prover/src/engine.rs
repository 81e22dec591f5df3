//! What a proof is computed with. The coordinator says what comes next and keeps the transcript;
//! an engine computes and never sees it.

use std::ops::Range;
use std::sync::Arc;

use p3_commit::Mmcs;
use p3_field::extension::BinomiallyExtendable;
use p3_field::{BasedVectorSpace, PrimeCharacteristicRing};
use p3_fri::{BatchMultiOpening, CommitPhaseMultiStep};
use p3_matrix::Matrix;
use p3_matrix::dense::RowMajorMatrix;
use p3_util::log2_strict_usize;
use vouch_air::F;
use vouch_air::tables::Instance;
use vouch_air::witness::Trace;
use vouch_verifier::config::{Challenge, ChallengeMmcs, ValueMmcs};
use vouch_verifier::packing::{Group, Packing, Round};
use vouch_verifier::{Grinder, Parameters};

use crate::error::ProveError;

/// A commitment: the root of a Merkle tree.
pub type Commitment = <ValueMmcs as Mmcs<F>>::Commitment;

/// Values opened: of a commitment, of a matrix, at a point, of a column. Those of a column of challenges are its value
/// and `D - 1` zeros, as p3's verifier recomposes them.
pub type Openings<const D: usize> = Vec<Vec<Vec<Vec<Challenge<D>>>>>;

/// Rows of the matrices of a commitment, query by query, and their paths.
pub type Opening = BatchMultiOpening<F, ValueMmcs>;

/// The other members of the groups of a FRI layer that queries fall in, and their paths.
pub type LayerOpening<const D: usize> = CommitPhaseMultiStep<Challenge<D>, ChallengeMmcs<D>>;

/// What is known of a table once its rows are committed to.
#[derive(Clone, Debug)]
pub struct Place<const D: usize>
where
    F: BinomiallyExtendable<D>,
{
    /// The table.
    pub instance: Instance,
    /// Its public values.
    pub public_values: Vec<F>,
    /// Rows, log2.
    pub log_height: usize,
    /// For each LogUp column, as p3's transcript draws them: the bus's constant and the base of
    /// the powers that fields are combined by.
    pub challenges: Vec<Challenge<D>>,
    /// The sum of the table's fractions; 0 until it is known.
    pub terminal: Challenge<D>,
}

impl<const D: usize> Place<D>
where
    F: BinomiallyExtendable<D>,
{
    /// The place of a table of which no more is known than its rows.
    pub fn new(trace: &Trace) -> Self {
        Self {
            instance: trace.instance.clone(),
            public_values: trace.public_values.clone(),
            log_height: log2_strict_usize(trace.matrix.height()),
            challenges: Vec::new(),
            terminal: Challenge::<D>::ZERO,
        }
    }

    /// True of the table that has fixed columns.
    pub fn is_fixed(&self) -> bool {
        is_fixed(&self.instance)
    }
}

/// True of the table that has fixed columns.
pub(crate) fn is_fixed(instance: &Instance) -> bool {
    instance.table.is_fixed()
}

/// Where the columns of a group are: numbers of matrices of its round, each with a range of their columns, in the
/// order of the group's.
pub fn parts<'a>(
    round: &'a Round,
    group: &'a Group,
) -> impl Iterator<Item = (usize, Range<usize>)> + 'a {
    let class = &round.classes[group.class];
    let ends = class.matrices.iter().scan(0, |end, &matrix| {
        *end += round.matrices[matrix].columns;
        Some((matrix, *end))
    });
    ends.filter_map(|(matrix, end)| {
        let first = end - round.matrices[matrix].columns;
        let columns = group.columns.start.max(first)..group.columns.end.min(end);
        (!columns.is_empty()).then(|| (matrix, columns.start - first..columns.end - first))
    })
}

/// What is claimed of columns of challenges, given the values of their coordinates: for each column its value, and
/// zeros in the place of the others.
pub fn recompose<const D: usize>(values: &mut [Challenge<D>])
where
    F: BinomiallyExtendable<D>,
{
    for column in values.chunks_exact_mut(D) {
        let terms = column.iter().enumerate();
        let terms = terms.map(|(i, &value)| value * basis::<D>(i));
        column[0] = terms.sum();
        column[1..].fill(Challenge::<D>::ZERO);
    }
}

/// The `i`-th element of the challenge field's basis.
pub(crate) fn basis<const D: usize>(i: usize) -> Challenge<D>
where
    F: BinomiallyExtendable<D>,
{
    Challenge::<D>::from_basis_coefficients_fn(|k| F::from_bool(k == i))
}

/// A commitment that is opened.
pub struct OpenedRound<'a, C> {
    /// Its matrices.
    pub committed: &'a C,
    /// Where their columns are, and at which points they are opened.
    pub round: &'a Round,
}

/// Computes what proofs consist of, for challenges of degree `D`. All engines give the same
/// numbers for the same arguments. Matrices and vectors are in p3's order wherever an index or a
/// number is given out: bit-reversed domains. Columns are extended to cosets with the shift
/// [`COSET`](vouch_verifier::packing::COSET), whatever packs they are in (docs/packing.md).
///
/// # Errors
/// Every operation may fail as the device does: [`ProveError::Device`], or
/// [`ProveError::DeviceMemory`] if a smaller segment might do.
pub trait Engine<const D: usize>: Send + Sync
where
    F: BinomiallyExtendable<D>,
{
    /// The rows of a segment's tables.
    type Tables: Send;
    /// Columns by their values on cosets, not committed to yet.
    type Columns: Send;
    /// Extended columns with the Merkle tree over their packs.
    type Committed: Send + Sync;
    /// What is known of a point while matrices are opened there.
    type Point: Send;
    /// Challenges, one for each point of a domain.
    type Vector: Send;
    /// A vector that FRI has committed to.
    type Layer: Send;

    /// Name for logs and reports.
    fn name(&self) -> &'static str;

    /// The parameters of the proofs.
    fn parameters(&self) -> &Parameters;

    /// Takes the filled tables of a segment.
    fn tables(&self, traces: Vec<Trace>) -> Result<Self::Tables, ProveError>;

    /// Commits to the tables' main columns, packed as `round` says.
    fn commit_tables(
        &self,
        tables: &Self::Tables,
        round: &Round,
    ) -> Result<(Commitment, Self::Committed), ProveError>;

    /// The commitment to the lookup table's fixed columns: the same for all proofs.
    fn fixed(&self) -> Result<(Commitment, Arc<Self::Committed>), ProveError>;

    /// The LogUp columns of every table, and the sum of each table's fractions. The rows are not
    /// needed any more.
    fn logup(
        &self,
        tables: Self::Tables,
        places: &[Place<D>],
    ) -> Result<(Self::Columns, Vec<Challenge<D>>), ProveError>;

    /// Commits to columns, packed as `round` says. What [`Self::quotients`] gave becomes the chunks of
    /// quotients that p3's verifier knows.
    fn commit(
        &self,
        columns: Self::Columns,
        round: &Round,
    ) -> Result<(Commitment, Self::Committed), ProveError>;

    /// Every table's quotient, given the commitments to main and LogUp columns: for each of its `n` chunks, the values
    /// on the table's domain times `COSET w^i`, for the `i`-th power of the generator `w` of the domain `n` times as
    /// large.
    fn quotients(
        &self,
        places: &[Place<D>],
        main: &Self::Committed,
        logup: &Self::Committed,
        alpha: Challenge<D>,
    ) -> Result<Self::Columns, ProveError>;

    /// Opens columns at `point`, and some at that of the next row.
    fn evaluate(
        &self,
        rounds: &[OpenedRound<'_, Self::Committed>],
        point: Challenge<D>,
    ) -> Result<(Openings<D>, Self::Point), ProveError>;

    /// What FRI is given: for each level of `packing`, highest first, the sum over its terms (docs/packing.md, "The
    /// opening"). With the length of each, log2.
    fn reduce(
        &self,
        packing: &Packing,
        rounds: &[OpenedRound<'_, Self::Committed>],
        values: &Openings<D>,
        point: Self::Point,
        alpha: Challenge<D>,
    ) -> Result<Vec<(usize, Self::Vector)>, ProveError>;

    /// Commits to a vector, `2^log_arity` neighbours a leaf.
    fn commit_layer(
        &self,
        vector: Self::Vector,
        log_arity: usize,
    ) -> Result<(Commitment, Self::Layer), ProveError>;

    /// Folds the leaves of a layer by `beta`; adds another vector of the folded one's length times
    /// `beta^(2^log_arity)`.
    fn fold(
        &self,
        layer: &Self::Layer,
        beta: Challenge<D>,
        other: Option<Self::Vector>,
    ) -> Result<Self::Vector, ProveError>;

    /// The first `count` numbers of a vector.
    fn first(&self, vector: Self::Vector, count: usize) -> Result<Vec<Challenge<D>>, ProveError>;

    /// The rows of a commitment at `indices` of its highest level: of every group, in their order.
    fn open(&self, committed: &Self::Committed, indices: &[usize]) -> Result<Opening, ProveError>;

    /// The groups of a layer that the numbers at `indices` are in.
    fn open_layer(
        &self,
        layer: &Self::Layer,
        indices: &[usize],
    ) -> Result<LayerOpening<D>, ProveError>;

    /// What searches for proofs of work, if not the CPU.
    fn grinder(&self) -> Option<Arc<dyn Grinder>> {
        None
    }

    /// Rows of the highest level, log2.
    fn log_max_height(&self, committed: &Self::Committed) -> usize;
}

/// An engine whose numbers can be looked at: to compare two of them, operation by operation.
pub trait Inspect<const D: usize>: Engine<D>
where
    F: BinomiallyExtendable<D>,
{
    /// Extended columns, matrix by matrix.
    ///
    /// # Errors
    /// As the device does.
    fn committed(&self, committed: &Self::Committed) -> Result<Vec<RowMajorMatrix<F>>, ProveError>;

    /// Columns, matrix by matrix: rows of a table in their order, the values of a quotient in bit-reversed
    /// order.
    ///
    /// # Errors
    /// As the device does.
    fn columns(&self, columns: &Self::Columns) -> Result<Vec<RowMajorMatrix<F>>, ProveError>;

    /// A vector's numbers.
    ///
    /// # Errors
    /// As the device does.
    fn vector(&self, vector: &Self::Vector) -> Result<Vec<Challenge<D>>, ProveError>;
}
