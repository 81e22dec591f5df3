//! The library as its users see it: prove, hand over, verify; and why not.

use vouch_sdk::{
    DecodeError, Error, ErrorKind, ExecuteError, Input, LimitKind, Limits, Profile, Program,
    Progress, ProveError, ProveOptions, Proven, Receipt, Stream, VerifyError, execute, guests,
    image_id, prove, prove_with, security, verify,
};

fn program(elf: &[u8]) -> Program {
    Program::from_elf(elf).expect("an embedded guest")
}

fn four_hashes() -> Input {
    (1..=4).fold(Input::new(), |input, byte| input.bytes(&[byte; 32]))
}

#[test]
fn every_profile_proves_the_commitment() {
    let program = program(guests::COMMITMENT);
    for profile in Profile::ALL {
        let options = ProveOptions {
            profile,
            ..ProveOptions::default()
        };
        let proven = prove(&program, &four_hashes(), &options).expect("it can be proven");
        let bytes = proven.receipt.to_bytes();
        let receipt = Receipt::from_bytes(&bytes).expect("a receipt");
        let claim = verify(&receipt, &image_id(&program)).expect("it verifies");
        assert_eq!(claim, proven.claim);
        assert_eq!(claim.journal, *four_hashes());
        assert_eq!(claim.exit_code, 0);
        assert_eq!(proven.stats.profile, profile);
        assert_eq!(proven.stats.proof_bytes, bytes.len());
        assert_eq!(proven.stats.cycles, 39);
        assert_eq!(proven.stats.security_bits, security(profile).bits());
        assert!(proven.stats.committed_cells() > 0);
    }
}

#[test]
fn the_number_of_threads_does_not_show() {
    let program = program(guests::FIBONACCI);
    let receipts = [1, 3].map(|threads| {
        let options = ProveOptions {
            threads: Some(threads),
            ..ProveOptions::default()
        };
        let input = Input::new().word(100);
        let proven = prove(&program, &input, &options).expect("it can be proven");
        proven.receipt.to_bytes()
    });
    assert!(receipts[0] == receipts[1]);
}

fn with_memory(bytes: u64) -> ProveOptions {
    ProveOptions {
        max_memory: Some(bytes),
        ..ProveOptions::default()
    }
}

#[test]
fn little_memory_makes_more_segments() {
    let program = program(guests::FIBONACCI);
    let input = 20_000u32.to_le_bytes();
    let limits = Limits::default();
    let run = execute(&program, &input, &limits, &mut |_, _| {}).expect("it runs");
    // What the smallest segments need, and a little more.
    let needed = match prove(&program, &input, &with_memory(1)) {
        Err(Error::Prove(ProveError::Memory { needed, limit: 1 })) => needed,
        other => panic!("one byte is not enough: {other:?}"),
    };
    let options = with_memory(needed + needed / 4);
    let mut steps: Vec<Progress> = Vec::new();
    let proven = prove_with(&program, &input, &options, &mut |_, _| {}, &mut |step| {
        steps.push(step.clone());
    })
    .expect("it can be proven");
    assert!(proven.receipt.segments.len() > 1);
    assert_eq!(proven.stats.segments, proven.receipt.segments.len());
    assert_eq!(proven.claim.journal, run.journal);
    let last = steps.last().expect("progress");
    assert_eq!(last.total_cycles, Some(run.cycles));
    assert_eq!(
        (last.executed_cycles, last.proven_cycles),
        (run.cycles, run.cycles)
    );
    assert_eq!(last.proven_segments, proven.receipt.segments.len());
    assert_eq!(last.recorded_segments, last.proven_segments);
    segments_are_verified(&program, proven);
}

/// All of them: each with another proof is refused by name. (Of several, one of them.)
fn segments_are_verified(program: &Program, proven: Proven) {
    let id = image_id(program);
    let claim = verify(&proven.receipt, &id).expect("it verifies");
    assert_eq!(claim, proven.claim);
    let mut receipt = proven.receipt;
    let flip = |proof: &mut Vec<u8>| *proof.last_mut().expect("a proof") ^= 1;
    for bad in 0..receipt.segments.len() {
        flip(&mut receipt.segments[bad].proof);
        let refused = verify(&receipt, &id).expect_err("a proof is wrong");
        flip(&mut receipt.segments[bad].proof);
        let is_named = match &refused {
            Error::Verify(VerifyError::Proof { segment, .. }) => *segment == bad,
            Error::Verify(VerifyError::Decode(DecodeError::Proof { segment, .. })) => {
                *segment == bad
            }
            _ => false,
        };
        assert!(is_named, "{bad}: {refused}");
    }
}

#[test]
fn the_console_is_heard_once() {
    let program = program(guests::RUNTIME);
    let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
    let mut console = |stream, bytes: &[u8]| match stream {
        Stream::Stdout => stdout.extend_from_slice(bytes),
        Stream::Stderr => stderr.extend_from_slice(bytes),
    };
    let options = ProveOptions::default();
    prove_with(&program, b"pecho", &options, &mut console, &mut |_| {}).expect("it can be proven");
    assert_eq!(
        (&stdout[..], &stderr[..]),
        (&b"echo"[..], &b"4 bytes\n"[..])
    );
}

#[test]
fn failed_runs_are_proven_only_on_request() {
    let program = program(guests::RUNTIME);
    let input = Input::new().bytes(b"x").bytes(&[7]);
    match prove(&program, &input, &ProveOptions::default()) {
        Err(Error::GuestExit(run)) => assert_eq!(run.exit_code, 7),
        other => panic!("expected exit code 7, got {other:?}"),
    }
    let options = ProveOptions {
        allow_nonzero_exit: true,
        ..ProveOptions::default()
    };
    let proven = prove(&program, &input, &options).expect("it can be proven");
    let claim = verify(&proven.receipt, &image_id(&program)).expect("it verifies");
    assert_eq!(claim.exit_code, 7);
    let these = |codes: &[u32]| ProveOptions {
        allowed_exits: codes.to_vec(),
        ..ProveOptions::default()
    };
    match prove(&program, &input, &these(&[6, 8])) {
        Err(Error::GuestExit(run)) => assert_eq!(run.exit_code, 7),
        other => panic!("expected exit code 7, got {other:?}"),
    }
    let proven = prove(&program, &input, &these(&[6, 7])).expect("it can be proven");
    assert_eq!(proven.claim.exit_code, 7);
    assert!(these(&[]).allows_exit(0) && !these(&[]).allows_exit(7));
}

#[test]
fn faults_and_limits_are_errors() {
    let runtime = program(guests::RUNTIME);
    let options = ProveOptions::default();
    let fault = prove(&runtime, b"s", &options).expect_err("the stack overflows");
    assert!(
        matches!(fault, Error::Execute(ExecuteError::Fault(_))),
        "{fault}"
    );

    let options = ProveOptions {
        limits: Limits {
            cycles: 24,
            ..Limits::default()
        },
        ..options
    };
    let commitment = program(guests::COMMITMENT);
    match prove(&commitment, &four_hashes(), &options) {
        Err(Error::Execute(ExecuteError::Limit(reached))) => {
            assert_eq!((reached.limit, reached.value), (LimitKind::Cycles, 24));
        }
        other => panic!("expected a limit, got {other:?}"),
    }
}

#[test]
fn what_a_receipt_says_cannot_be_changed() {
    let program = program(guests::COMMITMENT);
    let proven = prove(&program, &four_hashes(), &ProveOptions::default()).expect("it is proven");
    let id = image_id(&program);
    let other = image_id(&Program::from_elf(guests::SHA256).expect("a guest"));
    match verify(&proven.receipt, &other) {
        Err(Error::Verify(VerifyError::ImageId { expected, got })) => {
            assert_eq!((expected, got), (other, id));
        }
        answer => panic!("expected another image ID, got {answer:?}"),
    }
    let mut receipt = proven.receipt;
    let segment = receipt.segments.first_mut().expect("a segment");
    segment.claim.exit_code = Some(1);
    let error = verify(&receipt, &id).expect_err("another exit code");
    let of_proof = matches!(error, Error::Verify(VerifyError::Proof { segment: 0, .. }));
    assert!(of_proof, "{error}");
}

#[test]
fn typed_values_go_in_and_come_out_proven() -> Result<(), Error> {
    let program = program(guests::TYPED);
    // No orders, no customer; a memo.
    let nothing = (Vec::<u32>::new(), None::<String>);
    let input = Input::new().write(&nothing)?.frame(b"memo")?;
    let proven = prove(&program, &input, &ProveOptions::default())?;
    let claim = verify(&proven.receipt, &image_id(&program))?;

    // No totals, none open, no last day, the length of the memo.
    type Summary = (Vec<(String, u64)>, u32, Option<u32>, u32);
    let expected: Summary = (Vec::new(), 0, None, 4);
    assert_eq!(claim.decode::<Summary>(), Ok(expected.clone()));
    let run = execute(&program, &input, &Limits::default(), &mut |_, _| {})?;
    assert_eq!(run.decode::<Summary>(), Ok(expected));

    // The same journal, taken apart.
    let mut values = claim.values();
    let parts = [
        values.next::<u32>()?,
        values.next()?,
        values.next()?,
        values.next()?,
    ];
    assert_eq!(parts, [0, 0, 0, 4]);
    values.end()?;
    let mut values = run.values();
    assert_eq!(values.next::<(u32, u32)>()?, (0, 0));
    let left = values.end().map_err(Error::from).expect_err("two words");
    assert_eq!(left.kind(), ErrorKind::Journal);
    assert_eq!(
        left.to_string(),
        "journal: expected its end after value 1, got 8 more bytes"
    );

    let wrong = claim.decode::<(u32, bool)>().expect_err("another type");
    assert_eq!(
        wrong.to_string(),
        "journal: expected its end after value 1, got 8 more bytes"
    );
    let wrong = claim.decode::<[u64; 3]>().expect_err("another type");
    let words = "journal, value 1: expected 4 bytes, got 0 at byte 16";
    assert_eq!(wrong.to_string(), words);
    Ok(())
}
