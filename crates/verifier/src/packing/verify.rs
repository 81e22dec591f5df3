//! The check of openings (docs/packing.md, "The opening"): p3-fri's folding, its transcripts and
//! p3-merkle-tree's paths, given other words than p3's own verifier has. What is ours is [`Inputs`]: from the rows of packs to
//! FRI's words.

use alloc::vec;
use alloc::vec::Vec;
use core::marker::PhantomData;

use p3_commit::{CommitmentOpening, MatrixOpening, Mmcs, PointOpening};
use p3_field::extension::BinomiallyExtendable;
use p3_field::{
    Algebra, BasedVectorSpace, HornerIter, PrimeCharacteristicRing, TwoAdicField,
    batch_multiplicative_inverse,
};
use p3_fri::verifier::{FriError, FriOpenings, PowPhase, fold_query};
use p3_fri::{
    BatchMultiOpening, FriShape, PcsShape, PcsVerifierTranscript, TwoAdicFriFolding,
    TwoAdicFriFoldingForMmcs, VerifierTranscript, fold_schedule,
};
use p3_matrix::Dimensions;
use p3_util::reverse_bits_len;
use vouch_air::F;

use super::layout::{Class, Group, Kind, Packing, shift};
use super::pcs::{Commitment, Domain, OpeningError, OpeningProof, PackedPcs, TreeError};
use crate::config::{Challenge, Challenger, ValueMmcs};

/// Claims about the columns of a commitment.
type Claim<const D: usize> = CommitmentOpening<Challenge<D>, Commitment, Domain>;
type Error = FriError<TreeError, TreeError>;

/// Whether `claims` are right.
pub(super) fn verify<const D: usize>(
    pcs: &PackedPcs<D>,
    claims: &[Claim<D>],
    proof: &OpeningProof<D>,
    challenger: &mut Challenger,
) -> Result<(), OpeningError>
where
    F: BinomiallyExtendable<D>,
{
    check_witnesses(pcs, proof)?;
    check_claims(&pcs.packing, claims)?;
    let shape = PcsShape::from_claims(&pcs.fri, claims);
    let mut transcript =
        PcsVerifierTranscript::<Challenger, F, Challenge<D>>::new(challenger, shape);
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
fn check_witnesses<const D: usize>(pcs: &PackedPcs<D>, proof: &OpeningProof<D>) -> Result<(), Error>
where
    F: BinomiallyExtendable<D>,
{
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
fn check_claims<const D: usize>(packing: &Packing, claims: &[Claim<D>]) -> Result<(), OpeningError>
where
    F: BinomiallyExtendable<D>,
{
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
            let expected = expected.iter().take(if matrix.at_next { 2 } else { 1 });
            if !expected.eq(points.iter().map(|opened| &opened.point)) {
                return other("points");
            }
            for PointOpening { values, .. } in points {
                if values.len() != matrix.columns * cells {
                    return other("columns");
                }
                let mut coordinates = values.chunks(cells).flat_map(|value| value.iter().skip(1));
                if coordinates.any(|coordinate| *coordinate != Challenge::<D>::ZERO) {
                    return Err(OpeningError::Coordinates);
                }
            }
        }
    }
    Ok(())
}

/// The point that everything is opened at.
fn out_of_domain_point<const D: usize>(claims: &[Claim<D>]) -> Challenge<D>
where
    F: BinomiallyExtendable<D>,
{
    let points = claims.iter().flat_map(|claim| &claim.matrices);
    let mut points = points.flat_map(|matrix| &matrix.points);
    points.next().map(|opened| opened.point).unwrap_or_default()
}

/// FRI, as p3's `verify_fri` goes about it, with [`Inputs`] in the place of its own.
fn low_degree<const D: usize>(
    pcs: &PackedPcs<D>,
    claims: &[Claim<D>],
    proof: &OpeningProof<D>,
    alpha: Challenge<D>,
    challenger: &mut Challenger,
) -> Result<(), OpeningError>
where
    F: BinomiallyExtendable<D>,
{
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
    let mut transcript = VerifierTranscript::<Challenger, F, Challenge<D>>::new(challenger, shape);
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
        let expected: Challenge<D> = proof.final_poly.iter().copied().horner(x);
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
fn check_layers<const D: usize>(
    proof: &OpeningProof<D>,
    log_arities: &[usize],
    queries: usize,
) -> Result<(), Error>
where
    F: BinomiallyExtendable<D>,
{
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
fn check_rows<const D: usize>(
    pcs: &PackedPcs<D>,
    claims: &[Claim<D>],
    openings: &[BatchMultiOpening<F, ValueMmcs>],
    indices: &[usize],
    log_height: usize,
) -> Result<(), Error>
where
    F: BinomiallyExtendable<D>,
{
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
        let tallest = round.groups.iter().map(rows).fold(0, usize::max);
        let below = log_height.saturating_sub(tallest);
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

/// The terms of one level with one denominator `x^k - z'`.
struct Quotient<const D: usize>
where
    F: BinomiallyExtendable<D>,
{
    level: usize,
    /// `k`, log2.
    log_size: usize,
    at_next: bool,
    /// `z'`
    point: Challenge<D>,
    /// The sum of the terms' `I`, each times its power of the challenge: `k` coefficients.
    claims: Vec<Challenge<D>>,
    /// The power of the challenge that corrects degrees at this level.
    correction: Challenge<D>,
}

/// A group, and which quotients its packs are in.
struct Place<const D: usize>
where
    F: BinomiallyExtendable<D>,
{
    round: usize,
    group: usize,
    kind: Kind,
    /// The power of the challenge of each pack.
    powers: Vec<Challenge<D>>,
    at_point: usize,
    /// With the factor from a pack's power there to its power at the next row's point.
    at_next: Option<(usize, Challenge<D>)>,
}

/// What FRI's words are made of: all that does not depend on the query.
struct Inputs<const D: usize>
where
    F: BinomiallyExtendable<D>,
{
    log_blowup: usize,
    quotients: Vec<Quotient<D>>,
    places: Vec<Place<D>>,
}

impl<const D: usize> Inputs<D>
where
    F: BinomiallyExtendable<D>,
{
    fn new(packing: &Packing, claims: &[Claim<D>], log_blowup: usize, alpha: Challenge<D>) -> Self {
        let mut inputs = Self {
            log_blowup,
            quotients: Vec::new(),
            places: Vec::new(),
        };
        let z = out_of_domain_point(claims);
        let rounds = packing.rounds().iter().zip(claims);
        for (i, (round, claim)) in rounds.enumerate() {
            let cells = packing.cells(round.kind);
            for (j, group) in round.groups.iter().enumerate() {
                let correction = alpha.exp_u64(to_u64(packing.terms(group.level())));
                let first = alpha.exp_u64(to_u64(group.first_term));
                let powers: Vec<_> = alpha.shifted_powers(first).take(group.packs).collect();
                let next = alpha.exp_u64(to_u64(group.packs));
                let mut add = |at_next: bool, factor: Challenge<D>| {
                    let quotient = inputs.quotient(group, at_next, z, correction);
                    let values = round.classes.get(group.class).into_iter();
                    let values = values.flat_map(|class| values_of(class, claim, at_next, cells));
                    let values = values.skip(group.columns.start).take(group.columns.len());
                    inputs.claim(quotient, group, values, &powers, factor);
                    quotient
                };
                let at_point = add(false, Challenge::<D>::ONE);
                let at_next = group.at_next.then(|| (add(true, next), next));
                inputs.places.push(Place {
                    round: i,
                    group: j,
                    kind: round.kind,
                    powers,
                    at_point,
                    at_next,
                });
            }
        }
        inputs
    }

    /// Where the quotient of a group's packs at a point is; terms of the same level, size and point
    /// share one.
    fn quotient(
        &mut self,
        group: &Group,
        at_next: bool,
        z: Challenge<D>,
        correction: Challenge<D>,
    ) -> usize {
        let key = (group.level(), group.log_size, at_next);
        let same = |q: &Quotient<D>| (q.level, q.log_size, q.at_next) == key;
        if let Some(found) = self.quotients.iter().position(same) {
            return found;
        }
        let next = F::two_adic_generator(group.log_height);
        self.quotients.push(Quotient {
            level: group.level(),
            log_size: group.log_size,
            at_next,
            point: if at_next { z * next } else { z },
            claims: vec![Challenge::<D>::ZERO; 1 << group.log_size],
            correction,
        });
        self.quotients.len() - 1
    }

    /// Adds the values of a group's columns at a point. Of those that are absent nothing is added: they are
    /// held to 0.
    fn claim(
        &mut self,
        quotient: usize,
        group: &Group,
        values: impl Iterator<Item = Challenge<D>>,
        powers: &[Challenge<D>],
        factor: Challenge<D>,
    ) {
        let Some(quotient) = self.quotients.get_mut(quotient) else {
            return;
        };
        // A coefficient of every pack, then the next coefficient.
        let mut values = values;
        for claim in &mut quotient.claims {
            let mut sum = Challenge::<D>::ZERO;
            for (&power, value) in powers.iter().zip(values.by_ref().take(group.packs)) {
                sum += power * value;
            }
            *claim += sum * factor;
        }
    }

    /// FRI's words at the queries: of each query one a level, highest first.
    fn words(
        &self,
        openings: &[BatchMultiOpening<F, ValueMmcs>],
        indices: &[usize],
        log_height: usize,
    ) -> Result<Vec<FriOpenings<Challenge<D>>>, Error> {
        let points: Vec<(F, F)> = indices
            .iter()
            .flat_map(|&index| {
                self.quotients
                    .iter()
                    .map(move |q| self.point(q, index, log_height))
            })
            .collect();
        let quotients = || indices.iter().flat_map(|_| &self.quotients);
        let denominators: Vec<Challenge<D>> = { points.iter().zip(quotients()) }
            .map(|((_, y), quotient)| -quotient.point + *y)
            .collect();
        if let Some(point) = denominators.iter().position(|x| *x == Challenge::<D>::ZERO) {
            return Err(Error::OpeningPointMatchesQueryPoint {
                batch: 0,
                matrix: 0,
                point,
            });
        }
        let inverses = batch_multiplicative_inverse(&denominators);
        let count = self.quotients.len();
        let queries = points.chunks(count).zip(inverses.chunks(count)).enumerate();
        Ok(queries
            .map(|(query, (points, inverses))| {
                let sums = self.sums(openings, query);
                let mut words: FriOpenings<Challenge<D>> = Vec::new();
                let known = points.iter().zip(inverses).zip(&self.quotients).zip(sums);
                for ((((x, y), inverse), quotient), sum) in known {
                    let claimed: Challenge<D> = quotient.claims.iter().copied().horner(*x);
                    let corrected = quotient.correction * *y + Challenge::<D>::ONE;
                    let value = (sum - claimed) * *inverse * corrected;
                    let height = quotient.level + self.log_blowup;
                    match words.iter_mut().find(|(level, _)| *level == height) {
                        Some((_, word)) => *word += value,
                        None => words.push((height, value)),
                    }
                }
                words.sort_unstable_by(|(a, _), (b, _)| b.cmp(a));
                words
            })
            .collect())
    }

    /// The place `x` of a query in the packs of a quotient, and `x^k`, the place in their columns.
    fn point(&self, quotient: &Quotient<D>, index: usize, log_height: usize) -> (F, F) {
        let bits = quotient.level + self.log_blowup;
        let index = index >> log_height.saturating_sub(bits);
        let power = to_u64(reverse_bits_len(index, bits));
        let x = shift(quotient.log_size) * F::two_adic_generator(bits).exp_u64(power);
        (x, x.exp_power_of_2(quotient.log_size))
    }

    /// For each quotient the sum of a query's values in its packs, each times its power.
    fn sums(
        &self,
        openings: &[BatchMultiOpening<F, ValueMmcs>],
        query: usize,
    ) -> Vec<Challenge<D>> {
        let mut sums = vec![Challenge::<D>::ZERO; self.quotients.len()];
        for place in &self.places {
            let rows = openings.get(place.round);
            let rows = rows.and_then(|opening| opening.opened_values.get(query));
            let Some(row) = rows.and_then(|rows| rows.get(place.group)) else {
                continue;
            };
            let sum = match place.kind.is_extension() {
                false => Challenge::<D>::batched_linear_combination(&place.powers, row),
                true => {
                    let values = row.chunks(D).map(|cells| {
                        Challenge::<D>::from_basis_coefficients_slice(cells).unwrap_or_default()
                    });
                    place
                        .powers
                        .iter()
                        .zip(values)
                        .map(|(&power, value)| power * value)
                        .sum()
                }
            };
            if let Some(at_point) = sums.get_mut(place.at_point) {
                *at_point += sum;
            }
            if let Some((at_next, factor)) = place.at_next
                && let Some(at_next) = sums.get_mut(at_next)
            {
                *at_next += sum * factor;
            }
        }
        sums
    }
}

/// The values of a class's columns at a point, one a column.
fn values_of<'a, const D: usize>(
    class: &'a Class,
    claim: &'a Claim<D>,
    at_next: bool,
    cells: usize,
) -> impl Iterator<Item = Challenge<D>> + 'a
where
    F: BinomiallyExtendable<D>,
{
    let matrices = class.matrices.iter().filter_map(|&i| claim.matrices.get(i));
    let points = matrices.filter_map(move |matrix| matrix.points.get(usize::from(at_next)));
    points.flat_map(move |opened| opened.values.iter().copied().step_by(cells))
}

fn to_u64(number: usize) -> u64 {
    number.try_into().unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use p3_field::Field;

    use super::super::layout::TableColumns;
    use super::*;
    use crate::profile::Profile;

    const D: usize = 4;

    /// `x^k = z'`: there is no quotient there.
    #[test]
    fn a_query_at_the_point_is_refused() {
        let table = TableColumns {
            main: 9,
            at_next: true,
            fixed: 0,
            logup: 0,
            chunks: 0,
        };
        let parameters = Profile::Fast100.parameters();
        let packing = Packing::new(&parameters, &[(table, 6)]);
        let outcome = |point: Challenge<D>| {
            let next = point * F::two_adic_generator(6);
            let opened = |point| PointOpening {
                point,
                values: vec![Challenge::<D>::ONE; 9],
            };
            let claim = CommitmentOpening {
                commitment: vec![[0; 32]].into(),
                matrices: vec![MatrixOpening {
                    domain: Domain::new(F::ONE, 6).expect("a domain"),
                    points: vec![opened(point), opened(next)],
                }],
            };
            let claims = [claim];
            assert!(check_claims(&packing, &claims).is_ok());
            let inputs = Inputs::new(
                &packing,
                &claims,
                parameters.log_blowup,
                Challenge::<D>::TWO,
            );
            let log_height = packing.top() + parameters.log_blowup;
            inputs.words(&[], &[1, 0], log_height)
        };
        // The first place of every domain is its shift.
        let at = Challenge::<D>::from(super::super::COSET);
        let before = at * F::two_adic_generator(6).inverse();
        for point in [at, before] {
            let refused = outcome(point);
            assert!(matches!(
                refused,
                Err(Error::OpeningPointMatchesQueryPoint { .. })
            ));
        }
        assert!(outcome(Challenge::<D>::TWO).is_ok());
    }
}
