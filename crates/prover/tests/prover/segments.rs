//! Runs of several segments: the same claim however they are cut.

use std::ops::ControlFlow;

use crate::common::{assert_satisfied, commitment, copier, guest, image_id, prove};
use vouch_air::memory_tree::MemoryTree;
use vouch_air::tables::Table;
use vouch_emulator::testing::{DATA, DATA_BYTES, asm, program, random_program, segments};
use vouch_emulator::{Limits, SegmentLimits, record};
use vouch_isa::Op;
use vouch_isa::event::Segment;
use vouch_prover::{ProveError, Prover};
use vouch_verifier::{Profile, Verifier, max_log_height};

fn cut(cycles: u64) -> SegmentLimits<'static> {
    SegmentLimits {
        cycles,
        ..SegmentLimits::default()
    }
}

#[test]
fn the_claim_is_that_of_the_whole_run() {
    let program = copier();
    let prove = |limits| prove(&program, b"abcdefgh", &limits, Profile::Fast100);
    let verifier = Verifier::new(Profile::Fast100).expect("a key");
    let verify = |receipt| verifier.verify(receipt, &image_id(&program));
    let parts = prove(cut(10));
    assert!(parts.segments.len() >= 4, "{}", parts.segments.len());
    let claim = verify(&parts).expect("it is honest");
    assert_eq!(claim.journal, b"abcdefgh");
    let whole = prove(SegmentLimits::default());
    assert_eq!(whole.segments.len(), 1);
    assert_eq!(verify(&whole), Ok(claim));
}

/// What the verifier would refuse for its length is not proven in the first place.
#[test]
fn a_segment_writes_no_more_than_the_verifier_reads() {
    let most = max_log_height(Table::Journal);
    let mut code = Vec::new();
    for _ in 0..=(1 << most) / DATA_BYTES {
        code.extend(asm::journal(DATA, DATA_BYTES));
    }
    code.extend(asm::exit(0));
    let program = program(&code);
    let image = program.image();
    let limits = Limits {
        journal_bytes: 2 << most,
        ..Limits::default()
    };
    let mut refusal = None;
    let mut sink = |segment: &mut Segment| {
        let mut tree = MemoryTree::new(image);
        let proof = Prover::new(Profile::Fast100).prove_segment(segment, &image.text, &mut tree);
        refusal = proof.err();
        ControlFlow::Continue(())
    };
    let one = SegmentLimits::default();
    record(&program, &[], &limits, &one, &mut |_, _| {}, &mut sink).expect("it runs");
    let expected = ProveError::Height {
        table: Table::Journal,
        max: most,
        got: most + 1,
    };
    assert_eq!(refusal, Some(expected));
}

/// Cut anywhere, even after every instruction, a run satisfies the tables and says the same.
#[test]
fn runs_may_be_cut_anywhere() {
    let programs = [
        (commitment(), (0..128).collect::<Vec<u8>>()),
        (copier(), b"abcdefgh".to_vec()),
        (program(&random_program(7, 60)), vec![]),
    ];
    for (program, input) in &programs {
        let (whole, _) = segments(program, input, &SegmentLimits::default()).expect("it runs");
        for cycles in [1, 2, 3, 5, 7, 64] {
            assert_satisfied(program, input, &cut(cycles));
            let (run, parts) = segments(program, input, &cut(cycles)).expect("it runs");
            assert_eq!(run.journal, whole.journal);
            assert_eq!(parts.len() as u64, whole.cycles.div_ceil(cycles));
        }
    }
}

/// Registers are touched anew before a difference of timestamps outgrows its range.
#[test]
fn long_runs_refresh_their_registers() {
    let fibonacci = guest(include_bytes!(
        "../../../../guest-programs/prebuilt/fibonacci.elf"
    ));
    assert_satisfied(
        &fibonacci,
        &20_000u32.to_le_bytes(),
        &SegmentLimits::default(),
    );
    // Nothing else than one register in use for longer than the window.
    let mut code = asm::li(5, 50_000).to_vec();
    code.push(asm::addi(5, 5, -1));
    code.push(asm::branch(Op::Bne, 5, 0, -4));
    code.extend(asm::exit_with(6));
    assert_satisfied(&program(&code), &[], &SegmentLimits::default());
}
