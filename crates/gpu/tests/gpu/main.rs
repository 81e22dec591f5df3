//! The kernels on the CPU against Plonky3, bit by bit.

mod arithmetic;
mod common;
mod fold;
mod gather;
mod grind;
mod ir;
mod layout;
mod logup;
mod ntt;
mod openings;
mod oracle;
mod packed;
mod packs;
mod proofs;
mod quotient;
mod rates;
mod reduce;
mod tables;
mod tree;
