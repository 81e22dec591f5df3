//! The kernels on the CPU against Plonky3, bit by bit.

mod arithmetic;
mod common;
mod ir;
mod layout;
mod logup;
mod quotient;
mod tables;
