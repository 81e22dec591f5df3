//! Verification of real receipts in all modes.

use vouch_kit::ProofDigest;
use vouch_kit::verification::{Answer, Verdict, VerificationMode, Verifications};
use vouch_sdk::{ImageId, Receipt, VerifyError};

use crate::{fibonacci_id, panicking, proven};

const MODES: [VerificationMode; 3] = [
    VerificationMode::Full,
    VerificationMode::Cached,
    VerificationMode::Deferred,
];

fn verify(bytes: &[u8], id: &ImageId, mode: VerificationMode) -> Verdict {
    let verifications = Verifications::new(Default::default()).expect("threads");
    // Twice, so that the second verdict may come from memory.
    let verdict = || {
        let answer = verifications.verify(bytes.to_vec(), id, mode);
        let answer = answer.expect("an answer");
        let deferred = matches!(answer, Answer::Pending(_));
        assert_eq!(deferred, mode == VerificationMode::Deferred);
        answer.wait().expect("a verdict")
    };
    let first = verdict();
    assert_eq!(first, verdict());
    first
}

#[test]
fn a_proof_is_verified_in_every_mode() {
    let bytes = proven().receipt.to_bytes();
    for mode in MODES {
        let Verdict::Verified(verified) = verify(&bytes, &fibonacci_id(), mode) else {
            panic!("it is a proof");
        };
        assert_eq!(*verified.claim(), proven().claim);
        assert_eq!(verified.digest(), ProofDigest::of_bytes(&bytes));
        assert_eq!(verified.profile(), proven().receipt.profile);
    }
}

#[test]
fn other_exit_codes_are_in_the_claim() {
    let (id, proven) = panicking();
    let verifications = Verifications::new(Default::default()).expect("threads");
    let verdict = verifications.cached(proven.receipt, &id);
    let Ok(Verdict::Verified(verified)) = verdict else {
        panic!("it is a proof");
    };
    assert_eq!(verified.claim().exit_code, 101);
}

#[test]
fn no_mode_accepts_anything_else() {
    let bytes = proven().receipt.to_bytes();
    for mode in MODES {
        let rejected = |bytes: &[u8], id: &ImageId| match verify(bytes, id, mode) {
            Verdict::Rejected(reason) => reason,
            Verdict::Verified(_) => panic!("it is no proof"),
        };
        let reason = rejected(&bytes, &panicking().0);
        assert!(matches!(reason, VerifyError::ImageId { .. }), "{reason}");
        let reason = rejected(&bytes[..bytes.len() - 1], &fibonacci_id());
        assert!(matches!(reason, VerifyError::Decode(_)), "{reason}");
        let mut receipt = Receipt::from_bytes(&bytes).expect("a receipt");
        receipt.segments[0].claim.journal[0] ^= 1;
        let reason = rejected(&receipt.to_bytes(), &fibonacci_id());
        assert!(matches!(reason, VerifyError::Proof { .. }), "{reason}");
        let mut flipped = bytes.clone();
        flipped[bytes.len() / 2] ^= 1;
        rejected(&flipped, &fibonacci_id());
    }
}
