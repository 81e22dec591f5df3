//! Packs of columns (`kernels/pack.cu`).

use p3_field::PrimeCharacteristicRing;
use vouch_air::F;

use super::ntt::{LOG_HELD, LOG_TILE};
use super::part::Part;
use super::roots::{Powers, Roots};
use crate::arena::{Buffer, Gpu};
use crate::device::{Address, Arguments, Grid};
use crate::error::GpuError;
use crate::matrix::Matrix;
use crate::packs::{Packs, address_words};

/// Threads of a block.
const BLOCK: u32 = 128;

#[derive(Clone, Copy)]
#[repr(C)]
struct Pack {
    columns: Address,
    result: Address,
    shifts: Address,
    roots: Address,
    powers: Powers,
    stride: u64,
    width: u32,
    count: u32,
    log_size: u32,
    log_cosets: u32,
    log_rows: u32,
    run: u32,
    add: u32,
    zero: u32,
    from: Part,
    to: Part,
}

/// The arguments of a kernel: see `PACKS`.
#[derive(Clone, Copy)]
#[repr(transparent)]
struct PackKernel<const TILES: bool>(Pack);

// SAFETY: `PackArgs` has the same fields; no padding.
unsafe impl<const TILES: bool> Arguments for PackKernel<TILES> {
    const KERNEL: &'static str = match TILES {
        false => "pack_rows",
        true => "pack_tiles",
    };
}

/// Packs that are computed, and where they are written.
struct Transform {
    /// On the device: where the columns of coefficients begin.
    columns: Address,
    count: usize,
    width: usize,
    log_size: usize,
    /// Of the columns.
    log_height: usize,
    log_cosets: usize,
    /// Of each coset, log2.
    log_rows: usize,
    from: Part,
    to: Part,
    result: Address,
    /// Words from a column of the result to the next.
    stride: usize,
    add: bool,
}

impl Transform {
    /// # Safety
    /// The columns have `2^log_cosets` times the rows that `from` is part of, and the result has `width`
    /// columns with those that `to` is part of.
    unsafe fn run(&self, gpu: &Gpu, roots: &Roots) -> Result<(), GpuError> {
        let run = self.log_rows.min(LOG_TILE - self.log_size);
        let arguments = Pack {
            columns: self.columns,
            result: self.result,
            shifts: roots.shifts(self.log_size)?,
            roots: roots.forward(self.log_size, vec![F::ONE])?,
            powers: roots.powers(self.log_height + self.log_size + self.log_cosets)?,
            stride: self.stride as u64,
            width: self.width as u32,
            count: self.count as u32,
            log_size: self.log_size as u32,
            log_cosets: self.log_cosets as u32,
            log_rows: self.log_rows as u32,
            run: run as u32,
            add: self.add.into(),
            zero: 0,
            from: self.from,
            to: self.to,
        };
        let rows = 1 << (self.log_cosets + self.log_rows);
        // SAFETY: the caller says so.
        unsafe {
            match self.log_size < LOG_HELD {
                true => gpu.launch(
                    Grid::rows(rows, self.width, BLOCK),
                    PackKernel::<false>(arguments),
                ),
                false => {
                    let threads = 1 << (self.log_size + run - LOG_HELD);
                    let grid = Grid {
                        blocks: [(rows >> run) as u32, self.width as u32],
                        threads: [threads, 1],
                    };
                    gpu.launch(grid, PackKernel::<true>(arguments))
                }
            }
        }
    }
}

/// Some rows of packs: those over a part of the columns' rows, one after another, by columns from word
/// `first` of `to` on.
///
/// # Panics
/// If there is no room for them.
///
/// # Errors
/// Those of [`Gpu::launch`].
pub(super) fn pack(
    gpu: &Gpu,
    roots: &Roots,
    packs: &Packs,
    part: Part,
    to: &Buffer,
    first: usize,
) -> Result<(), GpuError> {
    let group = packs.group();
    let log_rows = part.log_rows(group.log_height);
    let stride = 1 << (packs.log_cosets() + group.log_size + log_rows);
    assert!(
        to.len() >= first + packs.width() * stride,
        "no room for packs"
    );
    let transform = Transform {
        columns: packs.table(),
        count: packs.starts().len(),
        width: packs.width(),
        log_size: group.log_size,
        log_height: group.log_height,
        log_cosets: packs.log_cosets(),
        log_rows,
        from: part,
        to: Part::ALL,
        result: to.at(first),
        stride,
        add: false,
    };
    // SAFETY: the columns have all rows of their height, and there is room for the result.
    unsafe { transform.run(gpu, roots) }
}

/// Adds packs to `sum`, a level of them: of columns of `2^log_height` rows, of which `coefficients` has
/// those of a part, `sum.width` columns for each coefficient.
///
/// # Panics
/// If there are not as many coefficients.
///
/// # Errors
/// Those of [`Gpu::buffer`] and [`Gpu::launch`].
pub(super) fn add_packs(
    gpu: &Gpu,
    roots: &Roots,
    coefficients: &Buffer,
    log_height: usize,
    part: Part,
    sum: &mut Matrix,
    add: bool,
) -> Result<(), GpuError> {
    let log_size = sum.log_height - log_height;
    let (log_rows, width) = (part.log_rows(log_height), sum.width);
    let (rows, count) = (1 << (sum.log_cosets + log_rows), width << log_size);
    assert!(coefficients.len() >= count * rows, "too few coefficients");
    let columns: Vec<Address> = (0..count).map(|i| coefficients.at(i * rows)).collect();
    let columns = gpu.upload(&address_words(&columns))?;
    let transform = Transform {
        columns: columns.start(),
        count,
        width,
        log_size,
        log_height,
        log_cosets: sum.log_cosets,
        log_rows,
        from: Part::ALL,
        to: part,
        result: sum.buffer.start(),
        stride: sum.rows(),
        add,
    };
    // SAFETY: the coefficients have the part's rows, and the sum all of them.
    unsafe { transform.run(gpu, roots) }
}
