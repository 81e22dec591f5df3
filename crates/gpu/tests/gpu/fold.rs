use core::marker::PhantomData;

use p3_field::BasedVectorSpace;
use p3_field::extension::BinomiallyExtendable;
use p3_fri::{FriFoldingStrategy, TwoAdicFriFolding, TwoAdicFriFoldingForMmcs};
use p3_matrix::dense::RowMajorMatrix;
use vouch_air::F;
use vouch_gpu::kernels::{Roots, add_scaled, fold};
use vouch_gpu::{Gpu, Matrix};
use vouch_verifier::config::{Challenge, ValueMmcs};

use crate::common::{numbers, on_devices};

/// Random numbers of the challenge field.
fn codeword<const D: usize>(log_rows: usize, seed: u64) -> Vec<Challenge<D>>
where
    F: BinomiallyExtendable<D>,
{
    let coordinates = numbers(D << log_rows, seed);
    let number = |c: &[F]| Challenge::<D>::from_basis_coefficients_fn(|i| c[i]);
    coordinates.chunks_exact(D).map(number).collect()
}

/// A codeword in Plonky3's order, on a device.
fn upload<const D: usize>(
    gpu: &Gpu,
    codeword: &[Challenge<D>],
    log_height: usize,
    log_cosets: usize,
) -> Matrix
where
    F: BinomiallyExtendable<D>,
{
    let rows = RowMajorMatrix::new(Challenge::<D>::flatten_to_base(codeword.to_vec()), D);
    Matrix::from_plonky3(gpu, &rows, log_height, log_cosets).expect("there is room")
}

fn download<const D: usize>(matrix: &Matrix) -> Vec<Challenge<D>>
where
    F: BinomiallyExtendable<D>,
{
    Challenge::<D>::reconstitute_from_base(matrix.to_plonky3().expect("it is read").values)
}

fn folds<const D: usize>()
where
    F: BinomiallyExtendable<D>,
{
    let folding: TwoAdicFriFoldingForMmcs<F, ValueMmcs> = TwoAdicFriFolding(PhantomData);
    on_devices(|gpu| {
        let roots = Roots::new(gpu);
        for log_height in 1..=11 {
            for (log_arity, log_cosets) in [(1, 0), (1, 2), (2, 1), (3, 1), (3, 0), (2, 3)] {
                if log_arity > log_height {
                    continue;
                }
                let values = codeword::<D>(log_height + log_cosets, 4);
                let beta = values[values.len() - 1];
                let matrix = upload(gpu, &values, log_height, log_cosets);
                let folded = fold(gpu, &roots, &matrix, log_arity, beta).expect("it runs");
                assert_eq!(folded.log_height, log_height - log_arity);
                let groups = RowMajorMatrix::new(values, 1 << log_arity);
                let expected = FriFoldingStrategy::<F, Challenge<D>>::fold_matrix(
                    &folding, beta, log_arity, groups,
                );
                assert_eq!(
                    download::<D>(&folded),
                    expected,
                    "{log_cosets} bits of cosets, 2^{log_height}, by 2^{log_arity}"
                );
            }
        }
    });
}

#[test]
fn folds_of_degree_4() {
    folds::<4>();
}

#[test]
fn folds_of_degree_5() {
    folds::<5>();
}

fn sums<const D: usize>()
where
    F: BinomiallyExtendable<D>,
{
    on_devices(|gpu| {
        for (log_height, log_cosets) in [(0, 0), (0, 2), (3, 1), (10, 0)] {
            let [x, y] = [5, 6].map(|seed| codeword::<D>(log_height + log_cosets, seed));
            let factor = codeword::<D>(3, 7)[7];
            let mut sum = upload(gpu, &x, log_height, log_cosets);
            let added = upload(gpu, &y, log_height, log_cosets);
            add_scaled(gpu, &mut sum, factor, &added).expect("it runs");
            let expected = x.iter().zip(&y).map(|(&x, &y)| x + factor * y);
            assert_eq!(download::<D>(&sum), expected.collect::<Vec<_>>());
        }
    });
}

#[test]
fn sums_of_degree_4() {
    sums::<4>();
}

#[test]
fn sums_of_degree_5() {
    sums::<5>();
}
