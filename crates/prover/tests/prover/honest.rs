//! An honest receipt, and what becomes of changes to it.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use crate::common::{commitment, image_id, prove};
use serde::Deserialize;
use serde_json::Value;
use vouch_emulator::SegmentLimits;
use vouch_verifier::config::Proof;
use vouch_verifier::{ImageId, Profile, Receipt, SegmentReceipt, Verifier, VerifyError};

/// BabyBear's prime.
pub const P: u64 = 0x7800_0001;

/// A receipt that verifies, and all that it takes to verify it.
pub struct Honest {
    pub receipt: Receipt,
    pub image_id: ImageId,
    pub verifier: Verifier,
}

/// Job ID, model hash, input hash, output hash.
pub fn hashes() -> Vec<u8> {
    (0..128u8).map(|i| i.wrapping_mul(3) ^ 1).collect()
}

/// The four-hash commitment, proven.
pub fn honest() -> &'static Honest {
    static HONEST: OnceLock<Honest> = OnceLock::new();
    HONEST.get_or_init(|| {
        let program = commitment();
        let profile = Profile::Fast100;
        Honest {
            receipt: prove(&program, &hashes(), &SegmentLimits::default(), profile),
            image_id: image_id(&program),
            verifier: Verifier::new(profile).expect("a key"),
        }
    })
}

/// Why the honest receipt is refused after `change`.
pub fn refusal(change: impl FnOnce(&mut Receipt)) -> VerifyError {
    let Honest {
        receipt,
        image_id,
        verifier,
    } = honest();
    let mut receipt = receipt.clone();
    change(&mut receipt);
    verifier
        .verify(&receipt, image_id)
        .expect_err("a changed receipt must be refused")
}

/// As [`refusal`], of a change to the only segment.
pub fn segment_refusal(change: impl FnOnce(&mut SegmentReceipt)) -> VerifyError {
    refusal(|receipt| change(&mut receipt.segments[0]))
}

/// The proof as a tree of named fields.
pub fn fields() -> Value {
    serde_json::to_value(proof()).expect("a proof is a tree")
}

/// The proof.
pub fn proof() -> Proof<4> {
    postcard::from_bytes(&honest().receipt.segments[0].proof).expect("the honest proof")
}

/// The encoding of a proof.
pub fn encoded(proof: &Proof<4>) -> Vec<u8> {
    postcard::to_allocvec(proof).expect("it encodes")
}

/// Why the receipt is refused with the proof that `fields` says; `None` if it says none.
pub fn refusal_of(fields: &Value) -> Option<VerifyError> {
    let proof = Proof::<4>::deserialize(fields).ok()?;
    let bytes = encoded(&proof);
    Some(segment_refusal(|segment| segment.proof = bytes))
}

/// Places of a proof that are alike: the path with its indices left out.
pub type Section = String;

/// Every leaf and every list of the tree, by section.
pub fn places(value: &Value) -> BTreeMap<Section, Vec<String>> {
    fn walk(value: &Value, section: &str, path: &str, found: &mut BTreeMap<Section, Vec<String>>) {
        match value {
            Value::Object(fields) => {
                for (name, field) in fields {
                    let (section, path) = (format!("{section}/{name}"), format!("{path}/{name}"));
                    walk(field, &section, &path, found);
                }
            }
            Value::Array(items) => {
                let here = found.entry(format!("{section}[]")).or_default();
                here.push(path.to_owned());
                for (i, item) in items.iter().enumerate() {
                    walk(item, &format!("{section}/*"), &format!("{path}/{i}"), found);
                }
            }
            _ => {
                let here = found.entry(section.to_owned()).or_default();
                here.push(path.to_owned());
            }
        }
    }
    let mut found = BTreeMap::new();
    walk(value, "", "", &mut found);
    found
}
