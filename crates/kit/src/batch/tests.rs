//! With a prover that does as it is told.

mod endings;

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::channel;
use std::thread;

use vouch_sdk::{Claim, Profile, Proven, Receipt, Stats, guests};

use super::adaptive::Machine;
use super::*;

fn program() -> BatchProgram {
    BatchProgram::new(Program::from_elf(guests::FIBONACCI).expect("an embedded guest"))
}

/// As many jobs, the input of each a byte: its number.
fn jobs(count: u8) -> Vec<BatchJob> {
    let program = program();
    (0..count)
        .map(|number| BatchJob::new(&program, vec![number]))
        .collect()
}

/// What looks like a proof, with the input as its journal.
fn proven(job: &BatchJob) -> Proven {
    Proven {
        receipt: Receipt {
            profile: Profile::Fast100,
            entry: 0,
            text: 0..1,
            segments: Vec::new(),
        },
        claim: Claim {
            image_id: *job.program.image_id(),
            journal: job.input.clone(),
            exit_code: 0,
        },
        stats: Stats {
            profile: Profile::Fast100,
            backend: "cpu",
            security_bits: 100.0,
            cycles: 1,
            segments: 1,
            reused_segments: 0,
            execute_seconds: 0.0,
            prove_seconds: 0.0,
            verify_seconds: 0.0,
            proof_bytes: 0,
            estimated_memory_bytes: 0,
            memory_bytes: 0,
            peak_rss_bytes: None,
            cells: Default::default(),
            rows: Default::default(),
        },
    }
}

fn seams(
    prove: impl Fn(&BatchJob, &ProveOptions) -> Result<Proven, Error> + Send + Sync + 'static,
) -> Seams {
    Seams {
        prove: Box::new(prove),
        ..Seams::default()
    }
}

/// Four threads and a thousand MiB.
fn options(mode: BatchMode) -> BatchOptions {
    BatchOptions {
        mode,
        prove: ProveOptions {
            threads: Some(4),
            max_memory: Some(1000 << 20),
            ..ProveOptions::default()
        },
    }
}

fn prover(mode: BatchMode) -> BatchProver {
    BatchProver::new(options(mode)).expect("good options")
}

fn journal(result: &Result<BatchProof, BatchItemError>) -> u8 {
    let proof = result.as_ref().expect("it is proven");
    proof.receipt.claim.journal[0]
}

const MODES: [BatchMode; 4] = [
    BatchMode::Sequential,
    BatchMode::Parallel(3),
    BatchMode::Parallel(100),
    BatchMode::Adaptive,
];

#[test]
fn results_are_in_the_order_of_the_jobs() {
    for mode in MODES {
        // The later, the sooner.
        let seams = seams(|job, _| {
            thread::sleep(Duration::from_millis(u64::from(20 - job.input[0])));
            Ok(proven(job))
        });
        let batch = prover(mode).prove_all_with(jobs(20), seams);
        let results = batch.expect("threads").results;
        let numbers: Vec<_> = results.iter().map(journal).collect();
        assert_eq!(numbers, (0..20).collect::<Vec<_>>(), "{mode:?}");
    }
    let batch = prover(BatchMode::Adaptive).prove_all([]);
    assert!(batch.expect("threads").results.is_empty());
}

#[test]
fn who_fails_or_panics_fails_alone() {
    for mode in MODES {
        let seams = seams(|job, _| match job.input[0] {
            3 => Err(Error::NoKey {
                profile: Profile::Fast100,
            }),
            5 => panic!("a bug"),
            _ => Ok(proven(job)),
        });
        let batch = prover(mode).prove_all_with(jobs(8), seams);
        let batch = batch.expect("threads");
        let failures: Vec<_> = batch.failures().collect();
        assert!(
            matches!(
                failures[..],
                [
                    (3, BatchItemError::Prove(Error::NoKey { .. })),
                    (5, BatchItemError::Panicked)
                ]
            ),
            "{mode:?}: {failures:?}"
        );
        assert_eq!(batch.results.iter().flatten().count(), 6);
    }
}

/// How many ran at once, at most.
#[derive(Default)]
struct Meter {
    running: AtomicUsize,
    most: AtomicUsize,
}

impl Meter {
    fn during<T>(&self, work: impl FnOnce() -> T) -> T {
        let running = self.running.fetch_add(1, Ordering::SeqCst) + 1;
        self.most.fetch_max(running, Ordering::SeqCst);
        let result = work();
        self.running.fetch_sub(1, Ordering::SeqCst);
        result
    }

    /// Waits until so many run at once, but not for good.
    fn reaches(&self, running: usize) -> bool {
        let start = Instant::now();
        while self.most.load(Ordering::SeqCst) < running {
            if start.elapsed() > Duration::from_secs(60) {
                return false;
            }
            thread::sleep(Duration::from_millis(1));
        }
        true
    }
}

#[test]
fn a_mode_says_how_many_at_once_and_each_gets_its_part() {
    let cases = [
        (BatchMode::Sequential, 1, Some(4), 1000),
        (BatchMode::Parallel(2), 2, Some(2), 500),
        (BatchMode::Parallel(4), 4, Some(1), 250),
        (BatchMode::Parallel(9), 4, Some(1), 250),
    ];
    for (mode, at_once, threads, mebibytes) in cases {
        let meter = Arc::new(Meter::default());
        let seams = seams({
            let meter = meter.clone();
            move |job, options| {
                meter.during(|| {
                    // So many do run at once, or it would not go on.
                    assert!(meter.reaches(at_once));
                    assert_eq!(options.max_memory, Some(mebibytes << 20));
                    let cores = available_parallelism().map_or(1, usize::from);
                    assert_eq!(options.threads, threads.filter(|n| *n != cores));
                    Ok(proven(job))
                })
            }
        });
        // All but the last few, which share what is there when they begin.
        let source = Unending(jobs(1).remove(0), 0);
        let stream = prover(mode).stream_with(source, seams).expect("threads");
        let ended = stream.take(12);
        assert!(
            ended.into_iter().all(|item| item.result.is_ok()),
            "{mode:?}"
        );
        assert_eq!(meter.most.load(Ordering::SeqCst), at_once, "{mode:?}");
    }
}

/// Jobs without end.
struct Unending(BatchJob, usize);

impl Iterator for Unending {
    type Item = BatchJob;

    fn next(&mut self) -> Option<BatchJob> {
        self.1 += 1;
        Some(self.0.clone())
    }
}

#[test]
fn jobs_are_taken_when_they_can_begin() {
    let taken = Arc::new(AtomicUsize::new(0));
    let source = {
        let taken = taken.clone();
        Unending(jobs(1).remove(0), 0).inspect(move |_| {
            taken.fetch_add(1, Ordering::SeqCst);
        })
    };
    let prove = seams(|job, _| Ok(proven(job)));
    let mut stream = prover(BatchMode::Parallel(2))
        .stream_with(source, prove)
        .expect("threads");
    for index in 0..50 {
        stream
            .next()
            .expect("there are more")
            .result
            .expect("a proof");
        // Those handed out, those that wait, and two in the hands of those who made them.
        assert!(taken.load(Ordering::SeqCst) <= index + 1 + 16 + 2);
    }
}

#[test]
fn jobs_may_come_from_a_channel_and_results_go_out_meanwhile() {
    let (send, jobs_to_come) = channel();
    let prove = seams(|job, _| Ok(proven(job)));
    let mut stream = prover(BatchMode::Parallel(2))
        .stream_with(jobs_to_come.into_iter(), prove)
        .expect("threads");
    for (number, job) in jobs(5).into_iter().enumerate() {
        send.send(job).expect("it listens");
        let item = stream.next().expect("it is proven");
        assert_eq!(item.index, number);
        assert_eq!(usize::from(journal(&item.result)), number);
    }
    drop(send);
    assert!(stream.next().is_none());
    assert!(stream.next().is_none());
}

#[test]
fn options_that_make_no_sense_are_refused() {
    let new = |options| BatchProver::new(options).err();
    let none = options(BatchMode::Parallel(0));
    assert_eq!(new(none), Some(BatchError::AtOnce));
    let mut folder = options(BatchMode::Sequential);
    folder.prove.work_folder = Some("work".into());
    assert_eq!(new(folder), Some(BatchError::WorkFolder));
}

#[test]
fn threads_that_do_not_start_are_an_error() {
    let seams = Seams {
        // No address space has room for such a stack.
        stack: 1 << 50,
        ..Seams::default()
    };
    let error = prover(BatchMode::Parallel(2)).prove_all_with(jobs(2), seams);
    assert!(matches!(error, Err(BatchError::Threads { threads: 3, .. })));
}

#[test]
fn equal_jobs_are_proven_once() {
    let cache = Arc::new(ReceiptCache::new(1 << 20));
    let proofs = Arc::new(AtomicUsize::new(0));
    let mut twice = jobs(3);
    twice.extend(jobs(3));
    let run = |scope| {
        let counted = proofs.clone();
        let seams = seams(move |job, _| {
            counted.fetch_add(1, Ordering::SeqCst);
            Ok(proven(job))
        });
        let prover = prover(BatchMode::Parallel(3)).cached_in(cache.clone(), scope);
        let batch = prover.prove_all_with(twice.clone(), seams);
        let results = batch.expect("threads").results;
        assert_eq!(
            results.iter().map(journal).collect::<Vec<_>>(),
            [0, 1, 2, 0, 1, 2]
        );
        proofs.load(Ordering::SeqCst)
    };
    assert_eq!(run(None), 3);
    assert_eq!(run(None), 3);
    assert_eq!(run(Some("a client")), 6);
    assert_eq!(run(Some("another")), 9);
}

/// A receipt of one of these codes must not come to who allows others.
#[test]
fn some_exit_codes_are_no_key() {
    let cache = Arc::new(ReceiptCache::new(1 << 20));
    let proofs = Arc::new(AtomicUsize::new(0));
    let run = |allowed_exits: &[u32]| {
        let counted = proofs.clone();
        let seams = seams(move |job, _| {
            counted.fetch_add(1, Ordering::SeqCst);
            Ok(proven(job))
        });
        let mut options = options(BatchMode::Sequential);
        options.prove.allowed_exits = allowed_exits.to_vec();
        let prover = BatchProver::new(options).expect("good options");
        let prover = prover.cached_in(cache.clone(), None);
        let batch = prover.prove_all_with(jobs(1), seams);
        assert_eq!(journal(&batch.expect("threads").results[0]), 0);
        proofs.load(Ordering::SeqCst)
    };
    assert_eq!(run(&[7]), 1);
    assert_eq!(run(&[]), 2);
    assert_eq!(run(&[7]), 3);
    assert_eq!(run(&[]), 3);
}

#[test]
fn adaptive_batches_follow_the_machine() {
    let (small, large) = (512u64 << 20, 1u64 << 40);
    let free = Arc::new(AtomicU64::new(small));
    let meter = Arc::new(Meter::default());
    // What the last item was given.
    let last = Arc::new(AtomicUsize::new(0));
    let seams = Seams {
        sample: Box::new({
            let free = free.clone();
            move || Machine {
                free_memory: free.load(Ordering::SeqCst),
                own_memory: 0,
                free_processors: 64.0,
                own_processors: 0.0,
            }
        }),
        revise_every: Duration::from_millis(1),
        prove: Box::new({
            let (meter, last) = (meter.clone(), last.clone());
            move |job, options| {
                let cores = available_parallelism().map_or(1, usize::from);
                let threads = options.threads.unwrap_or(cores);
                last.store(threads, Ordering::SeqCst);
                meter.during(|| {
                    // Who has half of the threads does not run alone.
                    if threads == 2 {
                        assert!(meter.reaches(2));
                    }
                    assert_eq!(options.max_memory, Some(small));
                    Ok(proven(job))
                })
            }
        }),
        ..Seams::default()
    };
    let mut options = options(BatchMode::Adaptive);
    options.prove.max_memory = Some(2 * small);
    let prover = BatchProver::new(options).expect("good options");
    let source = Unending(jobs(1).remove(0), 0);
    let mut stream = prover.stream_with(source, seams).expect("threads");
    let mut go_on_until_each_has = |threads| {
        let start = Instant::now();
        while last.load(Ordering::SeqCst) != threads {
            let item = stream.next().expect("there are more");
            item.result.expect("it is proven");
            assert!(start.elapsed() < Duration::from_secs(60));
        }
    };
    // There is memory for one, then for two, then for one again.
    go_on_until_each_has(4);
    assert_eq!(meter.most.load(Ordering::SeqCst), 1);
    free.store(large, Ordering::SeqCst);
    go_on_until_each_has(2);
    free.store(small, Ordering::SeqCst);
    go_on_until_each_has(4);
    assert!(meter.reaches(2));
    assert_eq!(meter.most.load(Ordering::SeqCst), 2);
}

#[test]
fn inputs_are_not_shown() {
    let program = program();
    let job = |input: &[u8]| format!("{:?}", BatchJob::new(&program, input.to_vec()));
    assert_eq!(job(b"secret"), job(b"other"));
}

#[test]
fn modes_have_names() {
    let json = |mode| serde_json::to_string(&mode).expect("text");
    assert_eq!(json(BatchMode::Sequential), "\"sequential\"");
    assert_eq!(json(BatchMode::Parallel(3)), "{\"parallel\":3}");
    assert_eq!(json(BatchMode::Adaptive), "\"adaptive\"");
}
