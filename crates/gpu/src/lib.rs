//! Proves on GPUs.
//!
//! - [`Device`] is what runs kernels, [`Gpu`] a device with its memory.
//! - The kernels are CUDA C++ in `kernels/`; those of the tables' constraints are generated.
//! - `shim` compiles the same kernels as C++ and runs them on the CPU, so that they are
//!   tested where there is no GPU.

mod arena;
mod device;
mod error;
pub mod field;
pub mod ir;
pub mod kernels;
mod matrix;
#[cfg(feature = "shim")]
pub mod shim;
mod sources;

pub use arena::{Buffer, Gpu};
pub use device::{Address, Arguments, Device, Grid};
pub use error::GpuError;
pub use matrix::{Matrix, position};
pub use sources::{Source, sources};
