//! Arithmetic, element by element (`kernels/arithmetic.cu`).

use crate::arena::{Buffer, Gpu};
use crate::device::{Address, Arguments, Grid};
use crate::error::GpuError;

/// What is done with pairs of numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Operation {
    /// `x + y`
    Add = 0,
    /// `x - y`
    Subtract = 1,
    /// `x y`
    Multiply = 2,
    /// `1 / x`, 0 for 0
    Invert = 3,
    /// `x / 2`, of the base field only
    Halve = 4,
}

#[derive(Clone, Copy)]
#[repr(C)]
struct Arithmetic {
    x: Address,
    y: Address,
    result: Address,
    count: u32,
    degree: u32,
    operation: u32,
    repeat: u32,
}

// SAFETY: `ArithmeticArgs` has the same fields; no padding.
unsafe impl Arguments for Arithmetic {
    const KERNEL: &'static str = "arithmetic";
}

/// Applies `operation` `repeat` times to numbers of `degree` words each (1, 4 or 5), the result
/// taking the place of `x`.
///
/// # Panics
/// If `y` has another length than `x`, or it is no multiple of the degree.
///
/// # Errors
/// Those of [`Gpu::buffer`] and [`Gpu::launch`].
pub fn arithmetic(
    gpu: &Gpu,
    operation: Operation,
    degree: usize,
    [x, y]: [&Buffer; 2],
    repeat: u32,
) -> Result<Buffer, GpuError> {
    assert!([1, 4, 5].contains(&degree) && x.len() == y.len() && x.len().is_multiple_of(degree));
    let result = gpu.buffer(x.len())?;
    let count = x.len() / degree;
    let arguments = Arithmetic {
        x: x.start(),
        y: y.start(),
        result: result.start(),
        count: count as u32,
        degree: degree as u32,
        operation: operation as u32,
        repeat,
    };
    // SAFETY: all three buffers have `count * degree` words, which is what it touches.
    unsafe {
        gpu.launch(Grid::line(count, 256), arguments)?;
    }
    Ok(result)
}
