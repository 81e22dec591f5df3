//! What each table is put through: the rows that its mutants start from, who judges them, and
//! attacks by hand. Never part of the product.

use alloc::vec::Vec;

use crate::tables::{Table, all_tables};
use crate::testkit::Campaign;

mod add_imm;
mod add_sub;
mod bitwise;
mod branch_eq;
mod branch_lt;
mod claim;
mod compare;
mod div_rem;
mod ecall;
mod facts;
mod jal;
mod jalr;
mod journal;
mod keccak_round;
mod leaf;
mod load_sub;
mod lookup;
mod merkle;
mod moves;
mod mul;
mod mul_add_mod;
mod mul_high;
mod poseidon2;
mod program;
mod refresh;
mod shift;
mod store_sub;
mod word;

macro_rules! modules {
    ($($module:ident::$table:ident,)*) => { $(mod $module;)* };
}
vouch_isa::accelerators!(modules!);

macro_rules! campaigns {
    ($($module:ident::$table:ident,)*) => {
        /// The campaign of a table.
        pub fn campaign(table: Table) -> Campaign {
            match table {
                $(Table::$table => $module::campaign(),)*
            }
        }
    };
}
all_tables!(campaigns);

/// The campaigns of all tables, in the order of [`Table::ALL`].
pub fn campaigns() -> Vec<Campaign> {
    Table::ALL.map(campaign).into()
}
