//! `vouch verify`: does a receipt prove what it should?

use std::path::Path;
use std::time::Instant;

use serde_json::json;
use vouch_sdk::{ImageId, Limits, files, image_id, security, verifier};

use super::{count, fields, tenths};
use crate::args::{ProgramArgs, VerifyArgs};
use crate::error::Error;
use crate::output::{Fields, Output};

/// Verifies a receipt, then compares what it proves with what is expected.
///
/// # Errors
/// The receipt does not verify, proves something else, or a file is at fault.
pub fn verify(arguments: &VerifyArgs, output: &Output) -> Result<Fields, Error> {
    let id = expected_program(&arguments.program)?;
    let journal = match &arguments.journal {
        Some(path) => Some((path, files::read(path, Limits::MAX_JOURNAL_BYTES as u64)?)),
        None => None,
    };
    let receipt = files::read_receipt(&arguments.receipt)?;
    let (expected, got) = (arguments.security.bits(), receipt.profile.target_bits());
    if got < expected {
        return Err(Error::Security { expected, got });
    }
    // Made now, it is not part of the time.
    verifier(receipt.profile)?;
    let start = Instant::now();
    let claim = vouch_sdk::verify(&receipt, &id)?;
    let verify_ms = start.elapsed().as_secs_f64() * 1e3;
    if claim.exit_code != arguments.expect_exit {
        return Err(Error::ExitCode {
            expected: arguments.expect_exit,
            got: claim.exit_code,
        });
    }
    if let Some((path, expected)) = journal {
        compare_journals(path, &expected, &claim.journal)?;
    }
    let bits = tenths(security(receipt.profile).bits());
    output.say(format_args!("verified  in {verify_ms:.1} ms"))?;
    output.say(format_args!("image ID  {}", claim.image_id))?;
    output.say(format_args!("exit code {}", claim.exit_code))?;
    output.say(format_args!("journal   {}", hex::encode(&claim.journal)))?;
    output.say(format_args!(
        "security  {bits:.1} provable bits, profile {} at {}, {}",
        receipt.profile.name(),
        receipt.profile.target_bits(),
        count(receipt.segments.len(), "segment")
    ))?;
    Ok(fields([
        ("verified", json!(true)),
        ("image_id", json!(claim.image_id.to_string())),
        ("journal", json!(hex::encode(&claim.journal))),
        ("exit_code", json!(claim.exit_code)),
        ("profile", json!(receipt.profile.name())),
        ("security", json!(receipt.profile.target_bits())),
        ("security_bits", json!(bits)),
        ("segments", json!(receipt.segments.len())),
        ("verify_ms", json!(verify_ms)),
    ]))
}

/// The image ID given, or that of the ELF given.
fn expected_program(program: &ProgramArgs) -> Result<ImageId, Error> {
    match (program.image_id, &program.elf) {
        (Some(id), _) => Ok(id),
        (None, Some(elf)) => Ok(image_id(&files::read_program(elf)?)),
        (None, None) => Err(Error::Usage(
            "expected one of --image-id and --elf, got neither".into(),
        )),
    }
}

fn compare_journals(path: &Path, expected: &[u8], got: &[u8]) -> Result<(), Error> {
    if expected == got {
        return Ok(());
    }
    let same = expected.iter().zip(got).take_while(|(a, b)| a == b).count();
    Err(Error::Journal {
        path: path.into(),
        expected: expected.len(),
        got: got.len(),
        at: same,
    })
}
