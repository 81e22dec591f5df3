//! From the rows of packs to the words that FRI is given (docs/packing.md, "What the verifier
//! computes"): all of the check of openings that is not p3's.

use alloc::vec;
use alloc::vec::Vec;
use p3_field::{HornerIter, PrimeCharacteristicRing, TwoAdicField, batch_multiplicative_inverse};
use p3_fri::BatchMultiOpening;
use p3_fri::verifier::FriOpenings;
use p3_util::reverse_bits_len;
use vouch_air::F;

use super::layout::{Class, Group, Kind, Packing, shift};
use super::verify::{Claim, Error, out_of_domain_point};
use crate::config::{ChallengeField, ValueMmcs};

/// The terms of one level with one denominator `x^k - z'`.
struct Quotient<EF: ChallengeField> {
    level: usize,
    /// `k`, log2.
    log_size: usize,
    at_next: bool,
    /// `z'`
    point: EF,
    /// The sum of the terms' `I`, each times its power of the challenge: `k` coefficients.
    claims: Vec<EF>,
    /// The power of the challenge that corrects degrees at this level.
    correction: EF,
}

/// A group, and which quotients its packs are in.
struct Place<EF: ChallengeField> {
    round: usize,
    group: usize,
    kind: Kind,
    /// The power of the challenge of each pack.
    powers: Vec<EF>,
    at_point: usize,
    /// With the factor from a pack's power there to its power at the next row's point.
    at_next: Option<(usize, EF)>,
}

/// What FRI's words are made of: all that does not depend on the query.
pub(super) struct Inputs<EF: ChallengeField> {
    log_blowup: usize,
    quotients: Vec<Quotient<EF>>,
    places: Vec<Place<EF>>,
}

impl<EF: ChallengeField> Inputs<EF> {
    pub(super) fn new(
        packing: &Packing,
        claims: &[Claim<EF>],
        log_blowup: usize,
        alpha: EF,
    ) -> Self {
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
                let mut add = |at_next: bool, factor: EF| {
                    let quotient = inputs.quotient(group, at_next, z, correction);
                    let values = round.classes.get(group.class).into_iter();
                    let values = values.flat_map(|class| values_of(class, claim, at_next, cells));
                    let values = values.skip(group.columns.start).take(group.columns.len());
                    inputs.claim(quotient, group, values, &powers, factor);
                    quotient
                };
                let at_point = add(false, EF::ONE);
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
    fn quotient(&mut self, group: &Group, at_next: bool, z: EF, correction: EF) -> usize {
        let key = (group.level(), group.log_size, at_next);
        let same = |q: &Quotient<EF>| (q.level, q.log_size, q.at_next) == key;
        if let Some(found) = self.quotients.iter().position(same) {
            return found;
        }
        let next = F::two_adic_generator(group.log_height);
        self.quotients.push(Quotient {
            level: group.level(),
            log_size: group.log_size,
            at_next,
            point: if at_next { z * next } else { z },
            claims: vec![EF::ZERO; 1 << group.log_size],
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
        mut values: impl Iterator<Item = EF>,
        powers: &[EF],
        factor: EF,
    ) {
        let Some(quotient) = self.quotients.get_mut(quotient) else {
            return;
        };
        // A coefficient of every pack, then the next coefficient.
        for claim in &mut quotient.claims {
            let mut sum = EF::ZERO;
            for (&power, value) in powers.iter().zip(values.by_ref().take(group.packs)) {
                sum += power * value;
            }
            *claim += sum * factor;
        }
    }

    /// FRI's words at the queries: of each query one a level, highest first.
    pub(super) fn words(
        &self,
        openings: &[BatchMultiOpening<F, ValueMmcs>],
        indices: &[usize],
        log_height: usize,
    ) -> Result<Vec<FriOpenings<EF>>, Error> {
        let points: Vec<(F, F)> = indices
            .iter()
            .flat_map(|&index| {
                self.quotients
                    .iter()
                    .map(move |q| self.point(q, index, log_height))
            })
            .collect();
        let quotients = || indices.iter().flat_map(|_| &self.quotients);
        let denominators: Vec<EF> = { points.iter().zip(quotients()) }
            .map(|((_, y), quotient)| -quotient.point + *y)
            .collect();
        if let Some(point) = denominators.iter().position(|x| *x == EF::ZERO) {
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
                let mut words: FriOpenings<EF> = Vec::new();
                let known = points.iter().zip(inverses).zip(&self.quotients).zip(sums);
                for ((((x, y), inverse), quotient), sum) in known {
                    let claimed: EF = quotient.claims.iter().copied().horner(*x);
                    let corrected = quotient.correction * *y + EF::ONE;
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
    fn point(&self, quotient: &Quotient<EF>, index: usize, log_height: usize) -> (F, F) {
        let bits = quotient.level + self.log_blowup;
        let index = index >> log_height.saturating_sub(bits);
        let power = to_u64(reverse_bits_len(index, bits));
        let x = shift(quotient.log_size) * F::two_adic_generator(bits).exp_u64(power);
        (x, x.exp_power_of_2(quotient.log_size))
    }

    /// For each quotient the sum of a query's values in its packs, each times its power.
    fn sums(&self, openings: &[BatchMultiOpening<F, ValueMmcs>], query: usize) -> Vec<EF> {
        let mut sums = vec![EF::ZERO; self.quotients.len()];
        for place in &self.places {
            let rows = openings.get(place.round);
            let rows = rows.and_then(|opening| opening.opened_values.get(query));
            let Some(row) = rows.and_then(|rows| rows.get(place.group)) else {
                continue;
            };
            let sum = match place.kind.is_extension() {
                false => EF::batched_linear_combination(&place.powers, row),
                true => {
                    let values = row
                        .chunks(EF::DEGREE)
                        .map(|cells| EF::from_basis_coefficients_slice(cells).unwrap_or_default());
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
fn values_of<'a, EF: ChallengeField>(
    class: &'a Class,
    claim: &'a Claim<EF>,
    at_next: bool,
    cells: usize,
) -> impl Iterator<Item = EF> + 'a {
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

    use p3_commit::{CommitmentOpening, MatrixOpening, PointOpening};

    use super::super::layout::TableColumns;
    use super::super::pcs::Domain;
    use super::super::verify::check_claims;
    use super::*;
    use crate::config::Quartic;
    use crate::profile::Profile;

    type EF = Quartic;

    /// `x^k = z'`: there is no quotient there.
    #[test]
    fn a_query_at_the_point_is_refused() {
        let table = TableColumns {
            main: 9,
            at_next: true,
            fixed: 0,
            logup: 0,
            chunks: 0,
            messages: 0,
        };
        let parameters = Profile::Fast100.parameters();
        let packing = Packing::new(&parameters, &[(table, 6)]);
        let outcome = |point: EF| {
            let next = point * F::two_adic_generator(6);
            let opened = |point| PointOpening {
                point,
                values: vec![EF::ONE; 9],
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
            let inputs = Inputs::new(&packing, &claims, parameters.log_blowup, EF::TWO);
            let log_height = packing.top() + parameters.log_blowup;
            inputs.words(&[], &[1, 0], log_height)
        };
        // The first place of every domain is its shift.
        let at = EF::from(super::super::COSET);
        let before = at * F::two_adic_generator(6).inverse();
        for point in [at, before] {
            let refused = outcome(point);
            assert!(matches!(
                refused,
                Err(Error::OpeningPointMatchesQueryPoint { .. })
            ));
        }
        assert!(outcome(EF::TWO).is_ok());
    }
}
