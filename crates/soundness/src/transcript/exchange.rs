//! What is there is somewhere else: claims, values, rows, digests and roots exchanged. Of each the proof has as many as
//! before, and each is one that was in it.

use std::ops::Range;

use rayon::iter::IntoParallelIterator;

use super::by_proof;
use crate::honest_receipt::{Honest, gather};
use crate::outcome::Outcome;
use crate::proof_map::{COUNT, DIGEST, ELEMENT, Map, Tree, What};

/// What is exchanged, by name. Ranges of one length, or as much of them as the shorter one has.
type Exchange = (String, Range<usize>, Range<usize>);

/// Makes every exchange.
pub fn all(honest: &Honest, map: &Map) -> Outcome {
    let mut exchanges = claims(map);
    for (i, round) in map.rounds.iter().enumerate() {
        exchanges.extend(rows(&format!("round {i}"), map, round));
    }
    for (i, layer) in map.layers.iter().enumerate() {
        exchanges.extend(rows(&format!("layer {i}"), map, layer));
    }
    exchanges.extend(trees(map));
    exchanges.extend(lists(map));
    let proof = &honest.segment().proof;
    // Some are equal by chance or by nature: sums of tables that send nothing, say.
    let (a, b) = (
        |e: &Exchange| first(&e.1, &e.2),
        |e: &Exchange| first(&e.2, &e.1),
    );
    exchanges.retain(|exchange| proof[a(exchange)] != proof[b(exchange)]);
    let what = "exchanges in a proof refused";
    let mut outcome = gather(exchanges.into_par_iter(), |outcome, exchange| {
        let (a, b) = (a(&exchange), b(&exchange));
        let receipt = honest.with_segment(|segment| {
            let before = segment.proof.clone();
            segment.proof[a.clone()].copy_from_slice(&before[b.clone()]);
            segment.proof[b.clone()].copy_from_slice(&before[a.clone()]);
        });
        honest.expect_refusal(outcome, what, &exchange.0, &receipt, by_proof);
    });
    outcome.expect_at_least(what, 60);
    outcome.add(moved_digests(honest, map));
    outcome
}

/// As much of `a` as `b` has.
fn first(a: &Range<usize>, b: &Range<usize>) -> Range<usize> {
    a.start..a.start + a.len().min(b.len())
}

/// Claims of two columns of a pack, of two packs, of two groups, and of a column at its two points.
fn claims(map: &Map) -> Vec<Exchange> {
    let mut exchanges = Vec::new();
    for (i, round) in map.packing.rounds().iter().enumerate() {
        let mut before = None;
        for group in &round.groups {
            let class = &round.classes[group.class];
            let claim = |column: usize, at_next: bool| {
                map.claim(i, class, group.columns.start + column, at_next)
            };
            for at_next in [false, true].into_iter().take(group.points()) {
                let mut add = |how: &str, with: Range<usize>| {
                    let name = format!("claims of {:?}: {how} ({group:?})", round.kind);
                    exchanges.push((name, claim(0, at_next), with));
                };
                if group.columns.len() > group.packs {
                    add("two columns of a pack", claim(group.packs, at_next));
                }
                if group.packs > 1 {
                    add("two packs", claim(1, at_next));
                }
                if at_next {
                    add("two points", claim(0, false));
                }
                if let Some(other) = before.replace(claim(0, at_next)) {
                    add("two groups", other);
                }
            }
        }
    }
    exchanges
}

/// Values of a query's row, and rows.
fn rows(name: &str, map: &Map, tree: &Tree) -> Vec<Exchange> {
    let row = |query: usize| {
        let start = tree.rows.start + query * tree.row;
        start..start + tree.row
    };
    let last = map.parameters().queries - 1;
    let mut exchanges = vec![(
        format!("{name}: the first query and the last"),
        row(0),
        row(last),
    )];
    let mut before = None;
    for group in &tree.groups {
        let at = |cell: usize| row(last).start + group.start + ELEMENT * cell;
        let cell = |i: usize| at(i)..at(i + 1);
        if group.len() > ELEMENT {
            let end = group.len() / ELEMENT - 1;
            exchanges.push((
                format!("{name}: two values of {group:?}"),
                cell(0),
                cell(end),
            ));
        }
        if let Some(other) = before.replace(cell(0)) {
            exchanges.push((format!("{name}: values of two groups"), cell(0), other));
        }
    }
    exchanges
}

/// Rows, digests and roots of two trees.
fn trees(map: &Map) -> Vec<Exchange> {
    let mut exchanges = Vec::new();
    for of in [&map.rounds, &map.layers] {
        for (i, pair) in of.windows(2).enumerate() {
            let row = |tree: &Tree| tree.rows.start..tree.rows.start + tree.row;
            let [a, b] = [&pair[0], &pair[1]];
            exchanges.push((format!("rows of trees {i} and the next"), row(a), row(b)));
            let (a, b) = (a.digests.clone(), b.digests.clone());
            exchanges.push((format!("digests of trees {i} and the next"), a, b));
        }
    }
    for (i, tree) in map.trees().enumerate() {
        let digest = |at: usize| tree.digests.start + at..tree.digests.start + at + DIGEST;
        if tree.digests.len() > DIGEST {
            let last = tree.digests.len() - DIGEST;
            exchanges.push((format!("digests of tree {i}"), digest(0), digest(last)));
        }
    }
    exchanges
}

/// The first and the last of everything that has a name of its own; roots, nonces, sums and coefficients among it.
fn lists(map: &Map) -> Vec<Exchange> {
    let mut exchanges: Vec<Exchange> = Vec::new();
    for section in &map.sections {
        let is_value = matches!(section.what, What::Digests | What::Elements);
        let before = map.sections.iter().find(|other| other.name == section.name);
        let start = before.map_or(section.range.start, |before| before.range.start);
        let (first, last) = (
            start..start + section.item,
            section.range.end - section.item,
        );
        if is_value && last > start {
            let last = last..section.range.end;
            exchanges.push((
                format!("{} at {start} and at {}", section.name, last.start),
                first,
                last,
            ));
        }
    }
    exchanges
}

/// A digest that one tree's queries do without is one of the next tree's: the proof is as long as it was.
fn moved_digests(honest: &Honest, map: &Map) -> Outcome {
    let mut outcome = Outcome::default();
    let trees: Vec<&Tree> = map.trees().collect();
    for (i, pair) in trees.windows(2).enumerate() {
        let [from, to] = [pair[0], pair[1]];
        if from.digests.is_empty() {
            continue;
        }
        let receipt = honest.with_segment(|segment| {
            let proof = &mut segment.proof;
            for (tree, more) in [(from, u16::MAX), (to, 1)] {
                let number = tree.digests.len() / DIGEST;
                let number = (number as u16).wrapping_add(more).to_le_bytes();
                proof[tree.count..tree.count + COUNT].copy_from_slice(&number);
            }
            let last = from.digests.end - DIGEST..from.digests.end;
            // What lies between moves up.
            proof[last.start..to.digests.start].rotate_left(DIGEST);
        });
        let what = "digests of other trees refused";
        let name = format!("a digest of tree {i} in the next");
        honest.expect_refusal(&mut outcome, what, &name, &receipt, by_proof);
    }
    outcome.expect_at_least("digests of other trees refused", 3);
    outcome
}
