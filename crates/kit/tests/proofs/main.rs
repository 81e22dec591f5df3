//! The cache, verification modes and batches, with real proofs.

mod batch;
mod cache;
mod folder;
mod verification;

use std::sync::OnceLock;

use vouch_sdk::{
    Error, ImageId, Input, Profile, Program, ProveOptions, Proven, guests, image_id, prove,
};

fn program() -> Program {
    Program::from_elf(guests::FIBONACCI).expect("an embedded guest")
}

fn fibonacci_id() -> ImageId {
    image_id(&program())
}

/// Proves the Fibonacci guest.
fn prove_fibonacci(n: u32) -> Result<Proven, Error> {
    prove(
        &program(),
        &Input::new().word(n),
        &ProveOptions {
            threads: Some(1),
            ..ProveOptions::default()
        },
    )
}

/// One proof for all tests.
fn proven() -> Proven {
    static PROVEN: OnceLock<Proven> = OnceLock::new();
    PROVEN
        .get_or_init(|| prove_fibonacci(10).expect("it is proven"))
        .clone()
}

/// The image ID and a proof of a guest that exits with code 101.
fn panicking() -> (ImageId, Proven) {
    static PROVEN: OnceLock<Proven> = OnceLock::new();
    let program = Program::from_elf(guests::PANICKING).expect("an embedded guest");
    let options = ProveOptions {
        allow_nonzero_exit: true,
        profile: Profile::Fast100,
        ..ProveOptions::default()
    };
    let prove = || prove(&program, b"", &options).expect("it is proven");
    (image_id(&program), PROVEN.get_or_init(prove).clone())
}
