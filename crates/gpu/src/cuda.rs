//! NVIDIA's GPUs, by their driver.
#![expect(unsafe_code, reason = "the driver is called, and works on addresses")]

mod cubins;
mod driver;
mod memory;
mod staging;

use std::sync::{Mutex, PoisonError};

use cubins::LoadedKernels;
use driver::{Context, Stream, failed};
use memory::DeviceMemory;
use staging::Staging;

use crate::device::{Address, Device, Grid};
use crate::error::GpuError;

/// A GPU with its memory. All is done on one stream, in order.
pub struct Cuda {
    // Dropped in this order: each is made of what follows.
    staging: Mutex<Staging>,
    memory: DeviceMemory,
    stream: Stream,
    kernels: LoadedKernels,
    context: Context,
}

// SAFETY: the driver takes calls from any thread that the context is bound to, which each call
// below does first; the staging is behind a lock, and all else stays as it was made.
unsafe impl Send for Cuda {}
// SAFETY: as above.
unsafe impl Sync for Cuda {}

impl Cuda {
    /// [`digest`](crate::digest) of the sources that its kernels were compiled from.
    pub const SOURCES: &str = cubins::SOURCES;

    /// The GPU of this number, counted from 0, with all of its free memory but a margin for the
    /// driver.
    ///
    /// # Errors
    /// [`GpuError::NoDevice`], [`GpuError::OldDriver`], [`GpuError::NoKernels`],
    /// [`GpuError::Memory`] and [`GpuError::Failed`].
    pub fn new(ordinal: usize) -> Result<Self, GpuError> {
        Self::with_memory(ordinal, None)
    }

    /// The same with at most `limit` bytes of its memory, in whole pages of 2 MiB.
    ///
    /// # Errors
    /// Those of [`Self::new`].
    pub fn with_memory(ordinal: usize, limit: Option<u64>) -> Result<Self, GpuError> {
        driver::start()?;
        let context = Context::new(ordinal)?;
        let kernels = LoadedKernels::new(&context)?;
        let stream = Stream::new()?;
        let staging = Mutex::new(Staging::new()?);
        // Last, since it takes all that is left.
        let memory = DeviceMemory::new(limit)?;
        let gpu = Self {
            staging,
            memory,
            stream,
            kernels,
            context,
        };
        tracing::info!(device = gpu.name(), bytes = gpu.memory.bytes, "GPU opened");
        Ok(gpu)
    }

    fn staging(&self) -> std::sync::MutexGuard<'_, Staging> {
        self.staging.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Cuda {
    fn drop(&mut self) {
        // What it is made of is given back by this thread; errors were told where they arose.
        let _ = self.context.bind();
        let _ = self.stream.wait();
    }
}

impl Device for Cuda {
    fn name(&self) -> String {
        format!("{} (sm_{})", self.context.name, self.context.architecture)
    }

    fn kind(&self) -> &'static str {
        "cuda"
    }

    fn memory(&self) -> (Address, u64) {
        (self.memory.first, self.memory.bytes)
    }

    unsafe fn copy_in(&self, words: &[u32], to: Address) -> Result<(), GpuError> {
        self.context.bind()?;
        // SAFETY: the caller says so.
        unsafe { self.staging().copy_in(&self.stream, words, to) }
    }

    unsafe fn copy_out(&self, from: Address, words: &mut [u32]) -> Result<(), GpuError> {
        self.context.bind()?;
        let mut staging = self.staging();
        // SAFETY: the caller says so.
        let copied = unsafe { staging.copy_out(&self.stream, from, words) };
        if copied.is_err() {
            // Nothing may still be on its way into what the next copy uses.
            let _ = self.stream.wait();
        }
        copied
    }

    unsafe fn copy(&self, from: Address, to: Address, words: usize) -> Result<(), GpuError> {
        if words == 0 {
            return Ok(());
        }
        self.context.bind()?;
        // SAFETY: the caller says so.
        unsafe { self.stream.copy(from, to, words) }
    }

    unsafe fn launch(&self, name: &str, grid: Grid, arguments: &[u8]) -> Result<(), GpuError> {
        let function = self.kernels.get(name, arguments.len())?;
        self.context.bind()?;
        // SAFETY: the arguments are as many bytes as it takes; the caller says the rest.
        let launched =
            unsafe { (self.stream).launch(function, grid.blocks, grid.threads, arguments) };
        launched.map_err(|error| failed(&format!("{name}, or a kernel before it,"))(error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_driver_there_is_no_device() {
        let signs = ["/proc/driver/nvidia", "/dev/nvidiactl", "/dev/dxg"];
        let there = { signs.iter() }.any(|sign| std::path::Path::new(sign).exists());
        let error = Cuda::new(0).err();
        let none = matches!(error, Some(GpuError::NoDevice { .. }));
        // Where there is a driver, the device may be any.
        assert!(none || there, "{error:?}");
    }
}
