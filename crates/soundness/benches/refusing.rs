//! What refusing costs in time, beside accepting: `cargo bench -p vouch-soundness --bench refusing`.
//!
//! The goal (docs/security.md): for any bytes, at most twice what an honest receipt of the same length
//! costs, on all threads together. An honest receipt costs so much a byte; that times the length of the
//! hostile one is what its cost is divided by. Costs are processor time of the whole process, which
//! tells what other threads did and does not depend on who else uses the machine, and the least of
//! several; that passed on the clock is said beside it. Reading the receipt's bytes is part of it.

use std::hint::black_box;
use std::time::{Duration, Instant};

use cpu_time::ProcessTime;
use p3_batch_stark::verify_batch;
use rayon::{ThreadPool, ThreadPoolBuilder};
use vouch_air::tables::{Instance, Table};
use vouch_soundness::honest_receipt::{Honest, commitment};
use vouch_soundness::hostile::KINDS;
use vouch_soundness::hostile::chains::{all, run};
use vouch_soundness::proof_map::decoded;
use vouch_verifier::config::config;
use vouch_verifier::{ImageId, Key, MACHINE_DIGEST, Profile, Receipt};

/// How long each is repeated, in all.
const AT_LEAST: Duration = Duration::from_millis(200);

fn main() {
    // `cargo test --benches` runs it too, without saying that it is a bench.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    symbolic();
    println!("Of an honest receipt of the same length: processor time (and on the clock)\n");
    let threads = [1, 2, 4];
    println!("| profile | what | bytes | segments | 1 thread | 2 threads | 4 threads |");
    println!("|---|---|---|---|---|---|---|");
    let pools = threads.map(|n| ThreadPoolBuilder::new().num_threads(n).build());
    let pools: Vec<ThreadPool> = pools
        .into_iter()
        .map(|pool| pool.expect("a pool"))
        .collect();
    for profile in [Profile::Fast100, Profile::Compact100] {
        chains(profile, &pools);
    }
    kinds(&pools);
}

/// What the longest of the repetitions' best took.
#[derive(Clone, Copy)]
struct Cost {
    processor: f64,
    clock: f64,
}

/// The least of rounds of several calls each.
fn cost(call: &dyn Fn()) -> Cost {
    let start = Instant::now();
    call();
    let once = start.elapsed().max(Duration::from_nanos(100));
    let rounds = 5u32;
    let calls = (AT_LEAST.as_nanos() / (u128::from(rounds) * once.as_nanos())).max(1) as u32;
    let mut least = Cost {
        processor: f64::MAX,
        clock: f64::MAX,
    };
    for _ in 0..rounds {
        let (clock, processor) = (Instant::now(), ProcessTime::now());
        (0..calls).for_each(|_| call());
        let a_call = |time: Duration| time.as_secs_f64() / f64::from(calls);
        least.processor = least.processor.min(a_call(processor.elapsed()));
        least.clock = least.clock.min(a_call(clock.elapsed()));
    }
    least
}

/// Reads and verifies as the SDK does, on these threads.
fn verify(pool: &ThreadPool, bytes: &[u8], image_id: &ImageId) -> Cost {
    cost(&|| {
        pool.install(|| {
            let verdict = Receipt::from_bytes(bytes)
                .map_err(|_| ())
                .and_then(|receipt| vouch_sdk::verify(&receipt, image_id).map_err(|_| ()));
            let _ = black_box(verdict);
        });
    })
}

/// What costs so much, of what an honest receipt of this length costs.
fn ratio(bytes: usize, cost: Cost, honest: &Honest, of_honest: Cost) -> (f64, f64) {
    let share = bytes as f64 / honest.bytes.len() as f64;
    let (processor, clock) = (share * of_honest.processor, share * of_honest.clock);
    (cost.processor / processor, cost.clock / clock)
}

fn chains(profile: Profile, pools: &[ThreadPool]) {
    let honest = run(profile);
    let name = format!("{} {}", profile.name(), profile.target_bits());
    let of_honest = pools
        .iter()
        .map(|pool| verify(pool, &honest.bytes, &honest.image_id));
    let of_honest: Vec<Cost> = of_honest.collect();
    let segments = honest.receipt.segments.len();
    let ms: Vec<String> = { of_honest.iter() }
        .map(|cost| format!("{:.1} ms ({:.1})", 1e3 * cost.processor, 1e3 * cost.clock))
        .collect();
    let bytes = honest.bytes.len();
    println!(
        "| {name} | honest | {bytes} | {segments} | {} |",
        ms.join(" | ")
    );
    for chain in all(profile) {
        let bytes = chain.receipt.to_bytes();
        let ratios = pools.iter().zip(&of_honest).map(|(pool, of_honest)| {
            let cost = verify(pool, &bytes, &honest.image_id);
            let (processor, clock) = ratio(bytes.len(), cost, honest, *of_honest);
            format!("{processor:.2} ({clock:.2})")
        });
        let ratios: Vec<String> = ratios.collect();
        let segments = chain.receipt.segments.len();
        let (what, ratios) = (chain.name, ratios.join(" | "));
        println!(
            "| {name} | {what} | {} | {segments} | {ratios} |",
            bytes.len()
        );
    }
}

/// The dearest of each kind of altered receipts of one segment.
fn kinds(pools: &[ThreadPool]) {
    let honest = commitment(false);
    let Some(pool) = pools.first() else {
        return;
    };
    let of_honest = verify(pool, &honest.bytes, &honest.image_id);
    println!("\nReceipts of one segment, the dearest of each kind, on 1 thread:\n");
    println!("| kind | the dearest | bytes | of an honest receipt of the same length |");
    println!("|---|---|---|---|");
    for kind in KINDS {
        let mut most = (0.0, 0, String::new());
        (kind.cases)(&mut |name, receipt| {
            let bytes = receipt.to_bytes();
            // Shorter than any honest receipt, or almost: what is no segment costs nothing.
            let cost = verify(pool, &bytes, &honest.image_id);
            let (processor, _) = ratio(bytes.len(), cost, honest, of_honest);
            if processor > most.0 {
                most = (processor, bytes.len(), name.to_owned());
            }
        });
        let (ratio, bytes, name) = most;
        println!("| {} | {name} | {bytes} | {ratio:.2} |", kind.name);
    }
}

/// What it saves that the degrees of constraints are known: the same proof, verified by p3 with and
/// without.
fn symbolic() {
    println!("An honest receipt of one segment:\n");
    println!("| profile | ms | ms if constraints are evaluated symbolically for each proof |");
    println!("|---|---|---|");
    for is_compact in [false, true] {
        let honest = commitment(is_compact);
        let profile = honest.receipt.profile;
        let pool = ThreadPoolBuilder::new().num_threads(1).build();
        let known = verify(&pool.expect("a pool"), &honest.bytes, &honest.image_id);
        let unknown = match is_compact {
            false => by_instances::<4>(honest),
            true => by_instances::<5>(honest),
        };
        let name = format!("{} {}", profile.name(), profile.target_bits());
        let (known, unknown) = (1e3 * known.processor, 1e3 * unknown.processor);
        println!("| {name} | {known:.2} | {unknown:.2} |");
    }
    println!();
}

fn by_instances<const D: usize>(honest: &Honest) -> Cost
where
    vouch_air::F: p3_field::extension::BinomiallyExtendable<D>,
{
    let (profile, segment) = (honest.receipt.profile, honest.segment());
    let (claim, text) = (&segment.claim, &honest.receipt.text);
    let key = Key::<D>::new(profile).expect("the profile's degree");
    cost(&|| {
        let receipt = Receipt::from_bytes(&honest.bytes).expect("it is honest");
        let tables: Vec<Table> = segment.tables.tables().collect();
        let instances = tables
            .iter()
            .map(|&table| Instance::new(table, 0, &claim.journal));
        let instances: Vec<Instance> = instances.collect();
        let public = claim.public_values();
        let values = tables.iter().map(|&table| table.values(&public, text));
        let values: Vec<_> = values.collect();
        let seed = claim.seed(&MACHINE_DIGEST, profile.number(), text, 0, segment.tables);
        let (proof, packing) = decoded::<D>(profile, &receipt.segments[0]);
        let config = config(&profile.parameters(), packing, seed);
        let verdict = verify_batch(&config, &instances, &proof, &values, &key.common(&tables));
        assert!(verdict.is_ok());
    })
}
