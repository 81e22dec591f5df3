use p3_matrix::Matrix;
use p3_matrix::dense::RowMajorMatrix;
use vouch_gpu::field::{elements, words};
use vouch_gpu::kernels::{from_columns, to_columns};

use crate::common::{numbers, on_devices};

#[test]
fn rows_become_columns_and_rows_again() {
    on_devices(|gpu| {
        for (height, width) in [
            (1, 1),
            (1, 70),
            (2, 3),
            (64, 32),
            (31, 33),
            (100, 1),
            (256, 40),
        ] {
            let rows = RowMajorMatrix::new(numbers(height * width, 1), width);
            let columns = rows.transpose();
            let uploaded = gpu.upload(words(&rows.values)).expect("there is room");
            let turned = to_columns(gpu, &uploaded, height, width).expect("it runs");
            let got = elements(turned.read_all().expect("it is read"));
            assert_eq!(got, columns.values, "{height} x {width}");
            let back = from_columns(gpu, &turned, height, width).expect("it runs");
            let got = elements(back.read_all().expect("it is read"));
            assert_eq!(got, rows.values, "{height} x {width}");
            assert_eq!(rows.height(), height);
        }
    });
}
