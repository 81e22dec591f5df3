//! What is the same for all proofs of a profile.

use std::borrow::Cow;
use std::sync::{Arc, OnceLock};

use p3_commit::Mmcs;
use p3_field::extension::BinomiallyExtendable;
use p3_field::{Field, PrimeCharacteristicRing};
use p3_fri::FriParameters;
use p3_matrix::Matrix;
use p3_matrix::dense::RowMajorMatrix;
use p3_maybe_rayon::prelude::*;
use p3_util::log2_strict_usize;
use vouch_air::F;
use vouch_air::tables::lookup;
use vouch_verifier::Parameters;
use vouch_verifier::config::{ChallengeMmcs, ValueMmcs, fri, value_mmcs};

use super::extend::{Extender, Order};
use crate::engine::Commitment;

/// Matrices that have been committed to, with their Merkle tree.
pub type Committed = <ValueMmcs as Mmcs<F>>::ProverData<RowMajorMatrix<F>>;

/// The CPU as an engine for challenges of degree `D`, with what is the same for all proofs.
pub struct Setup<const D: usize>
where
    F: BinomiallyExtendable<D>,
{
    pub(super) parameters: Parameters,
    pub(super) fri: FriParameters<ChallengeMmcs<D>>,
    pub(super) mmcs: ValueMmcs,
    extender: Extender,
    fixed: OnceLock<Fixed>,
}

/// The lookup table's fixed columns.
pub(super) struct Fixed {
    /// As high as the table.
    pub rows: RowMajorMatrix<F>,
    pub commitment: Commitment,
    pub committed: Arc<Committed>,
}

impl<const D: usize> Setup<D>
where
    F: BinomiallyExtendable<D>,
{
    /// The CPU, for proofs with `parameters`.
    pub fn new(parameters: Parameters) -> Self {
        Self {
            fri: fri(&parameters),
            fixed: OnceLock::new(),
            parameters,
            mmcs: value_mmcs(),
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
        let (commitment, committed) = self.commit_inputs(vec![Input::rows(Cow::Borrowed(&rows))]);
        let fixed = Fixed {
            rows,
            commitment,
            committed: Arc::new(committed),
        };
        self.fixed.get_or_init(|| fixed)
    }

    /// Commits to matrices given by their values on a subgroup times a shift, extended to the
    /// domain that all commitments are on. In bit-reversed order.
    pub(super) fn commit_inputs(&self, matrices: Vec<Input<'_>>) -> (Commitment, Committed) {
        if let Some(tallest) = matrices.iter().map(|input| input.matrix.height()).max() {
            self.extender.prepare(log2_strict_usize(tallest));
        }
        let mut places: Vec<_> = matrices.into_iter().enumerate().collect();
        // Small matrices fill the cores that the last large one leaves idle.
        places.sort_by_key(|(_, input)| core::cmp::Reverse(input.matrix.values.len()));
        let log_blowup = self.parameters.log_blowup;
        let mut extended: Vec<_> = places
            .into_par_iter()
            .with_max_len(1)
            .map(|(i, input)| {
                let shift = F::GENERATOR / input.shift;
                let extender = &self.extender;
                (
                    i,
                    extender.extend(&input.matrix, input.order, log_blowup, shift),
                )
            })
            .collect();
        extended.sort_by_key(|(i, _)| *i);
        self.mmcs
            .commit(extended.into_iter().map(|(_, matrix)| matrix).collect())
    }

    /// The values of columns on the first `2^added_bits` times as many points.
    pub(super) fn extend(&self, rows: &RowMajorMatrix<F>, added_bits: usize) -> RowMajorMatrix<F> {
        self.extender
            .extend(rows, Order::Natural, added_bits, F::GENERATOR)
    }
}

/// Columns to be committed to, by their values on `shift` times a subgroup.
pub struct Input<'a> {
    pub(super) matrix: Cow<'a, RowMajorMatrix<F>>,
    pub(super) order: Order,
    pub(super) shift: F,
}

impl<'a> Input<'a> {
    /// A table's columns: on the subgroup itself.
    pub(super) fn rows(matrix: Cow<'a, RowMajorMatrix<F>>) -> Self {
        Self {
            matrix,
            order: Order::Natural,
            shift: F::ONE,
        }
    }
}
