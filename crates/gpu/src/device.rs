//! What runs kernels: a GPU, or the CPU in its place.
#![expect(unsafe_code, reason = "kernels work on addresses")]

use crate::error::GpuError;

/// A place in a device's memory, in bytes. 0 is nowhere.
pub type Address = u64;

/// How many threads run a kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grid {
    /// Blocks, by axis.
    pub blocks: [u32; 2],
    /// Threads of a block, by axis.
    pub threads: [u32; 2],
}

impl Grid {
    /// At least `threads` threads in a row, `block` to a block.
    pub fn line(threads: usize, block: u32) -> Self {
        Self::rows(threads, 1, block)
    }

    /// At least `threads` threads in each of `rows` rows, `block` to a block.
    pub fn rows(threads: usize, rows: usize, block: u32) -> Self {
        // A grid has less than 2^31 blocks in a row and 2^16 rows; callers stay far below.
        let blocks = threads.div_ceil(block as usize).max(1);
        Self {
            blocks: [blocks as u32, rows.max(1) as u32],
            threads: [block, 1],
        }
    }
}

/// Arguments of a kernel: the same structure, field by field, as in the kernel's source.
///
/// # Safety
/// The type is `repr(C)` and without padding, and its size is that of the structure that the
/// kernel of this name takes.
pub unsafe trait Arguments: Copy {
    /// The kernel's name.
    const KERNEL: &'static str;
}

/// Memory, and what computes on it. Calls take effect in order; a launch may return before the
/// kernel has ended.
pub trait Device: Send + Sync {
    /// What it is, for logs and reports.
    fn name(&self) -> String;

    /// The name of its kind: of the backend that it is.
    fn kind(&self) -> &'static str;

    /// The first address and the number of bytes of the memory that kernels may use. It stays
    /// where it is until the device is dropped.
    fn memory(&self) -> (Address, u64);

    /// Copies to the device.
    ///
    /// # Safety
    /// The words at `to` lie in [`Self::memory`].
    ///
    /// # Errors
    /// [`GpuError::Failed`].
    unsafe fn copy_in(&self, words: &[u32], to: Address) -> Result<(), GpuError>;

    /// Copies from the device, once all that was launched has ended.
    ///
    /// # Safety
    /// The words at `from` lie in [`Self::memory`].
    ///
    /// # Errors
    /// [`GpuError::Failed`]; here errors of kernels come to light that were launched before.
    unsafe fn copy_out(&self, from: Address, words: &mut [u32]) -> Result<(), GpuError>;

    /// Copies `words` words within the device.
    ///
    /// # Safety
    /// Both places lie in [`Self::memory`] and do not overlap.
    ///
    /// # Errors
    /// [`GpuError::Failed`].
    unsafe fn copy(&self, from: Address, to: Address, words: usize) -> Result<(), GpuError>;

    /// Runs a kernel. `arguments` are the bytes of its structure.
    ///
    /// # Safety
    /// What the arguments make the kernel read and write lies in [`Self::memory`].
    ///
    /// # Errors
    /// [`GpuError::Kernel`] if there is no such kernel or its structure has another size,
    /// [`GpuError::Failed`] if it does not start.
    unsafe fn launch(&self, kernel: &str, grid: Grid, arguments: &[u8]) -> Result<(), GpuError>;
}
