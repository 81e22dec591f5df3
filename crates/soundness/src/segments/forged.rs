//! Orders of segments whose claims are edited until the chain holds. Whatever the verifier
//! compares itself is then right, and it is for the proofs to refuse.

use vouch_verifier::{Receipt, SegmentReceipt};

use super::{Runs, by_proof, order};
use crate::honest_receipt::Change;
use crate::outcome::Outcome;

/// Makes the segments of a receipt meet, given the segment with which its program starts.
pub type Meet = fn(&mut Receipt, &SegmentReceipt);

/// Ways to make segments meet.
pub const WAYS: [(&str, Meet); 2] = [
    ("starts edited to meet", starts_follow_ends),
    ("ends edited to meet", ends_precede_starts),
];

/// Every order of segments that is not the run's, in every way.
pub fn orders(runs: &Runs) -> Outcome {
    let mut changes = Vec::new();
    for (how, meet) in WAYS {
        for (name, edit) in order::edits(runs.segments) {
            let forge = move |receipt: &mut Receipt| {
                edit(receipt);
                meet(receipt, runs.one.segment());
            };
            // There is nothing to forge where no segment is left.
            if !runs.one.with(&forge).segments.is_empty() {
                changes.push(Change::new(format!("{name}, {how}"), by_proof, forge));
            }
        }
    }
    runs.one.expect_refusals("forged chains refused", changes)
}

/// Each segment starts where the one before ends, the first where the program does.
fn starts_follow_ends(receipt: &mut Receipt, first: &SegmentReceipt) {
    exit_at_the_end(receipt);
    let (mut pc, mut root) = (first.claim.start_pc, first.claim.start_root);
    for SegmentReceipt { claim, .. } in &mut receipt.segments {
        (claim.start_pc, claim.start_root) = (pc, root);
        (pc, root) = (claim.end_pc, claim.end_root);
    }
}

/// Each segment ends where the next one starts, as far as there is one; the first starts where
/// the program does.
fn ends_precede_starts(receipt: &mut Receipt, first: &SegmentReceipt) {
    exit_at_the_end(receipt);
    let (mut pc, mut root) = (first.claim.start_pc, first.claim.start_root);
    if let Some(SegmentReceipt { claim, .. }) = receipt.segments.first_mut() {
        (claim.start_pc, claim.start_root) = (pc, root);
    }
    let ends = receipt.segments.iter_mut().rev();
    for (i, SegmentReceipt { claim, .. }) in ends.enumerate() {
        if i > 0 {
            (claim.end_pc, claim.end_root) = (pc, root);
        }
        (pc, root) = (claim.start_pc, claim.start_root);
    }
}

/// The last segment exits, and no other.
fn exit_at_the_end(receipt: &mut Receipt) {
    let last = receipt.segments.len().saturating_sub(1);
    for (i, SegmentReceipt { claim, .. }) in receipt.segments.iter_mut().enumerate() {
        if i == last {
            claim.exit_code = claim.exit_code.or(Some(0));
            claim.end_pc = 0;
        } else {
            claim.exit_code = None;
        }
    }
}
