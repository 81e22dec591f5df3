//! The proof of one segment, and what it says.

use alloc::vec::Vec;
use core::ops::Range;

use p3_field::PrimeCharacteristicRing;
use p3_field::PrimeField32;
use p3_field::integers::QuotientMap;
use vouch_air::machine::PublicValues;
use vouch_air::tables::Table;
use vouch_air::{Digest, F};

use crate::bytes::{Reader, put_bytes};
use crate::error::DecodeError;

/// Largest proof of one segment that is read, in bytes. A segment that commits to `2^33` cells takes at most
/// 6.6 MB in the profile with the largest proofs, as a test of the module `wire` computes.
pub const MAX_PROOF_BYTES: usize = 7 << 20;

/// Largest height, log2, of a table in a proof.
///
/// The verifier interpolates the journal table's columns, so that one is bounded by what that
/// costs: `2^20` bytes of journal in a segment.
pub const fn max_log_height(table: Table) -> usize {
    table.max_log_height()
}

/// Bytes of a set of tables.
const SET_BYTES: usize = 32;
const _: () = assert!(
    Table::ALL.len() <= 8 * SET_BYTES,
    "a set has a bit for each table"
);

/// The tables that a proof holds: those that have rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TableSet([u8; SET_BYTES]);

impl TableSet {
    /// The set of `tables`.
    pub fn new(tables: impl IntoIterator<Item = Table>) -> Self {
        let mut set = [0; SET_BYTES];
        for table in tables {
            let (at, bit) = place(table);
            if let Some(byte) = set.get_mut(at) {
                *byte |= bit;
            }
        }
        Self(set)
    }

    /// The set whose encoding `bytes` is; `None` if it has others than this machine's tables.
    pub fn from_bytes(bytes: [u8; SET_BYTES]) -> Option<Self> {
        let set = Self(bytes);
        (set == Self::new(set.tables())).then_some(set)
    }

    /// True if `table` is in the set.
    pub fn contains(self, table: Table) -> bool {
        let (at, bit) = place(table);
        self.0.get(at).is_some_and(|byte| byte & bit != 0)
    }

    /// Its tables, in the order of a proof.
    pub fn tables(self) -> impl Iterator<Item = Table> {
        Table::ALL
            .into_iter()
            .filter(move |&table| self.contains(table))
    }

    /// A bit a table, of 256 that there may be: the `i`th of [`Table::ALL`] is bit `i % 8` of byte `i / 8`.
    pub const fn to_bytes(self) -> [u8; SET_BYTES] {
        self.0
    }
}

/// The byte and the bit of a table.
const fn place(table: Table) -> (usize, u8) {
    let number = table as usize;
    (number / 8, 1 << (number % 8))
}

/// What the proof of a segment says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SegmentClaim {
    /// Word index of its first instruction.
    pub start_pc: u32,
    /// Word index of the instruction after its last; 0 if it exits.
    pub end_pc: u32,
    /// Root of memory and registers at its start.
    pub start_root: Digest<F>,
    /// Root of memory and registers at its end.
    pub end_root: Digest<F>,
    /// The exit code, if it exits.
    pub exit_code: Option<u32>,
    /// Bytes that it appends to the journal.
    pub journal: Vec<u8>,
}

impl SegmentClaim {
    /// As the public values of the claim table.
    pub fn public_values(&self) -> PublicValues<F> {
        let exit_code = self.exit_code.unwrap_or(0);
        PublicValues {
            start_pc: F::from_int(self.start_pc),
            end_pc: F::from_int(self.end_pc),
            halted: F::from_bool(self.exit_code.is_some()),
            exit_code: [
                F::from_int(exit_code & 0xffff),
                F::from_int(exit_code >> 16),
            ],
            start_root: self.start_root,
            end_root: self.end_root,
        }
    }

    /// What the transcript absorbs before anything else.
    ///
    /// Public values, the executable range among them, are absorbed by the proof system again;
    /// the journal and the set of tables are not, and are bound here. So is the version of the proof's format, with
    /// which the layout of its columns goes.
    pub fn seed(
        &self,
        machine: &[u8; 32],
        profile: u8,
        text: &Range<u32>,
        journal_start: u32,
        tables: TableSet,
    ) -> Vec<u8> {
        let mut seed = b"vouch segment proof, version 2".to_vec();
        seed.extend_from_slice(machine);
        seed.push(profile);
        for number in [text.start, text.end, journal_start] {
            seed.extend_from_slice(&number.to_le_bytes());
        }
        seed.extend_from_slice(&tables.to_bytes());
        self.put(&mut seed);
        seed
    }

    pub(crate) fn put(&self, out: &mut Vec<u8>) {
        for number in [self.start_pc, self.end_pc] {
            out.extend_from_slice(&number.to_le_bytes());
        }
        for element in self.start_root.iter().chain(&self.end_root) {
            out.extend_from_slice(&element.as_canonical_u32().to_le_bytes());
        }
        out.push(self.exit_code.is_some().into());
        out.extend_from_slice(&self.exit_code.unwrap_or(0).to_le_bytes());
        put_bytes(out, &self.journal);
    }

    pub(crate) fn take(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let start_pc = word_index(reader, "start_pc")?;
        let end_pc = word_index(reader, "end_pc")?;
        let start_root = digest(reader, "start_root")?;
        let end_root = digest(reader, "end_root")?;
        let halted = reader.u8("halted")?;
        let code = reader.u32("exit_code")?;
        let wrong = |field, expected, got: u32| DecodeError::Field {
            field,
            expected,
            got: got.into(),
        };
        let exit_code = match (halted, code, end_pc) {
            (1, _, 0) => Some(code),
            (1, _, _) => return Err(wrong("end_pc", "0 in a segment that exits", end_pc)),
            (0, 0, _) => None,
            (0, _, _) => return Err(wrong("exit_code", "0 in a segment that goes on", code)),
            _ => return Err(wrong("halted", "0 or 1", halted.into())),
        };
        let journal = reader.bytes("journal")?.to_vec();
        Ok(Self {
            start_pc,
            end_pc,
            start_root,
            end_root,
            exit_code,
            journal,
        })
    }
}

/// A word index: below the field's order, so that no two numbers are one element.
fn word_index(reader: &mut Reader<'_>, field: &'static str) -> Result<u32, DecodeError> {
    match reader.u32(field)? {
        index if index < 1 << 30 => Ok(index),
        got => Err(DecodeError::Field {
            field,
            expected: "a word index below 2^30",
            got: got.into(),
        }),
    }
}

/// Eight canonical field elements.
fn digest(reader: &mut Reader<'_>, field: &'static str) -> Result<Digest<F>, DecodeError> {
    let mut digest = Digest::default();
    for element in &mut digest {
        let number = reader.u32(field)?;
        *element = F::from_canonical_checked(number).ok_or(DecodeError::Field {
            field,
            expected: "field elements below the BabyBear prime",
            got: number.into(),
        })?;
    }
    Ok(digest)
}

/// A set of tables of this machine.
fn tables(reader: &mut Reader<'_>) -> Result<TableSet, DecodeError> {
    let bytes = reader.array("tables")?;
    TableSet::from_bytes(bytes).ok_or_else(|| {
        let known = TableSet::new(Table::ALL).to_bytes();
        let unknown = bytes.iter().zip(known).map(|(byte, known)| byte & !known);
        let (at, byte) = { (0..).zip(unknown) }
            .find(|(_, byte)| *byte != 0)
            .unwrap_or_default();
        DecodeError::Field {
            field: "tables",
            expected: "bits of this machine's tables",
            got: 8 * at + u64::from(byte.trailing_zeros()),
        }
    })
}

/// Bytes of a segment in a receipt, beside its journal and its proof.
pub const SEGMENT_BYTES: usize = 2 * 4 + 2 * 32 + 1 + 4 + 4 + SET_BYTES + 4;

/// The proof of one segment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SegmentReceipt {
    /// What it says.
    pub claim: SegmentClaim,
    /// The tables that the proof holds.
    pub tables: TableSet,
    /// The proof, encoded as [`crate::encode_proof`] does.
    pub proof: Vec<u8>,
}

impl SegmentReceipt {
    /// Length of [`Self::to_bytes`].
    pub fn encoded_len(&self) -> usize {
        SEGMENT_BYTES + self.claim.journal.len() + self.proof.len()
    }

    /// Its encoding within a receipt.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::new();
        self.put(&mut out);
        out
    }

    /// The segment that `bytes` encode.
    ///
    /// # Errors
    /// [`DecodeError`] if they encode none, or more than one.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(bytes);
        let segment = Self::take(&mut reader)?;
        reader.finish()?;
        Ok(segment)
    }

    pub(crate) fn put(&self, out: &mut Vec<u8>) {
        self.claim.put(out);
        out.extend_from_slice(&self.tables.to_bytes());
        put_bytes(out, &self.proof);
    }

    pub(crate) fn take(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let claim = SegmentClaim::take(reader)?;
        let tables = tables(reader)?;
        let proof = reader.bytes("proof")?;
        check_proof_length(proof)?;
        Ok(Self {
            claim,
            tables,
            proof: proof.to_vec(),
        })
    }
}

/// The proof is not larger than any that is read.
pub(crate) fn check_proof_length(proof: &[u8]) -> Result<(), DecodeError> {
    match proof.len() {
        0..=MAX_PROOF_BYTES => Ok(()),
        got => Err(DecodeError::Field {
            field: "proof",
            expected: "at most 7 MiB",
            got: got as u64,
        }),
    }
}

const _: () = assert!(
    MAX_PROOF_BYTES == 7 << 20,
    "the error above names the bound"
);
