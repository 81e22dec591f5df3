//! Numbers modulo `2^255 - 19`, and the curve's constants.

use vouch_modular::{Modulus, Plan, Words, half, words};

use crate::encoding::words_of;

/// The modulus `p`.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Field;

impl Modulus for Field {
    const HEX: &'static str = "7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFED";
}

/// `d` of the curve `-x^2 + y^2 = 1 + d x^2 y^2`.
pub(crate) const D: Words =
    words("52036CEE2B6FFE738CC740797779E89800700A4D4141D8AB75EB4DCA135978A3");
/// `2 d`
pub(crate) const TWO_D: Words =
    words("2406D9DC56DFFCE7198E80F2EEF3D13000E0149A8283B156EBD69B9426B2F159");
/// A square root of -1.
const ROOT_OF_MINUS_ONE: Words =
    words("2B8324804FC1DF0B2B4D00993DFBD7A72F431806AD2FE478C4EE1B274A0EA0B0");
/// `(p - 5) / 8`
const EIGHTH: Plan = Plan::new(&half(&half(&half(&Field::NUMBER, 0), 0), 0));

/// `a * b`
pub(crate) fn product(a: &Words, b: &Words) -> Words {
    let mut product = [0; 8];
    Field::multiply(a, b, &mut product);
    product
}

/// `a + b`
pub(crate) fn sum(a: &Words, b: &Words) -> Words {
    let mut sum = [0; 8];
    Field::multiply_add(a, &Field::ONE, b, &mut sum);
    sum
}

/// `a - b`
pub(crate) fn difference(a: &Words, b: &Words) -> Words {
    let mut difference = [0; 8];
    Field::multiply_add(b, &Field::MINUS_ONE, a, &mut difference);
    difference
}

/// `-a`
pub(crate) fn negative(a: &Words) -> Words {
    product(a, &Field::MINUS_ONE)
}

/// `1 / a`, or 0 for 0.
pub(crate) fn inverse(a: &Words) -> Words {
    Field::INVERSION.raise::<Field>(a)
}

/// The number of these bytes, whose highest bit does not count.
pub(crate) fn from_bytes(bytes: &[u8; 32]) -> Words {
    let mut words = words_of(bytes);
    words[7] &= u32::MAX >> 1;
    product(&words, &Field::ONE)
}

/// The even one of the square roots of `a / b`, if there are any, for a `b` that is not 0.
pub(crate) fn root_of_quotient(a: &Words, b: &Words) -> Option<Words> {
    let cube = product(&product(b, b), b);
    let seventh = product(&product(&cube, &cube), b);
    // (a b^7)^((p - 5) / 8) a b^3 is a root of a / b, or of -a / b.
    let power = EIGHTH.raise::<Field>(&product(a, &seventh));
    let mut root = product(&product(&power, &cube), a);
    let square = product(&product(&root, &root), b);
    if square != *a {
        if square != negative(a) {
            return None;
        }
        root = product(&root, &ROOT_OF_MINUS_ONE);
    }
    if root[0] & 1 == 1 {
        root = negative(&root);
    }
    Some(root)
}
