//! Verifies an Ed25519 signature (RFC 8032). With the feature `software` it does so without accelerators.
//!
//! Input: three frames: the public key (32 bytes), the message, the signature (64 bytes). Journal: whether the signature
//! is valid (four bytes, little-endian, 1 or 0), the message's SHA-256 (32 bytes), the public key.
//!
//! Bytes that are no public key are refused. Verification is strict: what a key or a nonce of small order signs, which
//! would be valid for many messages, is not valid.
#![no_std]
#![no_main]

#[cfg(not(feature = "software"))]
use ed25519_dalek as ed25519;
#[cfg(feature = "software")]
use ed25519_dalek_software as ed25519;

use ed25519::{Signature, VerifyingKey};
use sha2::{Digest, Sha256};
use vouch_guest::{io, refuse};

vouch_guest::entry!(main);

fn main() {
    let [key, message, signature] = [io::read_frame(), io::read_frame(), io::read_frame()];
    io::end();
    let valid = is_valid(&key, &message, &signature);
    io::commit(&valid);
    io::commit_slice(&Sha256::digest(&message));
    io::commit_slice(&key);
}

fn is_valid(key: &[u8], message: &[u8], signature: &[u8]) -> bool {
    let Ok(key) = key.try_into() else {
        refuse(format_args!(
            "expected a public key of 32 bytes, got {}",
            key.len()
        ));
    };
    let Ok(signature) = Signature::from_slice(signature) else {
        refuse(format_args!(
            "expected a signature of 64 bytes, got {}",
            signature.len()
        ));
    };
    let Ok(key) = VerifyingKey::from_bytes(key) else {
        refuse("expected a point of edwards25519 as the public key, got other bytes");
    };
    key.verify_strict(message, &signature).is_ok()
}
