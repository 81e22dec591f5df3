//! Proofs a second by mode: `cargo bench -p vouch-kit --bench batch -- [four-hash jobs] [longer jobs]`.

use vouch_kit::batch::{BatchJob, BatchMode, BatchOptions, BatchProgram, BatchProver};
use vouch_sdk::{Input, Program, ProveOptions, guests};

const MODES: [(&str, BatchMode, Option<usize>); 6] = [
    ("sequential", BatchMode::Sequential, None),
    ("sequential, one thread", BatchMode::Sequential, Some(1)),
    ("parallel, 2", BatchMode::Parallel(2), None),
    ("parallel, 4", BatchMode::Parallel(4), None),
    (
        "parallel, as many as threads",
        BatchMode::Parallel(usize::MAX),
        None,
    ),
    ("adaptive", BatchMode::Adaptive, None),
];

/// Proofs a second.
fn rate(mode: BatchMode, threads: Option<usize>, jobs: Vec<BatchJob>, streamed: bool) -> f64 {
    let prove = ProveOptions {
        threads,
        ..ProveOptions::default()
    };
    let prover = BatchProver::new(BatchOptions { mode, prove }).expect("good options");
    let count = jobs.len();
    let start = std::time::Instant::now();
    let failed = match streamed {
        true => {
            let results = prover.stream(jobs).expect("threads");
            results.filter(|item| item.result.is_err()).count()
        }
        false => prover.prove_all(jobs).expect("threads").failures().count(),
    };
    assert_eq!(failed, 0);
    count as f64 / start.elapsed().as_secs_f64()
}

fn median(mut rates: Vec<f64>) -> f64 {
    rates.sort_by(f64::total_cmp);
    rates[rates.len() / 2]
}

fn main() {
    // Cargo passes `--bench`.
    let numbers = std::env::args().skip(1).filter(|arg| arg != "--bench");
    let mut numbers = numbers.map(|arg| arg.parse::<u32>().expect("a number"));
    let (short, long) = (numbers.next().unwrap_or(200), numbers.next().unwrap_or(8));
    let program = |elf| BatchProgram::new(Program::from_elf(elf).expect("a prebuilt guest"));
    let (commitment, fibonacci) = (program(guests::COMMITMENT), program(guests::FIBONACCI));
    let short = || {
        let input = |n: u32| [n.to_le_bytes(); 32].concat();
        (0..short)
            .map(|n| BatchJob::new(&commitment, input(n)))
            .collect()
    };
    let long = || {
        let input = |n| Input::new().word(52_000 + n).to_vec();
        (0..long)
            .map(|n| BatchJob::new(&fibonacci, input(n)))
            .collect()
    };
    println!("proofs a second (medians of 3): four hashes; Fibonacci of 2^18 cycles");
    let streamed = MODES.into_iter().map(|mode| (mode, true));
    let modes = MODES.into_iter().map(|mode| (mode, false));
    for ((name, mode, threads), streamed) in modes.chain(streamed.skip(4)) {
        let rates = |jobs: &dyn Fn() -> Vec<BatchJob>| {
            median(
                (0..3)
                    .map(|_| rate(mode, threads, jobs(), streamed))
                    .collect(),
            )
        };
        let how = if streamed { ", streamed" } else { "" };
        println!("{name}{how}: {:.1}; {:.2}", rates(&short), rates(&long));
    }
}
