//! RV32IM as plain data: one table of instructions, one semantics, and the events that an
//! execution leaves behind.
//!
//! Everything that must agree on what an instruction *is* reads it here: the emulator
//! executes through [`alu`], the tables are filled from [`event::Segment`], and the guest
//! runtime uses the numbers in [`abi`].
//!
//! Source: *The RISC-V Instruction Set Manual, Volume I*, chapters "RV32I Base Integer
//! Instruction Set" (2.1) and "M Extension" (2.0).
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

pub mod abi;
pub mod accelerators;
mod alu;
mod call;
mod decode;
pub mod event;
pub mod image;
pub mod memory;
mod op;
#[cfg(any(test, feature = "testing"))]
pub mod testing;

pub use alu::{alu, branch_taken, load_value, store_merge};
pub use call::{Buffer, Call, CallInfo, Cost, NoCall, SYSTEM};
pub use decode::{Instruction, decode, encode};
pub use op::{Family, Format, Op, OpInfo};
