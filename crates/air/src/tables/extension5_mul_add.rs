//! The accelerator `extension5_mul_add`: [`crate::extension`] says what its rows hold and prove.
//! Degree 3.

use vouch_isa::accelerators::extension5_mul_add::DEGREE;

/// A row.
pub type Extension5MulAdd<T> = crate::extension::ExtensionMulAdd<T, DEGREE>;
