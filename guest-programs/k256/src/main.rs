//! Verifies an ECDSA signature over secp256k1 and SHA-256. With the feature `software` it does so without accelerators.
//!
//! Input: three frames: the public key (SEC1, compressed: 33 bytes), the message, the signature (`r`, then `s`,
//! big-endian, 64 bytes). Journal: whether the signature is valid (four bytes, little-endian, 1 or 0), the message's
//! SHA-256 (32 bytes), the public key.
//!
//! Bytes that are no public key are refused; a signature that no key could have made is not valid. Of the two signatures
//! that everybody can make of one, `s` and `n - s`, only that with the smaller number is.
#![no_std]
#![no_main]

#[cfg(feature = "software")]
use k256 as curve;
#[cfg(not(feature = "software"))]
use k256_accelerated as curve;

use curve::ecdsa::signature::hazmat::PrehashVerifier;
use curve::ecdsa::{Signature, VerifyingKey};
use sha2::{Digest, Sha256};
use vouch_guest::{io, refuse};

vouch_guest::entry!(main);

fn main() {
    let [key, message, signature] = [io::read_frame(), io::read_frame(), io::read_frame()];
    io::end();
    let digest = Sha256::digest(&message);
    let valid = is_valid(&key, &digest, &signature);
    io::commit(&valid);
    io::commit_slice(&digest);
    io::commit_slice(&key);
}

fn is_valid(key: &[u8], digest: &[u8], signature: &[u8]) -> bool {
    let Ok([tag, ..]) = <&[u8; 33]>::try_from(key) else {
        refuse(format_args!(
            "expected a public key of 33 bytes, got {}",
            key.len()
        ));
    };
    if ![2, 3].contains(tag) {
        refuse(format_args!(
            "expected a compressed public key, which begins with 2 or 3, got {tag}"
        ));
    }
    if signature.len() != 64 {
        refuse(format_args!(
            "expected a signature of 64 bytes, got {}",
            signature.len()
        ));
    }
    let Ok(key) = VerifyingKey::from_sec1_bytes(key) else {
        refuse("expected a point of secp256k1 as the public key, got other bytes");
    };
    Signature::from_slice(signature)
        .is_ok_and(|signature| key.verify_prehash(digest, &signature).is_ok())
}
