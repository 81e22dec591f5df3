//! Guests in Rust that are built here: statics that are made before main, a main that may fail, and a fault of the
//! compiler.

use std::ops::ControlFlow;
use std::path::PathBuf;

use vouch_emulator::{Limits, SegmentLimits, record};
use vouch_isa::accelerators::mul_add_mod::Division;
use vouch_isa::accelerators::poseidon2_permute::permute;
use vouch_isa::event::Segment;
use vouch_sdk::build::Built;
use vouch_sdk::{Input, ProveOptions, image_id, prove, verify};

use crate::c::root;
use crate::run::{Run, run_elf};
use crate::tools;

/// The crate of a guest here.
pub fn guest(name: &str) -> PathBuf {
    root().join("crates/sdk/tests/guests/sources").join(name)
}

/// What `statics` commits to.
pub fn statics_are_made(elf: &[u8]) {
    let expected = Run {
        journal: [42_u32, 123, 7, 1].map(u32::to_le_bytes).concat(),
        ..Run::default()
    };
    assert_eq!(run_elf("statics", elf, &[]), expected);
}

/// `(a * b + b) mod a` for the first and last words of a state.
fn product<const N: usize>(state: &[u32; 16]) -> [u32; N] {
    let (a, b) = (state.first_chunk(), state.last_chunk());
    let (a, b) = a.zip(b).expect("the state has as many");
    Division::new(a, b, b, a).remainder
}

/// What `accelerated` commits to, here by the accelerator and under qemu by software; and a proof of it.
pub fn accelerators_compute(built: &Built) {
    let mut states = [[0; 16], [0x7800_0001; 16], [u32::MAX; 16]].to_vec();
    states.push(std::array::from_fn(|i| {
        0x0123_4567_u32.wrapping_mul(i as u32)
    }));
    let input: Vec<u8> = states
        .iter()
        .flatten()
        .flat_map(|word| word.to_le_bytes())
        .collect();
    let expected = states.iter().flat_map(|state| {
        let mut permuted = *state;
        permute(&mut permuted);
        let narrow = product::<8>(state);
        let wide = product::<12>(state);
        [&permuted[..], &permuted, &narrow, &narrow, &wide, &wide].concat()
    });
    let journal: Vec<u8> = expected.flat_map(u32::to_le_bytes).collect();
    let run = run_elf("accelerated", &built.elf, &input);
    let expected = Run {
        journal: journal.clone(),
        ..Run::default()
    };
    assert_eq!(run, expected);
    // The accelerator did it, and not the software.
    assert_eq!(calls(built, &input), 3 * states.len() as u64);
    let input = Input::new().bytes(&input);
    let proven = prove(&built.program, &input, &ProveOptions::default()).expect("it is proven");
    let claim = verify(&proven.receipt, &image_id(&built.program)).expect("it verifies");
    assert_eq!((claim.exit_code, claim.journal), (0, journal));
}

/// What `keccak` commits to: all crates agree, here by the accelerator and under qemu by software, and give the digests
/// that are known of short messages (Ethereum's of nothing, NIST's examples of "abc").
pub fn hashes_agree(built: &Built) {
    for (input, keccak, sha3) in [
        (&b""[..], "c5d2460186f7233c", "a7ffc6f8bf1ed766"),
        (&b"abc"[..], "4e03657aea45a94f", "3a985da74fe225b2"),
        (&[0xa3; 1000][..], "", ""),
    ] {
        let run = run_elf("keccak", &built.elf, input);
        assert_eq!(run.exit_code, 0);
        let (digests, []) = run.journal.as_chunks::<32>() else {
            panic!("32 bytes each: {run:?}");
        };
        let expected = [keccak, keccak, sha3, sha3, sha3, sha3];
        assert_eq!(digests.len(), expected.len());
        for (i, known) in expected.into_iter().enumerate() {
            let hex: String = digests[i]
                .iter()
                .map(|byte| format!("{byte:02x}"))
                .collect();
            assert!(hex.starts_with(known), "{i}: {hex}");
            assert_eq!(digests[i], digests[if i < 2 { 0 } else { 2 }], "{i}");
        }
    }
    // A call a block of 136 bytes and crate: Keccak-256 and SHA3-256 by `tiny-keccak`, SHA3-256 by two of `sha3`.
    assert_eq!(calls(built, &[0xa3; 1000]), 4 * 8);
}

/// Calls of accelerators in a run.
fn calls(built: &Built, input: &[u8]) -> u64 {
    let mut calls = 0;
    let mut sink = |segment: &mut Segment| {
        calls += segment.counts().accelerated.iter().sum::<u64>();
        ControlFlow::Continue(())
    };
    let (limits, cuts) = (Limits::default(), SegmentLimits::default());
    let program = &built.program;
    record(program, input, &limits, &cuts, &mut |_, _| {}, &mut sink).expect("it runs");
    calls
}

/// What `fallible` exits with.
pub fn errors_are_reported(built: &Built) {
    let ends = |exit_code, half: Option<u32>, stderr: &str| Run {
        exit_code,
        journal: half.map(u32::to_le_bytes).map_or_else(Vec::new, Vec::from),
        stderr: stderr.into(),
        ..Run::default()
    };
    let run = |input: &str| run_elf("fallible", &built.elf, input.as_bytes());
    assert_eq!(run("86"), ends(0, Some(43), ""));
    let odd = ends(1, Some(43), "Error: expected an even number, got 87\n");
    assert_eq!(run("87"), odd);
    let number = "Error: the input is no number: invalid digit found in string\n";
    assert_eq!(run("8x"), ends(1, None, number));

    // That it failed can be proven, and what it committed to before.
    let options = ProveOptions {
        allow_nonzero_exit: true,
        ..ProveOptions::default()
    };
    let proven = prove(&built.program, &Input::new().bytes(b"87"), &options).expect("it is proven");
    let claim = verify(&proven.receipt, &image_id(&built.program)).expect("it verifies");
    assert_eq!((claim.exit_code, claim.journal), (1, odd.journal));
}

/// What `masked-product` finds. Compilers that have the fault are warned of it, and what docs/guests.md says
/// against it helps; those that have not are warned of it, too.
pub fn products_are_warned_of(built: &Built) {
    let journal = run_elf("masked-product", &built.elf, &[]).journal;
    let words: Vec<_> = journal
        .chunks_exact(4)
        .map(|word| u32::from_le_bytes(word.try_into().expect("4 bytes")))
        .collect();
    let [wrong, wrong_if_hidden, doubles @ ..] = words.as_slice() else {
        panic!("{words:?}");
    };
    assert_eq!(*wrong_if_hidden, 0, "hiding the constant helps");
    let (doubles, doubles_if_hidden) = doubles.split_at(doubles.len() / 2);
    let p = 0x7800_0001_u32;
    let right =
        [1, 2, 3, 1000, 0x1234_5678, p - 1].map(|x| (2 * u64::from(x) % u64::from(p)) as u32);
    assert_eq!(doubles_if_hidden, right);

    let warned = |function: &str| {
        let warnings = built.warnings.iter();
        let warnings = warnings.filter(move |warning| warning.function.starts_with(function));
        warnings.fold(0, |bits, warning| {
            bits | 1 << warning.constant.trailing_zeros()
        })
    };
    // Every constant that was compiled wrongly on some version of LLVM, and nothing else.
    let products = "masked_product::product::<";
    assert_eq!(warned(products), 0x7fff_fffc);
    assert_eq!(warned("masked_product::double"), 1 << 2);
    assert_eq!(built.warnings.len(), 29 + 1);
    assert_eq!(wrong & !warned(products), 0, "{wrong:#x}");
    if *wrong == 0 && doubles == right {
        let version = built.toolchain.version();
        tools::say(&format!(
            "{version} no longer has the fault of docs/guests.md, \"A fault of the compiler\""
        ));
    }
}
