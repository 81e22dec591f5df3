//! What queries open, from wherever it lies (`kernels/gather.cu`).

use crate::arena::{Buffer, Gpu};
use crate::device::{Address, Arguments, Grid};
use crate::error::GpuError;
use crate::matrix::Matrix;

use super::tree::{DIGEST_WORDS, Layers, address_words, column_starts, group_starts, log_groups};

/// Threads of a block.
const BLOCK: u32 = 128;
/// Tables and results begin at multiples of this many words, as kernels read them.
const ALIGNMENT: usize = 4;

/// Rows and digests of a tree.
pub struct Gather<'a> {
    columns: Vec<Column>,
    log_gap: usize,
    rows: Vec<u32>,
    layers: &'a Layers,
    /// Numbers of the digests, as [`Layers::number`] has them.
    pub digests: Vec<u32>,
}

/// `GatherColumn`
struct Column {
    start: Address,
    log_block: usize,
    shift: usize,
}

/// What was gathered.
pub struct Gathered {
    /// The words of each row.
    pub rows: Vec<Vec<u32>>,
    /// The digests, in the order asked for.
    pub digests: Vec<[u32; DIGEST_WORDS]>,
}

impl<'a> Gather<'a> {
    /// The rows of `matrices` below the leaves numbered `leaves`, one after another.
    ///
    /// # Panics
    /// If a matrix is taller than the tree.
    pub fn rows(layers: &'a Layers, matrices: &[&'a Matrix], leaves: Vec<u32>) -> Self {
        let columns = matrices.iter().flat_map(|matrix| {
            let log_rows = matrix.log_height + matrix.log_cosets;
            let shift = layers.log_leaves().checked_sub(log_rows);
            let shift = shift.expect("a matrix is no taller than its tree");
            column_starts(matrix).map(move |start| Column {
                start,
                log_block: matrix.log_height,
                shift,
            })
        });
        Self {
            columns: columns.collect(),
            log_gap: 0,
            rows: leaves,
            layers,
            digests: Vec::new(),
        }
    }

    /// The groups of `2^log_arity` rows of `matrix` numbered `leaves`.
    ///
    /// # Panics
    /// If the tree has not as many leaves as there are groups.
    pub fn groups(
        layers: &'a Layers,
        matrix: &'a Matrix,
        log_arity: usize,
        leaves: Vec<u32>,
    ) -> Self {
        let log_block = log_groups(matrix, log_arity);
        assert_eq!(layers.log_leaves(), log_block + matrix.log_cosets);
        let column = |start| Column {
            start,
            log_block,
            shift: 0,
        };
        Self {
            columns: { group_starts(matrix, log_arity).into_iter() }
                .map(column)
                .collect(),
            log_gap: log_arity,
            rows: leaves,
            layers,
            digests: Vec::new(),
        }
    }

    /// Panics unless all that it asks for is there.
    fn check(&self) {
        let leaves = self.layers.log_leaves();
        // A grid has no more rows of blocks.
        assert!(self.rows.len() <= usize::from(u16::MAX));
        assert!(self.rows.iter().all(|&row| row as usize >> leaves == 0));
        let digests = self.layers.digests().len() / DIGEST_WORDS;
        assert!(self.digests.iter().all(|&n| (n as usize) < digests));
    }

    fn result_words(&self) -> usize {
        self.columns.len() * self.rows.len() + DIGEST_WORDS * self.digests.len()
    }
}

#[derive(Clone, Copy)]
#[repr(C)]
struct GatherRows {
    columns: Address,
    rows: Address,
    result: Address,
    width: u32,
    log_gap: u32,
}

// SAFETY: `GatherRowsArgs` has the same fields; no padding.
unsafe impl Arguments for GatherRows {
    const KERNEL: &'static str = "gather_rows";
}

#[derive(Clone, Copy)]
#[repr(C)]
struct GatherDigests {
    digests: Address,
    numbers: Address,
    result: Address,
    count: u32,
    unused: u32,
}

// SAFETY: `GatherDigestsArgs` has the same fields; no padding.
unsafe impl Arguments for GatherDigests {
    const KERNEL: &'static str = "gather_digests";
}

/// Gathers from any number of trees, with one copy to the device and one from it.
///
/// # Panics
/// If a row or a digest is not there, or a gathering has more than 65535 rows.
///
/// # Errors
/// Those of [`Gpu::buffer`], [`Gpu::launch`] and [`Buffer::read`].
pub fn gather(gpu: &Gpu, gathers: &[&Gather<'_>]) -> Result<Vec<Gathered>, GpuError> {
    let mut tables = Vec::new();
    let mut results = 0;
    let places: Vec<Places> = gathers
        .iter()
        .map(|gather| {
            gather.check();
            Places::new(gather, &mut tables, &mut results)
        })
        .collect();
    let tables = gpu.upload(&tables)?;
    let result = gpu.buffer(results)?;
    for (gather, places) in gathers.iter().zip(&places) {
        launch(gpu, gather, places, &tables, &result)?;
    }
    let words = result.read_all()?;
    let gathered = gathers.iter().zip(&places);
    Ok(gathered
        .map(|(gather, places)| places.cut(gather, &words))
        .collect())
}

/// Adds a part to `words`, beginning where kernels can read it; where that is.
fn add(words: &mut Vec<u32>, part: impl IntoIterator<Item = u32>) -> usize {
    let first = words.len().next_multiple_of(ALIGNMENT);
    words.resize(first, 0);
    words.extend(part);
    first
}

/// Where the parts of one gathering begin, among all tables and all results.
struct Places {
    columns: usize,
    rows: usize,
    numbers: usize,
    digests_found: usize,
    rows_found: usize,
}

impl Places {
    fn new(gather: &Gather<'_>, tables: &mut Vec<u32>, results: &mut usize) -> Self {
        let columns = gather.columns.iter().flat_map(|column| {
            let [low, high] = address_words(column.start);
            [low, high, column.log_block as u32, column.shift as u32]
        });
        let digests_found = results.next_multiple_of(ALIGNMENT);
        *results = digests_found + gather.result_words();
        Self {
            columns: add(tables, columns),
            rows: add(tables, gather.rows.iter().copied()),
            numbers: add(tables, gather.digests.iter().copied()),
            digests_found,
            rows_found: digests_found + DIGEST_WORDS * gather.digests.len(),
        }
    }

    fn cut(&self, gather: &Gather<'_>, words: &[u32]) -> Gathered {
        let width = gather.columns.len();
        let row = |i: usize| words[self.rows_found + i * width..][..width].to_vec();
        let digest = |i: usize| {
            let first = self.digests_found + DIGEST_WORDS * i;
            core::array::from_fn(|j| words[first + j])
        };
        Gathered {
            rows: (0..gather.rows.len()).map(row).collect(),
            digests: (0..gather.digests.len()).map(digest).collect(),
        }
    }
}

fn launch(
    gpu: &Gpu,
    gather: &Gather<'_>,
    places: &Places,
    tables: &Buffer,
    result: &Buffer,
) -> Result<(), GpuError> {
    let rows = GatherRows {
        columns: tables.at(places.columns),
        rows: tables.at(places.rows),
        result: result.at(places.rows_found),
        width: gather.columns.len() as u32,
        log_gap: gather.log_gap as u32,
    };
    let grid = Grid::rows(gather.columns.len(), gather.rows.len(), BLOCK);
    if !gather.rows.is_empty() {
        // SAFETY: the tables and the result have the words that were set aside for them; columns
        // live as long as `gather`, and every row was checked to be a leaf's, of which a matrix
        // has 2^-shift as many.
        unsafe { gpu.launch(grid, rows) }?;
    }
    let digests = GatherDigests {
        digests: gather.layers.digests().start(),
        numbers: tables.at(places.numbers),
        result: result.at(places.digests_found),
        count: gather.digests.len() as u32,
        unused: 0,
    };
    // SAFETY: as above; every number was checked to be one of a digest.
    unsafe { gpu.launch(Grid::line(gather.digests.len(), BLOCK), digests) }
}
