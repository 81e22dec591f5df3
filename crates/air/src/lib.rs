//! The specification of the machine: its tables, the buses between them, and how they are
//! filled from an execution.
//!
//! What these tables accept is what a claim means (docs/isa.md). The files of this crate are of four
//! kinds, of which each knows those before it and none behind it (`tests/arrows.rs`):
//!
//! - the language: columns, buses, constraints that tables share, what a table is ([`table`]);
//! - the tables, one a file in [`tables`]: statement, columns, constraints, filling;
//! - the machine: the list of tables ([`tables::Table`]), [`witness`], [`answers`];
//! - tests: the kit, and for each table what it is put through.
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;
#[cfg(any(test, feature = "testing"))]
extern crate std;

mod accelerator;
pub mod answers;
mod builder;
pub mod bus;
#[cfg(any(test, feature = "testing"))]
pub mod campaigns;
pub mod capture;
pub mod columns;
mod element;
pub mod extension;
mod gadget;
mod image_id;
pub mod instruction;
pub mod machine;
pub mod memory_tree;
pub mod mul_add_mod;
mod product;
pub mod questions;
pub mod rules;
pub mod table;
pub mod tables;
#[cfg(any(test, feature = "testing"))]
pub mod testkit;
pub mod witness;

pub use builder::Builder;
pub use image_id::ImageId;

/// The base field: BabyBear, `p = 15 * 2^27 + 1`.
pub type F = p3_baby_bear::BabyBear;

/// A 32-bit word: low and high 16-bit limbs.
pub type Word<T> = [T; 2];
/// A hash in the memory tree.
pub type Digest<T> = [T; 8];
