//! Bytes as hexadecimal digits, for serde's `with`. Errors do not repeat the text, which may be private.

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serializer};

pub(crate) fn serialize<S: Serializer>(bytes: impl AsRef<[u8]>, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(&hex::encode(bytes))
}

/// For `Vec<u8>` any number of bytes, for `[u8; N]` that number.
pub(crate) fn deserialize<'de, D, T>(from: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: TryFrom<Vec<u8>>,
{
    let text = String::deserialize(from)?;
    let bytes = hex::decode(&text)
        .ok()
        .and_then(|bytes| T::try_from(bytes).ok());
    bytes.ok_or_else(|| {
        D::Error::custom(format_args!(
            "expected {} in hexadecimal digits, got {} bytes of other text",
            core::any::type_name::<T>(),
            text.len()
        ))
    })
}
