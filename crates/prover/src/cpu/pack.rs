//! Packs: one number of each of `WIDTH` rows, as a SIMD vector.

use core::marker::PhantomData;
use core::ops::Range;
use p3_field::{
    Algebra, BasedVectorSpace, ExtensionField, Field, PackedFieldExtension, PackedFieldPow2,
    PackedValue, PrimeCharacteristicRing,
};
use p3_util::reverse_bits_len;
use vouch_air::F;
use vouch_verifier::config::ChallengeField;

/// A base-field element of each of [`WIDTH`] rows.
pub(super) type Pack = <F as Field>::Packing;
/// A challenge-field element of each of [`WIDTH`] rows.
pub(super) type ChallengePack<EF> = <EF as ExtensionField<F>>::ExtensionPacking;
/// Rows of a pack.
pub(super) const WIDTH: usize = <Pack as PackedValue>::WIDTH;

/// Swaps rows and columns of a square.
#[inline(always)]
fn transpose(square: &mut [Pack; WIDTH]) {
    let mut block = 1;
    while block < WIDTH {
        for i in 0..WIDTH {
            if i & block == 0 {
                let (x, y) = square[i].interleave(square[i + block], block);
                (square[i], square[i + block]) = (x, y);
            }
        }
        block *= 2;
    }
}

/// Some columns of `WIDTH` rows, which lie one after another in `rows`.
pub(super) fn load(rows: &[F], width: usize, columns: Range<usize>, out: &mut [Pack]) {
    let (squares, left) = out[..columns.len()].as_chunks_mut();
    for (i, out) in squares.iter_mut().enumerate() {
        square(rows, width, columns.start + i * WIDTH, out);
    }
    if left.is_empty() {
    } else if columns.end >= WIDTH {
        // The last columns, together with some before them.
        let mut last = [Pack::ZERO; WIDTH];
        square(rows, width, columns.end - WIDTH, &mut last);
        left.copy_from_slice(&last[WIDTH - left.len()..]);
    } else {
        let first = columns.end - left.len();
        for (column, out) in (first..).zip(left) {
            let cells = rows[column..].iter().step_by(width);
            for (lane, &cell) in out.as_slice_mut().iter_mut().zip(cells) {
                *lane = cell;
            }
        }
    }
}

/// `WIDTH` columns from `column` on of as many rows.
#[inline(always)]
fn square(rows: &[F], width: usize, column: usize, out: &mut [Pack; WIDTH]) {
    // Checked once.
    let rows = &rows[column..column + (WIDTH - 1) * width + WIDTH];
    let mut square = [Pack::ZERO; WIDTH];
    for (lane, row) in square.iter_mut().enumerate() {
        *row = *Pack::from_slice(&rows[lane * width..lane * width + WIDTH]);
    }
    transpose(&mut square);
    *out = square;
}

/// Where the rows are that lie as far from each of `WIDTH` rows of a bit-reversed domain: next to each other as those
/// do, in another order if the distance leads beyond the end of the domain's parts that they are of.
pub(super) struct Neighbours {
    /// The first of them.
    pub first: usize,
    lanes: Option<[usize; WIDTH]>,
}

impl Neighbours {
    /// Those `step` rows after the rows from `first` on, or before if it is negative, in a domain of `2^bits`.
    pub(super) fn new(first: usize, step: isize, bits: usize) -> Self {
        let lane_bits = WIDTH.ilog2() as usize;
        let part = 1isize << (bits - lane_bits);
        let there = reverse_bits_len(first / WIDTH, bits - lane_bits) as isize + step;
        let carry = there.div_euclid(part);
        let within = reverse_bits_len(there.rem_euclid(part) as usize, bits - lane_bits);
        let lane = |lane: usize| {
            let natural = reverse_bits_len(lane, lane_bits) as isize + carry;
            reverse_bits_len(natural.rem_euclid(WIDTH as isize) as usize, lane_bits)
        };
        Self {
            first: within * WIDTH,
            lanes: (carry != 0).then(|| core::array::from_fn(lane)),
        }
    }

    /// Puts numbers of the rows from the first on into the order of the rows that they are neighbours of.
    #[inline]
    pub(super) fn arrange(&self, packs: &mut [Pack]) {
        if let Some(lanes) = &self.lanes {
            for pack in packs {
                let numbers = *pack;
                *pack = Pack::from_fn(|lane| numbers.as_slice()[lanes[lane]]);
            }
        }
    }
}

/// Puts `packs` into the columns from `first` on of `WIDTH` rows.
pub(super) fn store(packs: &[Pack], rows: &mut [F], width: usize, first: usize) {
    for (i, packs) in packs.chunks(WIDTH).enumerate() {
        let mut square = [Pack::ZERO; WIDTH];
        square[..packs.len()].copy_from_slice(packs);
        transpose(&mut square);
        for (lane, row) in square.iter().enumerate() {
            let cells = &mut rows[lane * width + first + i * WIDTH..][..packs.len()];
            cells.copy_from_slice(&row.as_slice()[..packs.len()]);
        }
    }
}

/// The number of one of the rows.
#[inline]
pub(super) fn lane<EF: ChallengeField>(pack: &ChallengePack<EF>, lane: usize) -> EF {
    PackedFieldExtension::<F, EF>::extract(pack, lane)
}

/// Factors of a sum of products, coordinate by coordinate: a base-field number times a
/// constant challenge takes `EF::DEGREE` multiplications, and a sum of them is reduced once in a while.
#[derive(Clone, Debug)]
pub(super) struct Factors<EF> {
    /// Of all factors, by coordinate.
    coordinates: Vec<Vec<F>>,
    field: PhantomData<EF>,
}

impl<EF: ChallengeField> Factors<EF> {
    pub(super) fn new(factors: impl IntoIterator<Item = EF>) -> Self {
        let mut coordinates = vec![Vec::new(); EF::DEGREE];
        for factor in factors {
            let factor: &[F] = factor.as_basis_coefficients_slice();
            for (coordinate, &value) in coordinates.iter_mut().zip(factor) {
                coordinate.push(value);
            }
        }
        Self {
            coordinates,
            field: PhantomData,
        }
    }

    /// The sum of `values` times the factors.
    #[inline]
    pub(super) fn combine(&self, values: &[Pack]) -> ChallengePack<EF> {
        ChallengePack::<EF>::from_basis_coefficients_fn(|k| {
            Pack::batched_linear_combination(values, &self.coordinates[k])
        })
    }
}

/// The inverse of every lane; none may be 0.
pub(super) fn invert<EF: ChallengeField>(value: ChallengePack<EF>) -> ChallengePack<EF> {
    let lanes: [EF; WIDTH] = core::array::from_fn(|i| lane(&value, i));
    let mut inverses = [EF::ZERO; WIDTH];
    p3_field::batch_multiplicative_inverse_general(&lanes, &mut inverses, |x| x.inverse());
    ChallengePack::<EF>::from_ext_slice(&inverses)
}

/// The inverse of every lane; none may be 0.
pub(super) fn invert_base(value: Pack) -> Pack {
    let mut inverses = [F::ZERO; WIDTH];
    p3_field::batch_multiplicative_inverse_general(value.as_slice(), &mut inverses, |x| {
        x.inverse()
    });
    *Pack::from_slice(&inverses)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_become_columns_and_rows_again() {
        for width in [1, 4, 15, 16, 17, 31, 32, 40, 299] {
            let rows: Vec<F> = (0..WIDTH * width).map(|i| F::new(i as u32)).collect();
            let mut packs = vec![Pack::ZERO; width];
            load(&rows, width, 0..width, &mut packs);
            for (column, pack) in packs.iter().enumerate() {
                for (lane, &cell) in pack.as_slice().iter().enumerate() {
                    assert_eq!(
                        cell,
                        rows[lane * width + column],
                        "{width}: {lane}, {column}"
                    );
                }
            }
            // Some of the columns only.
            for columns in [0..width / 2, width / 2..width, width / 3..width - width / 3] {
                let mut some = vec![Pack::ZERO; columns.len()];
                load(&rows, width, columns.clone(), &mut some);
                assert_eq!(some, packs[columns]);
            }
            // Beside a column that stays.
            let mut stored = vec![F::ONE; WIDTH * (width + 1)];
            store(&packs, &mut stored, width + 1, 1);
            for (lane, row) in stored.chunks_exact(width + 1).enumerate() {
                assert_eq!(row[0], F::ONE);
                assert_eq!(row[1..], rows[lane * width..][..width]);
            }
        }
    }

    #[test]
    fn neighbours_are_found() {
        for bits in [5, 6, 9] {
            for step in [-4, -1, 1, 2, 4] {
                for first in (0..1 << bits).step_by(WIDTH) {
                    let neighbours = Neighbours::new(first, step, bits);
                    let there = neighbours.first;
                    let mut numbers = [Pack::from_fn(|lane| F::new((there + lane) as u32))];
                    neighbours.arrange(&mut numbers);
                    for (lane, &number) in numbers[0].as_slice().iter().enumerate() {
                        let natural = reverse_bits_len(first + lane, bits) as isize + step;
                        let natural = natural.rem_euclid(1 << bits) as usize;
                        assert_eq!(number, F::new(reverse_bits_len(natural, bits) as u32));
                    }
                }
            }
        }
    }
}
