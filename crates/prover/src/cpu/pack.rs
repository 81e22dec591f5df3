//! Packs: one number of each of `WIDTH` rows, as a SIMD vector.

use core::ops::Range;

use p3_field::extension::BinomiallyExtendable;
use p3_field::{
    Algebra, BasedVectorSpace, ExtensionField, Field, PackedFieldExtension, PackedFieldPow2,
    PackedValue, PrimeCharacteristicRing,
};
use vouch_air::F;
use vouch_verifier::config::Challenge;

/// A base-field element of each of [`WIDTH`] rows.
pub(super) type Pack = <F as Field>::Packing;
/// A challenge-field element of each of [`WIDTH`] rows.
pub(super) type ChallengePack<const D: usize> =
    <Challenge<D> as ExtensionField<F>>::ExtensionPacking;
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

/// Some cells of `WIDTH` rows, which lie one after another in `rows`, column by column.
pub(super) fn load(rows: &[F], width: usize, columns: Range<usize>, out: &mut Vec<Pack>) {
    let square = |column: usize| {
        let row = |lane: usize| &rows[lane * width + column..][..WIDTH];
        let mut square = core::array::from_fn(|lane| *Pack::from_slice(row(lane)));
        transpose(&mut square);
        square
    };
    let left = columns.len() % WIDTH;
    for column in (columns.start..columns.end - left).step_by(WIDTH) {
        out.extend_from_slice(&square(column));
    }
    if left == 0 {
    } else if columns.end >= WIDTH {
        // The last columns, together with some before them.
        out.extend_from_slice(&square(columns.end - WIDTH)[WIDTH - left..]);
    } else {
        let cell = |column| Pack::from_fn(|lane| rows[lane * width + column]);
        out.extend((columns.end - left..columns.end).map(cell));
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
pub(super) fn lane<const D: usize>(pack: &ChallengePack<D>, lane: usize) -> Challenge<D>
where
    F: BinomiallyExtendable<D>,
{
    PackedFieldExtension::<F, Challenge<D>>::extract(pack, lane)
}

/// Factors of a sum of products, coordinate by coordinate: a base-field number times a
/// constant challenge takes `D` multiplications, and a sum of them is reduced once in a while.
#[derive(Clone, Debug)]
pub(super) struct Factors<const D: usize>([Vec<F>; D]);

impl<const D: usize> Factors<D>
where
    F: BinomiallyExtendable<D>,
{
    pub(super) fn new(factors: impl IntoIterator<Item = Challenge<D>>) -> Self {
        let mut coordinates = [(); D].map(|()| Vec::new());
        for factor in factors {
            let factor: &[F] = factor.as_basis_coefficients_slice();
            for (coordinate, &value) in coordinates.iter_mut().zip(factor) {
                coordinate.push(value);
            }
        }
        Self(coordinates)
    }

    /// The sum of `values` times the factors.
    #[inline]
    pub(super) fn combine(&self, values: &[Pack]) -> ChallengePack<D> {
        ChallengePack::<D>::from_basis_coefficients_fn(|k| {
            Pack::batched_linear_combination(values, &self.0[k])
        })
    }
}

/// The inverse of every lane; none may be 0.
pub(super) fn invert<const D: usize>(value: ChallengePack<D>) -> ChallengePack<D>
where
    F: BinomiallyExtendable<D>,
{
    let lanes: [Challenge<D>; WIDTH] = core::array::from_fn(|i| lane(&value, i));
    let mut inverses = [Challenge::<D>::ZERO; WIDTH];
    p3_field::batch_multiplicative_inverse_general(&lanes, &mut inverses, |x| x.inverse());
    ChallengePack::<D>::from_ext_slice(&inverses)
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
            let mut packs = Vec::new();
            load(&rows, width, 0..width, &mut packs);
            assert_eq!(packs.len(), width);
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
                let mut some = Vec::new();
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
}
