//! `vouch inspect`: what a receipt says, believed or not.

use std::ops::Range;
use std::path::Path;

use serde_json::{Value, json};
use vouch_sdk::{ImageId, RECEIPT_VERSION, SegmentReceipt, files, security};

use super::{count, fields, tenths};
use crate::error::Error;
use crate::output::{Fields, Output};

/// Shows what a receipt says without verifying it.
///
/// # Errors
/// The file cannot be read or holds no receipt.
pub fn inspect(path: &Path, output: &Output) -> Result<Fields, Error> {
    let receipt = files::read_receipt(path)?;
    let bits = tenths(security(receipt.profile).bits());
    let (profile, target) = (receipt.profile.name(), receipt.profile.target_bits());
    let text = text_bytes(&receipt.text);
    output.say("NOT VERIFIED: this is what the receipt says, and it may be false")?;
    output.say(format_args!("version     {RECEIPT_VERSION}"))?;
    output.say(format_args!(
        "profile     {profile} at {target}, {bits:.1} provable bits once verified"
    ))?;
    output.say(format_args!("entry       {}", address(receipt.entry)))?;
    output.say(format_args!("text        {}..{}", text.start, text.end))?;
    output.say(format_args!(
        "journal     {}",
        hex::encode(receipt.unverified_journal())
    ))?;
    output.say(format_args!("segments    {}", receipt.segments.len()))?;
    for (index, segment) in receipt.segments.iter().enumerate() {
        say_segment(index, segment, output)?;
    }
    Ok(fields([
        ("verified", json!(false)),
        ("version", json!(RECEIPT_VERSION)),
        ("profile", json!(profile)),
        ("security", json!(target)),
        ("security_bits", json!(bits)),
        ("entry", json!(address(receipt.entry))),
        ("text_start", json!(text.start)),
        ("text_end", json!(text.end)),
        ("journal", json!(hex::encode(receipt.unverified_journal()))),
        (
            "segments",
            receipt.segments.iter().map(segment_fields).collect(),
        ),
    ]))
}

fn say_segment(index: usize, segment: &SegmentReceipt, output: &Output) -> Result<(), Error> {
    let claim = &segment.claim;
    let exit = match claim.exit_code {
        Some(code) => format!("exits with {code}"),
        None => format!("to pc {}", address(claim.end_pc)),
    };
    let root = |digest| ImageId::from_digest(digest).to_string();
    output.say(format_args!("segment {index}"))?;
    output.say(format_args!(
        "  from pc   {}, {exit}",
        address(claim.start_pc)
    ))?;
    output.say(format_args!("  start     {}", root(&claim.start_root)))?;
    output.say(format_args!("  end       {}", root(&claim.end_root)))?;
    output.say(format_args!(
        "  journal   {}",
        count(claim.journal.len(), "byte")
    ))?;
    output.say(format_args!("  tables    {}", tables(segment).join(" ")))?;
    output.say(format_args!("  proof     {} bytes", segment.proof.len()))
}

fn segment_fields(segment: &SegmentReceipt) -> Value {
    let claim = &segment.claim;
    let root = |digest| ImageId::from_digest(digest).to_string();
    // A segment that exits has no next instruction.
    let end_pc = claim.exit_code.is_none().then(|| address(claim.end_pc));
    json!({
        "start_pc": address(claim.start_pc),
        "end_pc": end_pc,
        "start_root": root(&claim.start_root),
        "end_root": root(&claim.end_root),
        "exit_code": claim.exit_code,
        "journal_bytes": claim.journal.len(),
        "tables": tables(segment),
        "proof_bytes": segment.proof.len(),
    })
}

fn tables(segment: &SegmentReceipt) -> Vec<&'static str> {
    segment.tables.tables().map(|table| table.name()).collect()
}

fn text_bytes(text: &Range<u32>) -> Range<String> {
    address(text.start)..address(text.end)
}

/// The byte address of a word index. A receipt may say anything: it need not fit 32 bits.
fn address(word: u32) -> String {
    format!("{:#010x}", u64::from(word) * 4)
}
