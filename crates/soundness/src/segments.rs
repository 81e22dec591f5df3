//! The chain of segments: drops, repeats, reorders, splices, cuts short and relabels segments
//! of honest runs.
//!
//! What the verifier compares itself (image ID, pcs, roots, where the run exits) it names.
//! Where a claim is edited so that the segments meet, the proof of an edited segment is of
//! another claim and does not verify. Each comparison has a receipt that it alone keeps out.

mod alone;
mod claims;
mod forged;
mod order;
mod splice;

use std::sync::OnceLock;

use vouch_emulator::testing::{DATA, asm, program};
use vouch_emulator::{Program, SegmentLimits};
use vouch_verifier::{Profile, VerifyError};

use crate::honest_receipt::{Honest, Verdict};
use crate::outcome::{Effort, Outcome};

/// Tries them, in the long run on a run of more segments.
pub fn run(effort: Effort) -> Outcome {
    let runs = Runs::get(effort);
    let mut outcome = Outcome::default();
    honest(runs, &mut outcome);
    outcome.add(
        runs.one
            .expect_refusals("orders of segments refused", order::changes(runs)),
    );
    outcome.add(
        runs.one
            .expect_refusals("edited claims refused", claims::changes(runs)),
    );
    outcome.add(splice::splice(runs));
    outcome.add(splice::grafts(runs));
    outcome.add(forged::orders(runs));
    alone::receipts(&mut outcome);
    outcome.expect_at_least("orders of segments refused", 60);
    outcome.expect_at_least("edited claims refused", 80);
    outcome.expect_at_least("splices refused", 60);
    outcome.expect_at_least("grafts refused", 20);
    outcome.expect_at_least("forged chains refused", 120);
    outcome.expect_at_least("receipts that one check refuses", 7);
    outcome
}

/// Runs of two programs, cut into segments alike.
struct Runs {
    /// The run that is changed.
    one: Honest,
    /// The same program on other input.
    other_input: Honest,
    /// Another program on the same input.
    other_program: Honest,
    /// Segments of each.
    segments: usize,
    /// Bytes that each writes to its journal.
    journal: usize,
}

impl Runs {
    fn get(effort: Effort) -> &'static Self {
        static RUNS: [OnceLock<Runs>; 2] = [const { OnceLock::new() }; 2];
        let [quick, long] = &RUNS;
        match effort {
            Effort::Quick => quick.get_or_init(|| Self::new(2)),
            Effort::Long => long.get_or_init(|| Self::new(8)),
        }
    }

    fn new(rounds: usize) -> Self {
        let input: Vec<u8> = (b'a'..).take(4 * rounds).collect();
        let other: Vec<u8> = input.iter().map(|byte| !byte).collect();
        let cut = SegmentLimits {
            cycles: 10,
            ..SegmentLimits::default()
        };
        let prove =
            |program: &Program, input: &[u8]| Honest::new(program, input, &cut, Profile::Fast100);
        let one = prove(&copier(rounds, 0), &input);
        Self {
            segments: one.receipt.segments.len(),
            journal: input.len(),
            other_input: prove(&copier(rounds, 0), &other),
            other_program: prove(&copier(rounds, 1), &input),
            one,
        }
    }
}

/// Copies its input to the journal, 4 bytes a call, and exits with 0. A constant that it loads
/// and never uses tells programs apart.
fn copier(rounds: usize, unused: u32) -> Program {
    let mut code = asm::li(9, unused).to_vec();
    for _ in 0..rounds {
        code.extend(asm::read(DATA, 4));
        code.extend(asm::journal(DATA, 4));
    }
    code.extend(asm::exit(0));
    program(&code)
}

/// They verify, and are cut as the attacks want them.
fn honest(runs: &Runs, outcome: &mut Outcome) {
    for run in [&runs.one, &runs.other_input, &runs.other_program] {
        match run.verdict(&run.receipt) {
            Verdict::Accepted(claim)
                if (claim.exit_code, claim.journal.len()) == (0, runs.journal) => {}
            other => outcome.fail(format!("an honest run: {other:?}")),
        }
        let segments = run.receipt.segments.len();
        if segments != runs.segments || segments < 4 {
            outcome.fail(format!("{segments} segments, expected {}", runs.segments));
        }
    }
    outcome.count("segments of a run", runs.segments as u64);
}

/// Refused before any proof is looked at.
fn by_comparison(error: &VerifyError) -> bool {
    matches!(
        error,
        VerifyError::NoSegments
            | VerifyError::Chain { .. }
            | VerifyError::Halt { .. }
            | VerifyError::ImageId { .. }
    )
}

/// Refused by the proof system: the claims meet, but nobody proved the edited one.
fn by_proof(error: &VerifyError) -> bool {
    matches!(error, VerifyError::Proof { .. })
}
