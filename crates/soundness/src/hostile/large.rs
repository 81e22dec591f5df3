//! Proofs as large as they may be, and larger; and such as say that they are: what is decoded before it can be
//! refused.

use vouch_air::machine::{MIN_LOG_HEIGHT, log_height};
use vouch_air::tables::Table;
use vouch_verifier::{MAX_PROOF_BYTES, Receipt, TableSet, max_log_height};

use super::cases::{Visit, honest, long, map};
use crate::proof_map::{COUNT, DIGEST, Map, Tree};

fn with(proof: Vec<u8>) -> Receipt {
    honest().with_segment(|segment| segment.proof = proof)
}

/// Digests that the queries of a tree need at most: at every level one for each, as long as there are as many.
fn most_digests(map: &Map, tree: &Tree) -> usize {
    let queries = map.parameters().queries;
    (0..tree.log_height)
        .map(|level| queries.min(1 << level))
        .sum()
}

/// Other numbers of digests than the honest ones, which are all that a proof says of its length: as many as there may be, and more;
/// and as many as there may be, that are there.
pub fn digests(visit: Visit<'_>) {
    let (honest, map) = long();
    let with = |proof: Vec<u8>| honest.with_segment(|segment| segment.proof = proof);
    for (i, tree) in map.trees().enumerate() {
        let most = most_digests(&map, tree);
        let with_count = |count: usize| {
            let mut proof = honest.segment().proof.clone();
            let count = u16::try_from(count).unwrap_or(u16::MAX);
            proof[tree.count..][..COUNT].copy_from_slice(&count.to_le_bytes());
            proof
        };
        for count in [0, most, most + 1, u16::MAX.into()] {
            visit(
                &format!("{count} digests of tree {i}, not there"),
                with(with_count(count)),
            );
        }
        let mut proof = with_count(most);
        let more = vec![0; most * DIGEST - tree.digests.len()];
        drop(proof.splice(tree.digests.end..tree.digests.end, more));
        visit(&format!("{most} digests of tree {i}"), with(proof));
    }
}

/// Zeros of the right length, for all tables as high and as low as they may be, with no digests and with as many as
/// there may be.
pub fn zeros(visit: Visit<'_>) {
    let profile = honest().receipt.profile;
    let journal = log_height(honest().segment().claim.journal.len());
    type Height = fn(Table) -> usize;
    let heights: [(&str, Height); 2] = [
        ("highest", |table| max_log_height(table)),
        ("lowest", |_| MIN_LOG_HEIGHT),
    ];
    for (name, height) in heights {
        let tables = Table::ALL
            .into_iter()
            .filter(|table| *table != Table::Lookup);
        let tables: Vec<(Table, usize)> = tables
            .map(|table| match table {
                Table::Journal => (table, journal),
                _ => (table, height(table)),
            })
            .collect();
        let without = Map::new(profile, tables.clone(), |_| 0);
        let most: Vec<usize> = { without.trees() }
            .map(|tree| most_digests(&without, tree))
            .collect();
        let with_all = Map::new(profile, tables.clone(), |tree| most[tree]);
        for (digests, map) in [("no digests", &without), ("all digests", &with_all)] {
            let receipt = honest().with_segment(|segment| {
                segment.tables = TableSet::new(tables.iter().map(|(table, _)| *table));
                segment.proof = map.zeros();
                assert!(segment.proof.len() <= MAX_PROOF_BYTES);
            });
            visit(&format!("all tables, {name}, {digests}"), receipt);
        }
    }
}

/// Proofs that no receipt can hold, in a receipt made by hand.
pub fn too_large(visit: Visit<'_>) {
    for bytes in [MAX_PROOF_BYTES + 1, 2 * MAX_PROOF_BYTES] {
        visit(&format!("a proof of {bytes} bytes"), with(vec![0; bytes]));
        let name = format!("the honest proof and zeros, {bytes} bytes");
        let mut proof = honest().segment().proof.clone();
        proof.resize(bytes, 0);
        visit(&name, with(proof));
    }
}

/// Parts of the honest proof, and more than it: cut anywhere, and behind each of its fields.
pub fn encodings(visit: Visit<'_>) {
    let proof = &honest().segment().proof;
    let length = proof.len();
    let mut cuts: Vec<usize> = vec![0, 1, 2, 32, length / 2, length - 4, length - 1];
    cuts.extend(map().sections.iter().map(|section| section.range.end));
    cuts.sort_unstable();
    cuts.dedup();
    for cut in cuts.into_iter().filter(|&cut| cut < length) {
        visit(
            &format!("its first {cut} bytes"),
            with(proof[..cut].to_vec()),
        );
        let last = proof[length - cut..].to_vec();
        visit(&format!("its last {cut} bytes"), with(last));
    }
    for more in [1, 4, 1000] {
        let longer = [proof.as_slice(), &vec![0; more]].concat();
        visit(&format!("followed by {more} zeros"), with(longer));
    }
    let mut zeros = proof.clone();
    zeros.resize(MAX_PROOF_BYTES, 0);
    visit("followed by zeros up to the limit", with(zeros));
    visit("twice", with([proof.as_slice(), proof].concat()));
}
