//! What a verifier must refuse: an honest receipt of the four-hash commitment, changed in one
//! place. A release that accepts any of these is broken.

use crate::honest::{
    Honest, P, encoded, fields, hashes, honest, places, refusal, refusal_of, segment_refusal,
};
use serde::Deserialize;
use serde_json::Value;
use vouch_air::tables::Table;
use vouch_verifier::config::Proof;
use vouch_verifier::{
    DecodeError, Profile, Receipt, SegmentReceipt, TableSet, Verifier, VerifyError,
};

fn is_proof_error(error: &VerifyError) -> bool {
    matches!(error, VerifyError::Proof { segment: 0, .. })
}

#[test]
fn the_honest_receipt_verifies() {
    let Honest {
        receipt,
        image_id,
        verifier,
    } = honest();
    let claim = verifier.verify(receipt, image_id).expect("it is honest");
    assert_eq!(claim.journal, hashes());
    assert_eq!(claim.exit_code, 0);
    assert_eq!(claim.image_id, *image_id);
}

#[test]
fn every_journal_byte_counts() {
    for i in 0..hashes().len() {
        let error = segment_refusal(|segment| segment.claim.journal[i] ^= 1 << (i % 8));
        assert!(is_proof_error(&error), "byte {i}: {error}");
    }
}

#[test]
fn the_journal_has_its_length() {
    let edits: [fn(&mut Vec<u8>); 4] = [
        |journal| journal.push(0),
        |journal| journal.truncate(127),
        |journal| journal.truncate(64),
        |journal| journal.extend_from_within(..),
    ];
    for edit in edits {
        let error = segment_refusal(|segment| edit(&mut segment.claim.journal));
        let told = matches!(error, VerifyError::Height { table, .. } if table == Table::Journal);
        assert!(told || is_proof_error(&error), "{error}");
    }
    let error = segment_refusal(|segment| segment.claim.journal.clear());
    let table = Table::Journal;
    assert_eq!(error, VerifyError::MissingTable { segment: 0, table });
}

#[test]
fn every_bit_of_the_image_id_counts() {
    let Honest {
        receipt,
        image_id,
        verifier,
    } = honest();
    for bit in 0..256 {
        let mut other = *image_id;
        other.0[bit / 8] ^= 1 << (bit % 8);
        let expected = VerifyError::ImageId {
            expected: other,
            got: *image_id,
        };
        assert_eq!(verifier.verify(receipt, &other), Err(expected));
    }
}

/// What the image ID is computed from: entry, executable range, memory.
#[test]
fn the_program_is_bound_by_the_image_id() {
    let edits: [fn(&mut Receipt); 4] = [
        |receipt| receipt.entry += 1,
        |receipt| receipt.text.start -= 1,
        |receipt| receipt.text.end += 1,
        |receipt| receipt.segments[0].claim.start_root.swap(0, 1),
    ];
    for edit in edits {
        let error = refusal(edit);
        assert!(matches!(error, VerifyError::ImageId { .. }), "{error}");
    }
}

#[test]
fn the_executable_range_is_one() {
    let edits: [fn(&mut Receipt); 4] = [
        |receipt| receipt.entry = receipt.text.end,
        |receipt| receipt.entry = receipt.text.start - 1,
        |receipt| receipt.text = receipt.text.end..receipt.text.start,
        |receipt| receipt.text.end = u32::MAX,
    ];
    for edit in edits {
        let error = refusal(edit);
        assert!(matches!(error, VerifyError::TextRange { .. }), "{error}");
    }
}

/// BabyBear's prime reads as 0 in the field: an exit code is two limbs, each bound.
#[test]
fn the_exit_code_is_bound() {
    for code in [1, 0x1_0000, 0x7800_0000, 0x7800_0001, u32::MAX] {
        let error = segment_refusal(|segment| segment.claim.exit_code = Some(code));
        assert!(is_proof_error(&error), "{code}: {error}");
    }
}

#[test]
fn an_unfinished_run_is_no_run() {
    let error = segment_refusal(|segment| segment.claim.exit_code = None);
    let expected = VerifyError::Halt {
        segment: 0,
        segments: 1,
    };
    assert_eq!(error, expected);
    let error = refusal(|receipt| receipt.segments.clear());
    assert!(
        matches!(error, VerifyError::Chain { segment: 0, .. }),
        "{error}"
    );
    let error = refusal(|receipt| receipt.segments.extend_from_within(..));
    assert!(!is_proof_error(&error), "{error}");
}

#[test]
fn pcs_and_roots_are_bound() {
    let error = segment_refusal(|segment| segment.claim.start_pc += 1);
    assert_eq!(
        error,
        VerifyError::Chain {
            segment: 0,
            link: "pc"
        }
    );
    let edits: [fn(&mut SegmentReceipt); 2] = [
        |segment| segment.claim.end_pc = 1,
        |segment| segment.claim.end_root.swap(0, 1),
    ];
    for edit in edits {
        let error = segment_refusal(edit);
        assert!(is_proof_error(&error), "{error}");
    }
}

#[test]
fn the_profile_is_the_verifiers() {
    for profile in Profile::ALL {
        if profile == honest().receipt.profile {
            continue;
        }
        let error = refusal(|receipt| receipt.profile = profile);
        let expected = VerifyError::Profile {
            expected: Profile::Fast100,
            got: profile,
        };
        assert_eq!(error, expected);
        // Nor does the proof pass for one of the profile that the receipt then names.
        let mut receipt = honest().receipt.clone();
        receipt.profile = profile;
        let other = Verifier::new(profile).expect("a key");
        let error = other.verify(&receipt, &honest().image_id);
        assert!(error.is_err(), "{profile:?}");
    }
}

#[test]
fn the_set_of_tables_is_bound() {
    let tables: Vec<Table> = honest().receipt.segments[0].tables.tables().collect();
    for table in Table::ALL {
        let other = match tables.contains(&table) {
            true => TableSet::new(tables.iter().copied().filter(|&other| other != table)),
            false => TableSet::new(tables.iter().copied().chain([table])),
        };
        let error = segment_refusal(|segment| segment.tables = other);
        let told = match error {
            VerifyError::MissingTable { table: missing, .. } => missing == table,
            VerifyError::TableCount { expected, got, .. } => expected != got,
            _ => false,
        };
        assert!(told, "{}: {error}", table.name());
    }
    // As many tables, but others.
    let swap = |table| match table {
        Table::AddImm => Table::Mul,
        other => other,
    };
    let other = TableSet::new(tables.into_iter().map(swap));
    let error = segment_refusal(|segment| segment.tables = other);
    assert!(is_proof_error(&error), "{error}");
}

#[test]
fn the_fields_of_the_proof_are_the_proof() {
    let proof = Proof::<4>::deserialize(&fields()).expect("a proof");
    assert_eq!(encoded(&proof), honest().receipt.segments[0].proof);
}

#[test]
fn heights_are_bounded() {
    for height in [0, 1, 5, 23, 27, 31, 32, 63, 64, u64::MAX] {
        let mut proof = fields();
        proof["degree_bits"][0] = height.into();
        let error = refusal_of(&proof).expect("a proof");
        let told = matches!(
            error,
            VerifyError::Height {
                table: Table::Claim,
                ..
            }
        );
        assert!(told, "{height}: {error}");
    }
    for (i, table) in honest().receipt.segments[0].tables.tables().enumerate() {
        let mut proof = fields();
        let height = proof["degree_bits"][i].as_u64().expect("a height");
        proof["degree_bits"][i] = (height + 1).into();
        assert!(refusal_of(&proof).is_some(), "{}", table.name());
    }
}

/// First, middle and last.
fn sample(paths: &[String]) -> Vec<&String> {
    let mut picked = vec![&paths[0], &paths[paths.len() / 2], &paths[paths.len() - 1]];
    picked.dedup();
    picked
}

/// What a leaf or list may be changed to.
fn changes(value: &Value, proof: &Value) -> Vec<Value> {
    match value {
        Value::Number(number) => {
            let number = number.as_u64().expect("a natural number");
            // The last but one is the same element, were it accepted.
            [number + 1, number ^ 1, 0, number + P, P - 1]
                .into_iter()
                .filter(|&other| other != number)
                .map(Value::from)
                .collect()
        }
        Value::Array(items) => {
            let mut lists = vec![vec![]];
            if let [start @ .., last] = items.as_slice() {
                lists.push(start.to_vec());
                lists.push([items.as_slice(), std::slice::from_ref(last)].concat());
                lists.push(items.iter().rev().cloned().collect());
            }
            lists.retain(|list| list != items);
            lists.into_iter().map(Value::Array).collect()
        }
        // What a proof may leave out: a commitment, the values of a row.
        Value::Null => vec![
            proof["commitments"]["main"].clone(),
            proof["opened_values"]["instances"][0]["base_opened_values"]["trace_local"].clone(),
        ],
        other => panic!("{other} in a proof"),
    }
}

#[test]
fn every_section_of_the_proof_is_bound() {
    let honest = fields();
    let sections = places(&honest);
    let mut refused = 0;
    // Types without a value have fields in the tree, too.
    for (section, paths) in sections
        .iter()
        .filter(|(name, _)| !name.ends_with("/_marker") && !name.ends_with("/_phantom"))
    {
        let mut of_section = 0;
        for path in sample(paths) {
            let place = honest.pointer(path).expect("a place of the proof");
            for change in changes(place, &honest) {
                let mut altered = honest.clone();
                *altered.pointer_mut(path).expect("the same place") = change;
                of_section += usize::from(refusal_of(&altered).is_some());
            }
        }
        // A section none of whose changes is a proof (a list of fixed length, a row that goes
        // with another) is covered by the places inside or beside it.
        let is_leaf =
            !section.ends_with("[]") && !honest.pointer(&paths[0]).is_some_and(Value::is_null);
        assert!(of_section > 0 || !is_leaf, "{section}");
        refused += of_section;
    }
    assert!(
        sections.len() > 20 && refused > 200,
        "{refused} of {}",
        sections.len()
    );
}

fn raw_refusal(change: impl FnOnce(&mut Vec<u8>)) -> VerifyError {
    segment_refusal(|segment| change(&mut segment.proof))
}

#[test]
fn bits_all_over_the_proof_count() {
    let length = honest().receipt.segments[0].proof.len();
    for i in 0..600 {
        let place = i * (length - 1) / 599;
        raw_refusal(|proof| proof[place] ^= 1 << (i % 8));
    }
}

#[test]
fn a_proof_has_one_encoding() {
    let wrong = |reason| VerifyError::Decode(DecodeError::Proof { segment: 0, reason });
    assert_eq!(raw_refusal(|proof| proof.push(0)), wrong("bytes follow it"));
    assert_eq!(raw_refusal(Vec::clear), wrong("it does not decode"));
    assert_eq!(
        raw_refusal(|proof| proof.truncate(proof.len() - 1)),
        wrong("it does not decode")
    );
    // The proof begins with the number of its commitment's digests, 1, as one byte; two bytes
    // encode it, too.
    assert_eq!(honest().receipt.segments[0].proof[0], 1);
    let error = raw_refusal(|proof| drop(proof.splice(..1, [0x81, 0])));
    assert_eq!(error, wrong("it has another encoding"));
}

#[test]
fn arbitrary_bytes_are_no_proof() {
    let length = honest().receipt.segments[0].proof.len();
    let mut state = 1u64;
    let mut random = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (state >> 33) as usize
    };
    for _ in 0..200 {
        let bytes: Vec<u8> = (0..random() % 4096).map(|_| random() as u8).collect();
        raw_refusal(|proof| *proof = bytes.clone());
        // The same in the middle of an honest proof.
        let start = random() % length;
        raw_refusal(|proof| drop(proof.splice(start..length.min(start + 64), bytes)));
        raw_refusal(|proof| proof.truncate(start));
    }
}
