//! The prover of our own gives the bytes that Plonky3's gives.

use std::collections::BTreeSet;

use rayon::iter::{IntoParallelIterator, ParallelIterator};
use vouch_air::tables::Table;
use vouch_air::witness::{Traces, answer_from_lookup_table};
use vouch_emulator::testing::{program, random_program, segments};
use vouch_emulator::{Program, SegmentLimits};
use vouch_prover::{Backend, Cancel, Cpu, Job, Reference};
use vouch_verifier::Profile;

use crate::common::{commitment, guest, traces};

/// The traces of a run, segment by segment.
fn run(program: &Program, input: &[u8], cycles: u64) -> Vec<Traces> {
    let limits = SegmentLimits {
        cycles,
        ..SegmentLimits::default()
    };
    let (_, segments) = segments(program, input, &limits).expect("the program runs");
    traces(program, &segments)
}

fn assert_equal(cpu: &Cpu, traces: Traces, what: &str) {
    let reference = Reference {
        profile: cpu.profile(),
    };
    let job = Job {
        seed: what.as_bytes().to_vec(),
        traces,
        cancel: Cancel::default(),
    };
    let expected = reference.prove(job.clone()).expect("a proof");
    let got = cpu.prove(job).expect("a proof");
    assert!(got == expected, "{what}: the proofs differ");
}

#[test]
fn same_bytes_in_every_profile() {
    let [traces] =
        <[Traces; 1]>::try_from(run(&commitment(), &[7; 128], u64::MAX)).expect("one segment");
    for profile in Profile::ALL {
        let cpu = Cpu::new(profile);
        // Twice: what is kept between proofs changes nothing.
        for _ in 0..2 {
            assert_equal(&cpu, traces.clone(), &format!("{profile:?}"));
        }
    }
}

/// Threads of a pool may share a prover: proofs at once, the first ones among them, are what they
/// are one after another.
#[test]
fn one_prover_proves_in_parallel() {
    let [short] =
        <[Traces; 1]>::try_from(run(&commitment(), &[7; 128], u64::MAX)).expect("one segment");
    let mut long = short.clone();
    answer_from_lookup_table(&mut long);
    let cpu = Cpu::new(Profile::Fast100);
    let prove = |traces: &Traces| {
        let job = Job {
            seed: Vec::new(),
            traces: traces.clone(),
            cancel: Cancel::default(),
        };
        cpu.prove(job).expect("a proof")
    };
    let proofs: Vec<_> = (0..8)
        .into_par_iter()
        .map(|_| (prove(&long), prove(&short)))
        .collect();
    assert!(proofs.iter().all(|both| *both == proofs[0]));
}

#[test]
fn same_bytes_with_every_table() {
    let prebuilt = |elf: &[u8]| guest(elf);
    let fibonacci = prebuilt(include_bytes!(
        "../../../../guest-programs/prebuilt/fibonacci.elf"
    ));
    let primes = prebuilt(include_bytes!(
        "../../../../guest-programs/prebuilt/primes.elf"
    ));
    let runtime = prebuilt(include_bytes!(
        "../../../../guest-programs/prebuilt/runtime.elf"
    ));
    let random = program(&random_program(7, 300));
    let runs = [
        (
            "fibonacci",
            run(&fibonacci, &8_000u32.to_le_bytes(), u64::MAX),
        ),
        (
            "fibonacci in segments",
            run(&fibonacci, &100u32.to_le_bytes(), 300),
        ),
        ("primes", run(&primes, &200u32.to_le_bytes(), u64::MAX)),
        ("runtime", run(&runtime, &[1; 100], u64::MAX)),
        ("random", run(&random, &[], u64::MAX)),
        ("long", run(&fibonacci, &40_000u32.to_le_bytes(), u64::MAX)),
    ];
    let cpu = Cpu::new(Profile::Fast100);
    let mut seen = BTreeSet::new();
    for (name, segments) in runs {
        for (i, traces) in segments.into_iter().enumerate() {
            seen.extend(traces.tables.iter().map(|trace| trace.instance.table));
            assert_equal(&cpu, traces, &format!("{name}, segment {i}"));
        }
    }
    let all = BTreeSet::from(Table::ALL);
    let missing: Vec<_> = all.difference(&seen).map(|table| table.name()).collect();
    assert!(missing.is_empty(), "no run has rows in {missing:?}");
}
