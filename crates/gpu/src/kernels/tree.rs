//! Merkle trees, layer by layer (`kernels/tree.cu`).

use core::marker::PhantomData;

use p3_util::reverse_bits_len;

use crate::arena::{Buffer, Gpu};
use crate::device::{Address, Arguments, Grid};
use crate::error::GpuError;
use crate::matrix::Matrix;
use crate::packs::address_words;

use super::part::Part;

/// Words of a digest.
pub const DIGEST_WORDS: usize = 8;
/// Threads of a block.
const BLOCK: u32 = 128;
const LAYERS_BLOCK: usize = 256;
/// Words of a chunk of BLAKE3, and of the longest row that it takes: 2^7 chunks.
const CHUNK_WORDS: usize = 256;
const MAX_BLAKE3_WORDS: usize = CHUNK_WORDS << 7;

/// What hashes rows and compresses digests, as Plonky3 has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hash {
    /// BLAKE3 of the words' bytes (`SerializingHasher`, `CompressionFunctionFromHasher`).
    Blake3,
    /// Keccak-256 of the words' bytes (`SerializingHasher`, `CompressionFunctionFromHasher`).
    Keccak256,
    /// Plonky3's default Poseidon2 of width 16 (`PaddingFreeSponge`, rate and output 8, and
    /// `TruncatedPermutation`).
    Poseidon2,
}

/// Rows that are hashed, each a word at the same place of each of some columns.
pub struct Rows<'a> {
    /// The columns' addresses, two words each.
    table: Buffer,
    width: usize,
    /// Columns that have all rows; the others, after them, have those of a part.
    direct: usize,
    /// Rows of a coset, and number of cosets, log2.
    log_block: usize,
    log_cosets: usize,
    /// How much farther the cosets of a column are apart than they have rows, log2.
    log_gap: usize,
    columns: PhantomData<&'a Buffer>,
}

impl<'a> Rows<'a> {
    /// Rows of `2^log_arity` rows of `matrix` each, which are neighbours in Plonky3's order.
    ///
    /// # Panics
    /// If a coset has fewer rows, or there are no columns.
    ///
    /// # Errors
    /// Those of [`Gpu::upload`].
    pub fn groups(gpu: &Gpu, matrix: &'a Matrix, log_arity: usize) -> Result<Self, GpuError> {
        let starts = group_starts(matrix, log_arity);
        let shape = [log_groups(matrix, log_arity), matrix.log_cosets, log_arity];
        Self::new(gpu, &starts, starts.len(), shape)
    }

    /// Rows of columns which live as long as they do.
    pub(super) fn new(
        gpu: &Gpu,
        columns: &[Address],
        direct: usize,
        [log_block, log_cosets, log_gap]: [usize; 3],
    ) -> Result<Self, GpuError> {
        assert!(!columns.is_empty(), "rows of no words");
        Ok(Self {
            table: gpu.upload(&address_words(columns))?,
            width: columns.len(),
            direct,
            log_block,
            log_cosets,
            log_gap,
            columns: PhantomData,
        })
    }

    /// Number of rows, log2.
    pub fn log_count(&self) -> usize {
        self.log_block + self.log_cosets
    }
}

/// Groups of a coset, log2.
pub(super) fn log_groups(matrix: &Matrix, log_arity: usize) -> usize {
    let log_groups = matrix.log_height.checked_sub(log_arity);
    log_groups.expect("a coset has as many rows as a group")
}

/// Where the words of groups begin: those of one group's members are as far apart as a coset has
/// groups, in bit-reversed order.
pub(super) fn group_starts(matrix: &Matrix, log_arity: usize) -> Vec<Address> {
    let log_groups = log_groups(matrix, log_arity);
    let member = |j: usize| {
        let place = reverse_bits_len(j, log_arity) << log_groups;
        (0..matrix.width).map(move |column| matrix.buffer.at(column * matrix.rows() + place))
    };
    (0..1 << log_arity).flat_map(member).collect()
}

/// A tree's digests, layer by layer: the leaves first, the root last.
pub struct Layers {
    digests: Buffer,
    log_leaves: usize,
}

impl Layers {
    /// Layers above `2^log_leaves` leaves, with whatever the memory held.
    ///
    /// # Errors
    /// [`GpuError::Memory`].
    pub fn new(gpu: &Gpu, log_leaves: usize) -> Result<Self, GpuError> {
        let digests = (2 << log_leaves) - 1;
        Ok(Self {
            digests: gpu.buffer(DIGEST_WORDS * digests)?,
            log_leaves,
        })
    }

    /// Number of leaves, log2.
    pub fn log_leaves(&self) -> usize {
        self.log_leaves
    }

    /// The digests, [`DIGEST_WORDS`] words each.
    pub fn digests(&self) -> &Buffer {
        &self.digests
    }

    /// Which digest of the buffer node `index` of `layer` is: leaves are layer 0.
    ///
    /// # Panics
    /// If there is no such node.
    pub fn number(&self, layer: usize, index: usize) -> usize {
        assert!(layer <= self.log_leaves && index >> (self.log_leaves - layer) == 0);
        let all = 2usize << self.log_leaves;
        all - (all >> layer) + index
    }

    fn address(&self, layer: usize) -> Address {
        self.digests.at(DIGEST_WORDS * self.number(layer, 0))
    }
}

#[derive(Clone, Copy)]
#[repr(C)]
struct RowsArguments {
    columns: Address,
    children: Address,
    nodes: Address,
    width: u32,
    direct: u32,
    count: u32,
    log_block: u32,
    log_gap: u32,
    part: Part,
}

/// The arguments of one hash's kernel: see `ROWS`.
#[derive(Clone, Copy)]
#[repr(transparent)]
struct RowsKernel<const HASH: usize>(RowsArguments);

const ROWS: [&str; 4] = [
    "rows_blake3",
    "rows_blake3_wide",
    "rows_keccak256",
    "rows_poseidon2",
];

// SAFETY: `RowsArgs` has the same fields; no padding.
unsafe impl<const HASH: usize> Arguments for RowsKernel<HASH> {
    const KERNEL: &'static str = ROWS[HASH];
}

/// Makes the nodes of `layer` over a part of `rows`: at the leaves their hashes, above them the digests
/// of two children, compressed and then compressed with the hash of a row.
///
/// # Panics
/// If the layer has not as many nodes as there are rows, or BLAKE3 is to hash rows of more than
/// 32768 words.
///
/// # Errors
/// Those of [`Gpu::launch`].
pub(super) fn hash_rows(
    gpu: &Gpu,
    hash: Hash,
    rows: &Rows<'_>,
    part: Part,
    layers: &Layers,
    layer: usize,
) -> Result<(), GpuError> {
    assert_eq!(layers.log_leaves, rows.log_count() + layer);
    assert!(hash != Hash::Blake3 || rows.width <= MAX_BLAKE3_WORDS);
    let count = 1 << part.log_rows(rows.log_count());
    let children = match layer {
        0 => 0,
        _ => layers.address(layer - 1),
    };
    let arguments = RowsArguments {
        columns: rows.table.start(),
        children,
        nodes: layers.address(layer),
        width: rows.width as u32,
        direct: rows.direct as u32,
        count: count as u32,
        log_block: rows.log_block as u32,
        log_gap: rows.log_gap as u32,
        part,
    };
    let grid = Grid::line(count, BLOCK);
    // SAFETY: the table's addresses are those of columns with all rows, spaced as it says, or with
    // those of the part, which live as long as `rows`; the layer has as many nodes as there are rows, and
    // twice as many children.
    unsafe {
        match hash {
            Hash::Blake3 if rows.width <= CHUNK_WORDS => {
                gpu.launch(grid, RowsKernel::<0>(arguments))
            }
            Hash::Blake3 => gpu.launch(grid, RowsKernel::<1>(arguments)),
            Hash::Keccak256 => gpu.launch(grid, RowsKernel::<2>(arguments)),
            Hash::Poseidon2 => gpu.launch(grid, RowsKernel::<3>(arguments)),
        }
    }
}

#[derive(Clone, Copy)]
#[repr(C)]
struct LayersArguments {
    children: Address,
    log_children: u32,
    layers: u32,
}

/// The arguments of one hash's kernel: see `LAYERS`.
#[derive(Clone, Copy)]
#[repr(transparent)]
struct LayersKernel<const HASH: usize>(LayersArguments);

const LAYERS: [&str; 3] = ["layers_blake3", "layers_keccak256", "layers_poseidon2"];

// SAFETY: `LayersArgs` has the same fields; no padding.
unsafe impl<const HASH: usize> Arguments for LayersKernel<HASH> {
    const KERNEL: &'static str = LAYERS[HASH];
}

/// Makes the leaves of a tree over groups of rows: the hashes of all `rows`.
///
/// # Panics
/// If there are not as many leaves, or BLAKE3 is to hash rows of more than 32768 words.
///
/// # Errors
/// Those of [`Gpu::launch`].
pub fn hash_leaves(
    gpu: &Gpu,
    hash: Hash,
    rows: &Rows<'_>,
    layers: &Layers,
) -> Result<(), GpuError> {
    hash_rows(gpu, hash, rows, Part::ALL, layers, 0)
}

/// Makes `count` layers from `first` on, each node from its two children.
///
/// # Panics
/// If there are fewer layers, or `first` is that of the leaves.
///
/// # Errors
/// Those of [`Gpu::launch`].
pub fn compress_layers(
    gpu: &Gpu,
    hash: Hash,
    layers: &Layers,
    first: usize,
    count: usize,
) -> Result<(), GpuError> {
    assert!(first > 0 && first + count <= layers.log_leaves + 1);
    let mut done = 0;
    while done < count {
        let below = first + done - 1;
        let log_children = layers.log_leaves - below;
        let at_once = fused(log_children).min(count - done);
        let arguments = LayersArguments {
            children: layers.address(below),
            log_children: log_children as u32,
            layers: at_once as u32,
        };
        let grid = Grid::line(1 << (log_children - 1), LAYERS_BLOCK as u32);
        // SAFETY: the layer has that many digests, and that many layers are above it.
        unsafe {
            match hash {
                Hash::Blake3 => gpu.launch(grid, LayersKernel::<0>(arguments)),
                Hash::Keccak256 => gpu.launch(grid, LayersKernel::<1>(arguments)),
                Hash::Poseidon2 => gpu.launch(grid, LayersKernel::<2>(arguments)),
            }
        }?;
        done += at_once;
    }
    Ok(())
}

/// Layers that one launch makes. Where there are many nodes, as many as leave no lane of a warp
/// idle: a block makes 256, 128, 64 and 32 nodes. Where there are few, a block makes all that it
/// can, since a launch costs more than idle lanes.
fn fused(log_children: usize) -> usize {
    const LOG_BUSY: usize = 17;
    match log_children {
        LOG_BUSY.. => 4,
        _ => 1 + LAYERS_BLOCK.ilog2() as usize,
    }
}
