//! How fast a device computes on registers (`kernels/rates.cu`).

use crate::arena::{Buffer, Gpu};
use crate::device::{Address, Arguments, Grid};
use crate::error::GpuError;

/// Chains of operations that a thread has.
pub const RATE_CHAINS: usize = 4;
/// Threads of a block.
const BLOCK: u32 = 256;

/// An operation whose rate is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rate {
    /// Sums in the base field.
    Add,
    /// Products in the base field.
    Multiply,
    /// Products in the extension of degree 4.
    Multiply4,
    /// Products in the extension of degree 5.
    Multiply5,
}

#[derive(Clone, Copy)]
#[repr(C)]
struct Rates {
    x: Address,
    result: Address,
    count: u32,
    repeat: u32,
}

/// The arguments of one operation's kernel: see `RATES`.
#[derive(Clone, Copy)]
#[repr(transparent)]
struct RateKernel<const RATE: usize>(Rates);

const RATES: [&str; 4] = [
    "rate_add",
    "rate_multiply",
    "rate_multiply_4",
    "rate_multiply_5",
];

// SAFETY: `RatesArgs` has the same fields; no padding.
unsafe impl<const RATE: usize> Arguments for RateKernel<RATE> {
    const KERNEL: &'static str = RATES[RATE];
}

/// For each element of the base field in `x`, as the number whose coordinates are it, twice it and so
/// on: chain `i` of [`RATE_CHAINS`] begins with `i + 1` times the number and does `rate` with the
/// number `repeat` times. The result is the first coordinate of the sum of the chains.
///
/// # Errors
/// Those of [`Gpu::buffer`] and [`Gpu::launch`].
pub fn run_rate(gpu: &Gpu, rate: Rate, x: &Buffer, repeat: u32) -> Result<Buffer, GpuError> {
    let result = gpu.buffer(x.len())?;
    let arguments = Rates {
        x: x.start(),
        result: result.start(),
        count: x.len() as u32,
        repeat,
    };
    let grid = Grid::line(x.len(), BLOCK);
    // SAFETY: both buffers have `count` words, which is what it touches.
    unsafe {
        match rate {
            Rate::Add => gpu.launch(grid, RateKernel::<0>(arguments)),
            Rate::Multiply => gpu.launch(grid, RateKernel::<1>(arguments)),
            Rate::Multiply4 => gpu.launch(grid, RateKernel::<2>(arguments)),
            Rate::Multiply5 => gpu.launch(grid, RateKernel::<3>(arguments)),
        }
    }?;
    Ok(result)
}
