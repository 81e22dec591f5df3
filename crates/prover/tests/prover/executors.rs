//! Who calls the checks of a receipt's segments has no say in what they find.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use crate::common::{copier, image_id, prove};
use vouch_emulator::SegmentLimits;
use vouch_verifier::{Claim, Executor, ImageId, Profile, Receipt, Verifier, VerifyError};

/// A verifier, a receipt of a run in several segments, and its program.
struct Run {
    verifier: Verifier,
    receipt: Receipt,
    image_id: ImageId,
}

impl Run {
    fn get() -> &'static Self {
        static RUN: OnceLock<Run> = OnceLock::new();
        RUN.get_or_init(|| {
            let program = copier();
            let limits = SegmentLimits {
                cycles: 10,
                ..SegmentLimits::default()
            };
            let verifier = Verifier::new(Profile::Fast100).expect("a key");
            let receipt = prove(&program, b"abcdefgh", &limits, verifier.profile());
            assert!(receipt.segments.len() >= 4, "{}", receipt.segments.len());
            Self {
                verifier,
                receipt,
                image_id: image_id(&program),
            }
        })
    }

    /// The honest receipt, but these segments end, and the next ones start, with other memory.
    fn bad(&self, segments: &[usize]) -> Receipt {
        let mut receipt = self.receipt.clone();
        for &i in segments {
            receipt.segments[i].claim.end_root.reverse();
            receipt.segments[i + 1].claim.start_root.reverse();
        }
        receipt
    }

    fn verify(&self, receipt: &Receipt, executor: &Executor<'_>) -> Result<Claim, VerifyError> {
        self.verifier.verify_with(receipt, &self.image_id, executor)
    }
}

/// Executors, from the diligent to the hostile. `bad` is a segment that some of them avoid, and
/// others look at alone.
fn executors(bad: usize) -> Vec<(&'static str, Box<Executor<'static>>)> {
    vec![
        ("nothing", Box::new(|_, _| {})),
        ("in order", Box::new(|n, check| (0..n).for_each(check))),
        (
            "in reverse",
            Box::new(|n, check| (0..n).rev().for_each(check)),
        ),
        (
            "each twice",
            Box::new(|n, check| (0..n).flat_map(|i| [i, i]).for_each(check)),
        ),
        (
            "all but the bad one",
            Box::new(move |n, check| (0..n).filter(|&i| i != bad).for_each(check)),
        ),
        (
            "the bad one, often",
            Box::new(move |_, check| {
                [bad; 3].into_iter().for_each(check);
            }),
        ),
        (
            "numbers of no segment",
            Box::new(|n, check| [n, n + 1, usize::MAX].into_iter().for_each(check)),
        ),
        (
            "a thread each",
            Box::new(|n, check| {
                thread::scope(|scope| {
                    for i in 0..n {
                        scope.spawn(move || check(i));
                    }
                });
            }),
        ),
    ]
}

#[test]
fn all_find_the_same_claim() {
    let run = Run::get();
    let claim = run.verifier.verify(&run.receipt, &run.image_id);
    let claim = claim.expect("it is honest");
    assert_eq!(claim.journal, b"abcdefgh");
    for (name, executor) in executors(1) {
        let found = run.verify(&run.receipt, executor.as_ref());
        assert_eq!(found.as_ref(), Ok(&claim), "{name}");
    }
}

/// A segment at fault is named, whoever looked at it and whether anybody did: the first one, unless
/// others were looked at before.
#[test]
fn all_find_a_segment_at_fault() {
    let run = Run::get();
    // The chain of claims holds: it is proofs that do not.
    for bad in [[0, 2].as_slice(), &[1], &[2]] {
        let receipt = run.bad(bad);
        let fault = |found: &Result<Claim, VerifyError>| match found {
            Err(VerifyError::Proof { segment, .. }) => Some(*segment),
            _ => None,
        };
        let first = run.verifier.verify(&receipt, &run.image_id);
        assert_eq!(fault(&first), Some(bad[0]), "{bad:?}: {first:?}");
        // Roots are those of two segments.
        let at_fault: Vec<usize> = bad.iter().flat_map(|&i| [i, i + 1]).collect();
        for (name, executor) in executors(bad[0]) {
            let found = fault(&run.verify(&receipt, executor.as_ref()));
            let expected = match name {
                "in reverse" => at_fault.last(),
                "all but the bad one" => at_fault.get(1),
                "a thread each" => at_fault.iter().find(|&&i| found == Some(i)),
                _ => at_fault.first(),
            };
            assert!(found.is_some(), "{bad:?}, {name}");
            assert_eq!(found.as_ref(), expected, "{bad:?}, {name}");
        }
    }
}

/// Once one has failed, a check says nothing: of segments that were not looked at, nothing is found.
#[test]
fn one_failure_ends_all() {
    let run = Run::get();
    let receipt = run.bad(&[0, 2]);
    let found = run.verify(&receipt, &|n, check| {
        check(2);
        // The first is at fault as well, and would be found to be.
        (0..n).for_each(check);
    });
    assert!(
        matches!(found, Err(VerifyError::Proof { segment: 2, .. })),
        "{found:?}"
    );
}

/// Proofs cost far more than the chain, so what breaks it is refused before any is looked at.
#[test]
fn a_broken_chain_is_refused_first() {
    let run = Run::get();
    let mut receipt = run.receipt.clone();
    receipt.segments.remove(1);
    let called = AtomicBool::new(false);
    let refused = run.verify(&receipt, &|_, _| called.store(true, Ordering::Relaxed));
    assert!(
        matches!(refused, Err(VerifyError::Chain { segment: 1, .. })),
        "{refused:?}"
    );
    assert!(!called.load(Ordering::Relaxed));
}
