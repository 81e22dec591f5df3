//! Proofs of what did not happen.

use vouch_air::witness::Traces;
use vouch_isa::event::Segment;
use vouch_prover::{Prover, claim};
use vouch_verifier::{Profile, Receipt, SegmentReceipt};

use crate::honest_receipt::{image_id, verifier};
use crate::world::World;

/// Whether a proof of these events, which need not be honest, is accepted; `None` if none can
/// be made.
pub fn is_accepted(world: &World, segment: &Segment) -> Option<bool> {
    let prover = Prover::new(Profile::Fast100);
    let text = &world.program.image().text;
    let proof = prover.prove_segment(segment, text, &mut world.tree.clone());
    proof.ok().map(|proof| verifies(world, proof.receipt))
}

/// Whether a proof of these tables, which claims to be of the world's execution, is accepted;
/// `None` if none can be made.
pub fn is_mutant_accepted(world: &World, traces: Traces) -> Option<bool> {
    let prover = Prover::new(Profile::Fast100);
    let text = &world.program.image().text;
    let (segment, public) = (&world.segment, &traces.public);
    let claim = claim(segment, public.start_root, public.end_root);
    let proof = prover.prove_traces(claim, segment.journal_start, text, traces);
    proof.ok().map(|proof| verifies(world, proof.receipt))
}

/// Whether a receipt of this one segment is accepted.
pub fn verifies(world: &World, segment: SegmentReceipt) -> bool {
    let image = world.program.image();
    let receipt = Receipt {
        profile: Profile::Fast100,
        entry: image.entry,
        text: image.text.clone(),
        segments: vec![segment],
    };
    let image_id = image_id(&world.program);
    verifier(Profile::Fast100)
        .verify(&receipt, &image_id)
        .is_ok()
}
