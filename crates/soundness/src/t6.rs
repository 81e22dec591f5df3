//! T6, hostile input: receipts, programs and instructions made to confuse who reads them.
//!
//! Structured receipts ([`KINDS`]) are the honest one with other shapes, counts, sizes or
//! encodings; raw ones are its bytes after edits. None may be accepted but the honest bytes, none
//! may panic. Programs and instruction words must not panic either. What refusals cost in memory is
//! the matter of `tests/t6_allocation.rs`, which needs a process of its own.

mod bytes;
pub mod cases;
mod kinds;
mod large;
mod programs;

use std::collections::BTreeSet;
use std::hint::black_box;
use std::time::{Duration, Instant};

use vouch_verifier::{Receipt, VerifyError};

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
    if effort == Effort::Long {
        time(&mut outcome);
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
        let told = |error: &VerifyError| (kind.told)(case, error);
        match of(&receipt) {
            Verdict::Refused(error) if told(&error) => outcome.count(&what, 1),
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

/// What the verifier of the receipt's profile makes of it.
fn of(receipt: &Receipt) -> Verdict {
    verdict(verifier(receipt.profile), receipt, &honest().image_id)
}

/// The slowest refusal, in per cent of an honest verification: the goal is 200. Reported, not
/// asserted: a busy machine is no bug.
fn time(outcome: &mut Outcome) {
    let of_honest = fastest(&honest().receipt);
    let mut slowest = (Duration::ZERO, String::new());
    for kind in KINDS {
        (kind.cases)(&mut |name, receipt| {
            let time = fastest(&receipt);
            if time > slowest.0 {
                slowest = (time, format!("{}: {name}", kind.name));
            }
        });
    }
    let (time, name) = slowest;
    let percent = 100 * time.as_micros() / of_honest.as_micros().max(1);
    let what = format!("% of an honest verification for the slowest refusal ({name})");
    outcome.count(&what, u64::try_from(percent).unwrap_or(u64::MAX));
    let micros = u64::try_from(of_honest.as_micros()).unwrap_or(u64::MAX);
    outcome.count("microseconds for an honest verification", micros);
}

/// The least time of a few that verifying takes.
fn fastest(receipt: &Receipt) -> Duration {
    let verifier = verifier(receipt.profile);
    let times = (0..5).map(|_| {
        let start = Instant::now();
        let _ = black_box(verifier.verify(receipt, &honest().image_id));
        start.elapsed()
    });
    times.min().unwrap_or_default()
}
