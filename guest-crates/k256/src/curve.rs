//! The curve, in numbers (SEC 2, section 2.4.1).

use elliptic_curve::bigint::{Odd, U256};
use elliptic_curve::consts::U32;
use elliptic_curve::hazmat::FieldArithmetic;
use elliptic_curve::point::PointCompression;
use elliptic_curve::{Curve, CurveArithmetic, PrimeCurve};
use primeorder::PrimeCurveParams;
use primeorder::point_arithmetic::EquationAIsZero;
use vouch_curves::{
    Accelerated, Base, Endomorphism, GeneratorTable, Order, Prime, Primes, Residue, SECP256K1,
    Weierstrass, words,
};

/// The curve secp256k1: `y^2 = x^3 + 7`.
#[derive(Copy, Clone, Debug, Default, Eq, PartialEq, PartialOrd, Ord)]
pub struct Secp256k1;

const ORDER: &str = "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141";

impl Curve for Secp256k1 {
    type FieldBytesSize = U32;
    type Uint = U256;
    const ORDER: Odd<U256> = Odd::<U256>::from_be_hex(ORDER);
}

impl PrimeCurve for Secp256k1 {}

impl PointCompression for Secp256k1 {
    const COMPRESS_POINTS: bool = true;
}

#[cfg(feature = "pkcs8")]
impl elliptic_curve::pkcs8::AssociatedOid for Secp256k1 {
    const OID: elliptic_curve::pkcs8::ObjectIdentifier =
        elliptic_curve::pkcs8::ObjectIdentifier::new_unwrap("1.3.132.0.10");
}

impl CurveArithmetic for Secp256k1 {
    type AffinePoint = primeorder::AffinePoint<Self>;
    type ProjectivePoint = primeorder::ProjectivePoint<Self>;
    type Scalar = Residue<Order<Self>>;
}

impl FieldArithmetic for Secp256k1 {
    type FieldElement = Residue<Base<Self>>;
}

impl PrimeCurveParams for Secp256k1 {
    type PointArithmetic = EquationAIsZero;
    type Backend = Accelerated;
    const EQUATION_A: Residue<Base<Self>> = Residue::ZERO;
    const EQUATION_B: Residue<Base<Self>> = Residue::new([7, 0, 0, 0, 0, 0, 0, 0]);
    const GENERATOR: (Residue<Base<Self>>, Residue<Base<Self>>) = (
        Residue::new(words(
            "79BE667EF9DCBBAC55A06295CE870B07029BFCDB2DCE28D959F2815B16F81798",
        )),
        Residue::new(words(
            "483ADA7726A3C4655DA4FBFC0E1108A8FD17B448A68554199C47D08FFB10D4B8",
        )),
    );
}

impl Primes for Secp256k1 {
    const BASE: Prime = Prime {
        hex: "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEFFFFFC2F",
        generator: 3,
        two_adicity: 1,
        root_of_unity: words("FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEFFFFFC2E"),
        root_of_unity_inverse: words(
            "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEFFFFFC2E",
        ),
        delta: [9, 0, 0, 0, 0, 0, 0, 0],
    };
    const ORDER: Prime = Prime {
        hex: ORDER,
        generator: 7,
        two_adicity: 6,
        root_of_unity: words("0C1DC060E7A91986DF9879A3FBC483A898BDEAB680756045992F4B5402B052F2"),
        root_of_unity_inverse: words(
            "FD3AE181F12D7096EFC7B0C75B8CBB7277A275910AA413C3B6FB30A0884F0D1C",
        ),
        delta: words("0000000000000000000CBC21FE4561C8D63B78E780E1341E199417C8C0BB7601"),
    };
}

impl Weierstrass for Secp256k1 {
    const GENERATOR_TABLES: &'static [GeneratorTable] = &SECP256K1;
    // The basis of Gallant, Lambert and Vanstone's section 4, of which Guide to Elliptic Curve
    // Cryptography, algorithm 3.74, tells how to find it.
    const ENDOMORPHISM: Option<Endomorphism> = Some(Endomorphism {
        beta: words("7AE96A2B657C07106E64479EAC3434E99CF0497512F58995C1396C28719501EE"),
        minus_lambda: words("AC9C52B33FA3CF1F5AD9E3FD77ED9BA4A880B9FC8EC739C2E0CFC810B51283CF"),
        factors: [
            words("3086D221A7D46BCDE86C90E49284EB153DAA8A1471E8CA7FE893209A45DBB030"),
            words("E4437ED6010E88286F547FA90ABFE4C4221208AC9DF506C61571B4AE8AC47F71"),
        ],
        steps: [
            words("00000000000000000000000000000000E4437ED6010E88286F547FA90ABFE4C3"),
            words("FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFE8A280AC50774346DD765CDA83DB1562C"),
        ],
    });
}
