//! Proofs of what did not happen.

use vouch_air::witness::Traces;
use vouch_isa::event::Segment;
use vouch_prover::{ProveError, Prover, claim};
use vouch_verifier::{Claim, Profile, Receipt, SegmentClaim, SegmentReceipt, VerifyError};

use crate::honest_receipt::{image_id, verifier};
use crate::outcome::Outcome;
use crate::step::VerifierStep;
use crate::world::World;

/// A segment of a world's program, true or not, and the tables to prove it by.
pub struct Statement<'a> {
    /// What it is, for people.
    pub name: String,
    /// Whose program it is about.
    pub world: &'a World,
    /// What is claimed.
    pub claim: SegmentClaim,
    /// Bytes of journal before it.
    pub journal_start: u32,
    /// The tables.
    pub traces: Traces,
    /// The step that must refuse its proof; `None` if it is true.
    pub refused_by: Option<VerifierStep>,
}

impl<'a> Statement<'a> {
    /// The statement that `segment` happened.
    pub fn new(
        name: String,
        world: &'a World,
        segment: &Segment,
        traces: Traces,
        refused_by: Option<VerifierStep>,
    ) -> Self {
        let public = &traces.public;
        Self {
            name,
            world,
            claim: claim(segment, public.start_root, public.end_root),
            journal_start: segment.journal_start,
            traces,
            refused_by,
        }
    }

    /// The truth about a world.
    pub fn honest(world: &'a World) -> Self {
        let name = "the honest tables".to_owned();
        Self::new(name, world, &world.segment, world.traces.clone(), None)
    }

    /// The proof that `prover` makes of it.
    ///
    /// # Errors
    /// The prover's.
    pub fn prove(&self, prover: &Prover) -> Result<SegmentReceipt, ProveError> {
        let text = &self.world.program.image().text;
        let (claim, traces) = (self.claim.clone(), self.traces.clone());
        let proof = prover.prove_traces(claim, self.journal_start, text, traces)?;
        Ok(proof.receipt)
    }

    /// What the verifier makes of a proof, whatever a receipt with it would be refused for before:
    /// `Ok(None)` if it accepts it.
    ///
    /// # Errors
    /// The proof is refused by none of the steps that look at what it says.
    pub fn verify(
        &self,
        profile: Profile,
        proof: &SegmentReceipt,
    ) -> Result<Option<VerifierStep>, VerifyError> {
        let text = &self.world.program.image().text;
        let verified = verifier(profile).verify_segment(0, proof, text, self.journal_start);
        match verified {
            Ok(()) => Ok(None),
            Err(error) => match VerifierStep::of(&error) {
                Some(step) => Ok(Some(step)),
                None => Err(error),
            },
        }
    }

    /// Proves it and counts a `what` if the verifier accepts it, or refuses it by the step that
    /// should, and returns the proof; notes a failure if not.
    pub fn tell(
        &self,
        prover: &Prover,
        what: &str,
        outcome: &mut Outcome,
    ) -> Option<SegmentReceipt> {
        let name = &self.name;
        let proof = match self.prove(prover) {
            Ok(proof) => proof,
            Err(error) => {
                outcome.fail(format!("{name}: cannot be proven: {error}"));
                return None;
            }
        };
        let expected = self.refused_by;
        let why = match self.verify(prover.profile(), &proof) {
            Ok(got) if got == expected => {
                outcome.count(what, 1);
                if let Some(step) = got {
                    outcome.count(&format!("{what}: by {}", kind(step)), 1);
                }
                return Some(proof);
            }
            Ok(None) => "the proof is accepted".to_owned(),
            Ok(Some(got)) => {
                let expected = expected.map_or("nobody".to_owned(), |step| step.to_string());
                format!("refused by {got}, expected {expected}")
            }
            Err(error) => format!("not refused by the proof, but: {error}"),
        };
        outcome.fail(format!("{name}: {why}"));
        None
    }

    /// What the verifier makes of a receipt of this segment alone.
    ///
    /// # Errors
    /// The verifier's.
    pub fn verify_receipt(
        &self,
        profile: Profile,
        proof: SegmentReceipt,
    ) -> Result<Claim, VerifyError> {
        let image = self.world.program.image();
        let receipt = Receipt {
            profile,
            entry: image.entry,
            text: image.text.clone(),
            segments: vec![proof],
        };
        verifier(profile).verify(&receipt, &image_id(&self.world.program))
    }

    /// As [`Self::tell`], and a receipt of it is refused as well. Counts what the verifier looks at
    /// before the proof and would have refused it for: then the proof alone is what is tried here.
    pub fn tell_receipt(&self, prover: &Prover, what: &str, outcome: &mut Outcome) {
        let Some(proof) = self.tell(prover, what, outcome) else {
            return;
        };
        match self.verify_receipt(prover.profile(), proof) {
            Ok(_) => outcome.fail(format!("{}: the receipt is accepted", self.name)),
            Err(VerifyError::Proof { .. }) => {}
            Err(error) => match before_the_proof(&error) {
                Some(reason) => {
                    outcome.count(&format!("{what}: and the receipt, for its {reason}"), 1);
                }
                None => outcome.fail(format!("{}: the receipt: {error}", self.name)),
            },
        }
    }
}

/// A step, for counting.
fn kind(step: VerifierStep) -> String {
    match step {
        VerifierStep::Constraints(_) => "the constraints".to_owned(),
        other => other.to_string(),
    }
}

/// What a lie about a segment may be refused for before its proof is looked at: it says that the
/// run began or ended otherwise than a run of this program does.
fn before_the_proof(error: &VerifyError) -> Option<&'static str> {
    match error {
        VerifyError::ImageId { .. } => Some("image ID"),
        VerifyError::Chain { .. } => Some("first pc"),
        VerifyError::Halt { .. } => Some("missing exit"),
        _ => None,
    }
}
