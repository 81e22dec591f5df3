//! The name of a proof.

use core::fmt::{self, Display, Formatter};
use core::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;
use vouch_sdk::Receipt;

/// The BLAKE3 hash of a receipt's encoding: 32 bytes that name it for good, as for a chain. The
/// command `b3sum receipt.vouch` prints the same.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ProofDigest(pub [u8; 32]);

impl ProofDigest {
    /// Of an encoded receipt, or of any other bytes.
    pub fn of_bytes(bytes: &[u8]) -> Self {
        Self(blake3::hash(bytes).into())
    }

    /// Of a receipt, without a copy of it in memory.
    pub fn of_receipt(receipt: &Receipt) -> Self {
        let mut hasher = blake3::Hasher::new();
        for piece in receipt.pieces() {
            hasher.update(&piece);
        }
        Self(hasher.finalize().into())
    }
}

/// 64 hexadecimal digits.
impl Display for ProofDigest {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for ProofDigest {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "ProofDigest({self})")
    }
}

/// Text that names no proof.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("proof digest: expected 64 hexadecimal digits, got {got:?}")]
pub struct DigestError {
    /// The text.
    pub got: String,
}

impl FromStr for ProofDigest {
    type Err = DigestError;

    /// 64 hexadecimal digits, perhaps behind a `0x`.
    fn from_str(text: &str) -> Result<Self, DigestError> {
        let mut bytes = [0; 32];
        match hex::decode_to_slice(text.strip_prefix("0x").unwrap_or(text), &mut bytes) {
            Ok(()) => Ok(Self(bytes)),
            Err(_) => Err(DigestError { got: text.into() }),
        }
    }
}

impl TryFrom<String> for ProofDigest {
    type Error = DigestError;

    fn try_from(text: String) -> Result<Self, DigestError> {
        text.parse()
    }
}

impl From<ProofDigest> for String {
    fn from(digest: ProofDigest) -> Self {
        digest.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_survives_its_text() {
        let digest = ProofDigest::of_bytes(b"abc");
        // The test vector of the BLAKE3 project's README for "abc".
        assert_eq!(
            digest.to_string(),
            "6437b3ac38465133ffb63b75273a8db548c558465d79db03fd359c6cd5bd9d85"
        );
        assert_eq!(digest.to_string().parse(), Ok(digest));
        assert_eq!(format!("0x{digest}").parse(), Ok(digest));
        let json = serde_json::to_string(&digest).expect("plain text");
        assert_eq!(
            serde_json::from_str::<ProofDigest>(&json).ok(),
            Some(digest)
        );
    }

    #[test]
    fn other_texts_are_refused() {
        let text = "00".repeat(32);
        for wrong in [
            "",
            "0x",
            &text[1..],
            &format!("{text}00"),
            &text.replace('0', "g"),
        ] {
            let expected = DigestError { got: wrong.into() };
            assert_eq!(wrong.parse::<ProofDigest>(), Err(expected));
        }
    }
}
