//! Memory of the device, and that of the host which the device reads and writes by itself.

use cudarc::driver::result::{self, DriverError};
use cudarc::driver::sys::CUresult;

use super::driver::failed;
use crate::device::Address;
use crate::error::GpuError;

/// What is left to the driver, in bytes: it takes memory for itself while kernels run.
const MARGIN: u64 = 512 << 20;
/// The driver's pages.
const PAGE: u64 = 2 << 20;

/// Memory of the device.
pub struct DeviceMemory {
    /// Where it begins.
    pub first: Address,
    /// How long it is.
    pub bytes: u64,
}

impl DeviceMemory {
    /// All that is free but a margin, and no more than `limit` bytes. The context is bound.
    ///
    /// # Errors
    /// [`GpuError::Memory`] if that is less than a page, [`GpuError::Failed`].
    pub fn new(limit: Option<u64>) -> Result<Self, GpuError> {
        let (free, total) = result::mem_get_info().map_err(failed("asking for its memory"))?;
        let (free, total) = (free as u64, total as u64);
        let full = |needed| GpuError::Memory {
            needed,
            free,
            total,
        };
        let spare = free.saturating_sub(MARGIN);
        let bytes = limit.map_or(spare, |limit| limit.min(spare)) / PAGE * PAGE;
        if bytes == 0 {
            return Err(full(MARGIN + PAGE));
        }
        // SAFETY: it holds words, of which none has a bad value.
        match unsafe { result::malloc_sync(bytes as usize) } {
            Ok(first) => Ok(Self { first, bytes }),
            Err(DriverError(CUresult::CUDA_ERROR_OUT_OF_MEMORY)) => Err(full(bytes)),
            Err(error) => Err(failed("allocating its memory")(error)),
        }
    }
}

impl Drop for DeviceMemory {
    fn drop(&mut self) {
        // SAFETY: it was allocated once. That it cannot be freed changes nothing any more.
        let _ = unsafe { result::free_sync(self.first) };
    }
}

/// Words of the host that stay where they are, so that the device copies them by itself.
pub struct Pinned {
    first: *mut u32,
    words: usize,
}

impl Pinned {
    /// `words` zeros. The context is bound.
    ///
    /// # Errors
    /// [`GpuError::Failed`].
    pub fn new(words: usize) -> Result<Self, GpuError> {
        // SAFETY: it is written below before it is read.
        let first = unsafe { result::malloc_host(4 * words, 0) }
            .map_err(failed("allocating memory of the host"))?
            .cast::<u32>();
        // SAFETY: there are as many words, aligned to pages.
        unsafe { core::ptr::write_bytes(first, 0, words) };
        Ok(Self { first, words })
    }

    /// The words.
    pub fn words(&self) -> &[u32] {
        // SAFETY: there are as many words, written once at least, and nobody else has them.
        unsafe { core::slice::from_raw_parts(self.first, self.words) }
    }

    /// The words, to write.
    pub fn words_mut(&mut self) -> &mut [u32] {
        // SAFETY: as above.
        unsafe { core::slice::from_raw_parts_mut(self.first, self.words) }
    }
}

impl Drop for Pinned {
    fn drop(&mut self) {
        // SAFETY: it was allocated once.
        let _ = unsafe { result::free_host(self.first.cast()) };
    }
}
