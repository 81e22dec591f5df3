//! Proves a run of the guest, and verifies the receipt.

use std::env;
use std::error::Error;
use std::path::Path;
use std::process::ExitCode;

use vouch_sdk::{ImageId, Input, Program, ProveOptions, files, print_console, prove_with, verify};

// What build.rs built: GUEST_ELF and GUEST_ID.
include!(concat!(env!("OUT_DIR"), "/vouch_guests.rs"));

const RECEIPT: &str = "receipt.vouch";

fn main() -> ExitCode {
    let result = match env::args().nth(1).as_deref() {
        Some("prove") => prove_run(),
        Some("verify") => verify_receipt(),
        _ => Err("expected `prove` or `verify`".into()),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// What the prover does: it has the private input.
fn prove_run() -> Result<(), Box<dyn Error>> {
    let n: u32 = 20;
    let program = Program::from_elf(GUEST_ELF)?;
    let input = Input::new().write(&n)?;
    let options = ProveOptions::default();
    // What the guest prints is printed here, as `vouch run` does; nothing is done about progress.
    let proven = prove_with(&program, &input, &options, &mut print_console, &mut |_| {})?;
    files::write_receipt(Path::new(RECEIPT), &proven.receipt)?;
    println!("{RECEIPT}: {} cycles proven", proven.stats.cycles);
    Ok(())
}

/// What the verifier does: it has the receipt, and the image ID of the program that it trusts.
fn verify_receipt() -> Result<(), Box<dyn Error>> {
    let receipt = files::read_receipt(Path::new(RECEIPT))?;
    let claim = verify(&receipt, &ImageId(GUEST_ID))?;
    // `prove` makes no receipt of a run that ended otherwise, but others might.
    if claim.exit_code != 0 {
        return Err(format!("the guest exited with code {}", claim.exit_code).into());
    }
    let (n, number): (u32, u32) = claim.decode()?;
    println!("verified: the Fibonacci number {n} is {number}");
    Ok(())
}
