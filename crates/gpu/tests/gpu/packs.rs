//! Commitments to packs, and their openings, against Plonky3's to the rows of packs by their definition.

use std::sync::Arc;

use p3_matrix::Matrix as _;
use p3_matrix::dense::RowMajorMatrix;
use vouch_air::F;
use vouch_gpu::kernels::Roots;
use vouch_gpu::{Gpu, Matrix, MerkleTree, Packs, digest_bytes};
use vouch_verifier::config::ValueMmcs;
use vouch_verifier::packing::Group;

use crate::common::{numbers, on_devices};
use crate::oracle::{Check, Oracle, with_all_hashes};
use crate::packed::{group, packed};

/// A group, and cells of its columns.
type Shape = (Group, usize);

/// Groups on `2^log_cosets` cosets, committed to and opened, with room for so many words of rows.
struct Commitment<'a> {
    gpu: &'a Gpu,
    shapes: &'a [Shape],
    log_cosets: usize,
    rooms: &'a [usize],
}

impl Commitment<'_> {
    /// The rows of a group's columns, without a pattern.
    fn columns(&self, seed: usize, (group, cells): &Shape) -> RowMajorMatrix<F> {
        let width = group.columns.len() * cells;
        let count = width << (group.log_height + self.log_cosets);
        RowMajorMatrix::new(numbers(count, 50 + seed as u64), width)
    }

    /// The same on the device, in two matrices that have other columns, too.
    fn upload(&self, rows: &RowMajorMatrix<F>, (group, cells): &Shape) -> Packs {
        let cut = group.columns.len() / 3 * cells;
        let part = |columns: core::ops::Range<usize>| {
            let before = vec![F::new(77); 2 * cells];
            let row = |row: &[F]| [&before, &row[columns.clone()]].concat();
            let width = before.len() + columns.len();
            let cells: Vec<F> = rows.row_slices().flat_map(row).collect();
            let rows = RowMajorMatrix::new(cells, width);
            let matrix = Matrix::from_plonky3(self.gpu, &rows, group.log_height, self.log_cosets);
            Arc::new(matrix.expect("there is room"))
        };
        let parts = [0..cut, cut..rows.width].map(|columns| {
            let count = columns.len() / cells;
            (part(columns), 2..2 + count)
        });
        let packs = Packs::new(self.gpu, parts.to_vec(), group.clone(), *cells);
        packs.expect("there is room")
    }
}

impl Check for Commitment<'_> {
    fn check<O: Oracle>(&self) {
        let Self { gpu, shapes, .. } = self;
        let columns = || shapes.iter().enumerate().map(|(i, s)| self.columns(i, s));
        let rows = columns().zip(*shapes);
        let rows: Vec<_> = rows
            .map(|(columns, (g, cells))| packed(&columns, g, *cells))
            .collect();
        let packs: Vec<Packs> = { columns().zip(*shapes) }
            .map(|(columns, shape)| self.upload(&columns, shape))
            .collect();
        let roots = Roots::new(gpu);
        let leaves = rows.iter().map(|m| m.height()).max().expect("matrices");
        let indices: Vec<usize> = (0..30)
            .map(|i| (i * i * 7919 + i * 31 + 5) % leaves)
            .collect();
        let scheme = O::scheme();
        let (commitment, data) = scheme.commit(rows);
        let (opened, proof) = scheme.open_multi_batch(&indices, &data);
        for &room in self.rooms {
            let case = format!("{:?}, room for {room}: {shapes:?}", O::HASH);
            let tree = MerkleTree::commit_within(gpu, &roots, O::HASH, &packs, room);
            let tree = tree.expect("it runs");
            let root = digest_bytes(&tree.root().expect("it is read"));
            assert_eq!(root, O::root(&commitment), "{case}");
            let (got, paths) = tree.open(gpu, &roots, &packs, &indices).expect("it runs");
            assert_eq!(got, opened, "{case}");
            assert_eq!(paths.sibling_hashes, O::siblings(&proof), "{case}");
        }
    }
}

fn check(shapes: &[Shape], log_cosets: usize, rooms: &[usize]) {
    on_devices(|gpu| {
        let commitment = Commitment {
            gpu,
            shapes,
            log_cosets,
            rooms,
        };
        commitment.check::<ValueMmcs>();
    });
}

const ROOM: usize = 1 << 20;

/// Every size of packs, on heights from one row on.
#[test]
fn every_size() {
    for log_size in 0..=9 {
        let full = 1 << log_size;
        for (log_height, packs, absent, cells) in [
            (0, 1, 0, 1),
            (1, 2, full / 3, 1),
            (3, 3, full - 1, 1),
            (4, 1, full / 2, 5),
        ] {
            let shape = (
                group(log_height, log_size, packs, packs * full - absent),
                cells,
            );
            check(&[shape], 1 + log_size % 2, &[ROOM]);
        }
    }
    // Tiles of many rows, and several of them a coset.
    check(&[(group(8, 6, 1, 50), 1)], 1, &[ROOM]);
    check(&[(group(10, 4, 2, 17), 1)], 1, &[ROOM]);
    check(&[(group(11, 2, 2, 7), 1)], 0, &[ROOM]);
}

/// Groups of one level and of several, columns of challenges among them; all of their rows at once, and
/// as few as it goes.
#[test]
fn mixed_levels() {
    let of_one_level = [
        (group(9, 0, 3, 3), 1),
        (group(8, 1, 2, 3), 4),
        (group(6, 3, 1, 5), 5),
        (group(4, 5, 3, 70), 1),
        (group(2, 7, 1, 128), 4),
        (group(0, 9, 1, 300), 1),
    ];
    let rooms = [0, 1 << 11, ROOM];
    check(&of_one_level, 1, &rooms);
    let of_several = [
        // In any order: columns that are no packs are not always at the front.
        (group(2, 4, 2, 20), 1),
        (group(3, 6, 1, 40), 5),
        (group(6, 0, 4, 4), 1),
        (group(9, 0, 1, 1), 4),
        (group(5, 4, 3, 48), 1),
        (group(3, 0, 2, 2), 1),
        (group(0, 3, 1, 6), 1),
    ];
    check(&of_several, 2, &rooms);
}

#[test]
fn every_hash() {
    let shapes = [
        (group(5, 0, 2, 2), 1),
        (group(4, 1, 9, 17), 1),
        (group(1, 4, 2, 20), 5),
        (group(3, 0, 3, 3), 4),
    ];
    on_devices(|gpu| {
        with_all_hashes(&Commitment {
            gpu,
            shapes: &shapes,
            log_cosets: 1,
            rooms: &[0, ROOM],
        });
    });
}
