//! What the tests of this crate share.

use vouch_air::memory_tree::MemoryTree;
use vouch_air::testkit::check::violations;
use vouch_air::witness::{Traces, generate};
use vouch_emulator::testing::{DATA, asm, program, segments};
use vouch_emulator::{Program, SegmentLimits};
use vouch_isa::event::Segment;
use vouch_prover::Prover;
use vouch_verifier::{ImageId, Profile, Receipt};

/// The four-hash commitment.
pub fn commitment() -> Program {
    guest(include_bytes!(
        "../../../../guest-programs/prebuilt/commitment.elf"
    ))
}

/// A program that writes its input, 4 bytes a call, to the journal.
pub fn copier() -> Program {
    let mut code = Vec::new();
    for _ in 0..2 {
        code.extend(asm::read(DATA, 4));
        code.extend(asm::journal(DATA, 4));
    }
    code.extend(asm::exit(0));
    program(&code)
}

/// A guest from its ELF.
pub fn guest(elf: &[u8]) -> Program {
    Program::from_elf(elf).expect("a prebuilt guest")
}

/// The traces of every segment of a run.
pub fn traces(program: &Program, segments: &[Segment]) -> Vec<Traces> {
    let image = program.image();
    let mut tree = MemoryTree::new(image);
    let fill = |segment| generate(segment, &image.text, &mut tree);
    segments.iter().map(fill).collect()
}

/// Runs the program and checks that its traces break no rule.
pub fn assert_satisfied(program: &Program, input: &[u8], limits: &SegmentLimits) {
    let (_, segments) = segments(program, input, limits).expect("the program runs");
    for (i, traces) in traces(program, &segments).iter().enumerate() {
        let broken = violations(&traces.tables);
        let shown: Vec<String> = broken.iter().take(12).map(ToString::to_string).collect();
        assert!(broken.is_empty(), "segment {i}: {}", shown.join("\n"));
    }
}

/// The image ID of a program.
pub fn image_id(program: &Program) -> ImageId {
    let image = program.image();
    let tree = MemoryTree::new(image);
    let digest = tree
        .compression()
        .image_id(image.entry, &image.text, tree.root());
    ImageId::from_digest(&digest)
}

/// Runs and proves a program.
pub fn prove(program: &Program, input: &[u8], limits: &SegmentLimits, profile: Profile) -> Receipt {
    let (_, segments) = segments(program, input, limits).expect("the program runs");
    let image = program.image();
    let mut tree = MemoryTree::new(image);
    let prover = Prover::new(profile);
    let segments = segments
        .iter()
        .map(|segment| {
            let proof = prover.prove_segment(segment, &image.text, &mut tree);
            proof.expect("the segment is proven").receipt
        })
        .collect();
    Receipt {
        profile,
        entry: image.entry,
        text: image.text.clone(),
        segments,
    }
}
