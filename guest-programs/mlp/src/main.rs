//! Inference of a network of 25 inputs, 64 hidden units with ReLU and one output, in 8-bit integers, by the accelerator
//! `matrix_product_i8`; with the feature `software`, without accelerators.
//!
//! Input: a frame with a [`Model`], a frame with samples, 25 signed bytes each. Journal: the number of samples (four
//! bytes, little-endian), and the BLAKE3 digest (32 bytes) of their outputs, four bytes each, little-endian.
#![no_std]
#![no_main]

extern crate alloc;

use alloc::vec::Vec;

#[cfg(feature = "software")]
use blake3::hash;
#[cfg(not(feature = "software"))]
use blake3_accelerated::hash;
use bytemuck::cast_slice;
use serde::Deserialize;
use vouch_guest::{io, refuse};

#[cfg_attr(feature = "software", path = "software.rs")]
mod inference;

const INPUTS: usize = 25;
const HIDDEN: usize = 64;

/// The network. Sums have 32 bits and wrap.
#[derive(Deserialize)]
struct Model {
    /// Weights of the hidden units, of which there are 64.
    weights: Vec<[i8; INPUTS]>,
    /// What their sums begin with.
    biases: Vec<i32>,
    /// By how many bits their sums are shifted right, at most 31, to become 8 bits again. What is more than 127 then
    /// becomes 127, what is negative 0.
    shift: u32,
    /// Weights of the output, one a hidden unit.
    output_weights: Vec<i8>,
    /// What its sum begins with. That is not shifted.
    output_bias: i32,
}

vouch_guest::entry!(main);

fn main() {
    let model: Model = io::read();
    let samples = io::read_frame();
    io::end();
    let units = [
        model.weights.len(),
        model.biases.len(),
        model.output_weights.len(),
    ];
    if units != [HIDDEN; 3] {
        refuse(format_args!(
            "expected weights, biases and output weights of {HIDDEN} units, got {units:?}"
        ));
    }
    if model.shift > 31 {
        refuse(format_args!(
            "expected a shift of 31 bits at most, got {}",
            model.shift
        ));
    }
    let (samples, rest) = samples.as_chunks::<INPUTS>();
    if !rest.is_empty() {
        refuse(format_args!(
            "expected whole samples of {INPUTS} bytes, got {} bytes more",
            rest.len()
        ));
    }
    let outputs: Vec<i32> = model.outputs(cast_slice(samples));
    io::commit_word(samples.len() as u32);
    // The machine's numbers are little-endian.
    io::commit_slice(hash(cast_slice(&outputs)).as_bytes());
}
