//! What queries open, from wherever it lies (`kernels/gather.cu`).

use vouch_verifier::packing;

use crate::arena::{Buffer, Gpu};
use crate::device::{Address, Arguments, Grid};
use crate::error::GpuError;
use crate::field::word;
use crate::matrix::Matrix;
use crate::packs::{Packs, address_words};

use super::roots::{Powers, Roots};
use super::tree::{DIGEST_WORDS, Layers, group_starts, log_groups};

/// Threads of a block.
const BLOCK: u32 = 128;
/// Tables and results begin at multiples of this many words, as kernels read them.
const ALIGNMENT: usize = 4;

/// Rows and digests of a tree.
pub struct Gather<'a> {
    /// Where columns begin.
    columns: Vec<Address>,
    words: Vec<Word>,
    /// For rows of packs.
    roots: Option<&'a Roots>,
    log_gap: usize,
    rows: Vec<u32>,
    layers: &'a Layers,
    /// Numbers of the digests, as [`Layers::number`] has them.
    pub digests: Vec<u32>,
}

/// `GatherWord`: its columns are at `first`, `first + step` and so on, `count` of them.
#[derive(Clone, Copy)]
struct Word {
    first: usize,
    step: usize,
    count: usize,
    log_block: usize,
    log_size: usize,
    shift: usize,
}

impl Word {
    fn words(self) -> [u32; 8] {
        let Self {
            first,
            step,
            count,
            log_block,
            log_size,
            shift,
        } = self;
        let [first, step, count] = [first, step, count].map(|n| n as u32);
        let [log_block, size, shift] = [log_block, log_size, shift].map(|n| n as u32);
        let coset = word(packing::shift(log_size));
        [first, step, count, log_block, size, shift, coset, 0]
    }
}

/// What was gathered.
pub struct Gathered {
    /// The words of each row.
    pub rows: Vec<Vec<u32>>,
    /// The digests, in the order asked for.
    pub digests: Vec<[u32; DIGEST_WORDS]>,
}

impl<'a> Gather<'a> {
    /// The rows of `packs` over the leaves numbered `leaves`, one after another.
    ///
    /// # Panics
    /// If packs have more rows than the tree has leaves.
    pub fn rows(
        layers: &'a Layers,
        roots: &'a Roots,
        packs: &'a [Packs],
        leaves: Vec<u32>,
    ) -> Self {
        let (mut columns, mut words) = (Vec::new(), Vec::new());
        for packs in packs {
            let (group, width) = (packs.group(), packs.width());
            let shift = layers.log_leaves().checked_sub(packs.log_rows());
            let shift = shift.expect("packs are no longer than their tree");
            let count = packs.starts().len();
            words.extend((0..width).map(|word| Word {
                first: columns.len() + word,
                step: width,
                count: count.saturating_sub(word).div_ceil(width),
                log_block: group.log_height,
                log_size: group.log_size,
                shift,
            }));
            columns.extend(packs.starts());
        }
        Self {
            columns,
            words,
            roots: Some(roots),
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
        let columns = group_starts(matrix, log_arity);
        let word = |first| Word {
            first,
            step: 0,
            count: 1,
            log_block,
            log_size: 0,
            shift: 0,
        };
        Self {
            words: (0..columns.len()).map(word).collect(),
            columns,
            roots: None,
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
        self.words.len() * self.rows.len() + DIGEST_WORDS * self.digests.len()
    }
}

#[derive(Clone, Copy)]
#[repr(C)]
struct GatherRows {
    columns: Address,
    words: Address,
    rows: Address,
    result: Address,
    powers: Powers,
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
    words: usize,
    rows: usize,
    numbers: usize,
    digests_found: usize,
    rows_found: usize,
}

impl Places {
    fn new(gather: &Gather<'_>, tables: &mut Vec<u32>, results: &mut usize) -> Self {
        let words = gather.words.iter().flat_map(|word| word.words());
        let digests_found = results.next_multiple_of(ALIGNMENT);
        *results = digests_found + gather.result_words();
        Self {
            columns: add(tables, address_words(&gather.columns)),
            words: add(tables, words),
            rows: add(tables, gather.rows.iter().copied()),
            numbers: add(tables, gather.digests.iter().copied()),
            digests_found,
            rows_found: digests_found + DIGEST_WORDS * gather.digests.len(),
        }
    }

    fn cut(&self, gather: &Gather<'_>, words: &[u32]) -> Gathered {
        let width = gather.words.len();
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
    let powers = match gather.roots {
        Some(roots) => roots.powers(gather.layers.log_leaves())?,
        None => Powers::NONE,
    };
    let rows = GatherRows {
        columns: tables.at(places.columns),
        words: tables.at(places.words),
        rows: tables.at(places.rows),
        result: result.at(places.rows_found),
        powers,
        width: gather.words.len() as u32,
        log_gap: gather.log_gap as u32,
    };
    let grid = Grid::rows(gather.words.len(), gather.rows.len(), BLOCK);
    if !gather.rows.is_empty() {
        // SAFETY: the tables and the result have the words that were set aside for them; columns
        // live as long as `gather`, and every row was checked to be a leaf's, of which packs have
        // 2^-shift as many.
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
