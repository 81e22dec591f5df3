//! What `estimate` says of proofs, and what they then are.

use std::ops::ControlFlow;

use vouch_sdk::{
    Backend, Error, Estimate, ExecuteError, Input, Profile, Program, ProveError, ProveOptions,
    Proven, estimate, guests, prove,
};

fn program(elf: &[u8]) -> Program {
    Program::from_elf(elf).expect("an embedded guest")
}

fn estimated(program: &Program, input: &[u8], options: &ProveOptions) -> Result<Estimate, Error> {
    let watch = &mut |_| ControlFlow::Continue(());
    estimate(program, input, options, &mut |_, _| {}, watch)
}

/// Asserts that a proof is what was said of it, and returns both.
#[track_caller]
fn compare(program: &Program, input: &[u8], options: &ProveOptions) -> (Estimate, Proven) {
    let estimate = estimated(program, input, options).expect("it runs");
    let proven = prove(program, input, options).expect("it can be proven");
    let is = &proven.stats;
    assert_eq!(estimate.run.cycles, is.cycles);
    assert_eq!(estimate.run.journal, proven.claim.journal);
    assert_eq!(estimate.segments, is.segments);
    assert_eq!(estimate.cells, is.committed_cells());
    assert_eq!(estimate.segment_memory_bytes, is.estimated_memory_bytes);
    assert_eq!(
        (estimate.profile, estimate.backend),
        (is.profile, is.backend)
    );
    assert_eq!(estimate.security_bits, is.security_bits);
    // Where paths meet is known only then: a path more or less is much of a small receipt.
    let difference = estimate.receipt_bytes.abs_diff(is.proof_bytes);
    assert!(difference * 50 <= is.proof_bytes, "{estimate:?}, {is:?}");
    assert!(
        estimate.most_receipt_bytes >= is.proof_bytes,
        "{estimate:?}, {is:?}"
    );
    assert!(
        estimate.memory_bytes >= estimate.segment_memory_bytes,
        "{estimate:?}"
    );
    assert!(
        estimate.prove_seconds > 0.0 && estimate.prove_seconds.is_finite(),
        "{estimate:?}"
    );
    (estimate, proven)
}

fn options(profile: Profile) -> ProveOptions {
    ProveOptions {
        profile,
        backend: Backend::Cpu,
        ..ProveOptions::default()
    }
}

#[test]
fn proofs_are_as_they_were_estimated_in_all_profiles() {
    for profile in Profile::ALL {
        let options = options(profile);
        for (elf, input) in [
            (guests::COMMITMENT, Input::new().bytes(&[7; 128])),
            (guests::FIBONACCI, Input::new().word(3000)),
            (guests::SHA256, Input::new().bytes(&[1; 500])),
            (guests::SORT, Input::new().word(150)),
        ] {
            let (_, proven) = compare(&program(elf), &input, &options);
            assert_eq!(proven.stats.segments, 1);
        }
    }
}

#[test]
fn segments_are_cut_where_they_were_estimated_to_be() {
    let options = ProveOptions {
        segment_cells: 2_400_000,
        max_memory: Some(1 << 30),
        threads: Some(9),
        ..options(Profile::Fast100)
    };
    let (estimate, proven) = compare(&program(guests::SORT), &Input::new().word(200), &options);
    assert!(proven.stats.segments > 3, "{estimate:?}");
    // Nine threads prove two at once.
    assert!(
        estimate.memory_bytes >= 2 * estimate.segment_memory_bytes,
        "{estimate:?}"
    );
    assert!(estimate.memory_bytes <= 1 << 30, "{estimate:?}");
}

#[test]
fn a_guest_may_exit_with_any_code() {
    let estimate = estimated(&program(guests::PANICKING), &[], &options(Profile::Fast100));
    let estimate = estimate.expect("an estimate");
    assert_eq!((estimate.run.exit_code, estimate.segments), (101, 1));
}

#[test]
fn what_cannot_be_proven_is_not_estimated() {
    let fibonacci = program(guests::FIBONACCI);
    let input = Input::new().word(3000);
    let little = ProveOptions {
        max_memory: Some(1 << 20),
        ..options(Profile::Fast100)
    };
    let refused = estimated(&fibonacci, &input, &little);
    assert!(
        matches!(refused, Err(Error::Prove(ProveError::Memory { limit, .. })) if limit == 1 << 20),
        "{refused:?}"
    );
    let mut short = options(Profile::Fast100);
    short.limits.cycles = 100;
    let refused = estimated(&fibonacci, &input, &short);
    assert!(
        matches!(refused, Err(Error::Execute(ExecuteError::Limit(_)))),
        "{refused:?}"
    );
}

#[test]
fn an_estimate_can_be_ended() {
    let fibonacci = program(guests::FIBONACCI);
    let input = Input::new().word(3000);
    let options = options(Profile::Fast100);
    let ended = estimate(
        &fibonacci,
        &input,
        &options,
        &mut |_, _| {},
        &mut |cycles| {
            assert!(cycles > 0);
            ControlFlow::Break(())
        },
    );
    assert!(
        matches!(ended, Err(Error::Execute(ExecuteError::Cancelled))),
        "{ended:?}"
    );
    options.cancel.cancel();
    let ended = estimated(&fibonacci, &input, &options);
    assert!(
        matches!(ended, Err(Error::Cancelled { segments: 0 })),
        "{ended:?}"
    );
}
