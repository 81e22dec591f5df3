//! The check of openings (docs/packing.md, "The opening"): p3-fri's folding, its transcripts and
//! p3-merkle-tree's paths, given other words than p3's own verifier has. What is ours is [`Inputs`]: from the rows of packs to
//! FRI's words.

use alloc::vec;
use alloc::vec::Vec;
use core::marker::PhantomData;

use p3_commit::{CommitmentOpening, MatrixOpening, Mmcs, PointOpening};
use p3_field::{HornerIter, PrimeCharacteristicRing, TwoAdicField};
use p3_fri::verifier::{FriError, PowPhase, fold_query};
use p3_fri::{
    BatchMultiOpening, FriShape, PcsShape, PcsVerifierTranscript, TwoAdicFriFolding,
    TwoAdicFriFoldingForMmcs, VerifierTranscript, fold_schedule,
};
use p3_matrix::Dimensions;
use p3_util::reverse_bits_len;
use vouch_air::F;

use super::inputs::Inputs;
use super::layout::{Group, Packing};
use super::pcs::{Commitment, Domain, OpeningError, OpeningProof, PackedPcs, TreeError};
use crate::config::{ChallengeField, Challenger, ValueMmcs};

/// Claims about the columns of a commitment.
pub(super) type Claim<EF> = CommitmentOpening<EF, Commitment, Domain>;
pub(super) type Error = FriError<TreeError, TreeError>;

/// Whether `claims` are right.
pub(super) fn verify<EF: ChallengeField>(
    pcs: &PackedPcs<EF>,
    claims: &[Claim<EF>],
    proof: &OpeningProof<EF>,
    challenger: &mut Challenger,
) -> Result<(), OpeningError> {
    check_witnesses(pcs, proof)?;
    check_claims(&pcs.packing, claims)?;
    let shape = PcsShape::from_claims(&pcs.fri, claims);
    let mut transcript = PcsVerifierTranscript::<Challenger, F, EF>::new(challenger, shape);
    let failed = |failure| OpeningError::Fri(Error::from(failure));
    transcript.claimed_openings(claims).map_err(failed)?;
    let alpha = transcript
        .batch_phase(Some(proof.batch_pow_witness))
        .map_err(failed)?;
    let result =
        transcript.delegate(|challenger| low_degree(pcs, claims, proof, alpha, challenger));
    transcript.finish();
    result
}

/// Where there is no grinding, nothing reads the nonce: it is 0.
fn check_witnesses<EF: ChallengeField>(
    pcs: &PackedPcs<EF>,
    proof: &OpeningProof<EF>,
) -> Result<(), Error> {
    let fri = &pcs.fri;
    let is_set = |witness: &F| *witness != F::ZERO;
    let batch = fri.batch_proof_of_work_bits == 0 && is_set(&proof.batch_pow_witness);
    let folds = fri.commit_proof_of_work_bits == 0 && proof.commit_pow_witnesses.iter().any(is_set);
    let queries = fri.query_proof_of_work_bits == 0 && is_set(&proof.query_pow_witness);
    let phases = [
        (batch, PowPhase::Batch),
        (folds, PowPhase::CommitPhase),
        (queries, PowPhase::Query),
    ];
    match phases.into_iter().find(|(is_wrong, _)| *is_wrong) {
        Some((_, phase)) => Err(Error::NonCanonicalPowWitness { phase }),
        None => Ok(()),
    }
}

/// The claims are about the columns of the layout, at one point and those of the next rows.
///
/// They come from p3's verifier, which takes them from the tables, as the layout is. That the two agree is not left to that:
/// columns that the layout does not know would be bound to nothing.
pub(super) fn check_claims<EF: ChallengeField>(
    packing: &Packing,
    claims: &[Claim<EF>],
) -> Result<(), OpeningError> {
    let other = |what| Err(OpeningError::Claims { what });
    if claims.len() != packing.rounds().len() {
        return other("commitments");
    }
    let point = out_of_domain_point(claims);
    for (round, claim) in packing.rounds().iter().zip(claims) {
        if claim.matrices.len() != round.matrices.len() {
            return other("matrices");
        }
        let cells = packing.cells(round.kind);
        for (matrix, opened) in round.matrices.iter().zip(&claim.matrices) {
            let MatrixOpening { domain, points } = opened;
            if domain.log_size() != matrix.log_height || domain.shift() != F::ONE {
                return other("heights");
            }
            let next = point * F::two_adic_generator(matrix.log_height);
            let expected = [point, next];
            let expected = expected.iter().take(matrix.points());
            if !expected.eq(points.iter().map(|opened| &opened.point)) {
                return other("points");
            }
            for PointOpening { values, .. } in points {
                if values.len() != matrix.columns * cells {
                    return other("columns");
                }
                let mut coordinates = values.chunks(cells).flat_map(|value| value.iter().skip(1));
                if coordinates.any(|coordinate| *coordinate != EF::ZERO) {
                    return Err(OpeningError::Coordinates);
                }
            }
        }
    }
    Ok(())
}

/// The point that everything is opened at.
pub(super) fn out_of_domain_point<EF: ChallengeField>(claims: &[Claim<EF>]) -> EF {
    let points = claims.iter().flat_map(|claim| &claim.matrices);
    let mut points = points.flat_map(|matrix| &matrix.points);
    points.next().map(|opened| opened.point).unwrap_or_default()
}

/// FRI, as p3's `verify_fri` goes about it, with [`Inputs`] in the place of its own.
fn low_degree<EF: ChallengeField>(
    pcs: &PackedPcs<EF>,
    claims: &[Claim<EF>],
    proof: &OpeningProof<EF>,
    alpha: EF,
    challenger: &mut Challenger,
) -> Result<(), OpeningError> {
    let fri = &pcs.fri;
    let heights: Vec<usize> = { pcs.packing.levels().iter() }
        .map(|level| level.log_height + fri.log_blowup)
        .collect();
    let Some(&log_height) = heights.first() else {
        return Err(Error::NoCommittedMatrices.into());
    };
    let log_final = fri.log_blowup + fri.log_final_poly_len;
    let log_arities = fold_schedule(&heights, log_final, fri.max_log_arity);
    check_layers(proof, &log_arities, fri.num_queries)?;

    let shape = FriShape::with_schedule(fri, log_arities.clone(), log_height);
    let mut transcript = VerifierTranscript::<Challenger, F, EF>::new(challenger, shape);
    let betas = transcript
        .commit_rounds(&proof.commit_phase_commits, &proof.commit_pow_witnesses)
        .map_err(Error::from)?;
    let indices = transcript
        .query_phase(&proof.final_poly, Some(proof.query_pow_witness))
        .map_err(Error::from)?;
    transcript.finish();

    check_rows(pcs, claims, &proof.input_openings, &indices, log_height)?;
    let inputs = Inputs::new(&pcs.packing, claims, fri.log_blowup, alpha);
    let words = inputs.words(&proof.input_openings, &indices, log_height)?;

    // The values that each query finds in each layer, to be authenticated together.
    let mut groups = vec![Vec::with_capacity(indices.len()); log_arities.len()];
    let mut rows = vec![Vec::with_capacity(indices.len()); log_arities.len()];
    let folding: TwoAdicFriFoldingForMmcs<F, ValueMmcs> = TwoAdicFriFolding(PhantomData);
    for (query, (&index, words)) in indices.iter().zip(words).enumerate() {
        let mut index = index;
        let folded = fold_query::<_, F, _, _>(
            &folding,
            query,
            &mut index,
            &betas,
            &log_arities,
            &proof.commit_phase_openings,
            words,
            log_height,
            log_final,
            &mut groups,
            &mut rows,
        )?;
        let power = reverse_bits_len(index, log_height)
            .try_into()
            .unwrap_or(u64::MAX);
        let x = F::two_adic_generator(log_height).exp_u64(power);
        let expected: EF = proof.final_poly.iter().copied().horner(x);
        if expected != folded {
            return Err(Error::FinalPolyMismatch.into());
        }
    }
    let mut log_rows = log_height;
    let layers = proof
        .commit_phase_commits
        .iter()
        .zip(&proof.commit_phase_openings);
    let found = groups.iter().zip(&rows);
    for (((root, opening), (groups, rows)), log_arity) in layers.zip(found).zip(&log_arities) {
        log_rows = log_rows.saturating_sub(*log_arity);
        let dimensions = Dimensions {
            width: 1 << log_arity,
            height: 1 << log_rows,
        };
        fri.mmcs
            .verify_multi_batch(root, &[dimensions], groups, rows, &opening.opening_proof)
            .map_err(Error::CommitPhaseMmcsError)?;
    }
    Ok(())
}

/// The proof has a layer for each fold, and of each query all values of its group but one.
fn check_layers<EF: ChallengeField>(
    proof: &OpeningProof<EF>,
    log_arities: &[usize],
    queries: usize,
) -> Result<(), Error> {
    let layers = &proof.commit_phase_openings;
    if layers.len() != log_arities.len() {
        return Err(Error::CommitPhaseOpeningsCountMismatch {
            expected: log_arities.len(),
            got: layers.len(),
        });
    }
    for (round, (layer, log_arity)) in layers.iter().zip(log_arities).enumerate() {
        if layer.sibling_values.len() != queries {
            return Err(Error::CommitPhaseQueryCountMismatch {
                round,
                expected: queries,
                got: layer.sibling_values.len(),
            });
        }
        let expected = (1 << log_arity) - 1;
        let mut lengths = layer.sibling_values.iter().map(Vec::len);
        if let Some(got) = lengths.find(|&length| length != expected) {
            return Err(Error::SiblingValuesLengthMismatch {
                round,
                expected,
                got,
            });
        }
    }
    Ok(())
}

/// The rows are those of the commitments at the queries: of every query one a group, as wide as the
/// layout has it.
fn check_rows<EF: ChallengeField>(
    pcs: &PackedPcs<EF>,
    claims: &[Claim<EF>],
    openings: &[BatchMultiOpening<F, ValueMmcs>],
    indices: &[usize],
    log_height: usize,
) -> Result<(), Error> {
    let rounds = pcs.packing.rounds();
    if openings.len() != rounds.len() {
        return Err(Error::InputProofBatchCountMismatch {
            expected: rounds.len(),
            got: openings.len(),
        });
    }
    for (batch, ((round, claim), opening)) in rounds.iter().zip(claims).zip(openings).enumerate() {
        if opening.opened_values.len() != indices.len() {
            return Err(Error::InputOpeningsQueryCountMismatch {
                batch,
                expected: indices.len(),
                got: opening.opened_values.len(),
            });
        }
        let mut counts = opening.opened_values.iter().map(Vec::len);
        if let Some(got) = counts.find(|&count| count != round.groups.len()) {
            return Err(Error::BatchOpenedValuesCountMismatch {
                batch,
                expected: round.groups.len(),
                got,
            });
        }
        let rows = |group: &Group| group.level() + pcs.fri.log_blowup;
        // Widths are the layout's: a leaf is the hash of all its rows together, and where one ends
        // is in no hash.
        let dimensions = |group: &Group| Dimensions {
            width: pcs.packing.width(round.kind, group),
            height: 1 << rows(group),
        };
        let dimensions: Vec<Dimensions> = round.groups.iter().map(dimensions).collect();
        let below = log_height.saturating_sub(round.top() + pcs.fri.log_blowup);
        let indices: Vec<usize> = indices.iter().map(|index| index >> below).collect();
        pcs.mmcs
            .verify_multi_batch(
                &claim.commitment,
                &dimensions,
                &indices,
                &opening.opened_values,
                &opening.opening_proof,
            )
            .map_err(Error::InputError)?;
    }
    Ok(())
}
