//! The curve, in numbers (NIST SP 800-186, section 3.2.1.3).

use elliptic_curve::bigint::{Odd, U256};
use elliptic_curve::consts::U32;
use elliptic_curve::hazmat::FieldArithmetic;
use elliptic_curve::point::{PointCompaction, PointCompression};
use elliptic_curve::{Curve, CurveArithmetic, PrimeCurve};
use primeorder::PrimeCurveParams;
use primeorder::point_arithmetic::EquationAIsMinusThree;
use vouch_curves::{
    Accelerated, Base, Endomorphism, GeneratorTable, NIST_P256, Order, Prime, Primes, Residue,
    Weierstrass, words,
};

/// The curve P-256, which is also called secp256r1 and prime256v1.
#[derive(Copy, Clone, Debug, Default, Eq, PartialEq, PartialOrd, Ord)]
pub struct NistP256;

const ORDER: &str = "FFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551";

impl Curve for NistP256 {
    type FieldBytesSize = U32;
    type Uint = U256;
    const ORDER: Odd<U256> = Odd::<U256>::from_be_hex(ORDER);
}

impl PrimeCurve for NistP256 {}

impl PointCompression for NistP256 {
    const COMPRESS_POINTS: bool = false;
}

impl PointCompaction for NistP256 {
    const COMPACT_POINTS: bool = false;
}

#[cfg(feature = "pkcs8")]
impl elliptic_curve::pkcs8::AssociatedOid for NistP256 {
    const OID: elliptic_curve::pkcs8::ObjectIdentifier =
        elliptic_curve::pkcs8::ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7");
}

impl CurveArithmetic for NistP256 {
    type AffinePoint = primeorder::AffinePoint<Self>;
    type ProjectivePoint = primeorder::ProjectivePoint<Self>;
    type Scalar = Residue<Order<Self>>;
}

impl FieldArithmetic for NistP256 {
    type FieldElement = Residue<Base<Self>>;
}

impl PrimeCurveParams for NistP256 {
    type PointArithmetic = EquationAIsMinusThree;
    type Backend = Accelerated;
    const EQUATION_A: Residue<Base<Self>> = Residue::new(words(
        "FFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFC",
    ));
    const EQUATION_B: Residue<Base<Self>> = Residue::new(words(
        "5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B",
    ));
    const GENERATOR: (Residue<Base<Self>>, Residue<Base<Self>>) = (
        Residue::new(words(
            "6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296",
        )),
        Residue::new(words(
            "4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5",
        )),
    );
}

impl Primes for NistP256 {
    const BASE: Prime = Prime {
        hex: "FFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFF",
        generator: 6,
        two_adicity: 1,
        root_of_unity: words("FFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFE"),
        root_of_unity_inverse: words(
            "FFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFE",
        ),
        delta: [36, 0, 0, 0, 0, 0, 0, 0],
    };
    const ORDER: Prime = Prime {
        hex: ORDER,
        generator: 7,
        two_adicity: 4,
        root_of_unity: words("FFC97F062A770992BA807ACE842A3DFC1546CAD004378DAF0592D7FBB41E6602"),
        root_of_unity_inverse: words(
            "A0A66A5562D46F2AC645FA0458131CAEE3AC117C794C4137379C7F0657C73764",
        ),
        delta: words("00000000000000000000000000000000000000000000000000001E39A5057D81"),
    };
}

impl Weierstrass for NistP256 {
    const GENERATOR_TABLES: &'static [GeneratorTable] = &NIST_P256;
    const ENDOMORPHISM: Option<Endomorphism> = None;
}
