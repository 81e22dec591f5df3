//! The kernels, each as a function that checks what it is given.
#![expect(unsafe_code, reason = "kernels work on addresses")]

mod arithmetic;
mod degree;
mod fold;
mod layout;
mod ntt;
mod roots;

pub use arithmetic::{Operation, arithmetic};
pub use fold::{add_scaled, fold};
pub use layout::{from_columns, to_columns};
pub use ntt::{extend, extend_by_tiles, extend_coset};
pub use roots::Roots;
