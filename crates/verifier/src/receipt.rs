//! The receipt: what a program did, and its proof, in one versioned envelope.
//!
//! | field | bytes |
//! |---|---|
//! | magic `VOUCHRCT` | 8 |
//! | version | 2 |
//! | profile | 1 |
//! | entry, start and end of the executable range (word indices) | 3 x 4 |
//! | number of segments | 4 |
//! | each segment: start and end pc | 2 x 4 |
//! | start and end root | 2 x 32 |
//! | halted, exit code | 1 + 4 |
//! | journal slice behind its length | 4 + n |
//! | table set | 32 |
//! | proof behind its length | 4 + n |
//!
//! Numbers are little-endian. There is one encoding of a receipt, and nothing may follow it.

use alloc::vec::Vec;
use core::ops::Range;

use crate::bytes::Reader;
use crate::error::DecodeError;
use crate::profile::Profile;
use crate::segment::SegmentReceipt;

/// Version of the encoding.
pub const RECEIPT_VERSION: u16 = 2;
/// Largest receipt that is read, in bytes: some 600 segments of ordinary size. Bounds what is
/// read, and reserves nothing.
pub const MAX_RECEIPT_BYTES: usize = 1 << 30;

const MAGIC: &[u8; 8] = b"VOUCHRCT";
/// Bytes before the first segment.
pub const HEADER_BYTES: usize = 8 + 2 + 1 + 3 * 4 + 4;

/// A claim with its proof. What it says is known only once it is verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// The parameters of its proofs.
    pub profile: Profile,
    /// Word index of the program's first instruction.
    pub entry: u32,
    /// Word indices of the executable range.
    pub text: Range<u32>,
    /// Its segments, in order.
    pub segments: Vec<SegmentReceipt>,
}

impl Receipt {
    /// The receipt's one encoding.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.encoded_len());
        for piece in self.pieces() {
            out.extend_from_slice(&piece);
        }
        out
    }

    /// [`Self::to_bytes`] piece by piece: what comes before the segments, then each segment.
    pub fn pieces(&self) -> impl Iterator<Item = Vec<u8>> {
        let segments = self.segments.iter().map(SegmentReceipt::to_bytes);
        core::iter::once(self.header()).chain(segments)
    }

    fn header(&self) -> Vec<u8> {
        let mut out = MAGIC.to_vec();
        out.extend_from_slice(&RECEIPT_VERSION.to_le_bytes());
        out.push(self.profile.number());
        let count = u32::try_from(self.segments.len()).unwrap_or(u32::MAX);
        for number in [self.entry, self.text.start, self.text.end, count] {
            out.extend_from_slice(&number.to_le_bytes());
        }
        out
    }

    /// Length of [`Self::to_bytes`].
    pub fn encoded_len(&self) -> usize {
        let segments = self.segments.iter().map(SegmentReceipt::encoded_len);
        HEADER_BYTES + segments.sum::<usize>()
    }

    /// The receipt that `bytes` encode.
    ///
    /// # Errors
    /// [`DecodeError`] if they encode none, or are not what [`Self::to_bytes`] writes.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, DecodeError> {
        if bytes.len() > MAX_RECEIPT_BYTES {
            return Err(DecodeError::TooLarge {
                limit: MAX_RECEIPT_BYTES,
                got: bytes.len(),
            });
        }
        let mut reader = Reader::new(bytes);
        if reader.take("magic", MAGIC.len()).ok() != Some(MAGIC.as_slice()) {
            return Err(DecodeError::Magic);
        }
        let version = reader.u16("version")?;
        if version != RECEIPT_VERSION {
            return Err(DecodeError::Version {
                expected: RECEIPT_VERSION,
                got: version,
            });
        }
        let number = reader.u8("profile")?;
        let profile = Profile::from_number(number).ok_or(DecodeError::Profile { got: number })?;
        let entry = reader.u32("entry")?;
        let text = reader.u32("text_start")?..reader.u32("text_end")?;
        let count = reader.u32("segments")?;
        // No room is reserved on the word of the count: every segment costs its bytes.
        let segments = (0..count)
            .map(|_| SegmentReceipt::take(&mut reader))
            .collect::<Result<_, _>>()?;
        reader.finish()?;
        Ok(Self {
            profile,
            entry,
            text,
            segments,
        })
    }

    /// The journal that it claims. Not verified.
    pub fn unverified_journal(&self) -> Vec<u8> {
        self.segments
            .iter()
            .flat_map(|segment| segment.claim.journal.iter().copied())
            .collect()
    }
}
