//! What refusing costs in work, counted. How long that takes is for the bench `refusing` to say.
//!
//! The counters are of the whole process, so everything is one test.

use std::sync::atomic::{AtomicUsize, Ordering};

use rayon::ThreadPoolBuilder;
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};
use vouch_air::tables::Table;
use vouch_emulator::SegmentLimits;
use vouch_emulator::testing::program;
use vouch_soundness::honest_receipt::{Honest, verifier};
use vouch_soundness::hostile::chains::{Chain, all, run};
use vouch_soundness::world::{INPUT, ROUNDS_TO_REFRESH, everything};
use vouch_verifier::{Executor, ImageId, Profile, Receipt, VerifyError};

/// Proofs that the proof system has begun to verify, and tables whose constraints it has checked.
static BEGUN: AtomicUsize = AtomicUsize::new(0);
static CHECKED: AtomicUsize = AtomicUsize::new(0);

/// Counts p3's spans.
struct Counter;

impl Subscriber for Counter {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        counter(metadata).is_some()
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        if let Some(counter) = counter(span.metadata()) {
            counter.fetch_add(1, Ordering::Relaxed);
        }
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn event(&self, _: &Event<'_>) {}
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

fn counter(metadata: &Metadata<'_>) -> Option<&'static AtomicUsize> {
    match metadata.name() {
        "verify_batch" => Some(&BEGUN),
        "verify constraints" => Some(&CHECKED),
        _ => None,
    }
}

/// What verifying takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Work {
    /// Proofs that the proof system began to verify.
    begun: usize,
    /// Tables whose constraints it checked.
    checked: usize,
    /// Bytes allocated on this thread, all in all.
    bytes: u64,
}

fn work<T>(verify: impl FnOnce() -> T) -> (Work, T) {
    let before = [&BEGUN, &CHECKED].map(|counter| counter.load(Ordering::Relaxed));
    let mut verdict = None;
    let allocated = allocation_counter::measure(|| verdict = Some(verify()));
    let [begun, checked] = [&BEGUN, &CHECKED].map(|counter| counter.load(Ordering::Relaxed));
    let work = Work {
        begun: begun - before[0],
        checked: checked - before[1],
        bytes: allocated.bytes_total,
    };
    (work, verdict.expect("it was called"))
}

#[test]
fn refusing_is_no_more_work_than_accepting() {
    tracing::subscriber::set_global_default(Counter).expect("it is the only one");
    for profile in [Profile::Fast100, Profile::Compact100] {
        let honest = run(profile);
        let with_all = with_all_tables(profile);
        let [of_few, of_all] = [honest, &with_all].map(|honest| (honest, accept(honest)));
        once_each(honest);
        for chain in all(profile) {
            let tables = chain
                .receipt
                .segments
                .iter()
                .map(|segment| segment.tables.tables().count());
            // The proof system asks for the degrees of the sums of a proof's tables before it looks at the proof.
            let accepting = match tables.max() > Some(Table::ALL.len() / 2) {
                true => &of_all,
                false => &of_few,
            };
            one_after_the_other(accepting, &honest.image_id, &chain);
            on_threads(honest, &chain);
        }
    }
}

/// Work of the honest receipt: that the counters count is seen here.
fn accept(honest: &Honest) -> Work {
    let verifier = verifier(honest.receipt.profile);
    let (work, claim) = work(|| verifier.verify(&honest.receipt, &honest.image_id));
    claim.expect("it is honest");
    let segments = &honest.receipt.segments;
    assert_eq!(work.begun, segments.len());
    let tables = segments
        .iter()
        .map(|segment| segment.tables.tables().count());
    assert_eq!(work.checked, tables.sum::<usize>());
    assert!(work.bytes > honest.bytes.len() as u64 / 2, "{work:?}");
    println!(
        "{:>10} bytes: the honest receipt of {}",
        work.bytes,
        honest.bytes.len()
    );
    work
}

/// Whoever calls the checks, and however often, each proof is looked at once.
fn once_each(honest: &Honest) {
    let verifier = verifier(honest.receipt.profile);
    let segments = honest.receipt.segments.len();
    let twice = |n: usize, check: &(dyn Fn(usize) + Sync)| {
        (0..n).chain(0..n / 2).for_each(check);
        (0..n).rev().for_each(check);
    };
    let some = |n: usize, check: &(dyn Fn(usize) + Sync)| (n / 2..n).for_each(check);
    let executors: [&Executor<'_>; 3] = [&|_, _| {}, &twice, &some];
    for executor in executors {
        let verify = || verifier.verify_with(&honest.receipt, &honest.image_id, executor);
        let (work, claim) = work(verify);
        claim.expect("it is honest");
        assert_eq!(work.begun, segments);
    }
}

/// An honest receipt of nearly all tables.
fn with_all_tables(profile: Profile) -> Honest {
    let program = program(&everything(0, ROUNDS_TO_REFRESH, 0));
    Honest::new(&program, INPUT, &SegmentLimits::default(), profile)
}

fn one_after_the_other((honest, accepting): &(&Honest, Work), image_id: &ImageId, chain: &Chain) {
    let verifier = verifier(chain.receipt.profile);
    let (work, verdict) = work(|| verifier.verify(&chain.receipt, image_id));
    assert!(verdict.is_err(), "{}", chain.name);
    let length = chain.receipt.to_bytes().len();
    println!("{:>10} bytes: {} of {length}", work.bytes, chain.name);
    // No proof is begun but those that are right and one that is not.
    assert_eq!(work.begun, chain.begun, "{}", chain.name);
    // No more is allocated than honest bytes of this length take, and half as much again.
    let honest = u128::from(accepting.bytes) * length as u128 / honest.bytes.len() as u128;
    assert!(
        2 * u128::from(work.bytes) <= 3 * honest,
        "{}: {work:?} of {honest}",
        chain.name
    );
}

/// By way of the SDK, which is what the command line, the kit and the service call: each thread may
/// have begun with one proof before another one failed.
fn on_threads(honest: &Honest, chain: &Chain) {
    for threads in [1, 2, 4] {
        let pool = ThreadPoolBuilder::new().num_threads(threads).build();
        let pool = pool.expect("a pool of threads");
        let verify = |receipt: &Receipt| vouch_sdk::verify(receipt, &honest.image_id);
        let (work, verdict) = work(|| pool.install(|| verify(&chain.receipt)));
        let name = chain.name;
        assert!(
            matches!(verdict, Err(vouch_sdk::Error::Verify(ref error)) if is_refused_by(chain, error)),
            "{name}, {threads} threads: {verdict:?}"
        );
        let segments = chain.receipt.segments.len();
        let most = match chain.begun {
            0 => 0,
            begun => segments.min(begun - 1 + threads),
        };
        assert!(
            work.begun <= most,
            "{name}, {threads} threads: {work:?} of {most}"
        );
    }
}

/// Which segment is named depends on the threads, whether the proof system was asked does not.
fn is_refused_by(chain: &Chain, error: &VerifyError) -> bool {
    matches!(error, VerifyError::Proof { .. }) == (chain.begun > 0)
}
