//! What the mul_add_mod_384 table is put through: see [`super::mul_add_mod`].

use super::mul_add_mod;
use crate::tables::Table;
use crate::testkit::Campaign;

pub(super) fn campaign() -> Campaign {
    mul_add_mod::campaign::<12, 24, 48, 47, 47>(Table::MulAddMod384)
}
