//! Receipts made to confuse the verifier: none is accepted, and none makes it panic. How much
//! memory they cost is the matter of `tests/allocation.rs`.

use std::collections::BTreeMap;

use crate::cases::{self, HEIGHTS, Visit};
use crate::honest::{honest, proof};
use vouch_air::tables::Table;
use vouch_verifier::{DecodeError, Profile, Receipt, Verifier, VerifyError};

/// Why a receipt is refused, as it is and, if it can be decoded, from its bytes.
fn refusal(name: &str, receipt: &Receipt) -> VerifyError {
    let honest = honest();
    let other;
    let verifier = match receipt.profile {
        Profile::Fast100 => &honest.verifier,
        profile => {
            other = Verifier::new(profile).expect("a key");
            &other
        }
    };
    let verdict = verifier.verify(receipt, &honest.image_id);
    if let Ok(decoded) = Receipt::from_bytes(&receipt.to_bytes()) {
        assert!(
            decoded == *receipt,
            "{name}: another receipt from its bytes"
        );
    }
    verdict.expect_err(name)
}

/// The refusals of a kind of receipts.
fn refusals(of: fn(Visit<'_>)) -> BTreeMap<String, VerifyError> {
    let mut refusals = BTreeMap::new();
    of(&mut |name, receipt| {
        assert!(receipt != honest().receipt, "{name}: nothing is changed");
        let error = refusal(name, &receipt);
        let before = refusals.insert(name.to_owned(), error);
        assert_eq!(before, None, "{name} comes twice");
    });
    refusals
}

#[test]
fn heights_out_of_bounds_are_named() {
    let refusals = refusals(cases::heights);
    assert_eq!(refusals.len(), cases::tables().len() * HEIGHTS.len());
    for (name, error) in refusals {
        let VerifyError::Height { table, .. } = error else {
            panic!("{name}: {error}");
        };
        assert!(name.starts_with(table.name()), "{name}: {error}");
    }
}

#[test]
fn heights_within_bounds_are_bound() {
    for (name, error) in refusals(cases::plausible_heights) {
        assert!(
            matches!(error, VerifyError::Proof { .. }),
            "{name}: {error}"
        );
    }
}

#[test]
fn lists_have_their_length_and_order() {
    let refusals = refusals(cases::lists);
    assert!(refusals.len() > 80, "{}", refusals.len());
}

#[test]
fn tables_are_there_once_and_in_order() {
    for (name, error) in refusals(cases::table_lists) {
        let told = match error {
            VerifyError::TableCount { .. } => !name.contains(','),
            VerifyError::MissingTable { .. } => name.contains("as its set says"),
            VerifyError::Height { .. } | VerifyError::Proof { .. } => true,
            _ => false,
        };
        assert!(told, "{name}: {error}");
    }
}

#[test]
fn fri_has_its_rounds() {
    for (name, error) in refusals(cases::fri) {
        assert!(
            matches!(error, VerifyError::Proof { .. }),
            "{name}: {error}"
        );
    }
}

#[test]
fn what_does_not_decode_is_refused() {
    let refusals = refusals(cases::elements);
    assert!(refusals.len() >= 15, "{}", refusals.len());
    let expected = DecodeError::Proof {
        segment: 0,
        reason: "it does not decode",
    };
    // Nor do lists of nothing make a proof, long as they are.
    let empty = self::refusals(cases::empty_lists);
    for (name, error) in refusals.into_iter().chain(empty) {
        assert_eq!(error, VerifyError::Decode(expected.clone()), "{name}");
    }
}

#[test]
fn claims_are_those_of_the_proof() {
    for (name, error) in refusals(cases::claims) {
        let told = match error {
            VerifyError::TextRange { .. } | VerifyError::ImageId { .. } => name.contains("entry"),
            VerifyError::Chain { .. } => name == "0 segments",
            VerifyError::Height { table, .. } => {
                table == Table::Journal && name.ends_with("4194305 bytes")
            }
            VerifyError::Decode(_) => name.starts_with("as "),
            VerifyError::Proof { segment, .. } => segment == 0,
            _ => false,
        };
        assert!(told, "{name}: {error}");
    }
}

/// Edits all over the receipt, some of which meet: whatever still decodes is refused, unless
/// the edits cancel.
#[test]
fn edited_bytes_are_refused() {
    let honest = honest();
    let bytes = honest.receipt.to_bytes();
    let mut state = 7u64;
    let mut random = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (state >> 33) as usize
    };
    for _ in 0..300 {
        let mut edited = bytes.clone();
        for _ in 0..=random() % 3 {
            // Half of the edits are where the fields of the envelope are.
            let length = match random() % 2 {
                0 => edited.len(),
                _ => 256,
            };
            let at = random() % length;
            match random() % 5 {
                0 => edited[at] ^= 1 << (random() % 8),
                1 => edited[at] = [0, 1, 0x7f, 0x80, 0xff][random() % 5],
                2 => edited.insert(at, random() as u8),
                3 => drop(edited.remove(at)),
                _ => {
                    let (from, count) = (random() % (edited.len() - 64), random() % 64);
                    let to = at.min(edited.len() - count);
                    edited.copy_within(from..from + count, to);
                }
            }
        }
        if let Ok(receipt) = Receipt::from_bytes(&edited) {
            assert!(receipt.to_bytes() == edited, "two encodings");
            let accepted = honest.verifier.verify(&receipt, &honest.image_id).is_ok();
            assert_eq!(accepted, edited == bytes);
        }
    }
}

/// The cases start from what they say they start from.
#[test]
fn the_honest_proof_has_what_is_changed() {
    let proof = proof();
    assert_eq!(proof.degree_bits.len(), cases::tables().len());
    assert_eq!(proof.opening_proof.final_poly.len(), 1);
    assert!(proof.opening_proof.commit_phase_commits.len() > 2);
}
