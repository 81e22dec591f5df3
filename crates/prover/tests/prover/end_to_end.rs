//! Programs run, are proven and verified.

use crate::common::{assert_satisfied, image_id, prove};
use vouch_air::tables::Table;
use vouch_emulator::SegmentLimits;
use vouch_emulator::testing::{asm, program, random_program};
use vouch_verifier::config::{Proof, Quartic};
use vouch_verifier::{
    Key, Profile, Receipt, TableSet, TableShape, Verifier, VerifyError, decode_proof,
};

#[test]
fn exit_proves_and_verifies() {
    let program = program(&asm::exit(7));
    assert_satisfied(&program, &[], &SegmentLimits::default());
    let receipt = prove(&program, &[], &SegmentLimits::default(), Profile::Fast100);
    let receipt = Receipt::from_bytes(&receipt.to_bytes()).expect("its own encoding");
    let verifier = Verifier::new(Profile::Fast100).expect("a key");
    let claim = verifier
        .verify(&receipt, &image_id(&program))
        .expect("an honest receipt");
    assert_eq!(claim.exit_code, 7);
    assert_eq!(claim.journal, b"");
}

/// The shapes from which security and cost are computed are those of a proof.
#[test]
fn shapes_are_those_of_the_proof() {
    let program = crate::common::commitment();
    let receipt = prove(
        &program,
        &[7; 128],
        &SegmentLimits::default(),
        Profile::Fast100,
    );
    let segment = &receipt.segments[0];
    let tables: Vec<_> = segment.tables.tables().collect();
    let heights: Vec<usize> = { segment.proof.iter().take(tables.len()) }
        .map(|&height| height.into())
        .collect();
    let key = Key::<Quartic>::new(Profile::Fast100).expect("the profile's degree");
    let packing = key.packing(&tables, &heights);
    let proof: Proof<Quartic> = decode_proof(&segment.proof, &packing).expect("its own encoding");
    let opened = &proof.opened_values.instances;
    assert_eq!(opened.len(), segment.tables.tables().count());
    for (table, opened) in segment.tables.tables().zip(opened) {
        let shape = TableShape::of(table);
        let values = &opened.base_opened_values;
        let fixed = values.preprocessed_local().map_or(0, <[_]>::len);
        let got = (
            values.trace_local.len(),
            fixed,
            values.quotient_chunks.len(),
            opened.permutation_local.len(),
        );
        // Columns of challenges are opened element by element; one holds the running sum.
        let logup = 4 * (shape.logup_columns + 1);
        let expected = (shape.width, shape.fixed, shape.quotient_chunks, logup);
        assert_eq!(got, expected, "{}", table.name());
    }
}

#[test]
fn random_programs_satisfy_the_tables() {
    for seed in 0..40 {
        let code = random_program(seed, 300);
        assert_satisfied(&program(&code), &[], &SegmentLimits::default());
    }
}

/// A short execution lists the facts it asks for, a long one has them all in a fixed table; a
/// proof holds exactly one of the two.
#[test]
fn answers_come_from_one_of_two_tables() {
    let program = crate::common::guest(include_bytes!(
        "../../../../guest-programs/prebuilt/fibonacci.elf"
    ));
    let verifier = Verifier::new(Profile::Fast100).expect("a key");
    let id = image_id(&program);
    for (n, table, other) in [
        (100u32, Table::Facts, Table::Lookup),
        (40_000, Table::Lookup, Table::Facts),
    ] {
        let input = n.to_le_bytes();
        let mut receipt = prove(
            &program,
            &input,
            &SegmentLimits::default(),
            Profile::Fast100,
        );
        let tables = receipt.segments[0].tables;
        assert!(tables.contains(table) && !tables.contains(other), "{n}");
        verifier.verify(&receipt, &id).expect("an honest receipt");
        let rest = || tables.tables().filter(move |&one| one != table);
        for set in [
            TableSet::new(rest()),
            TableSet::new(tables.tables().chain([other])),
        ] {
            receipt.segments[0].tables = set;
            let refused = verifier.verify(&receipt, &id);
            let is_missing = matches!(
                refused,
                Err(VerifyError::MissingTable {
                    table: Table::Lookup,
                    ..
                })
            );
            assert!(is_missing, "{refused:?}");
        }
        // One for the other is another proof.
        receipt.segments[0].tables = TableSet::new(rest().chain([other]));
        assert!(verifier.verify(&receipt, &id).is_err());
    }
}
