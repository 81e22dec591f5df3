//! 32 bytes as 64 hexadecimal digits, for serde's `with`.

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serializer};

pub(crate) fn serialize<S: Serializer>(bytes: &[u8; 32], to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(&hex::encode(bytes))
}

pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<[u8; 32], D::Error> {
    let text = String::deserialize(from)?;
    let mut bytes = [0; 32];
    match hex::decode_to_slice(&text, &mut bytes) {
        Ok(()) => Ok(bytes),
        Err(_) => Err(D::Error::custom(format_args!(
            "expected 64 hexadecimal digits, got {} bytes of other text",
            text.len()
        ))),
    }
}
