//! The transcript: flips each field of claim, proof and key.
//!
//! Whatever is flipped, the receipt is refused: the field is in the seed of the transcript or
//! absorbed later, so that the next challenge is another one and what was opened at the old one
//! does not fit; or an opening binds it to a commitment; or the verifier compares it itself.

mod claim;
mod exchange;
mod key;
pub(crate) mod proof;
mod seed;

use vouch_verifier::{DecodeError, VerifyError, WireError};

use crate::honest_receipt::{commitment, long_commitment};
use crate::outcome::{Effort, Outcome};
use crate::proof_map::Map;

/// Flips them.
pub fn run(effort: Effort) -> Outcome {
    let mut outcome = Outcome::default();
    let (fast, compact) = (commitment(false), commitment(true));
    let long = long_commitment();
    for honest in [fast, compact, long] {
        outcome.add(claim::flip(honest));
        outcome.add(claim::other_profiles(honest));
        outcome.add(proof::bytes(honest, effort));
        let map = &Map::of(honest.receipt.profile, honest.segment());
        outcome.add(proof::claims(honest, map, effort));
        outcome.add(proof::fields(honest, map, effort));
        outcome.add(exchange::all(honest, map));
    }
    outcome.add(key::change::<4>(fast, effort));
    outcome.add(key::change::<4>(long, effort));
    outcome.add(key::change::<5>(compact, effort));
    outcome.add(seed::compare(fast.segment()));
    outcome.expect_at_least("flips of a claim refused", 2000);
    outcome.expect_at_least("other profiles refused", 6);
    outcome.expect_at_least("flips of a proof's bytes refused", 1000);
    outcome.expect_at_least("false claims refused", 500);
    outcome.expect_at_least("changes of a proof's fields refused", 800);
    outcome.expect_at_least("exchanges in a proof refused", 250);
    outcome.expect_at_least("other keys refused", 60);
    outcome.expect_at_least("seeds told apart", 1000);
    outcome
}

/// Refused by the proof system: the verifier itself compares no such thing.
pub(crate) fn by_proof(error: &VerifyError) -> bool {
    matches!(error, VerifyError::Proof { segment: 0, .. })
}

/// Refused for its length, which is that of other tables, heights or numbers of digests; or for these numbers.
pub(crate) fn by_length(error: &VerifyError) -> bool {
    let reason = by_decoder(error);
    matches!(
        reason,
        Some(WireError::Length { .. } | WireError::Digests { .. })
    )
}

/// Refused for an element that is none.
pub(crate) fn by_element(error: &VerifyError) -> bool {
    matches!(by_decoder(error), Some(WireError::Element { .. }))
}

fn by_decoder(error: &VerifyError) -> Option<WireError> {
    match error {
        VerifyError::Decode(DecodeError::Proof { segment: 0, reason }) => Some(*reason),
        _ => None,
    }
}
