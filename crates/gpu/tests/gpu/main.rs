//! The kernels on the CPU against Plonky3, bit by bit.

mod arithmetic;
mod common;
mod gather;
mod grind;
mod layout;
mod oracle;
mod tree;
