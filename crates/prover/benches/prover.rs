//! Proving and verifying: the four-hash commitment in every profile, and the Fibonacci guest.

#![expect(missing_docs, reason = "criterion's macros make functions without")]

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use vouch_air::memory_tree::{Compression, MemoryTree};
use vouch_emulator::testing::segments;
use vouch_emulator::{Program, SegmentLimits};
use vouch_isa::event::Segment;
use vouch_prover::Prover;
use vouch_verifier::{ImageId, Profile, Receipt, Verifier};

struct Run {
    program: Program,
    tree: MemoryTree,
    segment: Segment,
}

impl Run {
    /// The only segment of a guest's run.
    fn new(elf: &[u8], input: &[u8]) -> Self {
        let program = Program::from_elf(elf).expect("a prebuilt guest");
        let (_, segments) = segments(&program, input, &SegmentLimits::default()).expect("it runs");
        let [segment] = <[Segment; 1]>::try_from(segments).expect("one segment");
        Self {
            tree: MemoryTree::new(program.image()),
            program,
            segment,
        }
    }

    fn image_id(&self) -> ImageId {
        let image = self.program.image();
        let root = self.tree.root();
        ImageId::from_digest(&Compression::default().image_id(image.entry, &image.text, root))
    }

    fn prove(&self, prover: &Prover, mut tree: MemoryTree) -> Receipt {
        let image = self.program.image();
        let proof = prover.prove_segment(&self.segment, &image.text, &mut tree);
        Receipt {
            profile: prover.profile(),
            entry: image.entry,
            text: image.text.clone(),
            segments: vec![proof.expect("it is proven").receipt],
        }
    }
}

fn name(profile: Profile) -> String {
    format!("{}-{}", profile.name(), profile.target_bits())
}

fn commitment(c: &mut Criterion) {
    let elf = include_bytes!("../../../guest-programs/prebuilt/commitment.elf");
    let run = Run::new(elf, &[7; 128]);
    let mut group = c.benchmark_group("commitment");
    group.sample_size(10);
    for profile in Profile::ALL {
        let prover = Prover::new(profile);
        group.bench_function(format!("prove/{}", name(profile)), |b| {
            let prove = |tree| run.prove(&prover, tree);
            b.iter_batched(|| run.tree.clone(), prove, BatchSize::PerIteration);
        });
        let receipt = run.prove(&prover, run.tree.clone());
        let verifier = Verifier::new(profile).expect("a key");
        let id = run.image_id();
        group.bench_function(format!("verify/{}", name(profile)), |b| {
            b.iter(|| verifier.verify(&receipt, &id).expect("it is honest"));
        });
    }
}

fn fibonacci(c: &mut Criterion) {
    let elf = include_bytes!("../../../guest-programs/prebuilt/fibonacci.elf");
    let mut group = c.benchmark_group("fibonacci");
    group.sample_size(10);
    for n in [8_000u32, 60_000] {
        let run = Run::new(elf, &n.to_le_bytes());
        let prover = Prover::new(Profile::Fast100);
        group.throughput(Throughput::Elements(run.segment.cycles));
        group.bench_function(format!("prove/{}-cycles", run.segment.cycles), |b| {
            let prove = |tree| run.prove(&prover, tree);
            b.iter_batched(|| run.tree.clone(), prove, BatchSize::PerIteration);
        });
    }
}

criterion_group!(benches, commitment, fibonacci);
criterion_main!(benches);
