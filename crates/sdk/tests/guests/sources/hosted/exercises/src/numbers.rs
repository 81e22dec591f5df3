//! What computes.

use alloy_primitives::{Address, U256, keccak256};
use ndarray::{Array1, Array2, Axis};
use smartcore::linalg::basic::matrix::DenseMatrix;
use smartcore::linear::linear_regression::LinearRegression;
use smartcore::tree::decision_tree_classifier::DecisionTreeClassifier;

/// Products of matrices. Numbers are small whole ones, so that no order of additions rounds.
pub fn ndarray(data: &[u8]) -> Vec<u8> {
    let side = data.len().isqrt();
    let bytes = Array2::from_shape_vec((side, side), data[..side * side].to_vec());
    let matrix = bytes.expect("a square").mapv(f64::from);
    let product = matrix.dot(&matrix.t());
    let sums: Array1<f64> = product.sum_axis(Axis(0)) + product.diag();
    sums.iter().flat_map(|sum| sum.to_le_bytes()).collect()
}

/// Big numbers, a hash and an address.
pub fn alloy_primitives(data: &[u8]) -> Vec<u8> {
    let hash = keccak256(data);
    let number = U256::from_be_bytes(hash.0);
    let power = number.wrapping_pow(U256::from(7)) / (U256::from(data.len()) + U256::ONE);
    let address = Address::from_word(hash);
    format!(
        "{power} {} {address}",
        number.reduce_mod(U256::from(1_000_003))
    )
    .into_bytes()
}

/// A line and a tree that fit points: `y = 3 a - b + 2`, and whether it is more than 100.
pub fn smartcore(data: &[u8]) -> Vec<u8> {
    let points: Vec<Vec<f64>> = data
        .as_chunks::<2>()
        .0
        .iter()
        .map(|&[a, b]| vec![f64::from(a), f64::from(b)])
        .collect();
    let y: Vec<f64> = points
        .iter()
        .map(|point| 3.0 * point[0] - point[1] + 2.0)
        .collect();
    let is_large: Vec<u32> = y.iter().map(|y| u32::from(*y > 100.0)).collect();
    let points = DenseMatrix::from_2d_vec(&points).expect("a matrix");
    let line = LinearRegression::fit(&points, &y, Default::default()).expect("a line");
    let tree = DecisionTreeClassifier::fit(&points, &is_large, Default::default()).expect("a tree");
    let mut journal = Vec::new();
    for y in line.predict(&points).expect("predictions") {
        // In millionths: functions such as `hypot` may differ in the last bits from one system's library to another's.
        journal.extend(((y * 1e6).round() as i64).to_le_bytes());
    }
    for class in tree.predict(&points).expect("classes") {
        journal.extend(class.to_le_bytes());
    }
    journal
}
