//! The kernels, each as a function that checks what it is given.
#![expect(unsafe_code, reason = "kernels work on addresses")]

mod arithmetic;
mod degree;
mod fold;
mod gather;
mod grind;
mod layout;
mod level;
mod logup;
mod ntt;
mod openings;
mod pack;
mod part;
mod quotient;
mod rates;
mod reduce;
mod roots;
mod table;
mod tree;

pub use arithmetic::{Operation, arithmetic};
pub use fold::{add_scaled, fold};
pub use gather::{Gather, Gathered, gather};
pub use grind::{GpuGrinder, grind};
pub use layout::{from_columns, to_columns};
pub use level::hash_packs;
pub use logup::logup;
pub use ntt::{extend, extend_by_tiles, extend_coset};
pub use openings::{OpenedMatrix, Opener, Values, inverse_distances};
pub use part::ROOM;
pub use quotient::{Extended, quotient, quotient_chunks, selectors};
pub use rates::{RATE_CHAINS, Rate, run_rate};
pub use reduce::Claims;
pub use roots::Roots;
pub use tree::{DIGEST_WORDS, Hash, Layers, Rows, compress_layers, hash_leaves};
