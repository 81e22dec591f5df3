//! Merkle trees over packs: those of p3-merkle-tree over the groups' matrices, which are there only while they are
//! hashed.

use p3_blake3::Blake3;
use p3_field::{PrimeCharacteristicRing, PrimeField32};
use p3_matrix::dense::RowMajorMatrix;
use p3_maybe_rayon::prelude::*;
use p3_merkle_tree::PrunedMerklePaths;
use p3_symmetric::{CompressionFunctionFromHasher, CryptographicHasher, PseudoCompressionFunction};
use vouch_air::F;
use vouch_verifier::packing::Round;

use super::pack::WIDTH;
use super::packs::{Columns, Scratch};
use crate::merkle::frontier;

type Digest = [u8; 32];

/// Bytes of a cell.
const BYTES: usize = size_of::<F>();

const COMPRESS: CompressionFunctionFromHasher<Blake3, 2, 32> =
    CompressionFunctionFromHasher::new(Blake3);

/// Nodes of a layer in a piece of work, log2, unless packs are longer.
const LOG_BLOCK: usize = 10;
/// Rows that are hashed in one go, log2, at least.
const LOG_ROWS: usize = 6;

/// A Merkle tree: its digests, leaves first.
pub(super) struct Tree {
    layers: Vec<Vec<u8>>,
}

impl Tree {
    /// The tree over the packs of `round`, whose extended matrices these are.
    pub(super) fn new(
        round: &Round,
        matrices: &[RowMajorMatrix<F>],
        cells: usize,
        log_blowup: usize,
    ) -> Self {
        let groups = round.groups.iter();
        let columns: Vec<Columns<'_>> = groups
            .map(|group| Columns::new(round, group, matrices, cells, log_blowup))
            .collect();
        let mut levels = columns
            .chunk_by(|a, b| a.log_height() == b.log_height())
            .peekable();
        let log_leaves = columns.first().map_or(0, Columns::log_height);
        let mut layers: Vec<Vec<u8>> = (0..=log_leaves)
            .map(|layer| vec![0; size_of::<Digest>() << (log_leaves - layer)])
            .collect();
        let mut first = 0;
        while first <= log_leaves {
            let log_nodes = log_leaves - first;
            let rows = levels
                .next_if(|level| level[0].log_height() == log_nodes)
                .unwrap_or_default();
            let log_block = log_block(rows).min(log_nodes);
            // Up to the next rows that are put in, or as far as a piece of work is a subtree.
            let next = levels
                .peek()
                .map_or(log_leaves + 1, |level| log_leaves - level[0].log_height());
            let end = next.min(first + log_block + 1);
            let (below, above) = layers.split_at_mut(first);
            let below = below.last().map_or(&[][..], |layer| digests(layer));
            fill(rows, below, &mut above[..end - first], log_block);
            first = end;
        }
        Self { layers }
    }

    /// The root.
    pub(super) fn root(&self) -> Digest {
        self.layers
            .last()
            .and_then(|root| digests(root).first().copied())
            .unwrap_or_default()
    }

    /// Leaves, log2.
    pub(super) fn log_leaves(&self) -> usize {
        self.layers.len() - 1
    }

    /// The siblings on the paths from the leaves at `indices`.
    pub(super) fn paths(&self, indices: &[usize]) -> PrunedMerklePaths<u8, 32> {
        let siblings = frontier(indices, self.log_leaves());
        let digest = |(layer, index): (usize, usize)| digests(&self.layers[layer])[index];
        PrunedMerklePaths {
            sibling_hashes: siblings.into_iter().map(digest).collect(),
        }
    }
}

/// A layer's digests.
fn digests(layer: &[u8]) -> &[Digest] {
    layer.as_chunks().0
}

/// Nodes in a piece of work that hashes these rows, log2: whole vectors of rows of their columns.
fn log_block(rows: &[Columns<'_>]) -> usize {
    let log_sizes = rows.iter().map(|columns| columns.log_size);
    let longest = log_sizes.max().unwrap_or(0);
    LOG_BLOCK.max(longest + WIDTH.ilog2() as usize)
}

/// Computes some layers: the first of `rows` and of `below`, the others of that.
fn fill(rows: &[Columns<'_>], below: &[Digest], layers: &mut [Vec<u8>], log_block: usize) {
    let log_nodes = digests(&layers[0]).len().ilog2() as usize;
    let mut blocks: Vec<Vec<&mut [u8]>> = (0..1 << (log_nodes - log_block))
        .map(|_| Vec::with_capacity(layers.len()))
        .collect();
    for (i, layer) in layers.iter_mut().enumerate() {
        let nodes = size_of::<Digest>() << (log_block - i);
        for (block, part) in blocks.iter_mut().zip(layer.chunks_exact_mut(nodes)) {
            block.push(part);
        }
    }
    let hasher = || Hasher::new(rows);
    blocks
        .into_par_iter()
        .enumerate()
        .for_each_init(hasher, |hasher, (i, mut layers)| {
            let mut children = match below.is_empty() {
                true => below,
                false => &below[i << (log_block + 1)..][..2 << log_block],
            };
            let mut is_first = true;
            for layer in &mut layers {
                let (nodes, _) = layer.as_chunks_mut();
                match is_first && !rows.is_empty() {
                    true => hasher.hash(i << log_block, children, nodes),
                    false => COMPRESS.compress_many(children.as_chunks().0, nodes),
                }
                children = nodes;
                is_first = false;
            }
        });
}

/// Hashes rows of some groups' matrices, one after another, as one.
struct Hasher<'a> {
    groups: Vec<Rows<'a>>,
    /// Rows that are hashed in one go, log2.
    log_rows: usize,
    scratch: Scratch,
    /// The bytes of the rows of all groups, one after the other.
    messages: Vec<u8>,
    digests: Vec<Digest>,
    pairs: Vec<[Digest; 2]>,
}

/// The rows of one group that are at hand.
struct Rows<'a> {
    columns: &'a Columns<'a>,
    log_rows: usize,
    values: Vec<F>,
}

impl<'a> Hasher<'a> {
    fn new(columns: &'a [Columns<'a>]) -> Self {
        let rows = |columns: &'a Columns<'a>| {
            let log_rows = LOG_ROWS.max(columns.log_size + WIDTH.ilog2() as usize);
            Rows {
                columns,
                log_rows,
                values: F::zero_vec(columns.width << log_rows),
            }
        };
        let groups: Vec<Rows<'a>> = columns.iter().map(rows).collect();
        let log_rows = groups.iter().map(|rows| rows.log_rows).min().unwrap_or(0);
        let width: usize = columns.iter().map(|columns| columns.width).sum();
        Self {
            messages: vec![0; (width * BYTES) << log_rows],
            groups,
            log_rows,
            scratch: Scratch::default(),
            digests: vec![Digest::default(); 1 << log_rows],
            pairs: vec![[Digest::default(); 2]; 1 << log_rows],
        }
    }

    /// The digests of the rows from `first` on, each compressed with what its two children are
    /// compressed to if there are any.
    fn hash(&mut self, first: usize, children: &[Digest], nodes: &mut [Digest]) {
        let count = 1 << self.log_rows;
        for (i, nodes) in nodes.chunks_exact_mut(count).enumerate() {
            self.evaluate(first + i * count);
            if children.is_empty() {
                Blake3.hash_many(&self.messages, nodes);
                continue;
            }
            Blake3.hash_many(&self.messages, &mut self.digests);
            let children = &children[2 * i * count..][..2 * count];
            COMPRESS.compress_many(children.as_chunks().0, nodes);
            let digests = nodes.iter().zip(&self.digests);
            for (pair, (&node, &digest)) in self.pairs.iter_mut().zip(digests) {
                *pair = [node, digest];
            }
            COMPRESS.compress_many(&self.pairs, nodes);
        }
    }

    /// Gets the rows from `first` on of all groups.
    fn evaluate(&mut self, first: usize) {
        let width = self.messages.len() >> self.log_rows;
        let mut before = 0;
        for group in &mut self.groups {
            let within = first & ((1 << group.log_rows) - 1);
            let Columns {
                width: own,
                log_size,
                ..
            } = *group.columns;
            if within == 0 {
                let rows = first >> log_size..(first + (1 << group.log_rows)) >> log_size;
                { group.columns }.evaluate(rows, &mut self.scratch, &mut group.values);
            }
            let rows = group.values[within * own..].chunks_exact(own);
            for (message, row) in self.messages.chunks_exact_mut(width).zip(rows) {
                let (message, _) = message[before..before + own * BYTES].as_chunks_mut::<BYTES>();
                for (bytes, cell) in message.iter_mut().zip(row) {
                    // As p3 has it: in Montgomery form.
                    *bytes = cell.to_unique_u32().to_le_bytes();
                }
            }
            before += own * BYTES;
        }
    }
}

#[cfg(test)]
mod tests {
    use p3_commit::Mmcs;
    use p3_matrix::Matrix;
    use vouch_air::tables::Table;
    use vouch_verifier::config::value_mmcs;
    use vouch_verifier::packing::{Kind, Packing};
    use vouch_verifier::{ExtensionDegree, Parameters, Profile};

    use super::*;
    use crate::cost;

    /// Tables of several heights, some of them alike: packs at three levels, groups of columns of more than one table,
    /// absent columns.
    const TABLES: [(Table, usize); 7] = [
        (Table::AddImm, 9),
        (Table::AddSub, 9),
        (Table::Claim, 6),
        (Table::Merkle, 6),
        (Table::Poseidon2, 7),
        (Table::Word, 8),
        (Table::Journal, 12),
    ];

    fn assert_as_plonky3(parameters: &Parameters, kind: Kind) {
        let tables = TABLES.map(|(table, height)| (cost::columns(table), height));
        let packing = Packing::new(parameters, &tables);
        let round = packing.round(kind).expect("there are tables");
        let cells = packing.cells(kind);
        let number = |i: usize| F::new((i as u32 ^ 7).wrapping_mul(0x9e37_79b9) >> 2);
        let matrices: Vec<_> = { round.matrices.iter().enumerate() }
            .map(|(i, matrix)| {
                let width = matrix.columns * cells;
                let size = width << (matrix.log_height + parameters.log_blowup);
                RowMajorMatrix::new((i..i + size).map(number).collect(), width)
            })
            .collect();
        let tree = Tree::new(round, &matrices, cells, parameters.log_blowup);
        let groups: Vec<_> = { round.groups.iter() }
            .map(|group| Columns::new(round, group, &matrices, cells, parameters.log_blowup))
            .collect();
        // Row by row, as they are opened.
        let packs = |columns: &Columns<'_>| {
            let rows = (0..1 << columns.log_height()).flat_map(|row| columns.open(row));
            RowMajorMatrix::new(rows.collect(), columns.width)
        };
        let (root, committed) = value_mmcs().commit(groups.iter().map(packs).collect());
        assert_eq!(root.roots(), [tree.root()], "{kind:?}");
        let leaves = 1 << tree.log_leaves();
        let indices = [0, 5, leaves - 1, 5, leaves / 3];
        let (rows, paths) = value_mmcs().open_multi_batch(&indices, &committed);
        assert_eq!(tree.paths(&indices).sibling_hashes, paths.sibling_hashes);
        assert_eq!(rows[2].len(), groups.len());
        assert!(matrices.iter().any(|matrix| matrix.width() > 1));
    }

    #[test]
    fn trees_are_those_of_plonky3() {
        for extension in [ExtensionDegree::Four, ExtensionDegree::Five] {
            for (log_blowup, least_level) in [(1, 11), (2, 14)] {
                let parameters = Parameters {
                    extension,
                    log_blowup,
                    least_level,
                    log_final_poly: 3,
                    ..Profile::Fast100.parameters()
                };
                for kind in [Kind::Main, Kind::Quotient, Kind::LogUp] {
                    assert_as_plonky3(&parameters, kind);
                }
            }
        }
    }
}
