//! How batches end before their time, and what is told until then.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::mpsc::{channel, sync_channel};
use std::thread;

use super::*;
use crate::sync::lock;

/// Runs until it is cancelled.
fn endless(_: &BatchJob, options: &ProveOptions) -> Result<Proven, Error> {
    while !options.cancel.is_cancelled() {
        thread::sleep(Duration::from_millis(1));
    }
    Err(Error::Cancelled { segments: 1 })
}

#[test]
fn cancelling_ends_what_runs_and_what_has_not_begun() {
    for mode in MODES {
        let options = options(mode);
        let cancel = options.prove.cancel.clone();
        let seams = seams(move |job, options| match job.input[0] {
            0 => Ok(proven(job)),
            _ => {
                cancel.cancel();
                endless(job, options)
            }
        });
        let prover = BatchProver::new(options).expect("good options");
        let batch = prover.prove_all_with(jobs(20), seams).expect("threads");
        assert_eq!(batch.results.len(), 20);
        assert_eq!(journal(&batch.results[0]), 0);
        let cancelled = |expected| {
            let is = move |error: &&BatchItemError| matches!(error, BatchItemError::Prove(Error::Cancelled { segments }) if *segments == expected);
            batch.failures().map(|(_, error)| error).filter(is).count()
        };
        let (begun, others) = (cancelled(1), cancelled(0));
        assert!((1..=4).contains(&begun), "{mode:?}: {begun}");
        assert_eq!(begun + others, 19);
    }
}

#[test]
fn a_batch_cancelled_before_it_begins_proves_nothing() {
    let options = options(BatchMode::Adaptive);
    options.prove.cancel.cancel();
    let prover = BatchProver::new(options).expect("good options");
    let prove = seams(|_, _| panic!("nothing is to be proven"));
    let batch = prover.prove_all_with(jobs(3), prove).expect("threads");
    let failures: Vec<_> = batch.failures().collect();
    assert_eq!(failures.len(), 3);
    assert!(matches!(
        failures[0].1,
        BatchItemError::Prove(Error::Cancelled { segments: 0 })
    ));
}

#[test]
fn dropping_the_results_ends_the_batch() {
    let (tell, ended) = channel();
    let seams = seams(move |job, options| {
        let result = endless(job, options);
        tell.send(()).expect("the test listens");
        result
    });
    let (begin, begun) = sync_channel(100);
    let prover = prover(BatchMode::Parallel(2)).on_progress(move |now| {
        // The test may not listen any more.
        let _ = begin.send(now.running);
    });
    let cancel = prover.options.prove.cancel.clone();
    let stream = prover.stream_with(jobs(20).into_iter(), seams);
    let stream = stream.expect("threads");
    while begun.recv().expect("it tells") < 2 {}
    drop(stream);
    // Two had begun, no more do, and the caller's own token is left alone.
    assert_eq!(ended.iter().count(), 2);
    assert!(!cancel.is_cancelled());
}

#[test]
fn progress_is_told_in_order() {
    for mode in MODES {
        let updates = Arc::new(Mutex::new(Vec::new()));
        let prover = prover(mode).on_progress({
            let updates = updates.clone();
            move |now| lock(&updates).push(now.clone())
        });
        let seams = seams(|job, _| match job.input[0] {
            2 => panic!("a bug"),
            _ => Ok(proven(job)),
        });
        let batch = prover.prove_all_with(jobs(6), seams).expect("threads");
        let updates = lock(&updates);
        // Each begins and ends.
        assert_eq!(updates.len(), 12);
        assert!(updates.iter().all(|now| now.total == Some(6)));
        let ordered = |[a, b]: &[BatchProgress; 2]| a.done <= b.done && a.elapsed <= b.elapsed;
        assert!(updates.array_windows().all(ordered));
        let last = updates.last().expect("something was told");
        assert_eq!((last.done, last.failed, last.running), (6, 1, 0));
        assert!(batch.elapsed >= last.elapsed);
        assert_eq!(updates[0].running, 1);
    }
}

#[test]
fn panics_of_the_callers_code_are_the_callers() {
    let prover_of = |prover: BatchProver, jobs: Vec<BatchJob>| {
        let seams = seams(|job, _| Ok(proven(job)));
        catch_unwind(AssertUnwindSafe(|| prover.prove_all_with(jobs, seams)))
    };
    let panicking = prover(BatchMode::Parallel(2)).on_progress(|_| panic!("a bug"));
    assert!(prover_of(panicking, jobs(3)).is_err());

    let source = jobs(3).into_iter().inspect(|job| {
        if job.input[0] == 2 {
            panic!("a bug");
        }
    });
    let seams = seams(|job, _| Ok(proven(job)));
    let stream = prover(BatchMode::Sequential).stream_with(source, seams);
    let mut stream = stream.expect("threads");
    assert_eq!(journal(&stream.next().expect("a result").result), 0);
    assert_eq!(journal(&stream.next().expect("a result").result), 1);
    assert!(catch_unwind(AssertUnwindSafe(|| stream.next())).is_err());
}
