//! Programs run, are proven and verified.

use crate::common::{assert_satisfied, image_id, prove};
use vouch_emulator::SegmentLimits;
use vouch_emulator::testing::{asm, program, random_program};
use vouch_verifier::{Profile, Receipt, Verifier};

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

#[test]
fn random_programs_satisfy_the_tables() {
    for seed in 0..40 {
        let code = random_program(seed, 300);
        assert_satisfied(&program(&code), &[], &SegmentLimits::default());
    }
}
