//! `vouch demo`: the four-hash commitment from end to end.

use std::time::Instant;

use anyhow::{Context, Result};
use vouch_sdk::{
    ImageId, Limits, Profile, Program, Receipt, Verifier, guests, image_id, prove, security,
};

/// Job ID, model hash, input hash and output hash of an inference that never took place.
const SAMPLE: [[u8; 32]; 4] = [[0x11; 32], [0x22; 32], [0x33; 32], [0x44; 32]];

/// True if the honest receipt verifies and every altered one is rejected.
pub fn run() -> Result<bool> {
    let program = Program::from_elf(guests::COMMITMENT)?;
    let foreign = image_id(&Program::from_elf(guests::FIBONACCI)?);
    let id = image_id(&program);
    let input = SAMPLE.concat();
    println!("guest: four-hash commitment, image ID {id}");
    let mut as_expected = true;
    for profile in [Profile::Fast100, Profile::Compact100] {
        let start = Instant::now();
        let receipt = prove(&program, &input, profile, &Limits::default())?;
        let proven = start.elapsed();
        let verifier = Verifier::new(profile).context("the profile has no key")?;
        let start = Instant::now();
        let claim = verifier.verify(&receipt, &id)?;
        println!(
            "{}: proven in {:.3} s, {} bytes, verified in {:.1} ms, {:.1} provable bits",
            profile.name(),
            proven.as_secs_f64(),
            receipt.to_bytes().len(),
            start.elapsed().as_secs_f64() * 1e3,
            security(profile).bits(),
        );
        as_expected &= claim.journal == input;
        as_expected &= all_rejected(&verifier, &receipt, &id, &foreign);
    }
    println!(
        "{}",
        if as_expected {
            "all as expected"
        } else {
            "NOT AS EXPECTED"
        }
    );
    Ok(as_expected)
}

/// Shows that a flipped journal bit, a flipped proof bit and another program are rejected.
fn all_rejected(verifier: &Verifier, honest: &Receipt, id: &ImageId, foreign: &ImageId) -> bool {
    let mut journal = honest.clone();
    let mut proof = honest.clone();
    for segment in &mut journal.segments {
        segment
            .claim
            .journal
            .iter_mut()
            .take(1)
            .for_each(|byte| *byte ^= 1);
    }
    for segment in &mut proof.segments {
        let middle = segment.proof.len() / 2;
        segment
            .proof
            .iter_mut()
            .skip(middle)
            .take(1)
            .for_each(|byte| *byte ^= 1);
    }
    let attempts = [
        ("flipped journal bit", &journal, id),
        ("flipped proof bit", &proof, id),
        ("foreign image ID", honest, foreign),
    ];
    let mut rejected = true;
    for (what, receipt, id) in attempts {
        match verifier.verify(receipt, id) {
            Err(error) => println!("  {what}: rejected: {error}"),
            Ok(_) => {
                println!("  {what}: ACCEPTED");
                rejected = false;
            }
        }
    }
    rejected
}
