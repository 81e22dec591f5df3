//! What verification costs in memory, beside the receipt itself.
//!
//! The allocator counts for the whole process, so everything is one test. A list that grows
//! counts twice while it moves, as it does where memory cannot be remapped.

use peak_alloc::PeakAlloc;
use vouch_emulator::SegmentLimits;
use vouch_emulator::testing::{DATA, asm, program};
use vouch_soundness::honest_receipt::{Honest, Verdict, verdict, verifier};
use vouch_soundness::hostile::KINDS;
use vouch_soundness::hostile::cases::honest;
use vouch_verifier::{ImageId, Profile, Receipt};

#[global_allocator]
static ALLOCATOR: PeakAlloc = PeakAlloc;

/// Bytes that a refusal may take at any one time: a third of the goal of 64 MiB.
const LIMIT: usize = 21 << 20;
/// Bytes in memory for each byte of a segment's journal.
const BYTES_A_JOURNAL_BYTE: usize = 80;

#[test]
fn memory_is_bounded() {
    let least = honest_receipt();
    hostile_receipts();
    journals(least);
}

/// The bytes that verifying takes at most at any one time, beside those taken before.
fn cost(receipt: &Receipt, image_id: &ImageId) -> (usize, Verdict) {
    let verifier = verifier(receipt.profile);
    let before = ALLOCATOR.current_usage();
    ALLOCATOR.reset_peak_usage();
    let verdict = verdict(verifier, receipt, image_id);
    (ALLOCATOR.peak_usage().saturating_sub(before), verdict)
}

fn honest_receipt() -> usize {
    let (cost, verdict) = cost(&honest().receipt, &honest().image_id);
    println!("{cost:>10} the honest receipt");
    assert!(matches!(verdict, Verdict::Accepted(_)), "{verdict:?}");
    assert!(cost <= 4 << 20, "{cost}");
    cost
}

fn hostile_receipts() {
    for kind in KINDS {
        let mut most = (0, String::new());
        (kind.cases)(&mut |name, receipt| {
            let (cost, verdict) = cost(&receipt, &honest().image_id);
            assert!(
                matches!(verdict, Verdict::Refused(_)),
                "{name}: {verdict:?}"
            );
            assert!(cost <= LIMIT, "{name}: {cost}");
            most = most.clone().max((cost, name.to_owned()));
        });
        println!("{:>10} {}: {}", most.0, kind.name, most.1);
    }
}

/// A journal is three columns, interpolated.
fn journals(least: usize) {
    let length = 1 << 16;
    let mut code = asm::journal(DATA, length).to_vec();
    code.extend(asm::exit(0));
    let limits = SegmentLimits::default();
    let journal = Honest::new(&program(&code), &[], &limits, Profile::Fast100);
    let (cost, verdict) = cost(&journal.receipt, &journal.image_id);
    let Verdict::Accepted(claim) = verdict else {
        panic!("{verdict:?}");
    };
    println!("{cost:>10} a journal of {length} bytes, honestly");
    assert_eq!(claim.journal.len(), length as usize);
    let bound = least + BYTES_A_JOURNAL_BYTE * claim.journal.len();
    assert!(cost <= bound, "{cost} of {bound}");
}
