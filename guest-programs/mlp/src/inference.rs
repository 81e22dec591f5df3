//! By the accelerator, four samples at a time.

use alloc::vec::Vec;

use vouch_guest::products::{DEPTH, SIDE, SUMS, Sums, Tile, Tiles, add_products};

use crate::{HIDDEN, INPUTS, Model};

/// Tiles of the activations of four samples.
const ACTIVATIONS: usize = HIDDEN / DEPTH;

impl Model {
    /// The outputs of samples.
    pub fn outputs(&self, samples: &[[i8; INPUTS]]) -> Vec<i32> {
        let weights = Tiles::from_rows(self.weights.as_flattened(), INPUTS);
        let output_weights = Tiles::from_rows(&self.output_weights, HIDDEN);
        // A row is a unit, a column a sample.
        let (biases, _) = self.biases.as_chunks::<SIDE>();
        let biases: Vec<Sums> = biases
            .iter()
            .map(|biases| core::array::from_fn(|i| biases[i / SIDE]))
            .collect();
        let output_bias = [self.output_bias; SUMS];

        let mut outputs = Vec::with_capacity(samples.len().next_multiple_of(SIDE));
        let mut sums = [0; SUMS];
        for samples in Tiles::from_rows(samples.as_flattened(), INPUTS).groups() {
            let mut activations = [Tile::ZERO; ACTIVATIONS];
            for (i, (weights, biases)) in weights.groups().zip(&biases).enumerate() {
                add_products(weights, samples, biases, &mut sums);
                self.activate(&sums, &mut activations[SIDE * i / DEPTH], SIDE * i % DEPTH);
            }
            for weights in output_weights.groups() {
                add_products(weights, &activations, &output_bias, &mut sums);
                outputs.extend_from_slice(&sums[..SIDE]);
            }
        }
        // The last samples may be none.
        outputs.truncate(samples.len());
        outputs
    }

    /// Puts what becomes of the sums of four units behind the `first` activations of each of four samples, which are
    /// zeros so far: as those of half of the units stay, a comparison more is cheaper than a store.
    #[inline(always)]
    fn activate(&self, sums: &Sums, activations: &mut Tile, first: usize) {
        for (i, activations) in activations.0.iter_mut().enumerate() {
            for (activation, unit) in activations[first..].iter_mut().zip(0..SIDE) {
                let sum = sums[SIDE * unit + i];
                if sum > 0 {
                    *activation = (sum >> self.shift).min(127) as i8;
                }
            }
        }
    }
}
