//! `vouch demo`: the four-hash commitment from end to end.

use std::time::Instant;

use serde_json::{Value, json};
use vouch_sdk::{
    Backend, Claim, ImageId, Profile, Program, ProveOptions, Proven, Receipt, Verifier,
    VerifyError, guests, image_id, prove, verifier,
};

use super::{fields, tenths, warn_of_slow_build};
use crate::error::Error;
use crate::output::{Fields, Output};

/// Job ID, model hash, input hash and output hash of an inference that never took place.
const SAMPLE: [[u8; 32]; 4] = [[0x11; 32], [0x22; 32], [0x33; 32], [0x44; 32]];
/// Verifications, of which the median is shown.
const VERIFICATIONS: usize = 9;

/// Proves the commitment in both profiles, verifies it, and shows that it cannot be altered.
///
/// # Errors
/// Anything that is not as it should be.
pub fn demo(output: &Output) -> Result<Fields, Error> {
    let program = Program::from_elf(guests::COMMITMENT).map_err(vouch_sdk::Error::from)?;
    let foreign = Program::from_elf(guests::FIBONACCI).map_err(vouch_sdk::Error::from)?;
    let (id, foreign) = (image_id(&program), image_id(&foreign));
    output
        .say("A guest commits to four hashes: job ID, model, input and output of an inference.")?;
    output.say(format_args!("Its image ID is {id}."))?;
    warn_of_slow_build(&Backend::Auto.device()?, output);
    let mut profiles = Vec::new();
    for profile in [Profile::Fast100, Profile::Compact100] {
        let shown = demonstrate(profile, &program, &id, &foreign, output);
        profiles.push(shown.map_err(unexpected)?);
    }
    output.say("\nAll as expected.")?;
    Ok(fields([
        ("image_id", json!(id.to_string())),
        ("journal", json!(hex::encode(SAMPLE.concat()))),
        ("profiles", json!(profiles)),
    ]))
}

/// An honest receipt that cannot be made or does not verify is as bad as a false one that does.
fn unexpected(error: Error) -> Error {
    match error {
        Error::Sdk(error) => Error::Demo {
            expected: "a receipt that verifies",
            got: error.to_string(),
        },
        other => other,
    }
}

fn demonstrate(
    profile: Profile,
    program: &Program,
    id: &ImageId,
    foreign: &ImageId,
    output: &Output,
) -> Result<Value, Error> {
    let options = ProveOptions {
        profile,
        ..ProveOptions::default()
    };
    let input = SAMPLE.concat();
    let Proven { receipt, stats, .. } = prove(program, &input, &options)?;
    let verifier = verifier(profile)?;
    let (claim, verify_ms) = verify_often(verifier, &receipt, id)?;
    check_claim(&claim, &input)?;
    let bits = tenths(stats.security_bits);
    output.say(format_args!(
        "\nProfile {} at {} bits:",
        profile.name(),
        profile.target_bits()
    ))?;
    output.say(format_args!(
        "  proven       {} cycles in {:.3} s",
        stats.cycles, stats.prove_seconds
    ))?;
    output.say(format_args!("  receipt      {} bytes", stats.proof_bytes))?;
    output.say(format_args!("  verified     in {verify_ms:.1} ms"))?;
    output.say(format_args!("  security     {bits:.1} provable bits"))?;
    let rejections = attempts(&receipt, id, foreign)
        .into_iter()
        .map(|attempt| attempt.show(verifier, output))
        .collect::<Result<Vec<_>, _>>()?;
    Ok(json!({
        "profile": profile.name(),
        "security": profile.target_bits(),
        "security_bits": bits,
        "cycles": stats.cycles,
        "prove_seconds": stats.prove_seconds,
        "proof_bytes": stats.proof_bytes,
        "verify_ms": verify_ms,
        "rejections": rejections,
    }))
}

/// What a receipt proves, and the median time that it takes to find out, in milliseconds.
fn verify_often(
    verifier: &Verifier,
    receipt: &Receipt,
    id: &ImageId,
) -> Result<(Claim, f64), Error> {
    let verify = || verifier.verify(receipt, id).map_err(vouch_sdk::Error::from);
    let claim = verify()?;
    let mut times = Vec::new();
    for _ in 0..VERIFICATIONS {
        let start = Instant::now();
        verify()?;
        times.push(start.elapsed());
    }
    times.sort_unstable();
    let median = times.get(VERIFICATIONS / 2).copied().unwrap_or_default();
    Ok((claim, median.as_secs_f64() * 1e3))
}

fn check_claim(claim: &Claim, journal: &[u8]) -> Result<(), Error> {
    if claim.journal == journal && claim.exit_code == 0 {
        return Ok(());
    }
    Err(Error::Demo {
        expected: "exit code 0 and the four hashes in the journal",
        got: format!(
            "exit code {} and journal {}",
            claim.exit_code,
            hex::encode(&claim.journal)
        ),
    })
}

/// A receipt that must not verify for a program.
struct Attempt {
    what: &'static str,
    receipt: Receipt,
    image_id: ImageId,
    /// Whether an error is the one that this attempt should end with.
    expected: fn(&VerifyError) -> bool,
}

fn attempts(honest: &Receipt, id: &ImageId, foreign: &ImageId) -> [Attempt; 3] {
    let mut journal = honest.clone();
    let mut proof = honest.clone();
    if let Some(segment) = journal.segments.first_mut() {
        flip_bit(&mut segment.claim.journal);
    }
    if let Some(segment) = proof.segments.first_mut() {
        flip_bit(&mut segment.proof);
    }
    let of_proof: fn(&VerifyError) -> bool =
        |error| matches!(error, VerifyError::Proof { .. } | VerifyError::Decode(_));
    [
        Attempt {
            what: "a flipped journal bit",
            receipt: journal,
            image_id: *id,
            expected: of_proof,
        },
        Attempt {
            what: "a flipped proof bit",
            receipt: proof,
            image_id: *id,
            expected: of_proof,
        },
        Attempt {
            what: "a foreign image ID",
            receipt: honest.clone(),
            image_id: *foreign,
            expected: |error| matches!(error, VerifyError::ImageId { .. }),
        },
    ]
}

/// Flips one bit in the middle.
fn flip_bit(bytes: &mut [u8]) {
    let middle = bytes.len() / 2;
    if let Some(byte) = bytes.get_mut(middle) {
        *byte ^= 1;
    }
}

impl Attempt {
    /// Shows that it is rejected, for the right reason.
    fn show(self, verifier: &Verifier, output: &Output) -> Result<Value, Error> {
        let Err(error) = verifier.verify(&self.receipt, &self.image_id) else {
            return Err(Error::Demo {
                expected: "every altered receipt to be rejected",
                got: format!("{} accepted", self.what),
            });
        };
        if !(self.expected)(&error) {
            return Err(Error::Demo {
                expected: "every altered receipt to be rejected for what was altered",
                got: format!("{} rejected with: {error}", self.what),
            });
        }
        output.say(format_args!("  {}: rejected: {error}", self.what))?;
        Ok(json!({ "attempt": self.what, "error": error.to_string() }))
    }
}
