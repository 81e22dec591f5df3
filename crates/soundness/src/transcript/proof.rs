//! The proof: its bytes, of which each field element has four, and its fields by name.

use std::collections::BTreeMap;

use rayon::iter::{IntoParallelIterator, IntoParallelRefIterator};
use vouch_air::testkit::{P, mix};
use vouch_verifier::{Profile, VerifyError};

use super::{by_element, by_length, by_proof};
use crate::honest_receipt::{Honest, gather};
use crate::outcome::{Effort, Outcome};
use crate::proof_map::{ELEMENT, Map, Section, What};

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

/// A false claim of each column at each of its points; in the quick run of one in five.
pub fn claims(honest: &Honest, map: &Map, effort: Effort) -> Outcome {
    let challenge = ELEMENT * map.degree();
    let places = map.claims.iter().flat_map(|claims| {
        let place = (claims.place, claims.at_next);
        let columns = claims.range.clone().step_by(challenge).enumerate();
        columns.map(move |(column, at)| (place, column, at))
    });
    let places: Vec<_> = places.step_by(effort.pick(5, 1)).collect();
    gather(places.par_iter(), |outcome, &(place, column, at)| {
        let receipt = honest.with_segment(|segment| {
            let number = number_at(&segment.proof, at);
            put(&mut segment.proof, at, (number + 1) % P);
        });
        let name = format!("the claim of column {column} of {place:?}");
        honest.expect_refusal(outcome, "false claims refused", &name, &receipt, by_proof);
    })
}

/// Changes values, and lengths and orders of lists, at places of each kind: the first, the last
/// and some between.
pub fn fields(honest: &Honest, map: &Map, effort: Effort) -> Outcome {
    let mut outcome = Outcome::default();
    if map.length != honest.segment().proof.len() {
        outcome.fail("the fields of a proof are not the proof");
    }
    let mut kinds: BTreeMap<&str, Vec<&Section>> = BTreeMap::new();
    for section in &map.sections {
        kinds.entry(&section.name).or_default().push(section);
    }
    outcome.count("kinds of fields of a proof", kinds.len() as u64);
    outcome.expect_at_least("kinds of fields of a proof", 24);
    outcome.add(gather(kinds.par_iter(), |outcome, (name, sections)| {
        let places = { sections.iter() }.flat_map(|section| {
            let size = size(section.what);
            section
                .range
                .clone()
                .step_by(size)
                .map(|at| (section.what, at))
        });
        let places: Vec<_> = places.collect();
        for &&(what, at) in &sample(&places, effort.pick(2, 40)) {
            change_at(honest, name, what, at, outcome);
        }
        for &&section in &sample(sections, effort.pick(2, 10)) {
            change_list(honest, section, outcome);
        }
    }));
    outcome
}

/// Bytes of the least part that has a meaning of its own.
const fn size(what: What) -> usize {
    match what {
        What::Heights => 1,
        What::Counts => 2,
        What::Digests => 32,
        What::Elements => ELEMENT,
    }
}

/// The element at a place, as its number.
pub fn number_at(proof: &[u8], at: usize) -> u32 {
    let bytes = proof.get(at..).and_then(<[u8]>::first_chunk);
    bytes.map_or(0, |bytes| u32::from_le_bytes(*bytes))
}

/// Writes the number of an element.
pub fn put(proof: &mut [u8], at: usize, number: u32) {
    proof[at..at + ELEMENT].copy_from_slice(&number.to_le_bytes());
}

type RefusedBy = fn(&VerifyError) -> bool;

/// What is changed at one place: what was there is given and what comes instead, and whether it is refused for the
/// right reason.
fn changes(what: What, before: &[u8]) -> Vec<(Vec<u8>, RefusedBy)> {
    let mut changes: Vec<(Vec<u8>, RefusedBy)> = Vec::new();
    match what {
        What::Heights => {
            let height = before.first().copied().unwrap_or(0);
            for other in [height.wrapping_add(1), height.wrapping_sub(1), 0, u8::MAX] {
                changes.push((vec![other], by_shape));
            }
        }
        What::Counts => {
            let count = before.first_chunk().map_or(0, |b| u16::from_le_bytes(*b));
            for other in [count.wrapping_add(1), count.wrapping_sub(1), 0, u16::MAX] {
                changes.push((other.to_le_bytes().into(), by_length));
            }
        }
        What::Digests => {
            let flip = |byte: usize, bit: u8| {
                let mut digest = before.to_vec();
                digest[byte] ^= bit;
                digest
            };
            for digest in [flip(0, 1), flip(31, 0x80), vec![0; 32]] {
                changes.push((digest, by_proof));
            }
        }
        What::Elements => {
            let number = number_at(before, 0);
            let others = [number + 1, number ^ 1, 0, P - 1].into_iter();
            for other in others.filter(|&other| other < P) {
                changes.push((other.to_le_bytes().into(), by_proof));
            }
            // The first is the same element, were it accepted.
            let none = [number.checked_add(P), Some(P), Some(u32::MAX)];
            for other in none.into_iter().flatten() {
                changes.push((other.to_le_bytes().into(), by_element));
            }
        }
    }
    changes.retain(|(after, _)| after != before);
    changes
}

const CHANGES: &str = "changes of a proof's fields refused";

fn change_at(honest: &Honest, name: &str, what: What, at: usize, outcome: &mut Outcome) {
    let range = at..at + size(what);
    let before = &honest.segment().proof[range.clone()];
    for (i, (after, refused_by)) in changes(what, before).into_iter().enumerate() {
        let receipt = honest.with_segment(|segment| {
            segment.proof[range.clone()].copy_from_slice(&after);
        });
        let name = format!("{name} at {at}, change {i}");
        honest.expect_refusal(outcome, CHANGES, &name, &receipt, refused_by);
    }
}

/// Its items in another order, fewer of them, and more.
fn change_list(honest: &Honest, section: &Section, outcome: &mut Outcome) {
    let Section {
        name,
        what,
        range,
        item,
    } = section;
    let items: Vec<&[u8]> = honest.segment().proof[range.clone()]
        .chunks(*item)
        .collect();
    let (first, last) = (items[..1].to_vec(), items[..items.len() - 1].to_vec());
    let reversed: Vec<&[u8]> = items.iter().rev().copied().collect();
    let lists = [
        ("none of them", vec![], false),
        ("the first alone", first.clone(), false),
        ("without the last", last, false),
        ("the first twice", [first, items.clone()].concat(), false),
        ("twice", [items.clone(), items.clone()].concat(), false),
        ("in reverse", reversed, true),
    ];
    for (how, list, is_as_long) in lists {
        if list == items {
            continue;
        }
        let refused_by: RefusedBy = match (what, is_as_long) {
            (What::Heights, _) => by_shape,
            (What::Counts, true) => |error| by_proof(error) || by_length(error),
            (_, true) => by_proof,
            (_, false) => by_length,
        };
        let receipt = honest.with_segment(|segment| {
            drop(segment.proof.splice(range.clone(), list.concat()));
        });
        let name = format!("{name} at {}: {how}", range.start);
        honest.expect_refusal(outcome, CHANGES, &name, &receipt, refused_by);
    }
}

/// Other heights, or heights elsewhere: none that a table may have, or those of a proof of another length; or, of
/// the same length, of another proof.
fn by_shape(error: &VerifyError) -> bool {
    let by_height = matches!(error, VerifyError::Height { segment: 0, .. });
    by_height || by_length(error) || by_proof(error)
}

/// The first, the last, and others evenly between.
fn sample<T>(items: &[T], count: usize) -> Vec<&T> {
    let last = items.len().saturating_sub(1);
    let steps = count.saturating_sub(1).max(1);
    let mut picked: Vec<_> = (0..count).map(|i| i * last / steps).collect();
    picked.dedup();
    picked.into_iter().filter_map(|i| items.get(i)).collect()
}
