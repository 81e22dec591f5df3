//! The kernels, each as a function that checks what it is given.
#![expect(unsafe_code, reason = "kernels work on addresses")]

mod arithmetic;
mod layout;
mod logup;
mod quotient;
mod table;

pub use arithmetic::{Operation, arithmetic};
pub use layout::{from_columns, to_columns};
pub use logup::logup;
pub use quotient::{Extended, quotient, selectors};
