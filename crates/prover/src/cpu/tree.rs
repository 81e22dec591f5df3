//! Merkle trees over packs: those of p3-merkle-tree over the groups' matrices, which are there only while they are
//! hashed.

use p3_blake3::Blake3;
use p3_field::PrimeCharacteristicRing;
use p3_matrix::dense::RowMajorMatrix;
use p3_maybe_rayon::prelude::*;
use p3_merkle_tree::PrunedMerklePaths;
use p3_symmetric::{
    CompressionFunctionFromHasher, CryptographicHasher, PseudoCompressionFunction,
    SerializingHasher,
};
use vouch_air::F;
use vouch_verifier::packing::Round;

use super::pack::WIDTH;
use super::packs::{Columns, Scratch};
use crate::merkle::frontier;

type Digest = [u8; 32];

const HASH: SerializingHasher<Blake3> = SerializingHasher::new(Blake3);
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
    /// The rows of all groups, each after those of the group before, if there is more than one.
    joined: Vec<F>,
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
            joined: match groups.len() {
                0 | 1 => Vec::new(),
                _ => F::zero_vec(width << log_rows),
            },
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
                HASH.hash_many(self.rows(), nodes);
                continue;
            }
            let mut digests = core::mem::take(&mut self.digests);
            HASH.hash_many(self.rows(), &mut digests);
            let children = &children[2 * i * count..][..2 * count];
            COMPRESS.compress_many(children.as_chunks().0, nodes);
            for (pair, (&node, &digest)) in self.pairs.iter_mut().zip(nodes.iter().zip(&digests)) {
                *pair = [node, digest];
            }
            COMPRESS.compress_many(&self.pairs, nodes);
            self.digests = digests;
        }
    }

    /// Gets the rows from `first` on of all groups.
    fn evaluate(&mut self, first: usize) {
        for group in &mut self.groups {
            if first & ((1 << group.log_rows) - 1) == 0 {
                let log_size = group.columns.log_size;
                let rows = first >> log_size..(first + (1 << group.log_rows)) >> log_size;
                { group.columns }.evaluate(rows, &mut self.scratch, &mut group.values);
            }
        }
        if self.joined.is_empty() {
            return;
        }
        let width = self.joined.len() >> self.log_rows;
        let mut before = 0;
        for group in &self.groups {
            let own = group.columns.width;
            let rows = &group.values[(first & ((1 << group.log_rows) - 1)) * own..];
            let joined = self.joined.chunks_exact_mut(width);
            for (joined, row) in joined.zip(rows.chunks_exact(own)) {
                joined[before..before + own].copy_from_slice(row);
            }
            before += own;
        }
    }

    /// The rows at hand.
    fn rows(&self) -> &[F] {
        match &self.groups[..] {
            [only] => &only.values,
            _ => &self.joined,
        }
    }
}
