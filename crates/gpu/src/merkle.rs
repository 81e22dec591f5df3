//! Merkle trees: Plonky3's `MerkleTreeMmcs` of arity 2, its cap the root, for heights that are
//! powers of two.

use core::cmp::Reverse;

use p3_field::extension::BinomiallyExtendable;
use p3_merkle_tree::PrunedMerklePaths;
use vouch_air::F;
use vouch_prover::frontier;
use vouch_verifier::config::Challenge;

use crate::arena::Gpu;
use crate::error::GpuError;
use crate::field::{challenges, elements, words};
use crate::kernels::{
    DIGEST_WORDS, Gather, Gathered, Hash, Layers, ROOM, Roots, Rows, compress_layers, gather,
    hash_leaves, hash_packs,
};
use crate::matrix::Matrix;
use crate::packs::Packs;

/// A digest: eight little-endian words, or field elements.
pub type Digest = [u32; DIGEST_WORDS];
/// The siblings that openings share, in Plonky3's order.
pub type Paths = PrunedMerklePaths<u8, 32>;

/// A commitment to matrices on a device, which are kept by whoever opens it.
pub struct MerkleTree {
    layers: Layers,
}

impl MerkleTree {
    /// Commits to `packs`: leaves are hashes of the rows of the longest ones, one after another, and
    /// those of shorter ones are put into the layer of as many nodes.
    ///
    /// # Panics
    /// If there are no packs, or those of one level differ in cosets.
    ///
    /// # Errors
    /// Those of [`Gpu::buffer`] and [`Gpu::launch`].
    pub fn commit(gpu: &Gpu, roots: &Roots, hash: Hash, packs: &[Packs]) -> Result<Self, GpuError> {
        Self::commit_within(gpu, roots, hash, packs, ROOM)
    }

    /// As [`Self::commit`], with room for `room` words of rows that are hashed.
    ///
    /// # Panics
    /// As [`Self::commit`].
    ///
    /// # Errors
    /// Those of [`Gpu::buffer`] and [`Gpu::launch`].
    pub fn commit_within(
        gpu: &Gpu,
        roots: &Roots,
        hash: Hash,
        packs: &[Packs],
        room: usize,
    ) -> Result<Self, GpuError> {
        let mut longest_first: Vec<&Packs> = packs.iter().collect();
        longest_first.sort_by_key(|packs| Reverse(packs.log_rows()));
        let log_leaves = longest_first.first().expect("there are packs").log_rows();
        let layers = Layers::new(gpu, log_leaves)?;
        let mut next = 0;
        for level in longest_first.chunk_by(|a, b| a.log_rows() == b.log_rows()) {
            let layer = log_leaves - level[0].log_rows();
            compress_layers(gpu, hash, &layers, next.max(1), layer.saturating_sub(next))?;
            hash_packs(gpu, roots, hash, level, &layers, layer, room)?;
            next = layer + 1;
        }
        compress_layers(gpu, hash, &layers, next, log_leaves + 1 - next)?;
        Ok(Self { layers })
    }

    /// Commits to a layer of FRI, `matrix` its numbers: to rows of `2^log_arity` numbers which
    /// are neighbours in Plonky3's order, as `ExtensionMmcs` does.
    ///
    /// # Panics
    /// If a coset of the matrix has fewer rows, or it has no columns.
    ///
    /// # Errors
    /// Those of [`Gpu::buffer`] and [`Gpu::launch`].
    pub fn commit_groups(
        gpu: &Gpu,
        hash: Hash,
        matrix: &Matrix,
        log_arity: usize,
    ) -> Result<Self, GpuError> {
        let rows = Rows::groups(gpu, matrix, log_arity)?;
        let layers = Layers::new(gpu, rows.log_count())?;
        hash_leaves(gpu, hash, &rows, &layers)?;
        compress_layers(gpu, hash, &layers, 1, layers.log_leaves())?;
        Ok(Self { layers })
    }

    /// Number of leaves, log2.
    pub fn log_leaves(&self) -> usize {
        self.layers.log_leaves()
    }

    /// The commitment.
    ///
    /// # Errors
    /// [`GpuError::Failed`].
    pub fn root(&self) -> Result<Digest, GpuError> {
        self.node(self.log_leaves(), 0)
    }

    /// Node `index` of `layer`; leaves are layer 0.
    ///
    /// # Panics
    /// If there is no such node.
    ///
    /// # Errors
    /// [`GpuError::Failed`].
    pub fn node(&self, layer: usize, index: usize) -> Result<Digest, GpuError> {
        let first = DIGEST_WORDS * self.layers.number(layer, index);
        let words = self.layers.digests().read(first..first + DIGEST_WORDS)?;
        Ok(core::array::from_fn(|i| words[i]))
    }

    /// What opens leaves `indices` of a tree over `packs`, those that it was made of.
    ///
    /// # Panics
    /// If a leaf is not there, or packs have more rows than the tree has leaves.
    pub fn query<'a>(
        &'a self,
        roots: &'a Roots,
        packs: &'a [Packs],
        indices: &[usize],
    ) -> Query<'a> {
        let gather = Gather::rows(&self.layers, roots, packs, self.leaves(indices));
        self.with_siblings(gather, indices)
    }

    /// What opens leaves `indices` of a tree by [`Self::commit_groups`] over `matrix`.
    ///
    /// # Panics
    /// If a leaf is not there, or the tree is none of this matrix.
    pub fn query_groups<'a>(
        &'a self,
        matrix: &'a Matrix,
        log_arity: usize,
        indices: &[usize],
    ) -> Query<'a> {
        let gather = Gather::groups(&self.layers, matrix, log_arity, self.leaves(indices));
        self.with_siblings(gather, indices)
    }

    fn with_siblings<'a>(&'a self, mut gather: Gather<'a>, indices: &[usize]) -> Query<'a> {
        let siblings = frontier(indices, self.log_leaves());
        gather.digests = siblings
            .iter()
            .map(|&(layer, index)| self.layers.number(layer, index) as u32)
            .collect();
        Query(gather)
    }

    fn leaves(&self, indices: &[usize]) -> Vec<u32> {
        assert!(indices.iter().all(|index| index >> self.log_leaves() == 0));
        indices.iter().map(|&index| index as u32).collect()
    }

    /// The rows of `packs` over leaves `indices`, leaf by leaf, and the paths to them.
    ///
    /// # Panics
    /// See [`Self::query`].
    ///
    /// # Errors
    /// Those of [`answer`].
    #[expect(clippy::type_complexity, reason = "as Plonky3 has it")]
    pub fn open(
        &self,
        gpu: &Gpu,
        roots: &Roots,
        packs: &[Packs],
        indices: &[usize],
    ) -> Result<(Vec<Vec<Vec<F>>>, Paths), GpuError> {
        let mut opened = answer(gpu, &[self.query(roots, packs, indices)])?;
        let opened = opened.pop().expect("one was asked for");
        Ok((opened.by_packs(packs), opened.paths))
    }
}

/// Leaves of one tree that are to be opened.
pub struct Query<'a>(Gather<'a>);

/// What was opened.
pub struct OpenedLeaves {
    /// The leaves' rows, in the order asked for: those of all packs, or the numbers of a group of
    /// neighbours, one after another.
    pub rows: Vec<Vec<F>>,
    /// The siblings on the paths to them.
    pub paths: Paths,
}

impl OpenedLeaves {
    /// The rows, cut into those of each of `packs`.
    ///
    /// # Panics
    /// If the rows are shorter.
    pub fn by_packs(&self, packs: &[Packs]) -> Vec<Vec<Vec<F>>> {
        let cut = |row: &Vec<F>| {
            let mut rest = row.as_slice();
            let mut next = |packs: &Packs| {
                let (row, after) = rest.split_at(packs.width());
                rest = after;
                row.to_vec()
            };
            packs.iter().map(&mut next).collect()
        };
        self.rows.iter().map(cut).collect()
    }

    /// The numbers of each group but for one: for element `i` of a layer of FRI, its group is
    /// `i / arity`, and it is member `i % arity`.
    ///
    /// # Panics
    /// If there are not as many rows as `members`, or they are not of challenges.
    pub fn siblings<const D: usize>(&self, members: &[usize]) -> Vec<Vec<Challenge<D>>>
    where
        F: BinomiallyExtendable<D>,
    {
        assert_eq!(self.rows.len(), members.len());
        let siblings = |(row, &member): (&Vec<F>, &usize)| {
            let group = challenges::<D>(words(row).to_vec());
            [&group[..member], &group[member + 1..]].concat()
        };
        self.rows.iter().zip(members).map(siblings).collect()
    }
}

/// Opens leaves of any number of trees at once.
///
/// # Errors
/// Those of [`gather`].
pub fn answer(gpu: &Gpu, queries: &[Query<'_>]) -> Result<Vec<OpenedLeaves>, GpuError> {
    let gathers: Vec<&Gather<'_>> = queries.iter().map(|Query(gather)| gather).collect();
    let opened = |gathered: Gathered| OpenedLeaves {
        rows: gathered.rows.into_iter().map(elements).collect(),
        paths: Paths {
            sibling_hashes: gathered.digests.iter().map(digest_bytes).collect(),
        },
    };
    Ok(gather(gpu, &gathers)?.into_iter().map(opened).collect())
}

/// The bytes of a digest.
pub fn digest_bytes(digest: &Digest) -> [u8; 32] {
    let bytes = digest.map(u32::to_le_bytes);
    core::array::from_fn(|i| bytes[i / 4][i % 4])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_are_little_endian() {
        let digest = core::array::from_fn(|i| 0x0302_0100 + 0x0404_0404 * i as u32);
        assert_eq!(digest_bytes(&digest), core::array::from_fn(|i| i as u8));
    }
}
