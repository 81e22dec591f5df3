//! Claims edited so that the segments still meet, or seem to.

use vouch_verifier::{Receipt, SegmentReceipt};

use super::{Runs, by_comparison, by_proof};
use crate::honest_receipt::Change;
use vouch_air::testkit::P;

/// Ends, exit codes and journals.
pub fn changes(runs: &Runs) -> Vec<Change<'_>> {
    let mut changes = ends(runs);
    changes.extend(exit_codes(runs));
    changes.extend(journals(runs));
    changes
}

/// Shows a segment as one that exits.
fn finish(segment: &mut SegmentReceipt, code: u32) {
    (segment.claim.exit_code, segment.claim.end_pc) = (Some(code), 0);
}

/// Unfinished runs shown as finished, and finished ones as unfinished.
fn ends(runs: &Runs) -> Vec<Change<'_>> {
    let last = runs.segments - 1;
    let mut changes = Vec::new();
    for i in 0..last {
        for code in [0, 1, P] {
            let name = format!("{i} exits with {code:#x}");
            changes.push(Change::new(name, by_comparison, move |r| {
                finish(&mut r.segments[i], code);
            }));
            let name = format!("{i} exits with {code:#x}, and the rest is left out");
            changes.push(Change::new(name, by_proof, move |r| {
                r.segments.truncate(i + 1);
                finish(&mut r.segments[i], code);
            }));
        }
        // The root of a run that has ended, too.
        let name = format!("{i} ends as the run does");
        changes.push(Change::new(name, by_proof, move |r| {
            let end = r.segments[last].claim.clone();
            r.segments.truncate(i + 1);
            finish(&mut r.segments[i], 0);
            r.segments[i].claim.end_root = end.end_root;
        }));
        let name = format!("{i} goes on at the next instruction");
        changes.push(Change::new(name, by_proof, move |r| {
            r.segments[i].claim.end_pc += 1;
            r.segments[i + 1].claim.start_pc += 1;
        }));
        let name = format!("{i} ends with other memory");
        changes.push(Change::new(name, by_proof, move |r| {
            r.segments[i].claim.end_root.reverse();
            r.segments[i + 1].claim.start_root.reverse();
        }));
    }
    changes.push(Change::new("the run goes on", by_comparison, move |r| {
        r.segments[last].claim.exit_code = None;
    }));
    let again = "the run goes on at its start, and is there twice";
    changes.push(Change::new(again, by_proof, move |r| run_twice(r, last)));
    changes
}

/// The whole run after itself, its first end edited to meet its start.
fn run_twice(receipt: &mut Receipt, last: usize) {
    let again = receipt.segments.clone();
    let start = again[0].claim.clone();
    let claim = &mut receipt.segments[last].claim;
    claim.exit_code = None;
    (claim.end_pc, claim.end_root) = (start.start_pc, start.start_root);
    receipt.segments.extend(again);
}

/// An exit code is two limbs: neither the prime nor what reads like it is 0.
fn exit_codes(runs: &Runs) -> Vec<Change<'_>> {
    let last = runs.segments - 1;
    let bits = (0..32).map(|bit| 1 << bit);
    let codes = bits.chain([P - 1, P, P + 1, 0xffff, 0x1_0001, u32::MAX, 2 * P]);
    let change = |code: u32| {
        Change::new(format!("exit code {code:#x}"), by_proof, move |r| {
            r.segments[last].claim.exit_code = Some(code);
        })
    };
    codes.map(change).collect()
}

/// Slices are proven at their place: bytes move to no other segment, and change in none.
fn journals(runs: &Runs) -> Vec<Change<'_>> {
    let segments = &runs.one.receipt.segments;
    let has = |&i: &usize| !segments[i].claim.journal.is_empty();
    let places: Vec<usize> = (0..segments.len()).filter(has).collect();
    let mut changes = Vec::new();
    for (&i, &next) in places.iter().zip(places.iter().skip(1)) {
        let refused_by = |error: &_| by_proof(error) || by_table(error);
        let mut add = |name: &str, edit: fn(&mut Vec<u8>, &mut Vec<u8>)| {
            changes.push(Change::new(
                format!("{name}, of {i} and {next}"),
                refused_by,
                move |r| {
                    let (head, tail) = r.segments.split_at_mut(next);
                    edit(&mut head[i].claim.journal, &mut tail[0].claim.journal);
                },
            ));
        };
        add("all to the first", |a, b| a.append(b));
        add("all to the second", |a, b| {
            *b = [std::mem::take(a), b.clone()].concat()
        });
        add("slices exchanged", std::mem::swap);
        add("a byte to the first", |a, b| a.push(b.remove(0)));
        add("a byte to the second", |a, b| b.extend(a.pop()));
        add("bytes exchanged", |a, b| {
            std::mem::swap(&mut a[0], &mut b[0])
        });
        add("the first left out", |a, _| a.clear());
        add("a zero more", |a, _| a.push(0));
        add("a bit flipped", |_, b| b[0] ^= 1);
    }
    for i in (0..segments.len()).filter(|i| !places.contains(i)) {
        let refused_by = |error: &_| by_proof(error) || by_table(error);
        changes.push(Change::new(
            format!("a journal in {i}"),
            refused_by,
            move |r| {
                r.segments[i].claim.journal.push(0);
            },
        ));
    }
    changes
}

/// Refused for a journal table that is missing, superfluous or of another height.
fn by_table(error: &vouch_verifier::VerifyError) -> bool {
    use vouch_air::tables::Table::Journal;
    use vouch_verifier::VerifyError::{Height, MissingTable};
    matches!(
        error,
        MissingTable { table: Journal, .. } | Height { table: Journal, .. }
    )
}
