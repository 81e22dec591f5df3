//! Hostile input: receipts, programs and instructions made to confuse who reads them.
//!
//! Structured receipts ([`KINDS`]) are the honest one with other shapes, counts, sizes or
//! encodings; raw ones are its bytes after edits; chains ([`chains`]) have many segments. None may be accepted
//! but the honest bytes, none may panic. Programs and instruction words must not panic either. What
//! refusals cost is the matter of `tests/hostile_allocation.rs` and `tests/hostile_work.rs`, which need processes of their
//! own, and of the bench `refusing`.

mod bytes;
pub mod cases;
pub mod chains;
mod kinds;
mod large;
mod programs;

use std::collections::BTreeSet;

use vouch_verifier::{Profile, Receipt, VerifyError};

use crate::honest_receipt::{Verdict, verdict, verifier};
use crate::outcome::{Effort, Outcome};
use cases::honest;
pub use kinds::{KINDS, Kind};

/// Tries all kinds.
pub fn run(effort: Effort) -> Outcome {
    let mut outcome = Outcome::default();
    for kind in KINDS {
        outcome.add(refuse(&kind));
    }
    for profile in [Profile::Fast100, Profile::Compact100] {
        outcome.add(refuse_chains(profile));
    }
    outcome.add(bytes::edit(effort));
    outcome.add(programs::load(effort));
    outcome.add(programs::decode_words(effort));
    outcome
}

/// Verifies every receipt of a kind.
fn refuse(kind: &Kind) -> Outcome {
    let mut outcome = Outcome::default();
    let what = format!("hostile receipts refused: {}", kind.name);
    let mut names = BTreeSet::new();
    (kind.cases)(&mut |case, receipt| {
        let name = format!("{}: {case}", kind.name);
        if receipt == honest().receipt {
            outcome.fail(format!("{name}: nothing is changed"));
        }
        match Receipt::from_bytes(&receipt.to_bytes()) {
            Ok(decoded) if decoded != receipt => {
                outcome.fail(format!("{name}: another receipt from its bytes"));
            }
            _ => {}
        }
        let refused_by = |error: &VerifyError| (kind.refused_by)(case, error);
        match of(&receipt) {
            Verdict::Refused(error) if refused_by(&error) => outcome.count(&what, 1),
            Verdict::Refused(error) => outcome.fail(format!("{name}: refused, but: {error}")),
            other => outcome.fail(format!("{name}: {other:?}")),
        }
        if !names.insert(name.clone()) {
            outcome.fail(format!("{name} comes twice"));
        }
    });
    outcome.expect_at_least(&what, kind.least);
    outcome
}

/// Verifies every chain of segments.
fn refuse_chains(profile: Profile) -> Outcome {
    let mut outcome = Outcome::default();
    let what = "hostile chains of segments refused";
    let honest = chains::run(profile);
    for chain in chains::all(profile) {
        let refused_by = |error: &VerifyError| match chain.begun {
            0 => !matches!(error, VerifyError::Proof { .. }),
            // The last that the proof system began with.
            begun => matches!(error, VerifyError::Proof { segment, .. } if segment + 1 == begun),
        };
        honest.expect_refusal(&mut outcome, what, chain.name, &chain.receipt, refused_by);
    }
    outcome.expect_at_least(what, 13);
    outcome
}

/// What the verifier of the receipt's profile makes of it.
fn of(receipt: &Receipt) -> Verdict {
    verdict(verifier(receipt.profile), receipt, &honest().image_id)
}
