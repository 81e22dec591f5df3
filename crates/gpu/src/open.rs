//! Finds a GPU.

use crate::arena::Gpu;
use crate::error::GpuError;

/// The GPU of this number, counted from 0, with all of its free memory.
///
/// # Errors
/// Those of [`Cuda::new`](crate::Cuda::new).
#[cfg(feature = "cuda")]
pub fn open(ordinal: usize) -> Result<Gpu, GpuError> {
    let device = crate::cuda::Cuda::new(ordinal)?;
    Ok(Gpu::new(Box::new(device)))
}

/// The GPU of this number, counted from 0: there is none, since the feature `cuda` is off.
///
/// # Errors
/// [`GpuError::NoDevice`], always.
#[cfg(not(feature = "cuda"))]
pub fn open(_ordinal: usize) -> Result<Gpu, GpuError> {
    Err(GpuError::NoDevice {
        reason: "this program was built without CUDA".into(),
    })
}

#[cfg(all(test, not(feature = "cuda")))]
mod tests {
    use super::*;

    #[test]
    fn without_cuda_there_is_no_gpu() {
        let error = open(0).err().map(|error| error.to_string());
        let expected = "no GPU: this program was built without CUDA";
        assert_eq!(error.as_deref(), Some(expected));
    }
}
