//! In software.

use alloc::vec::Vec;

use crate::{INPUTS, Model};

impl Model {
    /// The outputs of samples.
    pub fn outputs(&self, samples: &[[i8; INPUTS]]) -> Vec<i32> {
        samples.iter().map(|sample| self.output(sample)).collect()
    }

    fn output(&self, sample: &[i8; INPUTS]) -> i32 {
        let mut output = self.output_bias;
        for ((weights, bias), weight) in self
            .weights
            .iter()
            .zip(&self.biases)
            .zip(&self.output_weights)
        {
            let sum = bias.wrapping_add(dot(weights, sample));
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
