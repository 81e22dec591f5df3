//! The kernels on the CPU against Plonky3, bit by bit.

mod arithmetic;
mod common;
mod fold;
mod layout;
mod ntt;
mod openings;
mod gather;
mod layout;
mod oracle;
mod tree;
