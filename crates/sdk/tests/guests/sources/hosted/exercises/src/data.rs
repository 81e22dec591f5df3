//! What works on bytes and texts.

use bytes::{Buf, BufMut, Bytes, BytesMut};
use regex::Regex;
use rsa::PublicKey;
use rsa::pkcs1v15::{Signature, VerifyingKey};
use rsa::pkcs8::DecodePublicKey;
use rsa::signature::Verifier;
use sha2::Sha256;

/// Slices that share one buffer.
pub fn bytes(data: &[u8]) -> Vec<u8> {
    let mut buffer = BytesMut::with_capacity(16);
    buffer.put_u32(data.len() as u32);
    buffer.put_slice(data);
    let mut whole: Bytes = buffer.freeze();
    let copy = whole.clone();
    let front = whole.split_to(whole.len() / 2);
    let mut journal = BytesMut::from(&whole[..]);
    journal.unsplit(BytesMut::from(front));
    journal.put_u32_le((&copy[..]).get_u32());
    journal.to_vec()
}

/// Dates and addresses in a text.
pub fn regex(text: &[u8]) -> Vec<u8> {
    let pattern =
        r"(?i)(?<year>\d{4})-(?<month>\d\d)|\b([a-z.]+)@([a-z]+\.(?:com|org))\b|\p{Greek}+";
    let pattern = Regex::new(pattern).expect("a pattern");
    let text = std::str::from_utf8(text).expect("a text");
    let found: Vec<String> = pattern
        .captures_iter(text)
        .map(|captures| {
            let range = captures.get(0).expect("the whole").range();
            format!(
                "{range:?} {:?}",
                captures.name("year").map(|year| year.as_str())
            )
        })
        .collect();
    (found.join("; ") + &pattern.replace_all(text, "[$0]")).into_bytes()
}

/// Whether a message has a signature by a key: its 256 bytes and the message, and 1 or 0.
pub fn rsa(data: &[u8]) -> Vec<u8> {
    let key = PublicKey::from_public_key_pem(include_str!("key.pem")).expect("a key");
    let key = VerifyingKey::<Sha256>::new(key);
    let (signature, message) = data.split_at_checked(256).expect("a signature");
    let signature = Signature::try_from(signature).expect("256 bytes");
    vec![key.verify(message, &signature).is_ok().into()]
}
