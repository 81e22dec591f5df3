//! How fast proofs are found that were made before: `cargo bench -p vouch-kit --bench cache`.

use std::hint::black_box;
use std::sync::Arc;
use std::thread::{self, available_parallelism};
use std::time::{Duration, Instant};

use criterion::{Criterion, Throughput};
use vouch_kit::batch::{BatchJob, BatchMode, BatchOptions, BatchProgram, BatchProver};
use vouch_kit::cache::{Backing, CacheKey, FolderBacking, ReceiptCache};
use vouch_kit::verification::Verifications;
use vouch_sdk::{Cancel, Error, Profile, Program, ProveOptions, Proven, guests, image_id, prove};

const ROOM: u64 = 1 << 30;
const INPUT: [u8; 128] = [1; 128];

fn never() -> Result<Proven, Error> {
    panic!("it is in the cache")
}

/// The time that `work` takes for so many rounds on each of all threads.
fn on_all_threads(rounds: u64, work: impl Fn() + Sync) -> Duration {
    let threads = available_parallelism().map_or(1, usize::from);
    let start = Instant::now();
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| (0..rounds).for_each(|_| work()));
        }
    });
    start.elapsed()
}

fn cache(criterion: &mut Criterion) {
    let program = Program::from_elf(guests::COMMITMENT).expect("a prebuilt guest");
    let id = image_id(&program);
    let proven = prove(&program, &INPUT, &ProveOptions::default()).expect("it is proven");
    let key = CacheKey::new(&id, &INPUT, Profile::Fast100);
    let cancel = Cancel::default();
    let fill = |cache: &ReceiptCache| {
        let proof = cache.get_or_prove(&key, &cancel, || Ok(proven.clone()));
        proof.expect("it is proven").0
    };
    let cached = Arc::new(ReceiptCache::new(ROOM));
    let receipt = fill(&cached);
    let threads = available_parallelism().map_or(1, usize::from) as u64;

    let mut group = criterion.benchmark_group("receipts");
    group.throughput(Throughput::Elements(1));
    // As a caller does it, who has the input and not the key.
    let hit = || {
        let key = CacheKey::new(&id, black_box(&INPUT), Profile::Fast100);
        black_box(cached.get_or_prove(&key, &cancel, never).expect("a hit"));
    };
    group.bench_function("in memory, one thread", |b| b.iter(hit));
    group.throughput(Throughput::Elements(threads));
    group.bench_function("in memory, all threads", |b| {
        b.iter_custom(|rounds| on_all_threads(rounds, hit));
    });
    let job = BatchJob::new(&BatchProgram::new(program.clone()), INPUT.to_vec());
    let batch = BatchProver::new(BatchOptions {
        mode: BatchMode::Sequential,
        prove: ProveOptions::default(),
    });
    let batch = batch.expect("good options").cached_in(cached.clone(), None);
    group.throughput(Throughput::Elements(1000));
    group.bench_function("in memory, a batch of 1000", |b| {
        b.iter(|| {
            let jobs = core::iter::repeat_n(job.clone(), 1000);
            batch.prove_all(jobs).expect("threads")
        });
    });

    let folder = tempfile::tempdir().expect("a folder");
    let files = Arc::new(FolderBacking::open(folder.path(), ROOM).expect("a folder"));
    let on_disk = ReceiptCache::new(0).backed_by(files.clone());
    fill(&on_disk);
    group.throughput(Throughput::Elements(1));
    group.bench_function("in a folder, verified", |b| {
        b.iter(|| on_disk.get(&key).expect("a hit"));
    });
    group.bench_function("in a folder, without verifying", |b| {
        b.iter(|| files.load(&key).expect("it works").expect("a hit"));
    });
    group.finish();

    let verifications = Verifications::new(Default::default()).expect("threads");
    let mut group = criterion.benchmark_group("verdicts");
    let bytes = bytes::Bytes::from(receipt.receipt.to_bytes());
    group.throughput(Throughput::Elements(1));
    group.bench_function("full", |b| {
        b.iter(|| verifications.full(bytes.clone(), &id).expect("a verdict"));
    });
    group.bench_function("cached, by the receipt", |b| {
        b.iter(|| verifications.cached(bytes.clone(), &id).expect("a verdict"));
    });
    let known = || {
        let verdict = verifications.known(black_box(&receipt.digest), &id);
        drop(black_box(verdict.expect("it is known")));
    };
    group.bench_function("cached, by its digest, one thread", |b| b.iter(known));
    group.throughput(Throughput::Elements(threads));
    group.bench_function("cached, by its digest, all threads", |b| {
        b.iter_custom(|rounds| on_all_threads(rounds, known));
    });
    group.finish();
}

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    cache(&mut criterion);
    criterion.final_summary();
}
