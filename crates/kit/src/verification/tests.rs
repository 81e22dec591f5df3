//! With a verifier that does as it is told.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Mutex, mpsc};
use std::thread;
use std::time::Duration;

use vouch_sdk::{Cancel, Error, Profile, VerifyError};

use super::*;

const ID: ImageId = ImageId([7; 32]);

/// One of several receipts. Only what is told to does verify it.
fn receipt(number: u32) -> Receipt {
    Receipt {
        profile: Profile::Fast100,
        entry: number,
        text: 0..1,
        segments: Vec::new(),
    }
}

fn claim(receipt: &Receipt, image_id: &ImageId) -> Claim {
    Claim {
        image_id: *image_id,
        journal: receipt.entry.to_le_bytes().to_vec(),
        exit_code: 0,
    }
}

/// Accepts even entries.
fn check(receipt: &Receipt, image_id: &ImageId) -> Result<Claim, Error> {
    match receipt.entry % 2 {
        0 => Ok(claim(receipt, image_id)),
        _ => Err(Error::Verify(VerifyError::Halt {
            segment: 0,
            segments: 0,
        })),
    }
}

fn verifications(
    options: VerificationOptions,
    check: impl Fn(&Receipt, &ImageId) -> Result<Claim, Error> + Send + Sync + 'static,
) -> Verifications {
    let check = move |receipt: &Receipt, image_id: &ImageId, _: &Cancel| check(receipt, image_id);
    let verdicts = Verdicts::new(options.cache_bytes, check);
    Verifications::with(verdicts, &options).expect("threads")
}

/// A verifier that says when it begins, and goes on when it may.
struct Gate {
    begun: Receiver<u32>,
    go_on: Sender<()>,
}

fn gated(options: VerificationOptions) -> (Verifications, Gate) {
    let (begin, begun) = channel();
    let (go_on, may_go_on) = channel();
    let may_go_on = Mutex::new(may_go_on);
    let check = move |receipt: &Receipt, image_id: &ImageId| {
        // Nobody listens any more when a test is over.
        let _ = begin.send(receipt.entry);
        let _ = may_go_on.lock().expect("no panic").recv();
        check(receipt, image_id)
    };
    (verifications(options, check), Gate { begun, go_on })
}

fn is_verified(verdict: &Verdict) -> bool {
    matches!(verdict, Verdict::Verified(_))
}

#[test]
fn full_looks_every_time_and_cached_once() {
    let verifications = verifications(VerificationOptions::default(), check);
    for _ in 0..3 {
        let verdict = verifications.full(receipt(2), &ID).expect("a verdict");
        assert!(is_verified(&verdict));
    }
    assert_eq!(verifications.stats().verified, 3);
    // Known already, from bytes as well as from memory; of another program it says nothing.
    let bytes = receipt(2).to_bytes();
    for _ in 0..2 {
        let verdict = verifications.cached(bytes.clone(), &ID);
        assert!(is_verified(&verdict.expect("a verdict")));
    }
    let other = ImageId([8; 32]);
    let digest = ProofDigest::of_bytes(&bytes);
    assert!(verifications.known(&digest, &ID).is_some());
    assert!(verifications.known(&digest, &other).is_none());
    let verdict = verifications.cached(receipt(2), &other);
    assert!(is_verified(&verdict.expect("a verdict")));
    let stats = verifications.stats();
    assert_eq!((stats.verified, stats.cached), (4, 3));
}

#[test]
fn rejections_are_remembered_and_looked_at_anew_by_full() {
    let verifications = verifications(VerificationOptions::default(), check);
    for _ in 0..3 {
        let verdict = verifications.cached(receipt(1), &ID).expect("a verdict");
        assert!(matches!(
            verdict,
            Verdict::Rejected(VerifyError::Halt { .. })
        ));
    }
    let stats = verifications.stats();
    assert_eq!((stats.verified, stats.rejected, stats.cached), (0, 1, 2));
    let verdict = verifications.full(receipt(1), &ID).expect("a verdict");
    assert!(!is_verified(&verdict));
    assert_eq!(verifications.stats().rejected, 2);
}

#[test]
fn the_memory_of_verdicts_is_bounded() {
    let options = VerificationOptions {
        cache_bytes: 1200,
        ..VerificationOptions::default()
    };
    let verifications = verifications(options, check);
    for number in [2, 4, 6, 2] {
        let verdict = verifications.cached(receipt(number), &ID);
        assert!(is_verified(&verdict.expect("a verdict")));
    }
    let stats = verifications.stats();
    assert_eq!((stats.verified, stats.cached), (4, 0));
}

#[test]
fn an_error_of_the_verifier_is_no_verdict_and_not_remembered() {
    let calls = AtomicUsize::new(0);
    let check = move |_: &Receipt, _: &ImageId| {
        calls.fetch_add(1, Ordering::Relaxed);
        Err(Error::NoKey {
            profile: Profile::Fast100,
        })
    };
    let verifications = verifications(VerificationOptions::default(), check);
    for mode in [
        VerificationMode::Full,
        VerificationMode::Cached,
        VerificationMode::Deferred,
    ] {
        let answer = verifications.verify(receipt(2), &ID, mode);
        let error = answer.and_then(Answer::wait).expect_err("it has no key");
        assert!(
            matches!(&error, VerificationError::Verifier(error) if matches!(**error, Error::NoKey { .. }))
        );
    }
    let stats = verifications.stats();
    assert_eq!((stats.failed, stats.verified, stats.rejected), (3, 0, 0));
}

#[test]
fn equal_requests_at_once_verify_once() {
    let (verifications, gate) = gated(VerificationOptions::default());
    thread::scope(|scope| {
        let callers: Vec<_> = (0..4)
            .map(|_| scope.spawn(|| verifications.cached(receipt(2), &ID)))
            .collect();
        let pending = verifications.deferred(receipt(2), &ID, |_| {});
        let pending = pending.expect("there is room");
        gate.begun.recv().expect("one begins");
        // For one. A second would wait for good.
        gate.go_on.send(()).expect("it waits");
        for caller in callers {
            let verdict = caller.join().expect("no panic").expect("a verdict");
            assert!(is_verified(&verdict));
        }
        assert!(is_verified(&pending.wait().expect("a verdict")));
    });
    let stats = verifications.stats();
    assert_eq!((stats.verified, stats.cached), (1, 4));
}

#[test]
fn what_is_deferred_is_not_verified_until_it_is() {
    let (verifications, gate) = gated(VerificationOptions::default());
    let (sender, outcomes) = channel();
    let pending = verifications.deferred(receipt(2), &ID, move |outcome| {
        sender.send(outcome.clone()).expect("the test listens");
    });
    let pending = pending.expect("there is room");
    gate.begun.recv().expect("it begins");
    assert!(pending.poll().is_none());
    assert!(pending.wait_timeout(Duration::ZERO).is_none());
    assert!(pending.wait_timeout(Duration::from_millis(1)).is_none());
    assert!(format!("{pending:?}").contains("None"));
    assert_eq!(verifications.stats().pending, 1);
    assert_eq!(verifications.stats().verified, 0);
    gate.go_on.send(()).expect("it waits");
    let verdict = pending.wait().expect("a verdict");
    assert_eq!(
        pending.poll().expect("an outcome").ok(),
        Some(verdict.clone())
    );
    let long = pending.wait_timeout(Duration::MAX).expect("an outcome");
    assert_eq!(long.ok(), Some(verdict.clone()));
    let called_back = outcomes.recv().expect("it calls back");
    assert_eq!(called_back.ok(), Some(verdict));
    assert_eq!(verifications.stats().pending, 0);
}

#[test]
fn a_full_queue_says_so() {
    let bytes = receipt(2).encoded_len() as u64;
    let by_number = VerificationOptions {
        queue: 2,
        ..VerificationOptions::default()
    };
    let by_bytes = VerificationOptions {
        queue_bytes: bytes * 2 + 1,
        ..VerificationOptions::default()
    };
    for options in [by_number, by_bytes] {
        let (verifications, gate) = gated(options);
        let defer = |number| verifications.deferred(receipt(number), &ID, |_| {});
        let first = defer(2).expect("there is room");
        gate.begun.recv().expect("it begins");
        let others = [4, 6].map(|number| defer(number).expect("there is room"));
        let error = defer(8).expect_err("there is no room");
        assert!(matches!(
            error,
            VerificationError::QueueFull { waiting: 2, bytes: b } if b == bytes * 2
        ));
        for _ in 0..3 {
            gate.go_on.send(()).expect("it waits");
        }
        for pending in [&first].into_iter().chain(&others) {
            assert!(is_verified(&pending.wait().expect("a verdict")));
        }
        // There is room again.
        gate.go_on.send(()).expect("it waits");
        let again = defer(8).expect("there is room");
        assert!(is_verified(&again.wait().expect("a verdict")));
    }
}

#[test]
fn what_waits_at_the_end_is_abandoned() {
    let (verifications, gate) = gated(VerificationOptions::default());
    let (sender, outcomes) = mpsc::channel();
    let defer = |number| {
        let sender = sender.clone();
        verifications.deferred(receipt(number), &ID, move |outcome| {
            sender
                .send((number, outcome.is_ok()))
                .expect("the test listens");
        })
    };
    let first = defer(2).expect("there is room");
    gate.begun.recv().expect("it begins");
    let second = defer(4).expect("there is room");
    thread::scope(|scope| {
        scope.spawn(|| verifications.shut_down());
        assert!(matches!(second.wait(), Err(VerificationError::Abandoned)));
        gate.go_on.send(()).expect("it waits");
    });
    assert!(is_verified(&first.wait().expect("it had begun")));
    // Each is told on a thread of its own.
    let mut outcomes: Vec<_> = outcomes.iter().take(2).collect();
    outcomes.sort_unstable();
    assert_eq!(outcomes, [(2, true), (4, false)]);
    assert!(matches!(defer(6), Err(VerificationError::Abandoned)));
    let stats = verifications.stats();
    assert_eq!((stats.verified, stats.abandoned, stats.pending), (1, 1, 0));
    // The other modes go on.
    gate.go_on.send(()).expect("it waits");
    let verdict = verifications.cached(receipt(8), &ID).expect("a verdict");
    assert!(is_verified(&verdict));
}

#[test]
fn dropping_it_abandons_as_well() {
    let (verifications, gate) = gated(VerificationOptions::default());
    let defer = |number| verifications.deferred(receipt(number), &ID, |_| {});
    let first = defer(2).expect("there is room");
    gate.begun.recv().expect("it begins");
    let second = defer(4).expect("there is room");
    gate.go_on.send(()).expect("it waits");
    drop(gate);
    drop(verifications);
    assert!(is_verified(&first.wait().expect("it had begun")));
    // It was abandoned, or just in time.
    assert!(second.poll().is_some());
}

#[test]
fn who_is_called_back_may_hold_the_last_of_it() {
    let verifications = Arc::new(verifications(VerificationOptions::default(), check));
    let (hand_over, handed_over) = channel();
    let pending = verifications.deferred(receipt(2), &ID, move |_| {
        let last: Option<Arc<Verifications>> = handed_over.recv().ok();
        drop(last);
    });
    let pending = pending.expect("there is room");
    hand_over.send(verifications).expect("it listens");
    assert!(is_verified(&pending.wait().expect("a verdict")));
}

/// Who is told to stop has no verdict, and leaves none behind.
#[test]
fn who_is_told_to_stop_learns_nothing() {
    let program = vouch_sdk::Program::from_elf(vouch_sdk::guests::COMMITMENT).expect("a guest");
    let id = vouch_sdk::image_id(&program);
    let options = vouch_sdk::ProveOptions::default();
    let proven = vouch_sdk::prove(&program, &[1; 128], &options).expect("a receipt");
    let verifications = Verifications::new(VerificationOptions::default()).expect("threads");
    let stopped = Cancel::default();
    stopped.cancel();
    for mode in [VerificationMode::Full, VerificationMode::Cached] {
        let verdict = verifications.until(proven.receipt.clone(), &id, mode, &stopped);
        assert!(matches!(verdict, Err(VerificationError::Cancelled)));
    }
    assert_eq!(verifications.stats(), VerificationStats::default());
    let verdict = verifications.cached(proven.receipt, &id);
    assert!(is_verified(&verdict.expect("a verdict")));
}

#[test]
fn panics_are_no_verdicts() {
    let check = |receipt: &Receipt, image_id: &ImageId| match receipt.entry {
        2 => panic!("a bug"),
        _ => check(receipt, image_id),
    };
    let verifications = verifications(VerificationOptions::default(), check);
    let pending = verifications.deferred(receipt(2), &ID, |_| panic!("another"));
    let outcome = pending.expect("there is room").wait();
    assert!(matches!(outcome, Err(VerificationError::Panicked)));
    // The thread goes on.
    let pending = verifications.deferred(receipt(4), &ID, |_| {});
    let verdict = pending.expect("there is room").wait();
    assert!(is_verified(&verdict.expect("a verdict")));
    let stats = verifications.stats();
    assert_eq!((stats.verified, stats.failed, stats.pending), (1, 1, 0));
}

#[test]
fn threads_that_do_not_start_are_an_error() {
    let verdicts = Arc::new(Verdicts::new(0, vouch_sdk::verify_until));
    // No address space has room for such a stack.
    let workers = Workers::start_with(&verdicts, &VerificationOptions::default(), 1 << 50);
    assert!(matches!(
        workers.err(),
        Some(VerificationError::Threads { threads: 1, .. })
    ));
}

#[test]
fn bytes_that_are_no_receipt_are_rejected() {
    let verifications = verifications(VerificationOptions::default(), check);
    let bytes = receipt(2).to_bytes();
    for mode in [VerificationMode::Full, VerificationMode::Cached] {
        let answer = verifications.verify(bytes[1..].to_vec(), &ID, mode);
        let verdict = answer.and_then(Answer::wait).expect("a verdict");
        assert!(matches!(
            verdict,
            Verdict::Rejected(VerifyError::Decode(vouch_sdk::DecodeError::Magic))
        ));
    }
    let stats = verifications.stats();
    assert_eq!((stats.verified, stats.rejected, stats.cached), (0, 1, 1));
    // Reserved, and never written to, so that it takes no memory.
    let large = vec![0; vouch_sdk::MAX_RECEIPT_BYTES + 1];
    let verdict = verifications.cached(large, &ID).expect("a verdict");
    assert!(matches!(
        verdict,
        Verdict::Rejected(VerifyError::Decode(vouch_sdk::DecodeError::TooLarge { .. }))
    ));
}

#[test]
fn modes_and_options_have_names() {
    let json = |mode| serde_json::to_string(&mode).expect("text");
    assert_eq!(json(VerificationMode::Full), "\"full\"");
    assert_eq!(json(VerificationMode::Cached), "\"cached\"");
    assert_eq!(json(VerificationMode::Deferred), "\"deferred\"");
    let options: VerificationOptions = serde_json::from_str("{\"queue\": 5}").expect("options");
    assert_eq!(options.queue, 5);
    assert_eq!(options.threads, VerificationOptions::default().threads);
    assert!(serde_json::from_str::<VerificationOptions>("{\"other\": 5}").is_err());
}
