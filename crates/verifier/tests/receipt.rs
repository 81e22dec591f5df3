//! The encoding of receipts: one for each receipt, and every other byte string refused with
//! the field that is wrong. No proof is needed for that.

use vouch_air::F;
use vouch_air::tables::Table;
use vouch_verifier::{
    DecodeError, MAX_PROOF_BYTES, MAX_RECEIPT_BYTES, Profile, RECEIPT_VERSION, Receipt,
    SegmentClaim, SegmentReceipt, TableSet,
};

/// BabyBear's prime.
const P: u32 = 0x7800_0001;

// Offsets of fields in the encoding of `receipt()`.
const VERSION: usize = 8;
const PROFILE: usize = 10;
const SEGMENTS: usize = 23;
const FIRST: usize = 27;
const END_PC: usize = FIRST + 4;
const START_ROOT: usize = FIRST + 8;
const END_ROOT: usize = START_ROOT + 32;
const HALTED: usize = END_ROOT + 32;
const EXIT_CODE: usize = HALTED + 1;
const JOURNAL: usize = EXIT_CODE + 4;
const TABLES: usize = JOURNAL + 4 + 3;
const PROOF: usize = TABLES + 32;

fn segment(exit_code: Option<u32>) -> SegmentReceipt {
    SegmentReceipt {
        claim: SegmentClaim {
            start_pc: 0x4000,
            end_pc: if exit_code.is_some() { 0 } else { 0x4001 },
            start_root: [1, 2, 3, 4, 5, 6, 7, P - 1].map(F::new),
            end_root: [8, 9, 10, 11, 12, 13, 14, 15].map(F::new),
            exit_code,
            journal: b"abc".to_vec(),
        },
        tables: TableSet::new([Table::Claim, Table::Journal]),
        proof: vec![0xff; 5],
    }
}

fn receipt() -> Receipt {
    Receipt {
        profile: Profile::Fast100,
        entry: 0x4000,
        text: 0x4000..0x5000,
        segments: vec![segment(None), segment(Some(3))],
    }
}

/// The error for the encoding with `bytes` at `offset`.
fn error_with(offset: usize, bytes: &[u8]) -> DecodeError {
    let mut encoding = receipt().to_bytes();
    encoding[offset..offset + bytes.len()].copy_from_slice(bytes);
    Receipt::from_bytes(&encoding).expect_err("the encoding is wrong")
}

fn wrong_field(error: &DecodeError) -> (&'static str, u64) {
    match error {
        DecodeError::Field { field, got, .. } => (field, *got),
        other => panic!("expected a field, got {other:?}"),
    }
}

#[test]
fn encoding_and_decoding_are_inverses() {
    for profile in Profile::ALL {
        let receipt = Receipt {
            profile,
            ..receipt()
        };
        let bytes = receipt.to_bytes();
        assert_eq!(Receipt::from_bytes(&bytes).as_ref(), Ok(&receipt));
        assert_eq!(receipt.unverified_journal(), b"abcabc");
    }
}

/// Whatever decodes re-encodes to the same bytes: no receipt has two encodings.
#[test]
fn no_altered_byte_decodes_to_the_same_receipt() {
    let bytes = receipt().to_bytes();
    for i in 0..bytes.len() {
        for change in [1, 0x80, 0xff] {
            let mut altered = bytes.clone();
            altered[i] ^= change;
            if let Ok(decoded) = Receipt::from_bytes(&altered) {
                assert_ne!(decoded, receipt(), "byte {i}");
                assert_eq!(decoded.to_bytes(), altered, "byte {i}");
            }
        }
    }
}

#[test]
fn every_truncation_is_refused() {
    let bytes = receipt().to_bytes();
    for length in 0..bytes.len() {
        let error = Receipt::from_bytes(&bytes[..length]).expect_err("it is cut");
        match error {
            DecodeError::Magic => assert!(length < 8),
            DecodeError::Truncated { expected, got, .. } => {
                assert!(got < expected, "{length}: {error}");
            }
            other => panic!("{length}: {other:?}"),
        }
    }
}

#[test]
fn trailing_bytes_are_refused() {
    let mut bytes = receipt().to_bytes();
    bytes.extend([0, 0]);
    assert_eq!(
        Receipt::from_bytes(&bytes),
        Err(DecodeError::Trailing { got: 2 })
    );
}

#[test]
fn foreign_files_and_versions_are_refused() {
    assert_eq!(error_with(0, b"v"), DecodeError::Magic);
    assert_eq!(Receipt::from_bytes(b""), Err(DecodeError::Magic));
    for got in [0, RECEIPT_VERSION + 1, u16::MAX] {
        let expected = RECEIPT_VERSION;
        assert_eq!(
            error_with(VERSION, &got.to_le_bytes()),
            DecodeError::Version { expected, got }
        );
    }
    // What was once written is refused by name.
    let first = error_with(VERSION, &1u16.to_le_bytes());
    assert!(first.to_string().contains("proven again"), "{first}");
    let later = error_with(VERSION, &3u16.to_le_bytes());
    assert_eq!(later.to_string(), "receipt version: expected 2, got 3");
    for got in [0, 5, 255] {
        assert_eq!(error_with(PROFILE, &[got]), DecodeError::Profile { got });
    }
}

#[test]
fn a_huge_file_is_refused() {
    // Pages of zeros that nobody looks at are never there.
    let got = MAX_RECEIPT_BYTES + 1;
    assert_eq!(
        Receipt::from_bytes(&vec![0; got]),
        Err(DecodeError::TooLarge {
            limit: MAX_RECEIPT_BYTES,
            got
        })
    );
}

/// Lengths are believed only as far as there are bytes: no room is reserved for them.
#[test]
fn huge_lengths_are_refused() {
    for (offset, name) in [(JOURNAL, "journal"), (PROOF, "proof")] {
        match error_with(offset, &u32::MAX.to_le_bytes()) {
            DecodeError::Truncated {
                field, expected, ..
            } => assert_eq!((field, expected), (name, u32::MAX as usize)),
            other => panic!("{other:?}"),
        }
    }
    assert!(matches!(
        error_with(SEGMENTS, &u32::MAX.to_le_bytes()),
        DecodeError::Truncated { .. }
    ));
}

#[test]
fn field_elements_are_canonical() {
    for (offset, name) in [(START_ROOT, "start_root"), (END_ROOT, "end_root")] {
        for element in 0..8 {
            for got in [P, P + 1, u32::MAX] {
                let error = error_with(offset + 4 * element, &got.to_le_bytes());
                assert_eq!(wrong_field(&error), (name, got.into()));
            }
        }
    }
}

#[test]
fn pcs_are_word_indices() {
    for (offset, name) in [(FIRST, "start_pc"), (END_PC, "end_pc")] {
        for got in [1 << 30, P, P + 0x4000, u32::MAX] {
            let error = error_with(offset, &got.to_le_bytes());
            assert_eq!(wrong_field(&error), (name, got.into()));
        }
    }
}

#[test]
fn halting_has_one_encoding() {
    // Going on with an exit code; exiting with somewhere to go on; neither.
    let error = error_with(EXIT_CODE, &1u32.to_le_bytes());
    assert_eq!(wrong_field(&error), ("exit_code", 1));
    let error = error_with(HALTED, &[1]);
    assert_eq!(wrong_field(&error), ("end_pc", 0x4001));
    let error = error_with(HALTED, &[2]);
    assert_eq!(wrong_field(&error), ("halted", 2));
}

/// A proof takes many times its bytes in memory once it is decoded.
#[test]
fn huge_proofs_are_refused() {
    let with = |bytes: usize| {
        let mut receipt = receipt();
        receipt.segments[0].proof = vec![0; bytes];
        Receipt::from_bytes(&receipt.to_bytes())
    };
    assert!(with(MAX_PROOF_BYTES).is_ok());
    let error = with(MAX_PROOF_BYTES + 1).expect_err("it is too large");
    assert_eq!(wrong_field(&error), ("proof", MAX_PROOF_BYTES as u64 + 1));
}

#[test]
fn unknown_tables_are_refused() {
    let known = Table::ALL.len();
    for bit in known..256 {
        let mut set = TableSet::new([Table::Claim, Table::Journal]).to_bytes();
        set[bit / 8] |= 1 << (bit % 8);
        assert_eq!(TableSet::from_bytes(set), None);
        assert_eq!(
            wrong_field(&error_with(TABLES, &set)),
            ("tables", bit as u64)
        );
    }
    for (bit, table) in Table::ALL.into_iter().enumerate() {
        let mut set = [0; 32];
        set[bit / 8] |= 1 << (bit % 8);
        assert_eq!(TableSet::from_bytes(set), Some(TableSet::new([table])));
    }
}
