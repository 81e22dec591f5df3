//! What is the same for all proofs of a profile, and committing.

use p3_field::{Field, PackedValue, PrimeCharacteristicRing};
use p3_matrix::Matrix;
use p3_matrix::dense::RowMajorMatrix;
use p3_maybe_rayon::prelude::*;
use p3_merkle_tree::MerkleCap;
use p3_util::log2_strict_usize;
use std::marker::PhantomData;
use std::sync::{Arc, OnceLock};
use vouch_air::F;
use vouch_air::tables::lookup;
use vouch_verifier::Parameters;
use vouch_verifier::config::{ChallengeField, ValueMmcs, value_mmcs};
use vouch_verifier::packing::{COSET, Packing, Round};

use super::extend::{Extender, Order};
use super::pack::Pack;
use super::packs::Columns;
use super::tree::Tree;
use crate::engine::{Commitment, Opening};

/// Extended columns with the Merkle tree over their packs.
pub struct Committed {
    /// As p3 has them: rows in bit-reversed order.
    pub(super) matrices: Vec<RowMajorMatrix<F>>,
    round: Round,
    /// Cells of a column.
    pub(super) cells: usize,
    log_blowup: usize,
    tree: Tree,
}

impl Committed {
    /// Commits to extended matrices.
    pub(super) fn new(
        matrices: Vec<RowMajorMatrix<F>>,
        round: &Round,
        cells: usize,
        log_blowup: usize,
    ) -> (Commitment, Self) {
        let tree = Tree::new(&columns(&matrices, round, cells, log_blowup));
        let commitment = MerkleCap::new(vec![tree.root()]);
        let committed = Self {
            matrices,
            round: round.clone(),
            cells,
            log_blowup,
            tree,
        };
        (commitment, committed)
    }

    /// The columns of each group.
    pub(super) fn columns(&self) -> Vec<Columns<'_>> {
        columns(&self.matrices, &self.round, self.cells, self.log_blowup)
    }

    /// Rows of the highest level, log2.
    pub(super) fn log_height(&self) -> usize {
        self.tree.log_leaves()
    }

    /// Rows of the tallest columns, log2.
    pub(super) fn log_rows(&self) -> usize {
        let heights = self.matrices.iter().map(Matrix::height);
        heights.max().map_or(0, log2_strict_usize)
    }

    /// Opens rows of the highest level, and those of the lower ones that go with them.
    pub(super) fn open(&self, indices: &[usize]) -> Opening {
        let columns = self.columns();
        let row = |&index: &usize| {
            let row = |columns: &Columns<'_>| {
                columns.open(index >> (self.log_height() - columns.log_height()))
            };
            columns.iter().map(row).collect()
        };
        Opening {
            opened_values: indices.par_iter().map(row).collect(),
            opening_proof: self.tree.paths(&columns, indices),
        }
    }
}

/// The columns of each group of a round, given its extended matrices.
fn columns<'a>(
    matrices: &'a [RowMajorMatrix<F>],
    round: &Round,
    cells: usize,
    log_blowup: usize,
) -> Vec<Columns<'a>> {
    let groups = round.groups.iter();
    groups
        .map(|group| Columns::new(round, group, matrices, cells, log_blowup))
        .collect()
}

/// The CPU as an engine for challenges of the field `EF`, with what is the same for all proofs.
pub struct Setup<EF> {
    field: PhantomData<EF>,
    pub(super) parameters: Parameters,
    pub(super) mmcs: ValueMmcs,
    pub(super) extender: Extender,
    fixed: OnceLock<Fixed>,
}

/// The lookup table's fixed columns.
pub(super) struct Fixed {
    /// As high as the table.
    pub rows: RowMajorMatrix<F>,
    pub commitment: Commitment,
    pub committed: Arc<Committed>,
}

impl<EF: ChallengeField> Setup<EF> {
    /// The CPU, for proofs with `parameters`.
    pub fn new(parameters: Parameters) -> Self {
        Self {
            field: PhantomData,
            mmcs: value_mmcs(),
            fixed: OnceLock::new(),
            parameters,
            extender: Extender::default(),
        }
    }

    /// The lookup table's fixed columns; short executions do without.
    pub(super) fn fixed_columns(&self) -> &Fixed {
        if let Some(fixed) = self.fixed.get() {
            return fixed;
        }
        // Not within `get_or_init`: a thread that waits for others in the middle of it may be given
        // a proof that wants them, too.
        let rows = lookup::fixed();
        let packing = Packing::fixed(&self.parameters, rows.width());
        let inputs = vec![Input::rows(Rows::Elsewhere(&rows))];
        let (commitment, committed) = self.commit_inputs(inputs, &packing.rounds()[0]);
        let fixed = Fixed {
            rows,
            commitment,
            committed: Arc::new(committed),
        };
        self.fixed.get_or_init(|| fixed)
    }

    /// Commits to matrices, extended to the coset that all columns are on.
    pub(super) fn commit_inputs(
        &self,
        matrices: Vec<Input<'_>>,
        round: &Round,
    ) -> (Commitment, Committed) {
        let cells = if round.kind.is_extension() {
            EF::DEGREE
        } else {
            1
        };
        let extended = self.extend_inputs(matrices);
        Committed::new(extended, round, cells, self.parameters.log_blowup)
    }

    /// Extends matrices, in bit-reversed order; the values of quotients become those of p3's chunks.
    pub(super) fn extend_inputs(&self, matrices: Vec<Input<'_>>) -> Vec<RowMajorMatrix<F>> {
        let log_blowup = self.parameters.log_blowup;
        if let Some(tallest) = { matrices.iter() }
            .map(|input| input.height(log_blowup))
            .max()
        {
            self.extender.prepare(log2_strict_usize(tallest));
        }
        let chunks: Vec<usize> = matrices.iter().map(|input| input.chunks).collect();
        let mut places: Vec<_> = matrices.into_iter().enumerate().collect();
        // Small matrices fill the cores that the last large one leaves idle.
        places.sort_by_key(|(_, input)| core::cmp::Reverse(input.rows.matrix().values.len()));
        let mut extended: Vec<_> = places
            .into_par_iter()
            .with_max_len(1)
            .map(|(i, input)| (i, self.extend_input(input)))
            .collect();
        extended.sort_by_key(|(i, _)| *i);
        let mut extended: Vec<_> = extended.into_iter().map(|(_, matrix)| matrix).collect();
        let mut first = 0;
        while let Some(&chunks) = chunks.get(first) {
            if let [even, odd] = &mut extended[first..first + chunks] {
                quotient_chunks(even, odd, log_blowup);
            }
            first += chunks;
        }
        extended
    }

    fn extend_input(&self, input: Input<'_>) -> RowMajorMatrix<F> {
        let shift = COSET / input.shift;
        let log_blowup = self.parameters.log_blowup;
        match input.rows {
            Rows::Elsewhere(matrix) => {
                { &self.extender }.extend(matrix, input.order, log_blowup, shift)
            }
            Rows::InPlace(mut matrix) => {
                { &self.extender }.extend_in_place(&mut matrix, input.order, log_blowup, shift);
                matrix
            }
        }
    }

    /// The values of columns on the first `2^added_bits` times as many points.
    pub(super) fn extend(&self, rows: &RowMajorMatrix<F>, added_bits: usize) -> RowMajorMatrix<F> {
        self.extender
            .extend(rows, Order::Natural, added_bits, COSET)
    }
}

/// From the polynomials of degree below `n` that agree with a quotient on `c H_n` and on `c w H_n`, for the generator
/// `w` of `H_2n`, to those that agree with it on `G H_n` and on `G w H_n`, which are p3's chunks.
///
/// With `q = lo + x^n hi` the former are `lo +- c^n hi`, and the latter `lo +- G^n hi`.
fn quotient_chunks(even: &mut RowMajorMatrix<F>, odd: &mut RowMajorMatrix<F>, log_blowup: usize) {
    let log_height = log2_strict_usize(even.height()) - log_blowup;
    let ratio = (F::GENERATOR / COSET).exp_power_of_2(log_height).halve();
    let (even, odd) = (&mut even.values, &mut odd.values);
    Pack::pack_slice_mut(even)
        .par_iter_mut()
        .zip(Pack::pack_slice_mut(odd))
        .with_min_len(1 << 10)
        .for_each(|(even, odd)| {
            let (low, high) = ((*even + *odd).halve(), (*even - *odd) * ratio);
            (*even, *odd) = (low + high, low - high);
        });
}

/// Columns to be committed to, by their values on `shift` times a subgroup.
pub struct Input<'a> {
    pub(super) rows: Rows<'a>,
    pub(super) order: Order,
    pub(super) shift: F,
    /// Of how many chunks of a quotient it is the first, with those that follow it. Of 1, if it is none.
    pub(super) chunks: usize,
}

/// Where the rows of columns are.
pub(super) enum Rows<'a> {
    /// In a matrix that stays.
    Elsewhere(&'a RowMajorMatrix<F>),
    /// They are the last ones of a matrix with as many as the extended columns have.
    InPlace(RowMajorMatrix<F>),
}

impl Rows<'_> {
    fn matrix(&self) -> &RowMajorMatrix<F> {
        match self {
            Rows::Elsewhere(matrix) => matrix,
            Rows::InPlace(matrix) => matrix,
        }
    }
}

impl<'a> Input<'a> {
    /// A table's columns, on the subgroup itself.
    pub(super) fn rows(rows: Rows<'a>) -> Self {
        Self {
            rows,
            order: Order::Natural,
            shift: F::ONE,
            chunks: 1,
        }
    }

    /// Rows, given by how much the columns are extended (log2).
    fn height(&self, log_blowup: usize) -> usize {
        match &self.rows {
            Rows::Elsewhere(matrix) => matrix.height(),
            Rows::InPlace(matrix) => matrix.height() >> log_blowup,
        }
    }

    /// The rows, given by how much the columns are extended (log2).
    pub(super) fn matrix(&self, log_blowup: usize) -> RowMajorMatrix<F> {
        let matrix = self.rows.matrix();
        let first = matrix.height() - self.height(log_blowup);
        let rows = &matrix.values[first * matrix.width()..];
        RowMajorMatrix::new(rows.to_vec(), matrix.width())
    }
}
