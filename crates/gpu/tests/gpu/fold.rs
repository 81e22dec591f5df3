use core::marker::PhantomData;

use p3_fri::{FriFoldingStrategy, TwoAdicFriFolding, TwoAdicFriFoldingForMmcs};
use p3_matrix::dense::RowMajorMatrix;
use vouch_air::F;
use vouch_gpu::kernels::{Roots, add_scaled, fold};
use vouch_gpu::{Gpu, Matrix};
use vouch_verifier::config::{ChallengeField, Quartic, Quintic, ValueMmcs};

use crate::common::{numbers, on_devices};

/// Random numbers of the challenge field.
fn codeword<EF: ChallengeField>(log_rows: usize, seed: u64) -> Vec<EF> {
    let coordinates = numbers(EF::DEGREE << log_rows, seed);
    let number = |c: &[F]| EF::from_basis_coefficients_fn(|i| c[i]);
    coordinates.chunks_exact(EF::DEGREE).map(number).collect()
}

/// A codeword in Plonky3's order, on a device.
fn upload<EF: ChallengeField>(
    gpu: &Gpu,
    codeword: &[EF],
    log_height: usize,
    log_cosets: usize,
) -> Matrix {
    let rows = RowMajorMatrix::new(EF::flatten_to_base(codeword.to_vec()), EF::DEGREE);
    Matrix::from_plonky3(gpu, &rows, log_height, log_cosets).expect("there is room")
}

fn download<EF: ChallengeField>(matrix: &Matrix) -> Vec<EF> {
    EF::reconstitute_from_base(matrix.to_plonky3().expect("it is read").values)
}

fn folds<EF: ChallengeField>() {
    let folding: TwoAdicFriFoldingForMmcs<F, ValueMmcs> = TwoAdicFriFolding(PhantomData);
    on_devices(|gpu| {
        let roots = Roots::new(gpu);
        for log_height in 1..=11 {
            for (log_arity, log_cosets) in [(1, 0), (1, 2), (2, 1), (3, 1), (3, 0), (2, 3)] {
                if log_arity > log_height {
                    continue;
                }
                let values = codeword::<EF>(log_height + log_cosets, 4);
                let beta = values[values.len() - 1];
                let matrix = upload(gpu, &values, log_height, log_cosets);
                let folded = fold(gpu, &roots, &matrix, log_arity, beta).expect("it runs");
                assert_eq!(folded.log_height, log_height - log_arity);
                let groups = RowMajorMatrix::new(values, 1 << log_arity);
                let expected =
                    FriFoldingStrategy::<F, EF>::fold_matrix(&folding, beta, log_arity, groups);
                assert_eq!(
                    download::<EF>(&folded),
                    expected,
                    "{log_cosets} bits of cosets, 2^{log_height}, by 2^{log_arity}"
                );
            }
        }
    });
}

#[test]
fn folds_of_degree_4() {
    folds::<Quartic>();
}

#[test]
fn folds_of_degree_5() {
    folds::<Quintic>();
}

fn sums<EF: ChallengeField>() {
    on_devices(|gpu| {
        for (log_height, log_cosets) in [(0, 0), (0, 2), (3, 1), (10, 0)] {
            let [x, y] = [5, 6].map(|seed| codeword::<EF>(log_height + log_cosets, seed));
            let factor = codeword::<EF>(3, 7)[7];
            let mut sum = upload(gpu, &x, log_height, log_cosets);
            let added = upload(gpu, &y, log_height, log_cosets);
            add_scaled(gpu, &mut sum, factor, &added).expect("it runs");
            let expected = x.iter().zip(&y).map(|(&x, &y)| x + factor * y);
            assert_eq!(download::<EF>(&sum), expected.collect::<Vec<_>>());
        }
    });
}

#[test]
fn sums_of_degree_4() {
    sums::<Quartic>();
}

#[test]
fn sums_of_degree_5() {
    sums::<Quintic>();
}
