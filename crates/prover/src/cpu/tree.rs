//! Merkle trees over packs: those of p3-merkle-tree over the groups' matrices, which are there only while they are
//! hashed.

use p3_blake3::Blake3;
use p3_field::{PrimeCharacteristicRing, PrimeField32};
use p3_maybe_rayon::prelude::*;
use p3_merkle_tree::PrunedMerklePaths;
use p3_symmetric::{CompressionFunctionFromHasher, CryptographicHasher, PseudoCompressionFunction};
use vouch_air::F;

use super::pack::WIDTH;
use super::packs::{Columns, Scratch};
use crate::merkle::frontier;

type Digest = [u8; 32];

/// Bytes of a cell.
const BYTES: usize = size_of::<F>();

const COMPRESS: CompressionFunctionFromHasher<Blake3, 2, 32> =
    CompressionFunctionFromHasher::new(Blake3);

/// Leaves in a piece of work, log2, unless packs are longer.
const LOG_BLOCK: usize = 10;
/// Leaves in a piece of work, log2, at most, unless packs are longer.
const LOG_MOST: usize = 15;
/// Pieces of work, log2, at least, unless packs are longer.
const LOG_PIECES: usize = 3;
/// Rows that are hashed in one go, log2, at least.
const LOG_ROWS: usize = 6;
/// A tree of so many leaves, log2, ..
const LOG_LARGE: usize = 17;
/// .. does without the lowest layers, three quarters of its digests: those few that are opened are computed again.
const LEFT_OUT: usize = 2;

/// A Merkle tree.
pub(super) struct Tree {
    /// Layers that are left out.
    left_out: usize,
    /// The digests of the others.
    layers: Vec<Vec<u8>>,
}

impl Tree {
    /// The tree over packs, those of the highest level first.
    pub(super) fn new(columns: &[Columns<'_>]) -> Self {
        let log_leaves = columns.first().map_or(0, Columns::log_height);
        let levels: Vec<&[Columns<'_>]> = (0..=log_leaves)
            .map(|layer| level(columns, log_leaves - layer))
            .collect();
        let left_out = match log_leaves < LOG_LARGE {
            true => 0,
            false => LEFT_OUT.min(Band::new(&levels).layers - 1),
        };
        let mut layers: Vec<Vec<u8>> = (left_out..=log_leaves)
            .map(|layer| vec![0; size_of::<Digest>() << (log_leaves - layer)])
            .collect();
        let mut first = 0;
        while first <= log_leaves {
            let band = Band::new(&levels[first..]);
            let end = first + band.layers;
            let (below, above) = layers.split_at_mut(first.saturating_sub(left_out));
            let below = below.last().map_or(&[][..], |layer| digests(layer));
            let kept = end - first.max(left_out);
            band.fill(below, &mut above[..kept]);
            first = end;
        }
        Self { left_out, layers }
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
        self.left_out + self.layers.len() - 1
    }

    /// The siblings on the paths from the leaves at `indices`, given the packs that the tree is over.
    pub(super) fn paths(
        &self,
        columns: &[Columns<'_>],
        indices: &[usize],
    ) -> PrunedMerklePaths<u8, 32> {
        let siblings = frontier(indices, self.log_leaves());
        PrunedMerklePaths {
            sibling_hashes: siblings
                .into_par_iter()
                .map(|(layer, index)| self.node(columns, layer, index))
                .collect(),
        }
    }

    fn node(&self, columns: &[Columns<'_>], layer: usize, index: usize) -> Digest {
        if layer >= self.left_out {
            return digests(&self.layers[layer - self.left_out])[index];
        }
        let rows = level(columns, self.log_leaves() - layer);
        let row = rows.iter().flat_map(|columns| columns.open(index));
        let bytes: Vec<u8> = row.flat_map(bytes).collect();
        if layer == 0 {
            return Blake3.hash_slice(&bytes);
        }
        let child = |i| self.node(columns, layer - 1, 2 * index + i);
        let node = COMPRESS.compress([child(0), child(1)]);
        match rows.is_empty() {
            true => node,
            false => COMPRESS.compress([node, Blake3.hash_slice(&bytes)]),
        }
    }
}

/// A layer's digests.
fn digests(layer: &[u8]) -> &[Digest] {
    layer.as_chunks().0
}

/// The groups of one level.
fn level<'a, 'b>(columns: &'b [Columns<'a>], log_height: usize) -> &'b [Columns<'a>] {
    let first = columns.partition_point(|columns| columns.log_height() > log_height);
    let end = columns.partition_point(|columns| columns.log_height() >= log_height);
    &columns[first..end]
}

/// The bytes of a cell as p3 hashes them: in Montgomery form.
fn bytes(cell: F) -> [u8; BYTES] {
    cell.to_unique_u32().to_le_bytes()
}

/// Layers that are computed in one go, subtree by subtree.
struct Band<'a, 'b> {
    levels: &'b [&'b [Columns<'a>]],
    layers: usize,
    /// Nodes of the lowest layer in a subtree, log2.
    log_block: usize,
}

impl<'a, 'b> Band<'a, 'b> {
    /// As many layers as there are below the tops of subtrees, given the rows that go into this layer and into those above
    /// it. A subtree has whole vectors of rows of all columns that go into it.
    fn new(levels: &'b [&'b [Columns<'a>]]) -> Self {
        let log_nodes = levels.len() - 1;
        let needed = |layer: usize| {
            let rows = levels[layer].iter().map(log_rows).max();
            rows.map_or(0, |log_rows| layer + log_rows)
        };
        let most = LOG_BLOCK
            .max(needed(0))
            .max(log_nodes.saturating_sub(LOG_PIECES));
        let (mut layers, mut log_block) = (1, LOG_BLOCK.max(needed(0)).min(log_nodes));
        while layers <= log_block && needed(layers) <= most.min(LOG_MOST) {
            log_block = log_block.max(needed(layers));
            layers += 1;
        }
        Self {
            levels: &levels[..layers],
            layers,
            log_block,
        }
    }

    /// Computes the layers. The last ones are kept in `kept`; the first is over the digests `below`, if there are any.
    fn fill(&self, below: &[Digest], kept: &mut [Vec<u8>]) {
        let left_out = self.layers - kept.len();
        let size = |layer: usize| size_of::<Digest>() << (self.log_block - layer);
        let count = kept[0].len() / size(left_out);
        let mut blocks: Vec<Vec<&mut [u8]>> =
            (0..count).map(|_| Vec::with_capacity(kept.len())).collect();
        for (i, layer) in kept.iter_mut().enumerate() {
            let parts = layer.chunks_exact_mut(size(left_out + i));
            for (block, part) in blocks.iter_mut().zip(parts) {
                block.push(part);
            }
        }
        let scratch = || {
            let hashers = self.levels.iter().map(|rows| Hasher::new(rows));
            let layers = (0..left_out).map(|layer| vec![0; size(layer)]);
            (hashers.collect(), layers.collect())
        };
        blocks.into_par_iter().enumerate().for_each_init(
            scratch,
            |(hashers, layers): &mut (Vec<Hasher<'_>>, Vec<Vec<u8>>), (i, block)| {
                let mut children = match below.is_empty() {
                    true => below,
                    false => &below[i << (self.log_block + 1)..][..2 << self.log_block],
                };
                let layers = layers.iter_mut().map(Vec::as_mut_slice).chain(block);
                for ((layer, hasher), nodes) in (0..).zip(hashers).zip(layers) {
                    let (nodes, _) = nodes.as_chunks_mut();
                    hasher.hash(i << (self.log_block - layer), children, nodes);
                    children = nodes;
                }
            },
        );
    }
}

/// Computes nodes of a layer: hashes rows of some groups' matrices, one after another, as one, if there are any.
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

/// Rows of a group that are computed in one go, log2: those of whole vectors of rows of its columns.
fn log_rows(columns: &Columns<'_>) -> usize {
    LOG_ROWS.max(columns.log_size + WIDTH.ilog2() as usize)
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
            let log_rows = log_rows(columns);
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

    /// The nodes from `first` on: the digests of their rows, or what two children each are compressed to, or that compressed
    /// with the digest.
    fn hash(&mut self, first: usize, children: &[Digest], nodes: &mut [Digest]) {
        if self.groups.is_empty() {
            return COMPRESS.compress_many(children.as_chunks().0, nodes);
        }
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
                for (message, &cell) in message.iter_mut().zip(row) {
                    *message = bytes(cell);
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
    use p3_matrix::dense::RowMajorMatrix;
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
        let groups: Vec<_> = { round.groups.iter() }
            .map(|group| Columns::new(round, group, &matrices, cells, parameters.log_blowup))
            .collect();
        let tree = Tree::new(&groups);
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
        assert_eq!(
            tree.paths(&groups, &indices).sibling_hashes,
            paths.sibling_hashes
        );
        assert_eq!(rows[2].len(), groups.len());
        assert!(matrices.iter().any(|matrix| matrix.width() > 1));
    }

    #[test]
    fn trees_are_those_of_plonky3() {
        for extension in [ExtensionDegree::Four, ExtensionDegree::Five] {
            // Small and large trees, and one whose next level is the one below.
            for (log_blowup, least_level) in [(1, 11), (2, 13), (4, 14)] {
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
