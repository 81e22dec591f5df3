//! The guests of this repository: they do what docs/guests.md says, here and under qemu, and
//! they are what their sources compile to.
#![cfg(unix)]

mod accelerators;
mod arithmetic;
mod c;
mod hosted;
mod products;
mod profile;
mod rebuild;
mod results;
mod run;
mod runtime;
mod rust;
mod signatures;
mod tools;
mod typed;
