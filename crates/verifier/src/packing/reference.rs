//! Committing and opening, slow and obvious: what p3's `prove_batch` needs of a commitment scheme, and the
//! oracle of provers. Packs are put together from their coefficients, and FRI's words are what their
//! definition says, place by place.

use alloc::vec;
use alloc::vec::Vec;

use p3_commit::{Mmcs, OpenedValues, OpeningRequest};
use p3_dft::{Radix2DitParallel, TwoAdicSubgroupDft};
use p3_field::{HornerIter, PrimeCharacteristicRing, TwoAdicField};
use p3_fri::prover::prove_fri;
use p3_fri::{
    FriProverError, PcsProverTranscript, PcsShape, TwoAdicFriFolding, TwoAdicFriFoldingForMmcs,
};
use p3_matrix::Matrix;
use p3_matrix::bitrev::BitReversibleMatrix;
use p3_matrix::dense::RowMajorMatrix;
use p3_maybe_rayon::prelude::*;
use p3_util::reverse_bits_len;
use thiserror::Error;
use vouch_air::F;

use super::layout::{Group, Kind, Packing, Round, shift};
use super::pcs::{Commitment, Domain, OpeningProof, PackedPcs};
use crate::config::{ChallengeField, Challenger, ValueMmcs};

/// Columns that have been committed to.
pub struct Committed {
    pub(super) round: Round,
    /// The coefficients of the columns, matrix by matrix.
    pub(super) columns: Vec<RowMajorMatrix<F>>,
    /// The packs with their Merkle tree.
    packs: <ValueMmcs as Mmcs<F>>::ProverData<RowMajorMatrix<F>>,
}

/// Why a proof was not made.
#[derive(Debug, Error)]
pub enum ReferenceError {
    /// The layout is of other columns.
    #[error("columns to commit to: expected those of the layout, got {got:?} columns")]
    Columns {
        /// Width of each matrix.
        got: Vec<usize>,
    },
    /// FRI cannot be had for such heights.
    #[error(transparent)]
    Fri(#[from] FriProverError),
}

impl Committed {
    /// The values of a matrix's columns on `shift` times the subgroup of `size` points.
    pub(super) fn on_domain(
        &self,
        dft: &Radix2DitParallel<F>,
        matrix: usize,
        shift: F,
        size: usize,
    ) -> RowMajorMatrix<F> {
        let mut columns = self.columns[matrix].clone();
        columns.pad_to_height(size, F::ZERO);
        dft.coset_dft_batch(columns, shift).to_row_major_matrix()
    }
}

/// Matrices given on cosets, on the subgroups themselves.
pub(super) fn on_subgroups<EF: ChallengeField>(
    pcs: &PackedPcs<EF>,
    matrices: impl IntoIterator<Item = (Domain, RowMajorMatrix<F>)>,
) -> Vec<RowMajorMatrix<F>> {
    let moved = |(domain, matrix): (Domain, RowMajorMatrix<F>)| {
        let coefficients = pcs.dft.coset_idft_batch(matrix, domain.shift());
        pcs.dft.dft_batch(coefficients).to_row_major_matrix()
    };
    matrices.into_iter().map(moved).collect()
}

/// Commits to the columns of one of the `kinds`: the one whose columns these are.
pub(super) fn commit<EF: ChallengeField>(
    pcs: &PackedPcs<EF>,
    kinds: &[Kind],
    columns: impl IntoIterator<Item = (Domain, RowMajorMatrix<F>)>,
) -> Result<(Commitment, Committed), ReferenceError> {
    let coefficients = |(domain, matrix): (Domain, RowMajorMatrix<F>)| {
        pcs.dft.coset_idft_batch(matrix, domain.shift())
    };
    let columns: Vec<RowMajorMatrix<F>> = columns.into_iter().map(coefficients).collect();
    let is_of = |round: &&Round| {
        let cells = pcs.packing.cells(round.kind);
        let expected = { round.matrices.iter() }.map(|m| (1 << m.log_height, m.columns * cells));
        let got = columns
            .iter()
            .map(|matrix| (matrix.height(), matrix.width()));
        kinds.contains(&round.kind) && expected.eq(got)
    };
    let Some(round) = pcs.packing.rounds().iter().find(is_of) else {
        let got = columns.iter().map(Matrix::width).collect();
        return Err(ReferenceError::Columns { got });
    };
    let cells = pcs.packing.cells(round.kind);
    let packs = { round.groups.iter() }.map(|group| packs(round, group, &columns, cells));
    let packs = packs.collect();
    Ok(commit_packs(pcs, round, columns, packs))
}

/// Commits to packs given by their coefficients, of one group each.
pub(super) fn commit_packs<EF: ChallengeField>(
    pcs: &PackedPcs<EF>,
    round: &Round,
    columns: Vec<RowMajorMatrix<F>>,
    packs: Vec<RowMajorMatrix<F>>,
) -> (Commitment, Committed) {
    let extended = |(group, mut packs): (&Group, RowMajorMatrix<F>)| {
        packs.pad_to_height(1 << (group.level() + pcs.fri.log_blowup), F::ZERO);
        let values = pcs.dft.coset_dft_batch(packs, shift(group.log_size));
        values.bit_reverse_rows().to_row_major_matrix()
    };
    let extended = round.groups.iter().zip(packs).map(extended);
    let (commitment, packs) = pcs.mmcs.commit(extended.collect());
    let committed = Committed {
        round: round.clone(),
        columns,
        packs,
    };
    (commitment, committed)
}

/// The coefficients of a group's packs, a column for each of their cells: coefficient `k l + j` of a pack is
/// coefficient `l` of its column `j`.
pub(super) fn packs(
    round: &Round,
    group: &Group,
    columns: &[RowMajorMatrix<F>],
    cells: usize,
) -> RowMajorMatrix<F> {
    let width = group.packs * cells;
    let mut coefficients = RowMajorMatrix::new(F::zero_vec(width << group.level()), width);
    let members = round.classes[group.class].matrices.iter();
    let members = members.flat_map(|&i| (0..columns[i].width() / cells).map(move |j| (i, j)));
    let members = members.skip(group.columns.start).take(group.columns.len());
    for (c, (matrix, column)) in members.enumerate() {
        let (block, pack) = (c / group.packs, c % group.packs);
        for (l, row) in columns[matrix].rows().enumerate() {
            let row: Vec<F> = row.collect();
            let place = ((l << group.log_size) + block) * width + pack * cells;
            coefficients.values[place..place + cells]
                .copy_from_slice(&row[column * cells..(column + 1) * cells]);
        }
    }
    coefficients
}

/// Opens everything that was committed to.
pub(super) fn open<EF: ChallengeField>(
    pcs: &PackedPcs<EF>,
    rounds: &[OpeningRequest<'_, Committed, EF>],
    challenger: &mut Challenger,
) -> Result<(OpenedValues<EF>, OpeningProof<EF>), ReferenceError> {
    let values: OpenedValues<EF> = rounds.iter().map(|round| evaluate(pcs, round)).collect();
    let shape = PcsShape::from_opened_values(&pcs.fri, &values);
    let mut transcript = PcsProverTranscript::<Challenger, F, EF>::new(challenger, shape);
    transcript.claimed_openings(&values);
    let (alpha, batch_witness) = transcript.batch_phase();
    let levels = pcs.packing.levels().iter();
    let words = levels
        .map(|level| word(pcs, rounds, &values, alpha, level.log_height))
        .collect();
    let packs: Vec<_> = rounds
        .iter()
        .map(|round| OpeningRequest {
            prover_data: &round.prover_data.packs,
            points: round.points.clone(),
        })
        .collect();
    let folding: TwoAdicFriFoldingForMmcs<F, ValueMmcs> =
        TwoAdicFriFolding(core::marker::PhantomData);
    let proof = transcript.delegate(|challenger| {
        prove_fri(
            &folding,
            &pcs.fri,
            words,
            challenger,
            pcs.packing.top() + pcs.fri.log_blowup,
            &packs,
            &pcs.mmcs,
            batch_witness.unwrap_or(F::ZERO),
        )
    });
    match proof {
        Ok(proof) => {
            transcript.finish();
            Ok((values, proof))
        }
        Err(error) => {
            transcript.abort();
            Err(error.into())
        }
    }
}

/// The values of a commitment's columns, matrix by matrix and point by point. That of a column of challenges is one challenge,
/// with zeros in the place of other coordinates.
fn evaluate<EF: ChallengeField>(
    pcs: &PackedPcs<EF>,
    round: &OpeningRequest<'_, Committed, EF>,
) -> Vec<Vec<Vec<EF>>> {
    let cells = pcs.packing.cells(round.prover_data.round.kind);
    let matrices = round.prover_data.columns.iter().zip(&round.points);
    matrices
        .map(|(matrix, points)| {
            let at = |&point: &EF| {
                let rows: Vec<Vec<F>> = matrix.rows().map(Iterator::collect).collect();
                let mut values = vec![EF::ZERO; matrix.width()];
                for (column, value) in values.iter_mut().step_by(cells).enumerate() {
                    let coefficients = rows.iter().map(|row| {
                        let cells = &row[column * cells..(column + 1) * cells];
                        let coordinate = |i: usize| cells.get(i).copied().unwrap_or(F::ZERO);
                        EF::from_basis_coefficients_fn(coordinate)
                    });
                    let coefficients: Vec<_> = coefficients.collect();
                    *value = coefficients.into_iter().horner(point);
                }
                values
            };
            points.iter().map(at).collect()
        })
        .collect()
}

/// FRI's word at a level: the sum over its terms, place by place.
fn word<EF: ChallengeField>(
    pcs: &PackedPcs<EF>,
    rounds: &[OpeningRequest<'_, Committed, EF>],
    values: &OpenedValues<EF>,
    alpha: EF,
    level: usize,
) -> Vec<EF> {
    let bits = level + pcs.fri.log_blowup;
    let generator = F::two_adic_generator(bits);
    let correction = alpha.exp_u64(pcs.packing.terms(level) as u64);
    let mut word = vec![EF::ZERO; 1 << bits];
    for (request, values) in rounds.iter().zip(values) {
        let round = &request.prover_data.round;
        let matrices = pcs.mmcs.get_matrices(&request.prover_data.packs);
        let groups = round.groups.iter().zip(matrices);
        for (group, matrix) in groups.filter(|(group, _)| group.level() == level) {
            for point in 0..group.points() {
                let term = group.first_term + point * group.packs;
                let powers: Vec<_> = { alpha.shifted_powers(alpha.exp_u64(term as u64)) }
                    .take(group.packs)
                    .collect();
                let first = round.classes[group.class].matrices[0];
                let z = request.points[first][point];
                let claims = claims(&pcs.packing, round, group, values, point, &powers);
                word.par_iter_mut().enumerate().for_each(|(i, word)| {
                    let x =
                        shift(group.log_size) * generator.exp_u64(reverse_bits_len(i, bits) as u64);
                    let y = x.exp_power_of_2(group.log_size);
                    let row: Vec<F> = matrix
                        .row(i)
                        .expect("a row of the domain")
                        .into_iter()
                        .collect();
                    let sum = packs_of::<EF>(round.kind, &row).zip(&powers);
                    let sum: EF = sum.map(|(value, &power)| value * power).sum();
                    let claimed: EF = claims.iter().copied().horner(x);
                    *word += (sum - claimed) * (-z + y).inverse() * (correction * y + EF::ONE);
                });
            }
        }
    }
    word
}

/// The values of packs in a row of a group.
fn packs_of<EF: ChallengeField>(kind: Kind, row: &[F]) -> impl Iterator<Item = EF> {
    let cells = if kind.is_extension() { EF::DEGREE } else { 1 };
    row.chunks(cells)
        .map(|cells| EF::from_basis_coefficients_fn(|i| cells.get(i).copied().unwrap_or(F::ZERO)))
}

/// The sum of what is claimed of a group's packs, each times its power: a coefficient for each column of a
/// pack, 0 where there is none.
fn claims<EF: ChallengeField>(
    packing: &Packing,
    round: &Round,
    group: &Group,
    values: &[Vec<Vec<EF>>],
    point: usize,
    powers: &[EF],
) -> Vec<EF> {
    let cells = packing.cells(round.kind);
    let members = round.classes[group.class].matrices.iter();
    let members = members.flat_map(|&i| values[i][point].iter().step_by(cells));
    let members = members.skip(group.columns.start).take(group.columns.len());
    let mut claims = vec![EF::ZERO; 1 << group.log_size];
    for (c, &value) in members.enumerate() {
        claims[c / group.packs] += powers[c % group.packs] * value;
    }
    claims
}
