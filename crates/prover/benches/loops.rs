//! Our prover loop against Plonky3's `prove_batch` on the same traces, in one process, taking
//! turns: `cargo bench -p vouch-prover --bench loops -- [runs] [n of the Fibonacci guest]...`

use std::time::{Duration, Instant};

use vouch_air::memory_tree::MemoryTree;
use vouch_air::witness::{Traces, generate};
use vouch_emulator::testing::segments;
use vouch_emulator::{Program, SegmentLimits};
use vouch_prover::testing::Reference;
use vouch_prover::{Backend, Cancel, Cpu, Job};
use vouch_verifier::Profile;

/// Cycles, and the tables of a run of the Fibonacci guest.
fn traces(n: u32) -> (u64, Traces) {
    let elf = include_bytes!("../../../guest-programs/prebuilt/fibonacci.elf");
    let program = Program::from_elf(elf).expect("a prebuilt guest");
    let image = program.image();
    let (_, segments) =
        segments(&program, &n.to_le_bytes(), &SegmentLimits::default()).expect("it runs");
    let mut tree = MemoryTree::new(image);
    let [segment] = &segments[..] else {
        panic!("{n} takes more than one segment");
    };
    (segment.cycles, generate(segment, &image.text, &mut tree))
}

fn time(backend: &dyn Backend, traces: &Traces) -> Duration {
    let job = Job {
        seed: Vec::new(),
        traces: traces.clone(),
        cancel: Cancel::default(),
    };
    let start = Instant::now();
    backend.prove(job).expect("a proof");
    start.elapsed()
}

fn median(mut times: Vec<Duration>) -> f64 {
    times.sort_unstable();
    times[times.len() / 2].as_secs_f64()
}

fn main() {
    // Cargo passes `--bench`.
    let numbers = std::env::args().skip(1).filter(|arg| arg != "--bench");
    let mut numbers = numbers.map(|arg| arg.parse::<u32>().expect("a number"));
    let runs = numbers.next().unwrap_or(5);
    let mut sizes: Vec<u32> = numbers.collect();
    if sizes.is_empty() {
        sizes = vec![6_550, 52_420, 209_700];
    }
    let cpu = Cpu::new(Profile::Fast100);
    let reference = Reference {
        profile: Profile::Fast100,
    };
    println!("cycles, plonky3 s, vouch s, ratio (medians of {runs})");
    for n in sizes {
        let (cycles, traces) = traces(n);
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        for _ in 0..runs {
            theirs.push(time(&reference, &traces));
            ours.push(time(&cpu, &traces));
        }
        let (ours, theirs) = (median(ours), median(theirs));
        let ratio = theirs / ours;
        println!("{cycles}, {theirs:.3}, {ours:.3}, {ratio:.2}");
    }
}
