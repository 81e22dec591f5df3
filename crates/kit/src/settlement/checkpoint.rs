//! What a chain gets.

use core::fmt;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::{ProofDigest, hexadecimal};

const MAGIC: &[u8; 8] = b"VOUCHCKP";
const VERSION: u16 = 1;

/// That a job was done, proven and verified. The proof, which has its digest here, says with which model, input
/// and output.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Checkpoint {
    /// The hash of the job.
    #[serde(with = "hexadecimal")]
    pub job_id: [u8; 32],
    /// Tokens that the job counts. They are the node's word: the proof says nothing of them.
    pub tokens: u64,
    /// Names the proof.
    pub proof_digest: ProofDigest,
    /// When the gate decided, in milliseconds since 1970-01-01 00:00 UTC, by the node's clock.
    pub timestamp_ms: u64,
}

/// Bytes that are no checkpoint.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum CheckpointError {
    /// Their number is wrong.
    #[error("checkpoint: expected {} bytes, got {got}", Checkpoint::BYTES)]
    Length {
        /// How many there are.
        got: usize,
    },
    /// They do not begin as checkpoints of this version do.
    #[error("checkpoint: expected the magic bytes \"VOUCHCKP\" and version {VERSION}")]
    Header,
}

impl Checkpoint {
    /// Length of [`Self::to_bytes`].
    pub const BYTES: usize = 8 + 2 + 32 + 8 + 32 + 8;

    /// Its one encoding, for signing: `VOUCHCKP`, version 1 (2 bytes), job ID (32), tokens (8), proof digest (32),
    /// milliseconds (8). Numbers are little-endian.
    pub fn to_bytes(&self) -> [u8; Self::BYTES] {
        let fields: [&[u8]; 6] = [
            MAGIC,
            &VERSION.to_le_bytes(),
            &self.job_id,
            &self.tokens.to_le_bytes(),
            &self.proof_digest.0,
            &self.timestamp_ms.to_le_bytes(),
        ];
        let mut bytes = [0; Self::BYTES];
        let values = fields.into_iter().flatten();
        bytes
            .iter_mut()
            .zip(values)
            .for_each(|(byte, value)| *byte = *value);
        bytes
    }

    /// The checkpoint that bytes encode.
    ///
    /// # Errors
    /// They are not what [`Self::to_bytes`] writes.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, CheckpointError> {
        let wrong = CheckpointError::Length { got: bytes.len() };
        let (header, checkpoint) = fields(bytes).ok_or(wrong)?;
        match header == (*MAGIC, VERSION) {
            true => Ok(checkpoint),
            false => Err(CheckpointError::Header),
        }
    }
}

/// Magic bytes and version, and the rest; `None` if there are more or fewer bytes.
fn fields(bytes: &[u8]) -> Option<(([u8; 8], u16), Checkpoint)> {
    let mut rest = bytes;
    let header = (take(&mut rest)?, u16::from_le_bytes(take(&mut rest)?));
    let checkpoint = Checkpoint {
        job_id: take(&mut rest)?,
        tokens: u64::from_le_bytes(take(&mut rest)?),
        proof_digest: ProofDigest(take(&mut rest)?),
        timestamp_ms: u64::from_le_bytes(take(&mut rest)?),
    };
    rest.is_empty().then_some((header, checkpoint))
}

/// The next `N` bytes.
pub(super) fn take<const N: usize>(bytes: &mut &[u8]) -> Option<[u8; N]> {
    let (first, rest) = bytes.split_first_chunk()?;
    *bytes = rest;
    Some(*first)
}

impl fmt::Debug for Checkpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Checkpoint")
            .field("job_id", &format_args!("{}", hex::encode(self.job_id)))
            .field("tokens", &self.tokens)
            .field("proof_digest", &self.proof_digest)
            .field("timestamp_ms", &self.timestamp_ms)
            .finish()
    }
}

/// Where a chain has a checkpoint.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Submission {
    /// The number of the ledger's entry, from 0 on, or of the chain's block.
    pub position: u64,
    /// The hash of the entry, or of the transaction.
    #[serde(with = "hexadecimal")]
    pub hash: [u8; 32],
}

impl fmt::Debug for Submission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Submission({}: {})",
            self.position,
            hex::encode(self.hash)
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHECKPOINT: Checkpoint = Checkpoint {
        job_id: [1; 32],
        tokens: 0x0203,
        proof_digest: ProofDigest([4; 32]),
        timestamp_ms: 0x0506_0708,
    };

    #[test]
    fn bytes_are_as_documented() {
        let expected = [
            b"VOUCHCKP\x01\x00".to_vec(),
            vec![1; 32],
            vec![3, 2, 0, 0, 0, 0, 0, 0],
            vec![4; 32],
            vec![8, 7, 6, 5, 0, 0, 0, 0],
        ];
        let bytes = CHECKPOINT.to_bytes();
        assert_eq!(bytes.to_vec(), expected.concat());
        assert_eq!(Checkpoint::from_bytes(&bytes), Ok(CHECKPOINT));
    }

    #[test]
    fn other_bytes_are_refused() {
        let bytes = CHECKPOINT.to_bytes();
        for got in 0..=2 * bytes.len() {
            let wrong: Vec<u8> = bytes.iter().copied().cycle().take(got).collect();
            if got != bytes.len() {
                let expected = CheckpointError::Length { got };
                assert_eq!(Checkpoint::from_bytes(&wrong), Err(expected));
            }
        }
        for i in 0..10 {
            let mut wrong = bytes;
            wrong[i] ^= 1;
            let error = Checkpoint::from_bytes(&wrong);
            assert_eq!(error, Err(CheckpointError::Header));
        }
    }

    #[test]
    fn json_is_plain() {
        let json = serde_json::to_value(CHECKPOINT).expect("plain data");
        let expected = serde_json::json!({
            "job_id": "01".repeat(32),
            "tokens": 0x0203,
            "proof_digest": "04".repeat(32),
            "timestamp_ms": 0x0506_0708,
        });
        assert_eq!(json, expected);
        assert_eq!(serde_json::from_value(json).ok(), Some(CHECKPOINT));
    }
}
