//! The device that is checked.
#![expect(unsafe_code, reason = "a device works on addresses")]

use std::fs;

use vouch_gpu::{Address, Buffer, Device, Gpu, GpuError, Grid};

use crate::{Kind, Options};

/// A word that is no field element.
const POISON: u32 = 0xdead_beef;
/// Words of a piece of memory that is filled at once, at most and at least.
const PIECES: [usize; 2] = [1 << 22, 64];

/// The device that was asked for.
///
/// # Errors
/// Those of [`vouch_gpu::open`] and of the shim.
pub fn open(options: &Options) -> Result<Gpu, GpuError> {
    let device = match options.device {
        Kind::Cuda => cuda(options)?,
        Kind::Shim => shim(options)?,
    };
    Ok(Gpu::new(match &options.without {
        None => device,
        Some(kernel) => Box::new(Without {
            device,
            kernel: kernel.clone(),
        }),
    }))
}

#[cfg(feature = "cuda")]
fn cuda(options: &Options) -> Result<Box<dyn Device>, GpuError> {
    let limit = options.memory.map(|mebibytes| mebibytes << 20);
    Ok(Box::new(vouch_gpu::Cuda::with_memory(0, limit)?))
}

#[cfg(not(feature = "cuda"))]
fn cuda(_: &Options) -> Result<Box<dyn Device>, GpuError> {
    Err(GpuError::NoDevice {
        reason: "this program was built without CUDA".into(),
    })
}

#[cfg(feature = "shim")]
fn shim(options: &Options) -> Result<Box<dyn Device>, GpuError> {
    /// MiB of memory, if none are named.
    const MEMORY: u64 = 128;
    let words = options.memory.unwrap_or(MEMORY) << 18;
    let default = std::env::temp_dir().join("vouch-kernels");
    let folder = options.kernels.as_ref().unwrap_or(&default);
    let shim = vouch_gpu::shim::Shim::new(folder, words as usize, false)?;
    Ok(Box::new(shim))
}

#[cfg(not(feature = "shim"))]
fn shim(_: &Options) -> Result<Box<dyn Device>, GpuError> {
    Err(GpuError::NoDevice {
        reason: "this program was built without the shim".into(),
    })
}

/// The version of NVIDIA's driver, as its kernel module says.
pub fn driver() -> Option<String> {
    let version = fs::read_to_string("/sys/module/nvidia/version");
    version.ok().map(|version| version.trim().into())
}

/// Fills all memory that is free with words that are no field elements.
///
/// # Errors
/// [`GpuError::Failed`].
pub fn poison(gpu: &Gpu) -> Result<(), GpuError> {
    let mut pieces: Vec<Buffer> = Vec::new();
    let [mut words, least] = PIECES;
    while words >= least {
        match gpu.buffer(words) {
            Ok(piece) => {
                match pieces.first() {
                    Some(first) => piece.copy_from(0, first, 0, words)?,
                    None => piece.write(0, &vec![POISON; words])?,
                }
                pieces.push(piece);
            }
            Err(GpuError::Memory { .. }) => words /= 2,
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// A device that leaves out one kernel.
struct Without {
    device: Box<dyn Device>,
    kernel: String,
}

impl Device for Without {
    fn name(&self) -> String {
        format!("{} without {}", self.device.name(), self.kernel)
    }

    fn kind(&self) -> &'static str {
        self.device.kind()
    }

    fn memory(&self) -> (Address, u64) {
        self.device.memory()
    }

    unsafe fn copy_in(&self, words: &[u32], to: Address) -> Result<(), GpuError> {
        // SAFETY: the caller says what it says of this device, whose memory is the same.
        unsafe { self.device.copy_in(words, to) }
    }

    unsafe fn copy_out(&self, from: Address, words: &mut [u32]) -> Result<(), GpuError> {
        // SAFETY: as above.
        unsafe { self.device.copy_out(from, words) }
    }

    unsafe fn copy(&self, from: Address, to: Address, words: usize) -> Result<(), GpuError> {
        // SAFETY: as above.
        unsafe { self.device.copy(from, to, words) }
    }

    unsafe fn launch(&self, kernel: &str, grid: Grid, arguments: &[u8]) -> Result<(), GpuError> {
        match kernel == self.kernel {
            true => Ok(()),
            // SAFETY: as above.
            false => unsafe { self.device.launch(kernel, grid, arguments) },
        }
    }
}
