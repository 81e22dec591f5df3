//! What tests and benchmarks use, those of other crates included, behind the feature `testing`: the oracle of backends
//! ([`Reference`]), two engines of which each checks the other ([`Dual`]), what every backend must do
//! ([`conformance`]), and the steps of a proof one by one ([`CpuKernels`]). Never part of the product.

pub mod conformance;
mod dual;
mod reference;

pub use crate::cpu::{Columns, CpuKernels, Places, logup_columns, table_quotient};
pub use dual::Dual;
pub use reference::Reference;
