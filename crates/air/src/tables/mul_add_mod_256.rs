//! The accelerator `mul_add_mod_256`: [`super::mul_add_mod`] for numbers of 8 words.

/// A row.
pub type MulAddMod256<T> = super::mul_add_mod::MulAddMod<T, 8, 16, 32, 31, 0>;
