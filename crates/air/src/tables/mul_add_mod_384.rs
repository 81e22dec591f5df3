//! The accelerator `mul_add_mod_384`: [`super::mul_add_mod`] for numbers of 12 words.

/// A row.
pub type MulAddMod384<T> = super::mul_add_mod::MulAddMod<T, 12, 24, 48, 47, 47>;
