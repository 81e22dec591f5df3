//! What the mul_add_mod_256 table is put through: see [`super::mul_add_mod`].

use super::mul_add_mod;
use crate::tables::Table;
use crate::testkit::Campaign;

pub(super) fn campaign() -> Campaign {
    mul_add_mod::campaign::<8, 16, 32, 31, 0>(Table::MulAddMod256)
}
