//! Proves what one field of a document says, to somebody who knows the document's hash alone.

use std::error::Error;

use vouch_sdk::{ImageId, Input, Program, ProveOptions, prove, verify};

include!(concat!(env!("OUT_DIR"), "/vouch_guests.rs"));

/// What the prover has.
const DOCUMENT: &str =
    r#"{"name": "Ada Lovelace", "born": 1815, "account": "GB33BUKB20201555555555"}"#;
/// Its SHA-256, which was published.
const DIGEST: &str = "f937f37be69f1b31c190bf01a30f6db052b1c720ee213d7646864402cb192450";

fn main() -> Result<(), Box<dyn Error>> {
    let program = Program::from_elf(JSON_GUEST_ELF)?;
    let input = Input::new().write(DOCUMENT)?.write("born")?;
    let proven = prove(&program, &input, &ProveOptions::default())?;

    let claim = verify(&proven.receipt, &ImageId(JSON_GUEST_ID))?;
    let (digest, name, value): ([u8; 32], String, String) = claim.decode()?;
    let digest: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    if claim.exit_code != 0 || digest != DIGEST {
        return Err("the receipt is about another document".into());
    }
    println!("verified: the document says {name}: {value}");
    Ok(())
}
