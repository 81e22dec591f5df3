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
//!     let (a, b): (u32, u32) = vouch_guest::io::read();
//!     vouch_guest::io::commit(&(u64::from(a) * u64::from(b)));
//! }
//! ```
//!
//! With the feature `std` a guest is an ordinary program instead, which names this crate once.
//!
//! Calls follow [`vouch_isa::abi`], a subset of RISC-V Linux user mode, so a guest also runs
//! under `qemu-riscv32`. docs/guests.md tells how to build one and what its limits are.
#![no_std]
#![cfg_attr(feature = "std", feature(alloc_error_hook))]

#[cfg(not(target_arch = "riscv32"))]
compile_error!("guests build for riscv32im only: use `vouch build`");

#[cfg(feature = "alloc")]
extern crate alloc;
#[cfg(feature = "std")]
extern crate std;

pub mod accelerators;
pub mod console;
#[cfg(feature = "alloc")]
mod heap;
#[cfg(feature = "std")]
mod hosted;
pub mod io;
pub mod products;
pub mod random;
// What `cycle_scope!` is made of.
pub mod scope;
mod start;
mod syscall;

pub use start::{Termination, exit, refuse};

/// Why a guest panics.
#[cfg(all(feature = "alloc", not(feature = "std")))]
use core::panic::PanicInfo as Cause;
#[cfg(feature = "std")]
use hosted::Cause;
