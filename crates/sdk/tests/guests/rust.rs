//! Guests in Rust that are built here: statics that are made before main, and a main that may fail.

use std::path::PathBuf;

use vouch_sdk::build::Built;
use vouch_sdk::{Input, ProveOptions, image_id, prove, verify};

use crate::c::root;
use crate::run::{Run, run_elf};

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
