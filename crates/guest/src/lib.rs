//! What a Vouch guest stands on: an entry point, private input, the public journal, a
//! console, a heap and a panic handler.
//!
//! ```ignore
//! #![no_std]
//! #![no_main]
//!
//! vouch_guest::entry!(main);
//!
//! fn main() {
//!     let input = vouch_guest::io::read_to_end();
//!     vouch_guest::io::commit_slice(&input[..4]);
//! }
//! ```
//!
//! Calls follow [`vouch_isa::abi`], a subset of RISC-V Linux user mode, so a guest also runs
//! under `qemu-riscv32`. docs/guests.md tells how to build one and what its limits are.
#![no_std]
#![cfg_attr(feature = "std", feature(alloc_error_hook))]

#[cfg(not(target_arch = "riscv32"))]
compile_error!("guests build for riscv32im-unknown-none-elf only: use `vouch build`");

#[cfg(feature = "alloc")]
extern crate alloc;
#[cfg(feature = "std")]
extern crate std;

pub mod console;
#[cfg(feature = "alloc")]
mod heap;
#[cfg(feature = "std")]
mod hosted;
pub mod io;
pub mod random;
#[doc(hidden)]
pub mod scope;
mod start;
mod syscall;

pub use start::{exit, refuse};
