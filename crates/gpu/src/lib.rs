//! Proves on GPUs.
//!
//! - [`Device`] is what runs kernels, [`Gpu`] a device with its memory.
//! - The kernels are CUDA C++ in `kernels/`; those of the tables' constraints are generated.
//! - `cuda` runs them on NVIDIA's GPUs; [`open`] finds one.
//! - `shim` compiles the same kernels as C++ and runs them on the CPU, so that they are
//!   tested where there is no GPU.

mod arena;
mod backend;
mod columns;
#[cfg(feature = "cuda")]
mod cuda;
mod device;
mod engine;
mod error;
pub mod field;
pub mod ir;
pub mod kernels;
mod matrix;
mod merkle;
mod open;
mod opened;
mod packs;
mod setup;
#[cfg(feature = "shim")]
pub mod shim;
mod sources;

pub use arena::{Buffer, Gpu};
pub use backend::{OnGpu, backend, on};
#[cfg(feature = "cuda")]
pub use cuda::Cuda;
pub use device::{Address, Arguments, Device, Grid};
pub use error::GpuError;
pub use matrix::{Matrix, position};
pub use merkle::{Digest, MerkleTree, OpenedLeaves, Paths, Query, answer, digest_bytes};
pub use open::open;
pub use packs::Packs;
pub use setup::GpuEngine;
pub use sources::{Source, digest, sources};
