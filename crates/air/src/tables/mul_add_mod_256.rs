//! The accelerator `mul_add_mod_256`: [`crate::mul_add_mod`] for numbers of 8 words. Degree 3.

/// A row.
pub type MulAddMod256<T> = crate::mul_add_mod::MulAddMod<T, 8, 16, 32, 31, 0>;
