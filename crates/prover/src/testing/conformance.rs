//! What every backend must do: the proofs of Plonky3's prover, byte
//! for byte, whatever the tables.

use rayon::iter::{IntoParallelIterator, ParallelIterator};
use vouch_air::memory_tree::MemoryTree;
use vouch_air::testkit::answer::answer_from_lookup_table;
use vouch_air::witness::{Traces, generate};
use vouch_emulator::testing::{DATA, asm, program, random_program, segments};
use vouch_emulator::{Program, SegmentLimits};
use vouch_isa::accelerators::Accelerator;

use super::reference::Reference;
use crate::backend::{Backend, Job};
use crate::cancel::Cancel;
use crate::error::ProveError;

/// A segment to be proven.
#[derive(Clone, Debug)]
pub struct Case {
    /// Of what it is.
    pub name: String,
    /// Its filled tables.
    pub traces: Traces,
}

/// The segments of a run, of at most `cycles` cycles each.
///
/// # Panics
/// If the program does not run.
pub fn run(name: &str, program: &Program, input: &[u8], cycles: u64) -> Vec<Case> {
    let limits = SegmentLimits {
        cycles,
        ..SegmentLimits::default()
    };
    let (_, segments) = segments(program, input, &limits).expect("the program runs");
    let image = program.image();
    let mut tree = MemoryTree::new(image);
    let fill = |segment| generate(segment, &image.text, &mut tree);
    { segments.iter().map(fill).enumerate() }
        .map(|(i, traces)| Case {
            name: format!("{name}, segment {i}"),
            traces,
        })
        .collect()
}

/// A prebuilt guest.
fn guest(elf: &[u8]) -> Program {
    Program::from_elf(elf).expect("a prebuilt guest")
}

/// The four-hash commitment.
pub fn commitment() -> Case {
    let program = guest(include_bytes!(
        "../../../../guest-programs/prebuilt/commitment.elf"
    ));
    run("commitment", &program, &[7; 128], u64::MAX).remove(0)
}

/// The four-hash commitment, with the lookup table in place of the one for short executions.
pub fn commitment_with_lookup_table() -> Case {
    let mut case = commitment();
    answer_from_lookup_table(&mut case.traces);
    case.name.push_str(", with the lookup table");
    case
}

/// Some hundred cycles, segments that neither begin nor end the run among them.
pub fn short() -> Vec<Case> {
    let fibonacci = guest(include_bytes!(
        "../../../../guest-programs/prebuilt/fibonacci.elf"
    ));
    let runtime = guest(include_bytes!(
        "../../../../guest-programs/prebuilt/runtime.elf"
    ));
    let mut cases = run("fibonacci", &fibonacci, &100u32.to_le_bytes(), 300);
    cases.extend(run("runtime", &runtime, &[1; 100], u64::MAX));
    cases.extend(run(
        "random",
        &program(&random_program(7, 300)),
        &[],
        u64::MAX,
    ));
    for accelerator in Accelerator::ALL {
        // Operands overlap.
        let calls = [DATA, DATA + 4].map(|first| {
            let operands = core::array::from_fn(|i| first + 16 * i as u32);
            asm::accelerate(accelerator, operands)
        });
        let code = [calls.concat(), asm::exit(0)].concat();
        cases.extend(run(accelerator.info().name, &program(&code), &[], u64::MAX));
    }
    cases
}

/// Up to a hundred thousand cycles; with those of [`short`], every table has rows.
pub fn long() -> Vec<Case> {
    let fibonacci = guest(include_bytes!(
        "../../../../guest-programs/prebuilt/fibonacci.elf"
    ));
    let primes = guest(include_bytes!(
        "../../../../guest-programs/prebuilt/primes.elf"
    ));
    let mut cases = run("primes", &primes, &200u32.to_le_bytes(), u64::MAX);
    for rounds in [8_000u32, 40_000] {
        cases.extend(run(
            "fibonacci",
            &fibonacci,
            &rounds.to_le_bytes(),
            u64::MAX,
        ));
    }
    cases
}

/// The proof of a case.
///
/// # Errors
/// Those of the backend.
pub fn prove(backend: &dyn Backend, case: &Case) -> Result<Vec<u8>, ProveError> {
    backend.prove(Job {
        seed: case.name.as_bytes().to_vec(),
        traces: case.traces.clone(),
        cancel: Cancel::default(),
    })
}

/// The backend's proof is that of Plonky3's prover.
///
/// # Panics
/// If it is not.
pub fn assert_conforms(backend: &dyn Backend, case: &Case) {
    let reference = Reference {
        profile: backend.profile(),
    };
    let (name, what) = (backend.name(), &case.name);
    let expected = prove(&reference, case).unwrap_or_else(|error| panic!("{what}: {error}"));
    let got = prove(backend, case).unwrap_or_else(|error| panic!("{name}, {what}: {error}"));
    assert!(got == expected, "{name}, {what}: the proofs differ");
}

/// Proofs one after another and at once are the same, the first ones among them; and a job that
/// is cancelled ends as such.
///
/// # Panics
/// If it is not so.
pub fn assert_keeps_nothing(backend: &dyn Backend, cases: [&Case; 2]) {
    let prove =
        |case| prove(backend, case).unwrap_or_else(|error| panic!("{}: {error}", backend.name()));
    let proofs: Vec<_> = (0..8usize)
        .into_par_iter()
        .map(|_| cases.map(prove))
        .collect();
    assert!(proofs.iter().all(|both| *both == proofs[0]));
    let cancel = Cancel::default();
    cancel.cancel();
    let job = Job {
        seed: Vec::new(),
        traces: cases[0].traces.clone(),
        cancel,
    };
    assert_eq!(backend.prove(job), Err(ProveError::Cancelled));
}
