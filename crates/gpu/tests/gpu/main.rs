//! The kernels on the CPU against Plonky3, bit by bit.

mod arithmetic;
mod common;
mod fold;
mod gather;
mod grind;
mod layout;
mod ntt;
mod openings;
mod oracle;
mod proofs;
mod rates;
mod tree;
