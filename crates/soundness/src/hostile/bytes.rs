//! The bytes of honest receipts after edits.

use std::panic::catch_unwind;

use rayon::iter::IntoParallelIterator;
use vouch_verifier::Receipt;

use crate::honest_receipt::{Honest, Verdict, commitment, gather};
use crate::outcome::{Effort, Outcome};
use crate::random::Random;
use vouch_air::testkit::P;

/// Bytes of a receipt before its proof, more or less.
const ENVELOPE: usize = 320;

/// Edits whole receipts, which are verified if they decode, and ones with a short proof, which
/// mostly are not receipts.
pub fn edit(effort: Effort) -> Outcome {
    let receipts = [commitment(false), commitment(true)];
    let whole = effort.pick(1200, 180_000);
    let mut outcome = gather((0..whole).into_par_iter(), |outcome, i| {
        let honest = receipts[i % 2];
        let other = receipts[(i + 1) % 2];
        let bytes = honest.bytes.clone();
        attempt(outcome, "whole", i as u64, honest, bytes, &other.bytes);
    });
    let short = receipts.map(|honest| {
        let short = honest.with_segment(|segment| segment.proof.truncate(64));
        short.to_bytes()
    });
    let count = effort.pick(20_000, 1_000_000);
    outcome.add(gather((0..count).into_par_iter(), |outcome, i| {
        let [bytes, other] = [&short[i % 2], &short[(i + 1) % 2]];
        let seed = (1 << 32) + i as u64;
        attempt(
            outcome,
            "short",
            seed,
            receipts[i % 2],
            bytes.clone(),
            other,
        );
    }));
    outcome.expect_at_least("edited whole receipts read", whole as u64);
    outcome.expect_at_least("edited whole receipts verified", whole as u64 / 2);
    outcome.expect_at_least("edited short receipts read", count as u64);
    outcome.expect_at_least("edited short receipts verified", count as u64 / 8);
    outcome
}

/// Edits `bytes`, which are of some kind, and reads them; what is a receipt is verified.
fn attempt(
    outcome: &mut Outcome,
    kind: &str,
    seed: u64,
    honest: &Honest,
    mut bytes: Vec<u8>,
    other: &[u8],
) {
    let mut random = Random::new(seed);
    for _ in 0..=random.below(3) {
        change(&mut random, &mut bytes, other, ENVELOPE);
    }
    outcome.count(&format!("edited {kind} receipts read"), 1);
    let Ok(decoded) = catch_unwind(|| Receipt::from_bytes(&bytes)) else {
        outcome.fail(format!("seed {seed}: reading panics"));
        return;
    };
    let Ok(receipt) = decoded else {
        return;
    };
    if receipt.to_bytes() != bytes {
        outcome.fail(format!("seed {seed}: a receipt with two encodings"));
    }
    outcome.count(&format!("edited {kind} receipts verified"), 1);
    match honest.verdict(&receipt) {
        Verdict::Accepted(_) if bytes == honest.bytes => {}
        Verdict::Refused(_) if bytes != honest.bytes => {}
        wrong => outcome.fail(format!("seed {seed}: {wrong:?}")),
    }
}

/// Numbers at the edges of lengths, indices and elements.
const NUMBERS: [u32; 12] = [
    0,
    1,
    2,
    64,
    P - 1,
    P,
    P + 1,
    1 << 22,
    (1 << 30) - 1,
    1 << 30,
    1 << 31,
    u32::MAX,
];

/// An edit of a few bytes, one in four among the first `head`, where the fields with names are.
pub(super) fn change(random: &mut Random, bytes: &mut Vec<u8>, other: &[u8], head: usize) {
    let length = bytes.len();
    if length == 0 {
        return;
    }
    let at = match random.below(4) {
        0 => random.below(length.min(head)),
        _ => random.below(length),
    };
    let few = random.below(64).min(length - at);
    match random.below(10) {
        0 | 1 => bytes[at] ^= 1 << random.below(8),
        2 => bytes[at] = [0, 1, 0x7f, 0x80, 0xff][random.below(5)],
        3 => {
            let number = NUMBERS[random.below(NUMBERS.len())].to_le_bytes();
            bytes
                .iter_mut()
                .skip(at)
                .zip(number)
                .for_each(|(to, from)| *to = from);
        }
        4 => {
            let more: Vec<u8> = (0..few).map(|_| random.draw() as u8).collect();
            drop(bytes.splice(at..at, more));
        }
        5 => drop(bytes.drain(at..at + few)),
        6 => bytes.copy_within(at..at + few, random.below(length - few + 1)),
        7 => {
            let from = random.below(other.len());
            let spliced = other.iter().skip(from).take(few).copied();
            drop(bytes.splice(at..at + few, spliced.collect::<Vec<_>>()));
        }
        8 => bytes[at..at + few].fill([0, 0xff][random.below(2)]),
        _ => match random.below(8) {
            0 => bytes.truncate(at),
            1 => bytes.extend((0..few).map(|_| random.draw() as u8)),
            _ => bytes.swap(at, random.below(length)),
        },
    }
}
