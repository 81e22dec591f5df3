//! The prover's kernels one by one, on the tables of a run of the SHA-256 guest:
//! `cargo bench -p vouch-prover --bench kernels`. The emulator's are in its own crate.

#![expect(missing_docs, reason = "criterion's macros make functions without")]

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use vouch_air::memory_tree::MemoryTree;
use vouch_air::witness::generate;
use vouch_emulator::testing::segments;
use vouch_emulator::{Program, SegmentLimits};
use vouch_prover::CpuKernels;

/// Bytes that the guest hashes: some 140,000 cycles.
const INPUT: [u8; 2000] = [0; 2000];

fn kernels(c: &mut Criterion) {
    let elf = include_bytes!("../../../guest-programs/prebuilt/sha256.elf");
    let program = Program::from_elf(elf).expect("a prebuilt guest");
    let image = program.image();
    let run = segments(&program, &INPUT, &SegmentLimits::default());
    let (_, segments) = run.expect("it runs");
    let tree = MemoryTree::new(image);
    let mut group = c.benchmark_group("kernels");
    group.sample_size(10);
    group.throughput(Throughput::Elements(segments[0].cycles));
    let fill = |mut tree| generate(&segments[0], &image.text, &mut tree);
    group.bench_function("fill", |b| {
        b.iter_batched(|| tree.clone(), fill, BatchSize::PerIteration);
    });
    let kernels = CpuKernels::new(fill(tree.clone()));
    group.bench_function("logup", |b| b.iter(|| kernels.logup_columns()));
    group.bench_function("open", |b| b.iter(|| kernels.open()));
    let opened = kernels.open();
    group.bench_function("fri", |b| {
        let fri = |opened| kernels.fri(opened).map(drop);
        b.iter_batched(|| opened.clone(), fri, BatchSize::PerIteration);
    });
    group.throughput(Throughput::Elements(kernels.cells() as u64));
    group.bench_function("extend", |b| b.iter(|| kernels.extend()));
    group.bench_function("hash", |b| {
        let hash = |extended| kernels.hash(extended);
        b.iter_batched(|| kernels.extended(), hash, BatchSize::PerIteration);
    });
    group.bench_function("commit", |b| b.iter(|| kernels.commit()));
    let places = kernels.places();
    for (i, table) in kernels.tables().enumerate() {
        let name = format!("quotient/{}", table.name());
        group.throughput(Throughput::Elements(kernels.quotient(&places, i) as u64));
        group.bench_function(name, |b| b.iter(|| kernels.quotient(&places, i)));
    }
}

criterion_group!(benches, kernels);
criterion_main!(benches);
