//! The emulator from outside: ELFs in, results and segments out.

mod accelerators;
mod checker;
mod common;
mod elf;
mod elf_errors;
mod events;
mod faults;
mod instructions;
mod products;
mod profile;
mod profile_counts;
mod recording;
mod stack;
mod syscalls;
