//! Packs: one number of each of `WIDTH` rows, as a SIMD vector.

use p3_field::extension::BinomiallyExtendable;
use p3_field::{
    Algebra, BasedVectorSpace, ExtensionField, Field, PackedFieldExtension, PackedValue,
    PrimeCharacteristicRing,
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

/// The cells of `WIDTH` rows, which lie one after another in `rows`, column by column.
#[inline]
pub(super) fn load(rows: &[F], width: usize, out: &mut Vec<Pack>) {
    out.extend((0..width).map(|column| Pack::from_fn(|lane| rows[lane * width + column])));
}

/// The challenge-field elements at `column` of the rows that `row` gives.
#[inline]
pub(super) fn load_challenge<const D: usize>(
    matrix: &[F],
    width: usize,
    column: usize,
    row: impl Fn(usize) -> usize,
) -> ChallengePack<D>
where
    F: BinomiallyExtendable<D>,
{
    ChallengePack::<D>::from_basis_coefficients_fn(|k| {
        Pack::from_fn(|lane| matrix[row(lane) * width + column * D + k])
    })
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
