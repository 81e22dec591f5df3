//! The proof: its bytes, of which each field element has four, and its fields by name.

use p3_field::extension::BinomiallyExtendable;
use rayon::iter::{IntoParallelIterator, IntoParallelRefIterator};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use vouch_air::F;
use vouch_air::testkit::P;
use vouch_verifier::Profile;
use vouch_verifier::config::Proof;

use crate::honest_receipt::{Honest, gather};
use crate::outcome::{Effort, Outcome};
use crate::proof_tree::{Section, encoded, places};
use vouch_air::testkit::mix;

/// Flips a bit of every fourth byte of the compact proof, which is one in each field element and
/// eight in each digest, and of every 16th byte of the fast one, which is one in each challenge and
/// one in four elements. The quick run takes a share of these, evenly spaced.
pub fn bytes(honest: &Honest, effort: Effort) -> Outcome {
    let length = honest.segment().proof.len();
    let step = match honest.receipt.profile {
        Profile::Fast100 => 16,
        _ => 4,
    };
    let all = length / step;
    let count = effort.pick(600, all);
    gather((0..count).into_par_iter(), |outcome, i| {
        let place = i * all / count * step;
        let bit = mix(place as u64) % 8;
        let receipt = honest.with_segment(|segment| segment.proof[place] ^= 1 << bit);
        let name = format!("bit {bit} of byte {place} of the proof");
        let what = "flips of a proof's bytes refused";
        honest.expect_refusal(outcome, what, &name, &receipt, |_| true);
    })
}

/// Changes values, and lengths and orders of lists, at places of each kind: the first, the last
/// and some between.
pub fn fields<const D: usize>(honest: &Honest, effort: Effort) -> Outcome
where
    F: BinomiallyExtendable<D>,
    Proof<D>: Serialize + DeserializeOwned,
{
    let mut outcome = Outcome::default();
    let bytes = &honest.segment().proof;
    let proof: Proof<D> = postcard::from_bytes(bytes).expect("an honest proof");
    let tree = serde_json::to_value(&proof).expect("a proof is a tree");
    if encoded::<D>(&tree).as_ref() != Some(bytes) {
        outcome.fail("the fields of a proof are not the proof");
    }
    let mut sections = places(&tree);
    // Types without a value have fields in the tree, too.
    sections.retain(|name, _| !name.ends_with("/_marker") && !name.ends_with("/_phantom"));
    outcome.count("kinds of fields of a proof", sections.len() as u64);
    outcome.expect_at_least("kinds of fields of a proof", 20);
    let sections: Vec<(Section, Vec<String>)> = sections.into_iter().collect();
    outcome.add(gather(sections.par_iter(), |outcome, (section, paths)| {
        let mut tree = tree.clone();
        let mut tried = 0;
        for path in sample(paths, effort.pick(3, 64)) {
            tried += change_at::<D>(honest, &mut tree, path, outcome);
        }
        // A list of fixed length, or an option that is none, may have no other value that is a
        // proof: it is covered by the places inside or beside it.
        let place = paths.first().and_then(|path| tree.pointer(path));
        if tried == 0 && place.is_some_and(Value::is_number) {
            outcome.fail(format!("{section}: no change makes a proof"));
        }
    }));
    outcome
}

/// Every change of the place at `path`, which is as it was afterwards; returns how many make a
/// proof.
fn change_at<const D: usize>(
    honest: &Honest,
    tree: &mut Value,
    path: &str,
    outcome: &mut Outcome,
) -> usize
where
    F: BinomiallyExtendable<D>,
    Proof<D>: Serialize + DeserializeOwned,
{
    let Some(before) = tree.pointer(path).cloned() else {
        return 0;
    };
    let mut tried = 0;
    for change in changes(&before, tree) {
        let name = format!("{path}: {change:.60}");
        if let Some(place) = tree.pointer_mut(path) {
            *place = change;
        }
        if let Some(proof) = encoded::<D>(tree) {
            let receipt = honest.with_segment(|segment| segment.proof = proof);
            let what = "changes of a proof's fields refused";
            honest.expect_refusal(outcome, what, &name, &receipt, |_| true);
            tried += 1;
        }
    }
    if let Some(place) = tree.pointer_mut(path) {
        *place = before;
    }
    tried
}

/// The first, the last, and others evenly between.
fn sample(paths: &[String], count: usize) -> Vec<&String> {
    let last = paths.len().saturating_sub(1);
    let steps = count.saturating_sub(1).max(1);
    let mut picked: Vec<_> = (0..count).map(|i| i * last / steps).collect();
    picked.dedup();
    picked.into_iter().filter_map(|i| paths.get(i)).collect()
}

/// What a leaf or list may be changed to.
fn changes(value: &Value, proof: &Value) -> Vec<Value> {
    match value {
        Value::Number(number) => {
            let number = number.as_u64().unwrap_or(0);
            // The last but one is the same element, were it accepted.
            let p = u64::from(P);
            [number + 1, number ^ 1, 0, number + p, p - 1]
                .into_iter()
                .filter(|&other| other != number)
                .map(Value::from)
                .collect()
        }
        Value::Array(items) => {
            let mut lists = vec![vec![]];
            if let [start @ .., last] = items.as_slice() {
                lists.push(start.to_vec());
                lists.push([items.as_slice(), std::slice::from_ref(last)].concat());
                lists.push(items.iter().rev().cloned().collect());
            }
            lists.retain(|list| list != items);
            lists.into_iter().map(Value::Array).collect()
        }
        // What a proof may leave out: a commitment, the values of a row.
        Value::Null => vec![
            proof["commitments"]["main"].clone(),
            proof["opened_values"]["instances"][0]["base_opened_values"]["trace_local"].clone(),
        ],
        Value::Bool(_) | Value::String(_) | Value::Object(_) => Vec::new(),
    }
}
