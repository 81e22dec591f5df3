//! The kernels, each as a function that checks what it is given.
#![expect(unsafe_code, reason = "kernels work on addresses")]

mod arithmetic;
mod gather;
mod grind;
mod layout;
mod tree;

pub use arithmetic::{Operation, arithmetic};
pub use gather::{Gather, Gathered, gather};
pub use grind::{GpuGrinder, grind};
pub use layout::{from_columns, to_columns};
pub use tree::{DIGEST_WORDS, Hash, Layers, Rows, compress_layers, hash_rows};
