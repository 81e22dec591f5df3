//! What verification costs in memory, beside the receipt itself.
//!
//! The allocator counts for the whole process, so everything is one test. A list that grows
//! counts twice while it moves, as it does where memory cannot be remapped.

#[path = "prover/cases.rs"]
mod cases;
#[path = "prover/common.rs"]
#[expect(dead_code, reason = "the tests in prover/ use the rest")]
mod common;
#[path = "prover/honest.rs"]
#[expect(dead_code, reason = "the tests in prover/ use the rest")]
mod honest;

use common::{image_id, prove};
use honest::honest;
use peak_alloc::PeakAlloc;
use vouch_emulator::SegmentLimits;
use vouch_emulator::testing::{DATA, asm, program};
use vouch_verifier::{Claim, ImageId, MAX_PROOF_BYTES, Profile, Receipt, Verifier, VerifyError};

#[global_allocator]
static ALLOCATOR: PeakAlloc = PeakAlloc;

/// Bytes that an ordinary refusal may take at any one time.
const LIMIT: usize = 64 << 20;
/// Bytes in memory for each byte of a proof that is nothing but empty lists.
const BYTES_A_PROOF_BYTE: usize = 56;
/// Bytes in memory for each byte of a segment's journal.
const BYTES_A_JOURNAL_BYTE: usize = 80;

#[test]
fn memory_is_bounded() {
    let least = honest_receipts();
    hostile_receipts();
    empty_lists();
    journals(least);
}

/// The bytes that verifying takes at most at any one time, beside those taken before.
fn cost(receipt: &Receipt, image_id: &ImageId) -> (usize, Result<Claim, VerifyError>) {
    let other;
    let verifier = match receipt.profile == honest().receipt.profile {
        true => &honest().verifier,
        false => {
            other = Verifier::new(receipt.profile).expect("a key");
            &other
        }
    };
    let before = ALLOCATOR.current_usage();
    ALLOCATOR.reset_peak_usage();
    let verdict = verifier.verify(receipt, image_id);
    (ALLOCATOR.peak_usage().saturating_sub(before), verdict)
}

fn honest_receipts() -> usize {
    let (cost, verdict) = cost(&honest().receipt, &honest().image_id);
    verdict.expect("it is honest");
    assert!(cost <= 4 << 20, "{cost}");
    cost
}

/// Refusing takes at most [`LIMIT`] and as much as the receipt itself.
fn hostile_receipts() {
    let kinds: [fn(cases::Visit<'_>); 7] = [
        cases::heights,
        cases::plausible_heights,
        cases::lists,
        cases::table_lists,
        cases::fri,
        cases::elements,
        cases::claims,
    ];
    for kind in kinds {
        kind(&mut |name, receipt| {
            let (cost, verdict) = cost(&receipt, &honest().image_id);
            let length = receipt.to_bytes().len();
            assert!(verdict.is_err(), "{name}");
            assert!(cost <= LIMIT + length, "{name}: {cost} for {length}");
        });
    }
}

/// The proof that takes the most memory takes far more than [`LIMIT`], but no more than
/// docs/fuzzing.md says.
fn empty_lists() {
    cases::empty_lists(&mut |name, receipt| {
        let (cost, verdict) = cost(&receipt, &honest().image_id);
        assert!(matches!(verdict, Err(VerifyError::Decode(_))), "{name}");
        assert!(cost <= BYTES_A_PROOF_BYTE * MAX_PROOF_BYTES, "{cost}");
    });
}

/// A journal is three columns, interpolated.
fn journals(least: usize) {
    let length = 1 << 16;
    let mut code = asm::journal(DATA, length).to_vec();
    code.extend(asm::exit(0));
    let program = program(&code);
    let receipt = prove(&program, &[], &SegmentLimits::default(), Profile::Fast100);
    let (cost, verdict) = cost(&receipt, &image_id(&program));
    let length = verdict.expect("it is honest").journal.len();
    assert_eq!(length, 1 << 16);
    let bound = 2 * least + BYTES_A_JOURNAL_BYTE * length;
    assert!(cost <= bound, "{cost} of {bound}");
}
