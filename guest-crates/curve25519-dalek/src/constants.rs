//! The generator.

use vouch_modular::{Modulus, Words, words};

use crate::edwards::{CompressedEdwardsY, EdwardsPoint};
use crate::encoding::bytes_of;
use crate::field::Field;
use crate::montgomery::MontgomeryPoint;

const Y: Words = words("6666666666666666666666666666666666666666666666666666666666666658");

/// The generator of the group of prime order.
pub const ED25519_BASEPOINT_POINT: EdwardsPoint = EdwardsPoint {
    x: words("216936D3CD6E53FEC0A4E231FDD6DC5C692CC7609525A7B2C9562D608F25D51A"),
    y: Y,
    z: Field::ONE,
    t: words("67875F0FD78B766566EA4E8E64ABE37D20F09F80775152F56DDE8AB3A5B7DDA3"),
};

/// The same as 32 bytes.
pub const ED25519_BASEPOINT_COMPRESSED: CompressedEdwardsY = CompressedEdwardsY(bytes_of(&Y));

/// The same on the other model of the curve.
pub const X25519_BASEPOINT: MontgomeryPoint = MontgomeryPoint(bytes_of(&[9, 0, 0, 0, 0, 0, 0, 0]));
