//! The accelerator `mul_add_mod_384`: [`crate::mul_add_mod`] for numbers of 12 words. Degree 3.

/// A row.
pub type MulAddMod384<T> = crate::mul_add_mod::MulAddMod<T, 12, 24, 48, 47, 47>;
