//! Programs run, are proven and verified.

use crate::common::{assert_satisfied, image_id, prove};
use vouch_emulator::SegmentLimits;
use vouch_emulator::testing::{asm, program, random_program};
use vouch_verifier::config::Proof;
use vouch_verifier::{Profile, Receipt, TableShape, Verifier};

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
    let proof: Proof<4> = postcard::from_bytes(&segment.proof).expect("its own encoding");
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
