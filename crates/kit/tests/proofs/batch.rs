//! Batches of real proofs.

use std::sync::Arc;

use vouch_kit::batch::{
    BatchItemError, BatchJob, BatchMode, BatchOptions, BatchProgram, BatchProof, BatchProver,
};
use vouch_kit::cache::{ReceiptCache, Source};
use vouch_sdk::{Error, Input, Program, ProveError, ProveOptions, guests};

use crate::{program, prove_fibonacci};

const MODES: [BatchMode; 3] = [
    BatchMode::Sequential,
    BatchMode::Parallel(2),
    BatchMode::Adaptive,
];

/// Some that go well, one that faults, and one that exits with another code than 0.
fn jobs() -> Vec<BatchJob> {
    let fibonacci = BatchProgram::new(program());
    let panicking = Program::from_elf(guests::PANICKING).expect("an embedded guest");
    let mut jobs: Vec<_> = (0..4)
        .map(|n| BatchJob::new(&fibonacci, Input::new().word(n).to_vec()))
        .collect();
    jobs.insert(2, BatchJob::new(&BatchProgram::new(panicking), Vec::new()));
    jobs
}

fn prover(mode: BatchMode, max_memory: u64) -> BatchProver {
    let prove = ProveOptions {
        max_memory: Some(max_memory),
        ..ProveOptions::default()
    };
    BatchProver::new(BatchOptions { mode, prove }).expect("good options")
}

#[test]
fn every_mode_proves_the_same() {
    let expected: Vec<_> = (0..4)
        .map(|n| prove_fibonacci(n).expect("it is proven").receipt)
        .collect();
    for mode in MODES {
        let cache = Arc::new(ReceiptCache::new(64 << 20));
        let prover = prover(mode, 2 << 30).cached_in(cache, None);
        for again in [false, true] {
            let batch = prover.prove_all(jobs()).expect("threads");
            let failures: Vec<_> = batch.failures().collect();
            assert!(
                matches!(
                    failures[..],
                    [(2, BatchItemError::Prove(Error::GuestExit(_)))]
                ),
                "{mode:?}: {failures:?}"
            );
            let proofs: Vec<_> = batch.results.iter().flatten().collect();
            let receipts: Vec<_> = proofs.iter().map(|proof| &*proof.receipt.receipt).collect();
            assert_eq!(receipts, expected.iter().collect::<Vec<_>>());
            let found = |proof: &&BatchProof| matches!(proof.source, Source::Memory);
            let count = proofs.into_iter().filter(found).count();
            assert_eq!(count, if again { 4 } else { 0 });
        }
    }
}

#[test]
fn the_ceiling_is_kept() {
    let failed = prover(BatchMode::Parallel(2), 1 << 20).prove_all(jobs());
    let failed = failed.expect("threads");
    assert_eq!(failed.failures().count(), 5);
    let first = failed.failures().next().expect("there are some").1;
    assert!(
        matches!(
            first,
            BatchItemError::Prove(Error::Prove(ProveError::Memory { .. }))
        ),
        "{first}"
    );
    // However little there is, all end.
    let failed = prover(BatchMode::Adaptive, 0).prove_all(jobs());
    assert_eq!(failed.expect("threads").failures().count(), 5);
}
