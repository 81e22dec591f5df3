//! Runs of several segments: the same claim however they are cut, and no receipt whose
//! segments are not one run.

use std::sync::OnceLock;

use crate::common::{assert_satisfied, commitment, guest, image_id, prove};
use vouch_emulator::testing::{asm, program, random_program, segments};
use vouch_emulator::{Program, SegmentLimits};
use vouch_isa::Op;
use vouch_verifier::{Claim, Profile, Receipt, Verifier, VerifyError};

fn cut(cycles: u64) -> SegmentLimits {
    SegmentLimits {
        cycles,
        ..SegmentLimits::default()
    }
}

fn verifier() -> &'static Verifier {
    static VERIFIER: OnceLock<Verifier> = OnceLock::new();
    VERIFIER.get_or_init(|| Verifier::new(Profile::Fast100).expect("a key"))
}

fn verify(program: &Program, receipt: &Receipt) -> Result<Claim, VerifyError> {
    verifier().verify(receipt, &image_id(program))
}

/// Writes the two given words to the journal and exits with 0.
fn writer(first: u32, second: u32) -> Program {
    let address = vouch_emulator::testing::DATA;
    let mut code = asm::li(10, address).to_vec();
    for (offset, word) in [(0, first), (4, second)] {
        code.extend(asm::li(11, word));
        code.push(asm::sw(11, offset, 10));
    }
    code.extend(asm::journal(address, 4));
    code.extend(asm::journal(address + 4, 4));
    code.extend(asm::exit(0));
    program(&code)
}

/// One program that writes its input, 4 bytes a call, to the journal.
fn copier() -> Program {
    let address = vouch_emulator::testing::DATA;
    let mut code = Vec::new();
    for _ in 0..2 {
        code.extend(asm::read(address, 4));
        code.extend(asm::journal(address, 4));
    }
    code.extend(asm::exit(0));
    program(&code)
}

struct Cut {
    program: Program,
    receipt: Receipt,
    other_input: Receipt,
}

/// A run cut in four or more, and another run of the same program cut alike.
fn honest() -> &'static Cut {
    static CUT: OnceLock<Cut> = OnceLock::new();
    CUT.get_or_init(|| {
        let program = copier();
        let prove = |input| prove(&program, input, &cut(10), Profile::Fast100);
        Cut {
            receipt: prove(b"abcdefgh"),
            other_input: prove(b"ABCDEFGH"),
            program: program.clone(),
        }
    })
}

fn refusal(change: impl FnOnce(&mut Receipt)) -> VerifyError {
    let Cut {
        program, receipt, ..
    } = honest();
    let mut receipt = receipt.clone();
    change(&mut receipt);
    verify(program, &receipt).expect_err("a changed receipt must be refused")
}

#[test]
fn the_claim_is_that_of_the_whole_run() {
    let Cut {
        program, receipt, ..
    } = honest();
    assert!(receipt.segments.len() >= 4, "{}", receipt.segments.len());
    let claim = verify(program, receipt).expect("it is honest");
    assert_eq!(claim.journal, b"abcdefgh");
    let whole = prove(
        program,
        b"abcdefgh",
        &SegmentLimits::default(),
        Profile::Fast100,
    );
    assert_eq!(whole.segments.len(), 1);
    assert_eq!(verify(program, &whole), Ok(claim));
}

#[test]
fn no_segment_can_be_left_out() {
    let segments = honest().receipt.segments.len();
    for i in 0..segments {
        let error = refusal(|receipt| drop(receipt.segments.remove(i)));
        let told = match error {
            VerifyError::ImageId { .. } => i == 0,
            VerifyError::Chain { segment, .. } => segment == i,
            VerifyError::Halt { segment, .. } => i == segments - 1 && segment == i - 1,
            _ => false,
        };
        assert!(told, "{i}: {error}");
    }
}

#[test]
fn segments_are_in_order_and_once() {
    for i in 1..honest().receipt.segments.len() {
        let error = refusal(|receipt| receipt.segments.swap(i - 1, i));
        assert!(!matches!(error, VerifyError::Proof { .. }), "{i}: {error}");
        let error = refusal(|receipt| {
            let again = receipt.segments[i].clone();
            receipt.segments.insert(i, again);
        });
        assert!(!matches!(error, VerifyError::Proof { .. }), "{i}: {error}");
    }
}

/// Memory differs between the runs, so the roots do not meet; with the roots edited to meet,
/// the proofs do not verify.
#[test]
fn runs_cannot_be_spliced() {
    let other = &honest().other_input.segments;
    let last = other.len() - 1;
    let error = refusal(|receipt| receipt.segments[last] = other[last].clone());
    let expected = VerifyError::Chain {
        segment: last,
        link: "memory root",
    };
    assert_eq!(error, expected);
    let error = refusal(|receipt| {
        let root = receipt.segments[last].claim.start_root;
        receipt.segments[last] = other[last].clone();
        receipt.segments[last].claim.start_root = root;
    });
    assert!(
        matches!(error, VerifyError::Proof { segment, .. } if segment == last),
        "{error}"
    );
}

#[test]
fn programs_cannot_be_spliced() {
    let (one, two) = (writer(1, 2), writer(1, 3));
    let prove = |program| prove(program, &[], &cut(20), Profile::Fast100);
    let (first, second) = (prove(&one), prove(&two));
    assert_eq!(first.segments.len(), second.segments.len());
    let mut spliced = first.clone();
    spliced.segments[1..].clone_from_slice(&second.segments[1..]);
    let error = verify(&one, &spliced).expect_err("two programs");
    assert!(matches!(error, VerifyError::Chain { .. }), "{error}");
    verify(&one, &first).expect("it is honest");
    assert!(matches!(
        verify(&two, &first),
        Err(VerifyError::ImageId { .. })
    ));
}

/// Each journal slice is proven at its place: bytes cannot move to another segment.
#[test]
fn journal_slices_stay_in_their_segments() {
    let with_journal = |receipt: &Receipt| {
        let has = |&i: &usize| !receipt.segments[i].claim.journal.is_empty();
        (0..receipt.segments.len()).filter(has).collect::<Vec<_>>()
    };
    let places = with_journal(&honest().receipt);
    assert!(places.len() >= 2, "{places:?}");
    let error = refusal(|receipt| {
        let moved = core::mem::take(&mut receipt.segments[places[1]].claim.journal);
        receipt.segments[places[0]].claim.journal.extend(moved);
    });
    assert!(!matches!(error, VerifyError::Decode(_)), "{error}");
    let error = refusal(|receipt| {
        let first = receipt.segments[places[0]].claim.journal.clone();
        let second = core::mem::replace(&mut receipt.segments[places[1]].claim.journal, first);
        receipt.segments[places[0]].claim.journal = second;
    });
    assert!(matches!(error, VerifyError::Proof { .. }), "{error}");
}

#[test]
fn only_the_last_segment_exits() {
    let segments = honest().receipt.segments.len();
    for segment in 0..segments - 1 {
        let error = refusal(|receipt| {
            let claim = &mut receipt.segments[segment].claim;
            (claim.exit_code, claim.end_pc) = (Some(0), 0);
        });
        assert_eq!(error, VerifyError::Halt { segment, segments });
        // A run cut short there, shown as finished.
        let error = refusal(|receipt| {
            receipt.segments.truncate(segment + 1);
            let claim = &mut receipt.segments[segment].claim;
            (claim.exit_code, claim.end_pc) = (Some(0), 0);
        });
        assert!(
            matches!(error, VerifyError::Proof { .. }),
            "{segment}: {error}"
        );
    }
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
