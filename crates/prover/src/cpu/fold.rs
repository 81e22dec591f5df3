//! FRI's folding: of `2^a` neighbours of a vector, the values of a polynomial on as many points, its value at the
//! challenge.
use p3_field::{BasedVectorSpace, PrimeCharacteristicRing};
use p3_maybe_rayon::prelude::*;
use vouch_air::F;
use vouch_verifier::config::ChallengeField;

use super::pack::{ChallengePack, Pack, WIDTH, load, store};
use super::packs::Points;

/// The numbers of `values`, challenges of `EF::DEGREE` cells each, folded by `2^log_arity`, plus those of `other` times `beta`
/// to that power.
///
/// With `f(x) = g(x^2) + x h(x^2)`, that is `g + beta h`, folded on by `beta^2`.
pub(super) fn fold<EF: ChallengeField>(
    values: &[F],
    log_arity: usize,
    beta: EF,
    other: Option<Vec<F>>,
) -> Vec<F> {
    let mut folded = other.unwrap_or_default();
    let is_there = !folded.is_empty();
    if !is_there {
        folded = F::zero_vec(values.len() >> log_arity);
    }
    let rows = folded.len() / EF::DEGREE;
    if rows < WIDTH {
        // As if there were more.
        let grown = |values: &[F], len: usize| {
            let mut grown = values.to_vec();
            grown.resize(len, F::ZERO);
            grown
        };
        let size = EF::DEGREE * WIDTH;
        let other = is_there.then(|| grown(&folded, size));
        let mut all = fold::<EF>(&grown(values, size << log_arity), log_arity, beta, other);
        all.truncate(rows * EF::DEGREE);
        return all;
    }
    let betas: Vec<EF> = (0..=log_arity).map(|i| beta.exp_power_of_2(i)).collect();
    let factor = betas[log_arity];
    let points = Points::inverses(log_arity);
    folded
        .par_chunks_exact_mut(EF::DEGREE * WIDTH)
        .zip(values.par_chunks_exact((EF::DEGREE * WIDTH) << log_arity))
        .enumerate()
        .with_min_len(1 << 6)
        .for_each_init(Scratch::default, |scratch, (i, (out, values))| {
            let Scratch { cells, roots } = scratch;
            cells.resize(EF::DEGREE << log_arity, Pack::ZERO);
            load(
                values,
                EF::DEGREE << log_arity,
                0..EF::DEGREE << log_arity,
                cells,
            );
            points.roots(i * WIDTH, roots);
            for (step, &beta) in betas[..log_arity].iter().enumerate() {
                let layer = log_arity - 1 - step;
                for pair in 0..1 << layer {
                    let root = roots[(1 << layer) - 1 + pair];
                    let at = |i: usize| {
                        let cells = &cells[(2 * pair + i) * EF::DEGREE..][..EF::DEGREE];
                        ChallengePack::<EF>::from_basis_coefficients_fn(|k| cells[k])
                    };
                    let (even, odd) = (at(0) + at(1), (at(0) - at(1)) * root);
                    let value = (even + odd * beta).halve();
                    cells[pair * EF::DEGREE..][..EF::DEGREE]
                        .copy_from_slice(value.as_basis_coefficients_slice());
                }
            }
            let mut value = ChallengePack::<EF>::from_basis_coefficients_fn(|k| cells[k]);
            if is_there {
                load(out, EF::DEGREE, 0..EF::DEGREE, cells);
                value += ChallengePack::<EF>::from_basis_coefficients_fn(|k| cells[k]) * factor;
            }
            store(value.as_basis_coefficients_slice(), out, EF::DEGREE, 0);
        });
    folded
}

#[derive(Default)]
struct Scratch {
    cells: Vec<Pack>,
    roots: Vec<Pack>,
}

#[cfg(test)]
mod tests {
    use core::marker::PhantomData;

    use p3_fri::{FriFoldingStrategy, TwoAdicFriFolding, TwoAdicFriFoldingForMmcs};
    use p3_matrix::dense::RowMajorMatrix;
    use vouch_verifier::config::ValueMmcs;

    use super::*;
    use vouch_verifier::config::{Quartic, Quintic};

    fn assert_as_plonky3<EF: ChallengeField>(
        log_length: usize,
        log_arity: usize,
        with_other: bool,
    ) {
        let number = |i: usize| F::new((i as u32 ^ 5).wrapping_mul(0x9e37_79b9) >> 2);
        let values: Vec<F> = (0..EF::DEGREE << log_length).map(number).collect();
        let other: Vec<F> = (7..7 + (values.len() >> log_arity)).map(number).collect();
        let challenges = |values: &[F]| -> Vec<EF> {
            let of = |cells: &[F]| EF::from_basis_coefficients_fn(|k| cells[k]);
            values.chunks_exact(EF::DEGREE).map(of).collect()
        };
        let beta = EF::from_basis_coefficients_fn(|k| number(k + 99));
        let folding: TwoAdicFriFoldingForMmcs<F, ValueMmcs> = TwoAdicFriFolding(PhantomData);
        let mut expected = FriFoldingStrategy::<F, EF>::fold_matrix(
            &folding,
            beta,
            log_arity,
            RowMajorMatrix::new(challenges(&values), 1 << log_arity).as_view(),
        );
        if with_other {
            let factor = beta.exp_power_of_2(log_arity);
            let others = expected.iter_mut().zip(challenges(&other));
            others.for_each(|(sum, other)| *sum += other * factor);
        }
        let got = fold::<EF>(&values, log_arity, beta, with_other.then_some(other));
        assert_eq!(
            challenges(&got),
            expected,
            "2^{log_length} by 2^{log_arity}, {with_other}"
        );
    }

    #[test]
    fn folds_as_plonky3() {
        for log_arity in 1..=4 {
            for log_length in [log_arity, 6, 9] {
                for with_other in [false, true] {
                    assert_as_plonky3::<Quartic>(log_length, log_arity, with_other);
                    assert_as_plonky3::<Quintic>(log_length, log_arity, with_other);
                }
            }
        }
    }
}
