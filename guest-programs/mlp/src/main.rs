//! Inference of a network of 25 inputs, 64 hidden units with ReLU and one output, in 8-bit integers, in software.
//!
//! Input: a frame with a [`Model`], a frame with samples, 25 signed bytes each. Journal: the number of samples (four
//! bytes, little-endian), and the BLAKE3 digest (32 bytes) of their outputs, four bytes each, little-endian.
#![no_std]
#![no_main]

extern crate alloc;

use alloc::vec::Vec;

use serde::Deserialize;
use vouch_guest::{io, refuse};

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
    let outputs = samples.iter().map(|sample| model.output(sample));
    let outputs: Vec<u8> = outputs.flat_map(i32::to_le_bytes).collect();
    io::commit_word(samples.len() as u32);
    io::commit_slice(blake3::hash(&outputs).as_bytes());
}

impl Model {
    fn output(&self, sample: &[u8; INPUTS]) -> i32 {
        let sample = sample.map(|byte| byte.cast_signed());
        let mut output = self.output_bias;
        for ((weights, bias), weight) in self
            .weights
            .iter()
            .zip(&self.biases)
            .zip(&self.output_weights)
        {
            let sum = bias.wrapping_add(dot(weights, &sample));
            let activation = (sum >> self.shift).clamp(0, 127);
            output = output.wrapping_add(activation * i32::from(*weight));
        }
        output
    }
}

fn dot(weights: &[i8; INPUTS], sample: &[i8; INPUTS]) -> i32 {
    let products = weights.iter().zip(sample);
    products
        .map(|(weight, value)| i32::from(*weight) * i32::from(*value))
        .sum()
}
