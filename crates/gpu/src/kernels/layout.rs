//! Between the rows of the host and the columns of the device (`kernels/layout.cu`).

use crate::arena::{Buffer, Gpu};
use crate::device::{Address, Arguments, Grid};
use crate::error::GpuError;

/// Edge of the square that a block turns, and its rows that a thread has.
const EDGE: usize = 32;
const ROWS: u32 = 4;

#[derive(Clone, Copy)]
#[repr(C)]
struct Transpose {
    from: Address,
    to: Address,
    height: u32,
    width: u32,
}

// SAFETY: `TransposeArgs` has the same fields; no padding.
unsafe impl Arguments for Transpose {
    const KERNEL: &'static str = "transpose";
}

/// `height` rows of `width` words, as columns one after another.
///
/// # Panics
/// If `rows` has fewer words.
///
/// # Errors
/// Those of [`Gpu::buffer`] and [`Gpu::launch`].
pub fn to_columns(
    gpu: &Gpu,
    rows: &Buffer,
    height: usize,
    width: usize,
) -> Result<Buffer, GpuError> {
    let columns = gpu.buffer(height * width)?;
    transpose(gpu, rows, &columns, height, width)?;
    Ok(columns)
}

/// `width` columns of `height` words, as rows one after another.
///
/// # Panics
/// If `columns` has fewer words.
///
/// # Errors
/// Those of [`Gpu::buffer`] and [`Gpu::launch`].
pub fn from_columns(
    gpu: &Gpu,
    columns: &Buffer,
    height: usize,
    width: usize,
) -> Result<Buffer, GpuError> {
    let rows = gpu.buffer(height * width)?;
    transpose(gpu, columns, &rows, width, height)?;
    Ok(rows)
}

fn transpose(
    gpu: &Gpu,
    from: &Buffer,
    to: &Buffer,
    height: usize,
    width: usize,
) -> Result<(), GpuError> {
    assert!(from.len() >= height * width && to.len() >= height * width);
    let grid = Grid {
        blocks: [height, width].map(|n| n.div_ceil(EDGE) as u32),
        threads: [EDGE as u32, EDGE as u32 / ROWS],
    };
    let arguments = Transpose {
        from: from.start(),
        to: to.start(),
        height: height as u32,
        width: width as u32,
    };
    // SAFETY: both buffers have `height * width` words, which is what it touches.
    unsafe { gpu.launch(grid, arguments) }
}
