//! The beginning of one run and the end of another.

use rayon::iter::IntoParallelIterator;
use vouch_verifier::{Receipt, VerifyError};

use super::{Runs, by_comparison, by_proof, forged};
use crate::honest_receipt::{Change, Honest, Verdict, gather, verdict, verifier};
use crate::outcome::Outcome;

/// Every beginning with every end of a run on other input and of another program, as they are
/// and with the seam edited to meet; and each run as the other program's.
pub fn splice(runs: &Runs) -> Outcome {
    let count = runs.segments;
    let mut outcome = Outcome::default();
    for (what, other) in [
        ("other input", &runs.other_input),
        ("other program", &runs.other_program),
    ] {
        let pairs = (1..=count).flat_map(|i| (0..count).map(move |j| (i, j)));
        let pairs: Vec<_> = pairs.collect();
        outcome.add(gather(pairs.into_par_iter(), |outcome, (i, j)| {
            let name = format!("{i} segments and those of {what} from {j}");
            seam(outcome, &name, [&runs.one, other], i, j);
        }));
    }
    swap_programs(runs, &mut outcome);
    outcome
}

/// The first `i` segments of one run and those of another from `j` on.
fn seam(outcome: &mut Outcome, name: &str, [one, other]: [&Honest; 2], i: usize, j: usize) {
    let spliced = one.with(|receipt| {
        receipt.segments.truncate(i);
        receipt
            .segments
            .extend_from_slice(&other.receipt.segments[j..]);
    });
    // Runs that have not parted yet have the same beginning, which is no lie.
    let is_honest = |receipt: &Receipt| {
        [one, other]
            .iter()
            .any(|run| receipt.segments == run.receipt.segments)
    };
    if is_honest(&spliced) {
        return;
    }
    one.expect_refusal(outcome, "splices refused", name, &spliced, by_comparison);

    let mut met = spliced;
    let [.., before, after] = &mut met.segments[..=i] else {
        return;
    };
    // The second half is edited to go on where the first ends.
    (after.claim.start_pc, after.claim.start_root) = (before.claim.end_pc, before.claim.end_root);
    let exits = i == one.receipt.segments.len();
    if is_honest(&met) {
        return;
    }
    let refused_by = |error: &VerifyError| match exits {
        // What follows an exit follows it however it is edited.
        true => matches!(error, VerifyError::Halt { .. }),
        false => by_proof(error),
    };
    let name = format!("{name}, edited to meet");
    one.expect_refusal(outcome, "splices refused", &name, &met, refused_by);
}

/// A segment of another run in the place of its own: as it is, and with the claims edited to meet.
pub fn grafts(runs: &Runs) -> Outcome {
    let mut changes = Vec::new();
    for (what, other) in [
        ("other input", &runs.other_input),
        ("other program", &runs.other_program),
    ] {
        for i in 0..runs.segments {
            // Runs that have not parted yet have the same segments.
            if runs.one.receipt.segments[i] == other.receipt.segments[i] {
                continue;
            }
            let graft = move |r: &mut Receipt| r.segments[i] = other.receipt.segments[i].clone();
            let name = format!("{i} of {what}");
            changes.push(Change::new(name.clone(), by_comparison, graft));
            for (how, meet) in forged::WAYS {
                let name = format!("{name}, {how}");
                changes.push(Change::new(name, by_proof, move |r| {
                    graft(r);
                    meet(r, runs.one.segment());
                }));
            }
        }
    }
    runs.one.expect_refusals("grafts refused", changes)
}

/// A run of one program is no run of another, whatever the receipt says.
fn swap_programs(runs: &Runs, outcome: &mut Outcome) {
    let what = "splices refused";
    for (name, one, other) in [
        ("one as the other", &runs.one, &runs.other_program),
        ("the other as one", &runs.other_program, &runs.one),
    ] {
        let refused = verdict(verifier(one.receipt.profile), &one.receipt, &other.image_id);
        let expected = VerifyError::ImageId {
            expected: other.image_id,
            got: one.image_id,
        };
        match refused == Verdict::Refused(expected) {
            true => outcome.count(what, 1),
            false => outcome.fail(format!("{name}: {refused:?}")),
        }
        // The image ID is made to fit; the proof then is of another start.
        let relabelled = one.with(|receipt| {
            let start = other.segment().claim.start_root;
            (receipt.entry, receipt.text) = (other.receipt.entry, other.receipt.text.clone());
            receipt.segments[0].claim.start_root = start;
        });
        let name = format!("{name}, relabelled");
        other.expect_refusal(outcome, what, &name, &relabelled, by_proof);
    }
}
