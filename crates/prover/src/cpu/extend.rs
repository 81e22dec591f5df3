//! Low-degree extension: from the values of polynomials on a domain of `2^n` points to those on
//! a larger one. Matrices are row-major, a polynomial a column.
//!
//! Plonky3's transforms are fast on wide matrices; ours are narrow (4 columns of a quotient, 17
//! to 60 of a table), so this one never works on less than a vector. Values are in bit-reversed
//! order and coefficients in natural order, so that each layer multiplies long contiguous runs
//! by one root: with `x^(2h) = c^2` on a block of points, `f = lo + x^h hi` is `lo + c hi` on
//! its first half and `lo - c hi` on the second.
//!
//! A large transform goes through memory three times: the inverse layers within blocks of
//! neighbouring rows; the inverse layers between blocks and, while these are at hand, the
//! forward layers between blocks of every coset; the forward layers within blocks.

use std::sync::Arc;

use p3_field::{Field, PackedValue, PrimeCharacteristicRing, TwoAdicField};
use p3_matrix::Matrix;
use p3_matrix::dense::RowMajorMatrix;
use p3_maybe_rayon::prelude::*;
use p3_util::{log2_strict_usize, reverse_bits_len, reverse_slice_index_bits};
use parking_lot::RwLock;
use vouch_air::F;

use super::layers::{Twiddles, layers};
use super::pack::Pack;

/// Bytes that layers within a block work on, and layers between blocks: what fits the second
/// level of cache.
const BLOCK_BYTES: usize = 1 << 18;
/// Elements of a run that layers between blocks take from each block at a time.
const RUN: usize = 64;
/// Runs in a piece of work.
const RUNS: usize = 16;

/// The order of a matrix's rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    /// Row `i` belongs to the `i`-th power of the domain's generator.
    Natural,
    /// Row `i` belongs to the power whose bits are those of `i` reversed.
    BitReversed,
}

/// Extends matrices; keeps the roots of unity.
#[derive(Default)]
pub(super) struct Extender {
    roots: RwLock<Arc<Roots>>,
}

/// Roots of unity in bit-reversed order: those of a small order are the first of a larger one.
#[derive(Default)]
struct Roots {
    /// `w^rev(i)`
    forward: Vec<F>,
    /// `w^-rev(i)`
    inverse: Vec<F>,
}

impl Roots {
    fn new(log_height: usize) -> Self {
        let root = F::two_adic_generator(log_height);
        let [forward, inverse] = [root, root.inverse()].map(|root| {
            let mut powers = root.powers().collect_n((1 << log_height) / 2);
            reverse_slice_index_bits(&mut powers);
            powers
        });
        Self { forward, inverse }
    }
}

impl Extender {
    /// The values of the columns of `rows` on `shift` times the domain that is `2^added_bits` as
    /// large, bit-reversed; the rows' own domain is the subgroup of their number.
    pub(super) fn extend(
        &self,
        rows: &RowMajorMatrix<F>,
        order: Order,
        added_bits: usize,
        shift: F,
    ) -> RowMajorMatrix<F> {
        let (width, log_height) = (rows.width(), log2_strict_usize(rows.height()));
        let mut values = F::zero_vec(rows.values.len() << added_bits);
        let roots = &self.roots(log_height);
        let transform = Transform::new(roots, width, log_height, added_bits, shift);
        transform.inverse_within(&rows.values, order, &mut values);
        transform.between(&mut values);
        transform.forward_within(&mut values);
        RowMajorMatrix::new(values, width)
    }

    /// The same for the last rows of `values`, of which there are `2^added_bits` times as many: in their place.
    pub(super) fn extend_in_place(
        &self,
        values: &mut RowMajorMatrix<F>,
        order: Order,
        added_bits: usize,
        shift: F,
    ) {
        let (width, log_height) = (
            values.width(),
            log2_strict_usize(values.height()) - added_bits,
        );
        let roots = &self.roots(log_height);
        let transform = Transform::new(roots, width, log_height, added_bits, shift);
        let (first, rows) = { &mut values.values }
            .split_at_mut((width << log_height << added_bits) - (width << log_height));
        transform.inverse_within(rows, order, first);
        transform.between(&mut values.values);
        transform.forward_within(&mut values.values);
    }

    /// Computes the roots for matrices of up to `2^log_height` rows, so that they are not
    /// computed for each.
    pub(super) fn prepare(&self, log_height: usize) {
        self.roots(log_height);
    }

    fn roots(&self, log_height: usize) -> Arc<Roots> {
        let enough = |roots: &Roots| roots.forward.len() >= (1 << log_height) / 2;
        let roots = Arc::clone(&*self.roots.read());
        if enough(&roots) {
            return roots;
        }
        // Not under the lock: a thread that waits for others in the middle of it may be given work
        // that wants the roots, too.
        let more = Arc::new(Roots::new(log_height));
        let mut roots = self.roots.write();
        if !enough(&roots) {
            *roots = Arc::clone(&more);
        }
        more
    }
}

/// Rows of a block, log2: as many as fit [`BLOCK_BYTES`], but enough for whole runs.
fn log_block(width: usize, log_height: usize) -> usize {
    let rows = BLOCK_BYTES / (width * size_of::<F>());
    let log_rows = rows.max(RUN).ilog2() as usize;
    // A height that just exceeds a block is cut in the middle.
    match log_height <= log_rows {
        true => log_height,
        false => log_rows
            .min(log_height - 2)
            .max(RUN.ilog2() as usize)
            .min(log_height),
    }
}

/// The shift of each coset of the extended domain, in the order of its rows.
fn shifts(log_height: usize, added_bits: usize, shift: F) -> Vec<F> {
    let generator = F::two_adic_generator(log_height + added_bits);
    (0..1usize << added_bits)
        .map(|coset| shift * generator.exp_u64(reverse_bits_len(coset, added_bits) as u64))
        .collect()
}

struct Transform<'a> {
    roots: &'a Roots,
    width: usize,
    log_height: usize,
    log_block: usize,
    shifts: Vec<F>,
}

impl<'a> Transform<'a> {
    fn new(roots: &'a Roots, width: usize, log_height: usize, added_bits: usize, shift: F) -> Self {
        Self {
            roots,
            width,
            log_height,
            log_block: log_block(width, log_height),
            shifts: shifts(log_height, added_bits, shift),
        }
    }

    /// Elements of a block.
    fn block(&self) -> usize {
        self.width << self.log_block
    }

    /// Blocks of a coset, log2.
    fn log_blocks(&self) -> usize {
        self.log_height - self.log_block
    }

    /// Copies `rows`, bit-reversed, to the first coset, and inverts the layers within blocks.
    fn inverse_within(&self, rows: &[F], order: Order, values: &mut [F]) {
        let width = self.width;
        let mut blocks: Vec<_> = values[..rows.len()]
            .chunks_exact_mut(self.block())
            .enumerate()
            .collect();
        if order == Order::Natural {
            // Blocks that are next to each other take rows that are next to each other.
            reverse_slice_index_bits(&mut blocks);
        }
        blocks.into_par_iter().for_each(|(i, block)| {
            let first = i << self.log_block;
            match order {
                Order::BitReversed => block.copy_from_slice(&rows[first * width..][..block.len()]),
                Order::Natural => {
                    for (j, row) in block.chunks_exact_mut(width).enumerate() {
                        let from = reverse_bits_len(first + j, self.log_height) * width;
                        row.copy_from_slice(&rows[from..from + width]);
                    }
                }
            }
            let twiddles = Twiddles {
                table: &self.roots.inverse,
                block: i,
                scales: None,
            };
            layers::<true>(block, width, self.log_block, twiddles);
        });
    }

    /// Inverts the layers between blocks and evaluates those of every coset.
    fn between(&self, values: &mut [F]) {
        let (log_blocks, cosets) = (self.log_blocks(), self.shifts.len());
        let scale = F::ONE.div_2exp_u64(self.log_height as u64);
        let scales: Vec<Vec<F>> = self
            .shifts
            .iter()
            .map(|&s| self.scales(s, 0, log_blocks))
            .collect();
        // Every piece of work gets its part of every block of every coset.
        let piece = RUN * RUNS;
        let mut pieces: Vec<Vec<&mut [F]>> = (0..self.block().div_ceil(piece))
            .map(|_| Vec::with_capacity(cosets << log_blocks))
            .collect();
        for block in values.chunks_exact_mut(self.block()) {
            for (piece, part) in pieces.iter_mut().zip(block.chunks_mut(piece)) {
                piece.push(part);
            }
        }
        let scratch = || [(); 2].map(|()| F::zero_vec(RUN << log_blocks));
        pieces
            .into_par_iter()
            .for_each_init(scratch, |[coefficients, scratch], mut parts| {
                for run in (0..parts[0].len()).step_by(RUN) {
                    for (row, part) in coefficients.chunks_exact_mut(RUN).zip(&parts) {
                        let part = Pack::pack_slice(&part[run..run + RUN]);
                        for (cell, &value) in Pack::pack_slice_mut(row).iter_mut().zip(part) {
                            *cell = value * scale;
                        }
                    }
                    let twiddles = Twiddles {
                        table: &self.roots.inverse,
                        block: 0,
                        scales: None,
                    };
                    layers::<true>(coefficients, RUN, log_blocks, twiddles);
                    for (i, (coset, scales)) in parts
                        .chunks_exact_mut(1 << log_blocks)
                        .zip(&scales)
                        .enumerate()
                    {
                        let values = match i + 1 == cosets {
                            // They are not needed after the last one.
                            true => &mut *coefficients,
                            false => {
                                scratch.copy_from_slice(coefficients);
                                &mut *scratch
                            }
                        };
                        let twiddles = Twiddles {
                            table: &self.roots.forward,
                            block: 0,
                            scales: Some(scales),
                        };
                        layers::<false>(values, RUN, log_blocks, twiddles);
                        for (row, part) in values.as_chunks::<RUN>().0.iter().zip(coset) {
                            if let Some(part) = part[run..].first_chunk_mut() {
                                *part = *row;
                            }
                        }
                    }
                }
            });
    }

    /// Evaluates the layers within blocks.
    fn forward_within(&self, values: &mut [F]) {
        let log_blocks = self.log_blocks();
        let scales: Vec<Vec<F>> = self
            .shifts
            .iter()
            .map(|&shift| self.scales(shift, log_blocks, self.log_height))
            .collect();
        values
            .par_chunks_exact_mut(self.block())
            .enumerate()
            .for_each(|(i, block)| {
                let twiddles = Twiddles {
                    table: &self.roots.forward,
                    block: i & ((1 << log_blocks) - 1),
                    scales: Some(&scales[i >> log_blocks]),
                };
                layers::<false>(block, self.width, self.log_block, twiddles);
            });
    }

    /// `shift^h` for the half-heights `h` of the layers from `first` to `end`.
    fn scales(&self, shift: F, first: usize, end: usize) -> Vec<F> {
        (first..end)
            .map(|layer| shift.exp_power_of_2(self.log_height - 1 - layer))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use p3_dft::{Radix2DitParallel, TwoAdicSubgroupDft};
    use p3_matrix::bitrev::BitReversibleMatrix;
    use proptest::prelude::*;

    use super::*;

    /// Numbers without a pattern.
    fn matrix(width: usize, log_height: usize, seed: u32) -> RowMajorMatrix<F> {
        let number = |i: usize| F::new((i as u32 ^ seed).wrapping_mul(0x9e37_79b9) >> 2);
        RowMajorMatrix::new((0..width << log_height).map(number).collect(), width)
    }

    fn assert_as_plonky3(width: usize, log_height: usize, added_bits: usize, shift: F) {
        let rows = matrix(width, log_height, 7);
        let dft = Radix2DitParallel::default();
        let expected = dft
            .coset_lde_batch(rows.clone(), added_bits, shift)
            .bit_reverse_rows()
            .to_row_major_matrix();
        let extender = Extender::default();
        let what = format!("2^{log_height} x {width}, 2^{added_bits} times");
        let got = extender.extend(&rows, Order::Natural, added_bits, shift);
        assert!(got == expected, "{what}");
        let reversed = rows.bit_reverse_rows().to_row_major_matrix();
        let got = extender.extend(&reversed, Order::BitReversed, added_bits, shift);
        assert!(got == expected, "{what}, bit-reversed");
        if added_bits > 0 {
            let mut values = F::zero_vec(reversed.values.len() << added_bits);
            let first = values.len() - reversed.values.len();
            values[first..].copy_from_slice(&reversed.values);
            let mut values = RowMajorMatrix::new(values, width);
            extender.extend_in_place(&mut values, Order::BitReversed, added_bits, shift);
            assert!(values == expected, "{what}, in place");
        }
    }

    #[test]
    fn equals_plonky3() {
        for log_height in 6..=9 {
            for width in [1, 3, 4, 8, 12, 16, 17, 31, 40, 299] {
                assert_as_plonky3(width, log_height, 1, F::GENERATOR);
            }
        }
        assert_as_plonky3(5, 7, 0, F::GENERATOR);
        assert_as_plonky3(20, 8, 4, F::TWO);
    }

    #[test]
    fn equals_plonky3_beyond_a_block() {
        for (width, log_height) in [
            (1, 17),
            (4, 15),
            (4, 17),
            (17, 13),
            (40, 12),
            (48, 14),
            (299, 11),
        ] {
            assert_as_plonky3(width, log_height, 1, F::GENERATOR);
        }
        assert_as_plonky3(17, 13, 3, F::GENERATOR);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]
        #[test]
        fn equals_plonky3_on_any_shape(width in 1usize..70, log_height in 6usize..14, added_bits in 0usize..3, shift in 1u32..1000) {
            assert_as_plonky3(width, log_height, added_bits, F::new(shift));
        }
    }
}
