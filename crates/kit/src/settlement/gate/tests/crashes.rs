//! Whatever stops in between, a job is settled once.

use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use super::*;

/// A chain that fails when told to, before or after it enters a checkpoint, and counts.
#[derive(Debug)]
struct Unreliable {
    ledger: Arc<LedgerFile>,
    before: AtomicBool,
    after: AtomicBool,
    asked: AtomicUsize,
}

impl Unreliable {
    fn over(ledger: Arc<LedgerFile>) -> Arc<Self> {
        Arc::new(Self {
            ledger,
            before: true.into(),
            after: true.into(),
            asked: 0.into(),
        })
    }
}

impl ChainClient for Unreliable {
    fn submit(&self, checkpoint: &Checkpoint) -> Result<Submission, ChainError> {
        let failed = || ChainError::Other("the line is cut".into());
        self.asked.fetch_add(1, Ordering::Relaxed);
        if self.before.swap(false, Ordering::Relaxed) {
            return Err(failed());
        }
        let submission = self.ledger.submit(checkpoint)?;
        match self.after.swap(false, Ordering::Relaxed) {
            true => Err(failed()),
            false => Ok(submission),
        }
    }
}

#[test]
fn a_chain_that_fails_is_asked_again_for_the_same() {
    let node = Node::new();
    let ledger = node.ledger();
    let chain = Unreliable::over(ledger.clone());
    let gate = || SettlementGate::new(node.artifacts(), node.checkpoints(), chain.clone());
    let job = gate().hold(&result(), proof()).expect("it is held");
    let error = gate().settle(&job).expect_err("before it is entered");
    assert!(matches!(
        error,
        SettlementError::Chain(ChainError::Other(_))
    ));
    assert!(ledger.verify().expect("whole").is_none());
    let State::Released { checkpoint } = gate().record(&job).expect("a record").state else {
        panic!("not decided");
    };
    assert!(matches!(
        gate().released(&job),
        Err(SettlementError::NotReleased { .. })
    ));
    assert!(matches!(
        gate().forget(&job),
        Err(SettlementError::Unfinished { .. })
    ));
    assert_eq!(gate().unfinished().expect("it answers"), [job]);
    let error = gate().settle(&job).expect_err("after it is entered");
    assert!(matches!(
        error,
        SettlementError::Chain(ChainError::Other(_))
    ));
    let entered = ledger.verify().expect("whole").expect("an entry");
    let released = release(gate().settle(&job).expect("a decision"));
    // What was decided first, in the place that it had then.
    assert_eq!(
        (released.checkpoint, released.submission),
        (checkpoint, entered)
    );
    assert_eq!(ledger.verify().expect("whole"), Some(entered));
    // A settled job is not submitted again.
    release(gate().settle(&job).expect("a decision"));
    assert_eq!(chain.asked.load(Ordering::Relaxed), 3);
}

#[test]
fn a_chain_that_knows_better_is_an_error() {
    let node = Node::new();
    let gate = node.gate();
    let job = gate.hold(&result(), proof()).expect("it is held");
    let other = Checkpoint {
        job_id: job,
        tokens: 1,
        proof_digest: ProofDigest([0; 32]),
        timestamp_ms: 0,
    };
    gate.chain.submit(&other).expect("it is entered");
    let error = gate.settle(&job).expect_err("another checkpoint");
    assert!(matches!(
        error,
        SettlementError::Chain(ChainError::Conflict { position: 0, .. })
    ));
}

/// A store that crashes at one of its writes: before it, or after.
#[derive(Debug)]
struct Crashing {
    file: Arc<CheckpointFile>,
    writes_left: AtomicUsize,
    after: bool,
}

impl CheckpointStore for Crashing {
    fn load(&self, job_id: &[u8; 32]) -> Result<Option<Record>, StorageError> {
        self.file.load(job_id)
    }

    fn replace(
        &self,
        job_id: &[u8; 32],
        expected: Option<&Record>,
        new: &Record,
    ) -> Result<bool, StorageError> {
        let crashes = self.writes_left.fetch_sub(1, Ordering::Relaxed) == 0;
        if !crashes || self.after {
            let replaced = self.file.replace(job_id, expected, new)?;
            if !crashes {
                return Ok(replaced);
            }
        }
        Err(StorageError::Other("the power is gone".into()))
    }

    fn unfinished(&self) -> Result<Vec<[u8; 32]>, StorageError> {
        self.file.unfinished()
    }
}

#[test]
fn a_crash_at_any_write_loses_and_doubles_nothing() {
    for (crash, after) in (0..3).flat_map(|crash| [(crash, false), (crash, true)]) {
        let node = Node::new();
        let crashing = SettlementGate::new(
            node.artifacts(),
            Arc::new(Crashing {
                file: node.checkpoints(),
                writes_left: crash.into(),
                after,
            }),
            node.ledger(),
        );
        let held = crashing.hold(&result(), proof());
        let settled = held.and_then(|job| crashing.settle(&job));
        assert!(matches!(
            settled,
            Err(SettlementError::Storage(StorageError::Other(_)))
        ));
        drop(crashing);
        let job = node.gate().hold(&result(), proof()).expect("it is held");
        release(node.gate().settle(&job).expect("a decision"));
        assert_eq!(node.entries(), 1, "crash at {crash}, after it: {after}");
    }
}

#[test]
fn two_gates_give_one_answer() {
    let node = Node::new();
    let (checkpoints, ledger) = (node.checkpoints(), node.ledger());
    let gate = || SettlementGate::new(node.artifacts(), checkpoints.clone(), ledger.clone());
    let gates = [gate(), gate(), gate(), gate()];
    for round in 0..5u8 {
        let result = JobResult {
            job: [round].into(),
            ..result()
        };
        let proof = proof_of(&result);
        let barrier = Barrier::new(gates.len());
        let work = |gate: &SettlementGate| {
            barrier.wait();
            let job = gate.hold(&result, &proof).expect("it is held");
            release(gate.settle(&job).expect("a decision"))
        };
        let all = std::thread::scope(|scope| {
            let threads = gates.each_ref().map(|gate| scope.spawn(|| work(gate)));
            threads.map(|thread| thread.join().expect("no panic"))
        });
        assert!(all.iter().all(|one| *one == all[0]));
        assert_eq!(ledger.verify().expect("whole"), Some(all[0].submission));
        assert_eq!(all[0].submission.position, u64::from(round));
    }
}
