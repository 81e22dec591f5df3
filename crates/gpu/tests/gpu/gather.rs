use std::sync::Arc;

use p3_commit::{ExtensionMmcs, Mmcs};
use p3_field::BasedVectorSpace;
use p3_field::extension::BinomiallyExtendable;
use p3_matrix::dense::RowMajorMatrix;
use vouch_air::F;
use vouch_gpu::field::{challenges, words};
use vouch_gpu::kernels::{Hash, Roots};
use vouch_gpu::{Gpu, Matrix, MerkleTree, Packs, answer, digest_bytes};
use vouch_verifier::config::Challenge;

use crate::common::{numbers, on_devices};
use crate::oracle::{Check, Oracle, with_all_hashes};

/// A layer of FRI of this shape, committed to by groups of neighbours and opened.
struct Groups<'a, const D: usize> {
    gpu: &'a Gpu,
    log_height: usize,
    log_cosets: usize,
    log_arity: usize,
}

impl<const D: usize> Check for Groups<'_, D>
where
    F: BinomiallyExtendable<D>,
{
    fn check<O: Oracle>(&self) {
        let &Self {
            gpu,
            log_height,
            log_cosets,
            log_arity,
        } = self;
        let case = format!("{:?} {D} {log_height} {log_cosets} {log_arity}", O::HASH);
        let coordinates = numbers(D << (log_height + log_cosets), 21);
        let layer: Vec<Challenge<D>> = coordinates
            .chunks(D)
            .map(|c| Challenge::<D>::from_basis_coefficients_fn(|i| c[i]))
            .collect();
        let rows = RowMajorMatrix::new(coordinates, D);
        let matrix = Matrix::from_plonky3(gpu, &rows, log_height, log_cosets);
        let matrix = matrix.expect("there is room");
        let scheme = ExtensionMmcs::<F, Challenge<D>, O>::new(O::scheme());
        let groups = layer.len() >> log_arity;
        let (commitment, data) = scheme.commit_matrix(RowMajorMatrix::new(layer, 1 << log_arity));
        let tree = MerkleTree::commit_groups(gpu, O::HASH, &matrix, log_arity).expect("it runs");
        let root = digest_bytes(&tree.root().expect("it is read"));
        assert_eq!(root, O::root(&commitment), "{case}");
        let sets = [
            vec![0],
            (0..25).map(|i| (i * i * 31 + 7) % groups).collect(),
        ];
        let queries = sets
            .each_ref()
            .map(|indices| tree.query_groups(&matrix, log_arity, indices));
        let opened = answer(gpu, &queries).expect("it runs");
        assert_eq!(opened.len(), sets.len());
        for (indices, opened) in sets.iter().zip(opened) {
            let (rows, proof) = scheme.open_multi_batch(indices, &data);
            let got: Vec<Vec<Vec<Challenge<D>>>> = { opened.rows.iter() }
                .map(|row| vec![challenges(words(row).to_vec())])
                .collect();
            assert_eq!(got, rows, "{case}");
            let members: Vec<usize> = (0..rows.len())
                .map(|i| (i * 5) % (1 << log_arity))
                .collect();
            for ((row, siblings), &member) in rows
                .iter()
                .zip(opened.siblings::<D>(&members))
                .zip(&members)
            {
                let (before, after) = (&row[0][..member], &row[0][member + 1..]);
                assert_eq!(siblings, [before, after].concat(), "{case}");
            }
            assert_eq!(opened.paths.sibling_hashes, O::siblings(&proof), "{case}");
        }
    }
}

fn groups<const D: usize>()
where
    F: BinomiallyExtendable<D>,
{
    let shapes = [
        (0, 0, 0),
        (0, 2, 0),
        (1, 0, 1),
        (1, 1, 1),
        (3, 1, 0),
        (3, 1, 3),
        (4, 2, 2),
        (5, 1, 4),
        (7, 1, 3),
        (12, 0, 1),
        (11, 1, 2),
    ];
    on_devices(|gpu| {
        for (log_height, log_cosets, log_arity) in shapes {
            with_all_hashes(&Groups::<D> {
                gpu,
                log_height,
                log_cosets,
                log_arity,
            });
        }
    });
}

#[test]
fn groups_of_degree_4() {
    groups::<4>();
}

#[test]
fn groups_of_degree_5() {
    groups::<5>();
}

/// Trees of different shapes, opened together.
#[test]
fn many_trees_at_once() {
    on_devices(|gpu| {
        let matrix = |log_height: usize, width: usize| {
            let rows = RowMajorMatrix::new(numbers(width << (log_height + 1), 3), width);
            Matrix::from_plonky3(gpu, &rows, log_height, 1).expect("there is room")
        };
        let packs = [(4, 7), (2, 3)].map(|(height, width)| {
            let matrix = Arc::new(matrix(height, width));
            Packs::single(gpu, matrix).expect("there is room")
        });
        let (layer_of, roots) = (matrix(5, 4), Roots::new(gpu));
        let mixed = MerkleTree::commit(gpu, &roots, Hash::Blake3, &packs).expect("it runs");
        let layer = MerkleTree::commit_groups(gpu, Hash::Blake3, &layer_of, 2).expect("it runs");
        let queries = || {
            [
                mixed.query(&roots, &packs, &[3, 30, 3]),
                layer.query_groups(&layer_of, 2, &[1]),
                mixed.query(&roots, &packs, &[]),
                mixed.query(&roots, &packs, &[9]),
            ]
        };
        let together = answer(gpu, &queries()).expect("it runs");
        for (query, expected) in queries().into_iter().zip(together) {
            let alone = answer(gpu, &[query]).expect("it runs").remove(0);
            assert_eq!(alone.rows, expected.rows);
            let siblings = |opened: &vouch_gpu::OpenedLeaves| opened.paths.sibling_hashes.clone();
            assert_eq!(siblings(&alone), siblings(&expected));
        }
    });
}
