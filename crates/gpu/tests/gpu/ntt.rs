use p3_dft::{Radix2DitParallel, TwoAdicSubgroupDft};
use p3_field::{Field, PrimeCharacteristicRing, TwoAdicField};
use p3_matrix::Matrix as _;
use p3_matrix::bitrev::BitReversibleMatrix;
use p3_matrix::dense::RowMajorMatrix;
use vouch_air::F;
use vouch_gpu::field::words;
use vouch_gpu::kernels::{Roots, extend, extend_by_tiles, extend_coset};
use vouch_gpu::{Gpu, Matrix};

use crate::common::{numbers, on_devices};

/// Random columns in natural order, on the host and on a device.
fn columns(gpu: &Gpu, width: usize, log_height: usize) -> (RowMajorMatrix<F>, Matrix) {
    let rows = RowMajorMatrix::new(numbers(width << log_height, 3), width);
    let matrix = Matrix::new(gpu, width, log_height, 0).expect("there is room");
    let columns = rows.transpose();
    matrix
        .buffer
        .write(0, words(&columns.values))
        .expect("it is written");
    (rows, matrix)
}

/// What Plonky3 extends to, in its order.
fn expected(rows: &RowMajorMatrix<F>, added_bits: usize, shift: F) -> RowMajorMatrix<F> {
    Radix2DitParallel::default()
        .coset_lde_batch(rows.clone(), added_bits, shift)
        .bit_reverse_rows()
        .to_row_major_matrix()
}

#[test]
fn extensions_of_all_heights() {
    on_devices(|gpu| {
        let roots = Roots::new(gpu);
        for log_height in 0..=12 {
            for (width, added_bits) in [(1, 3), (3, 1), (17, 0), (40, 2)] {
                if width << (log_height + added_bits) > 1 << 20 {
                    continue;
                }
                let (rows, matrix) = columns(gpu, width, log_height);
                let extended = extend(gpu, &roots, &matrix, added_bits, F::GENERATOR);
                let extended = extended.expect("it runs").to_plonky3();
                assert_eq!(
                    extended.expect("it is read"),
                    expected(&rows, added_bits, F::GENERATOR),
                    "2^{log_height} x {width}, {added_bits} bits added"
                );
            }
        }
    });
}

/// Columns that are higher than a tile, and low ones by tiles that are lower still: one and two
/// passes between rows.
#[test]
fn extensions_in_several_passes() {
    on_devices(|gpu| {
        let roots = Roots::new(gpu);
        let shift = F::GENERATOR.inverse();
        for (log_height, log_tile, width, added_bits) in [
            (14, 13, 2, 1),
            (16, 13, 1, 0),
            (9, 8, 3, 2),
            (10, 9, 1, 1),
            (11, 8, 2, 0),
            (12, 8, 3, 1),
            (13, 8, 1, 2),
            (14, 8, 2, 1),
            (15, 9, 1, 1),
        ] {
            let (rows, matrix) = columns(gpu, width, log_height);
            let extended = extend_by_tiles(gpu, &roots, &matrix, 0, added_bits, shift, log_tile);
            let extended = extended.expect("it runs").to_plonky3();
            assert_eq!(
                extended.expect("it is read"),
                expected(&rows, added_bits, shift),
                "2^{log_height} x {width} by tiles of 2^{log_tile}, {added_bits} bits added"
            );
        }
    });
}

/// Each coset of an extension extends to the same again.
#[test]
fn extensions_of_a_coset() {
    on_devices(|gpu| {
        let roots = Roots::new(gpu);
        for log_height in [0, 3, 6, 10] {
            let (_, matrix) = columns(gpu, 3, log_height);
            let extended = extend(gpu, &roots, &matrix, 2, F::GENERATOR).expect("it runs");
            let expected = extended.to_plonky3().expect("it is read");
            let generator = F::two_adic_generator(log_height + 2);
            for (coset, exponent) in [0, 2, 1, 3].into_iter().enumerate() {
                let shift = generator.exp_u64(exponent).inverse();
                let again = extend_coset(gpu, &roots, &extended, coset, 2, shift);
                let again = again.expect("it runs").to_plonky3().expect("it is read");
                assert_eq!(again, expected, "coset {coset} of 2^{log_height}");
            }
        }
    });
}
