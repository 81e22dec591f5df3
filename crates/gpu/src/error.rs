//! What can go wrong on a GPU.

use thiserror::Error;

/// A device could not do what it was asked to.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum GpuError {
    /// There is no device, or no driver of one.
    #[error("no GPU: {reason}")]
    NoDevice {
        /// What was looked for and not found.
        reason: String,
    },
    /// The driver is older than the kernels need.
    #[error("the GPU's driver is too old: it knows CUDA {got}, and {expected} is needed")]
    OldDriver {
        /// The least version of CUDA.
        expected: String,
        /// The version that the driver knows.
        got: String,
    },
    /// The kernels were not compiled for this device.
    #[error("no kernels for {device}: there are those for {expected}")]
    NoKernels {
        /// The device and its architecture.
        device: String,
        /// The architectures that there are kernels for.
        expected: String,
    },
    /// What is to be proven does not fit the device's memory.
    #[error("the GPU's memory is full: {needed} bytes are needed, and {free} of {total} are free")]
    Memory {
        /// Bytes asked for.
        needed: u64,
        /// Bytes of the largest free piece.
        free: u64,
        /// Bytes of all pieces.
        total: u64,
    },
    /// A kernel is not among those that were compiled, or takes other arguments.
    #[error("the kernel {kernel} cannot be used: {reason}")]
    Kernel {
        /// Its name.
        kernel: String,
        /// What differs.
        reason: String,
    },
    /// A kernel or a copy failed.
    #[error("{operation} failed on the GPU: {reason}")]
    Failed {
        /// What was being done.
        operation: String,
        /// What the driver says.
        reason: String,
    },
    /// The kernels could not be compiled.
    #[error("the kernels do not compile: {reason}")]
    Compile {
        /// What the compiler says.
        reason: String,
    },
}
