use std::sync::Arc;

use p3_matrix::Matrix as _;
use p3_matrix::dense::RowMajorMatrix;
use vouch_air::F;
use vouch_gpu::kernels::Roots;
use vouch_gpu::{Gpu, Matrix, MerkleTree, Packs, digest_bytes};

use crate::common::{numbers, on_devices};
use crate::oracle::{Check, Oracle, with_all_hashes};

/// Rows of a coset and number of cosets, log2, and number of columns.
type Shape = (usize, usize, usize);

/// Matrices of these shapes, committed to and opened.
struct Tree<'a> {
    gpu: &'a Gpu,
    shapes: &'a [Shape],
}

impl Check for Tree<'_> {
    fn check<O: Oracle>(&self) {
        let Self { gpu, shapes } = self;
        let rows: Vec<RowMajorMatrix<F>> = shapes
            .iter()
            .zip(1..)
            .map(|(&(height, cosets, width), seed)| {
                RowMajorMatrix::new(numbers(width << (height + cosets), seed), width)
            })
            .collect();
        let packs: Vec<Packs> = shapes
            .iter()
            .zip(&rows)
            .map(|(&(height, cosets, _), rows)| {
                let matrix = Matrix::from_plonky3(gpu, rows, height, cosets);
                Packs::single(gpu, Arc::new(matrix.expect("there is room"))).expect("there is room")
            })
            .collect();
        let roots = Roots::new(gpu);
        let scheme = O::scheme();
        let leaves = rows.iter().map(|m| m.height()).max().expect("matrices");
        let (commitment, data) = scheme.commit(rows);
        let tree = MerkleTree::commit(gpu, &roots, O::HASH, &packs).expect("it runs");
        let root = digest_bytes(&tree.root().expect("it is read"));
        let case = || format!("{:?} {shapes:?}", O::HASH);
        assert_eq!(root, O::root(&commitment), "{}", case());
        for indices in index_sets(leaves) {
            let (rows, proof) = scheme.open_multi_batch(&indices, &data);
            let (got, paths) = tree.open(gpu, &roots, &packs, &indices).expect("it runs");
            assert_eq!(got, rows, "{}", case());
            assert_eq!(paths.sibling_hashes, O::siblings(&proof), "{}", case());
        }
    }
}

/// No leaf, the first, the last, all in reverse, and some without a pattern, twice.
fn index_sets(leaves: usize) -> Vec<Vec<usize>> {
    let some = (0..40).map(|i| (i * i * 7919 + i * 31 + 5) % leaves);
    let some: Vec<usize> = some.clone().chain(some).collect();
    vec![
        vec![],
        vec![0],
        vec![leaves - 1],
        (0..leaves.min(200)).rev().collect(),
        some,
    ]
}

fn check(all: &[Vec<Shape>]) {
    on_devices(|gpu| {
        for shapes in all {
            with_all_hashes(&Tree { gpu, shapes });
        }
    });
}

#[test]
fn one_matrix() {
    let widths = [1, 3, 17, 40, 70, 300];
    let small = (0..6).flat_map(|h| widths.map(move |w| (h, h % 3, w)));
    let large = (6..=11).zip(widths).map(|(h, w)| (h, 1, w));
    let all = small.chain(large).chain([(12, 0, 5)]);
    check(&all.map(|shape| vec![shape]).collect::<Vec<_>>());
}

/// Rows around the ends of blocks, and of chunks and their subtrees.
#[test]
fn lengths_of_rows() {
    let words = [
        7, 8, 9, 15, 16, 31, 32, 33, 34, 35, 67, 68, 69, 255, 256, 257, 272, 511, 512, 513, 768,
        769, 1024, 1025, 1281, 1536, 1800, 2048, 2049,
    ];
    check(&words.map(|width| vec![(1, 0, width)]));
}

#[test]
fn mixed_heights() {
    check(&[
        // In any order, and several of one height.
        vec![
            (3, 1, 40),
            (5, 1, 3),
            (3, 1, 1),
            (5, 1, 17),
            (0, 1, 2),
            (9, 1, 5),
        ],
        // One row.
        vec![(4, 1, 3), (0, 0, 4)],
        vec![(0, 0, 300), (0, 0, 1)],
        // All heights.
        (0..=7).map(|h| (h, 2, h + 1)).collect(),
        // Far apart, with layers between them that are made in several launches.
        vec![(11, 1, 2), (1, 1, 70)],
        // Matrices of one height with rows longer than a chunk, but only together.
        vec![(2, 1, 200), (3, 1, 300), (2, 1, 200)],
    ]);
}

/// As many layers as are not made at once.
#[test]
fn tall() {
    on_devices(|gpu| {
        let shapes = [(17, 1, 1), (12, 1, 1)];
        Tree {
            gpu,
            shapes: &shapes,
        }
        .check::<vouch_verifier::config::ValueMmcs>();
    });
}
