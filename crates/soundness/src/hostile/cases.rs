//! Hostile receipts: the honest one, changed as somebody would who attacks the verifier's
//! reading of shapes, counts and sizes. None may be accepted, whatever it is refused for.

use std::ops::Range;

use vouch_air::machine::{MAX_LOG_HEIGHT, MIN_LOG_HEIGHT, log_height};
use vouch_air::tables::Table;
use vouch_air::testkit::P;
use vouch_isa::memory::MEMORY_END;
use vouch_verifier::packing::Kind;
use vouch_verifier::{Profile, Receipt, TableSet, max_log_height};

use crate::honest_receipt::{Honest, commitment, long_commitment};
use crate::proof_map::{COUNT, ELEMENT, Map, Section, What};
use crate::transcript::proof::{number_at, put};

/// Takes a hostile receipt and its name.
pub type Visit<'a> = &'a mut dyn FnMut(&str, Receipt);

/// Heights that no table may have, log2.
pub const HEIGHTS: [u8; 9] = [0, 1, 5, 23, 31, 63, 64, 128, 255];

/// The receipt that all start from.
pub fn honest() -> &'static Honest {
    commitment(false)
}

/// A receipt with fixed columns, packs on several levels and several layers.
pub fn long() -> (&'static Honest, Map) {
    let honest = long_commitment();
    (honest, Map::of(honest.receipt.profile, honest.segment()))
}

/// Its proof.
fn proof() -> Vec<u8> {
    honest().segment().proof.clone()
}

/// Where everything is in it.
pub fn map() -> Map {
    Map::of(honest().receipt.profile, honest().segment())
}

/// The tables of the honest proof.
pub fn tables() -> Vec<Table> {
    honest().receipt.segments[0].tables.tables().collect()
}

/// The honest receipt with another proof and, if there are some, other tables.
fn with(proof: Vec<u8>, tables: Option<Vec<Table>>) -> Receipt {
    honest().with_segment(|segment| {
        segment.proof = proof;
        if let Some(tables) = tables {
            segment.tables = TableSet::new(tables);
        }
    })
}

/// Every table with every height of [`HEIGHTS`].
pub fn heights(visit: Visit<'_>) {
    for (i, table) in tables().into_iter().enumerate() {
        for height in HEIGHTS {
            let mut proof = proof();
            proof[i] = height;
            visit(
                &format!("{} of 2^{height} rows", table.name()),
                with(proof, None),
            );
        }
    }
}

/// All tables as high as they may be, and a little higher or lower than they are: the proof as it was, and
/// cut or filled up to the length that it should have.
pub fn plausible_heights(visit: Visit<'_>) {
    let free = |table: Table| !matches!(table, Table::Lookup | Table::Journal);
    type Edit = fn(usize) -> usize;
    let edits: [(&str, Edit); 4] = [
        ("highest", |_| MAX_LOG_HEIGHT),
        ("lowest", |_| MIN_LOG_HEIGHT),
        ("doubled", |height| (height + 1).min(MAX_LOG_HEIGHT)),
        ("halved", |height| (height - 1).max(MIN_LOG_HEIGHT)),
    ];
    for (name, edit) in edits {
        let mut tables = map().tables;
        for (table, height) in &mut tables {
            if free(*table) {
                *height = edit(*height).min(max_log_height(*table));
            }
        }
        let mut proof = proof();
        for (byte, (_, height)) in proof.iter_mut().zip(&tables) {
            *byte = *height as u8;
        }
        visit(name, with(proof.clone(), None));
        let other = Map::new(honest().receipt.profile, tables, |_| 0);
        let zeros = other.zeros();
        let head = other
            .trees()
            .map(|tree| tree.count + COUNT)
            .max()
            .unwrap_or(0);
        proof.resize(zeros.len(), 0);
        proof[..head].copy_from_slice(&zeros[..head]);
        // Where digests were are elements now.
        let elements = other.sections.iter().filter(|of| of.what == What::Elements);
        for at in elements.flat_map(|of| of.range.clone().step_by(ELEMENT)) {
            let number = number_at(&proof, at) % P;
            put(&mut proof, at, number);
        }
        visit(&format!("{name}, of the right length"), with(proof, None));
    }
}

/// Lists of other lengths and orders, one of each kind of list in the proof.
pub fn lists(visit: Visit<'_>) {
    let mut seen = Vec::new();
    for Section {
        name, range, item, ..
    } in map().sections
    {
        if seen.contains(&name) {
            continue;
        }
        let proof = proof();
        let items: Vec<&[u8]> = proof[range.clone()].chunks(item).collect();
        for (how, list) in other_lists(&items) {
            let parts = [&proof[..range.start], &list.concat(), &proof[range.end..]];
            visit(&format!("{name}: {how}"), with(parts.concat(), None));
        }
        seen.push(name);
    }
}

fn other_lists<'a>(items: &[&'a [u8]]) -> Vec<(&'static str, Vec<&'a [u8]>)> {
    let (first, rest) = (items[0], &items[1..]);
    // A proof of some 2 MiB at most.
    let many = ((2 << 20) / first.len()).clamp(2, 1000);
    let mut rotated = items.to_vec();
    rotated.rotate_left(1);
    let mut lists = vec![
        ("none", vec![]),
        ("one", vec![first]),
        ("many", vec![first; many]),
        ("the first twice", [&[first], items].concat()),
        ("without the first", rest.to_vec()),
        ("rotated", rotated),
        ("twice", [items, items].concat()),
    ];
    lists.retain(|(_, list)| list != items);
    lists
}

/// Tables missing, twice or in another order, in all lists of the proof alike.
pub fn table_lists(visit: Visit<'_>) {
    let names = tables();
    for (i, table) in names.iter().enumerate() {
        let mut visit = |what: &str, proof: Vec<u8>, tables| {
            visit(&format!("{} {what}", table.name()), with(proof, tables));
        };
        let missing = with_tables(|of| drop(of.remove(i)));
        let others = names.iter().copied().filter(|other| other != table);
        visit("missing", missing.clone(), None);
        visit("missing, as its set says", missing, Some(others.collect()));

        let twice = with_tables(|of| of.insert(i, of[i].clone()));
        // Of lookup and facts there must be one.
        let is_absent = |other: &Table| !names.contains(other) && *other != Table::Lookup;
        let absent = Table::ALL.into_iter().find(is_absent);
        let more = names.iter().copied().chain(absent).collect();
        visit("twice", twice.clone(), None);
        visit("twice, for one that is not there", twice, Some(more));

        let next = (i + 1) % names.len();
        visit(
            "and the next swapped",
            with_tables(|of| of.swap(i, next)),
            None,
        );
    }
}

/// The honest proof after an edit of its tables: the height of each, its sum, and its claims in each round.
fn with_tables(edit: impl Fn(&mut Vec<Vec<Vec<u8>>>)) -> Vec<u8> {
    let (map, proof) = (map(), proof());
    let matrices = map.packing.tables().iter();
    // Which table the matrices of quotients are of.
    let chunks: Vec<usize> = { matrices.enumerate() }
        .flat_map(|(i, (columns, _))| vec![i; columns.chunks])
        .collect();
    let items = |name: &str| {
        let of = map.sections.iter().find(|section| section.name == name);
        let of = of.expect("a section of the proof");
        (of.range.clone(), of.item)
    };
    let (heights, sums) = (items("heights"), items("sums"));
    let rounds = map.rounds.len();
    // For each table: its height, its sum, its claims by round.
    let part = |i: usize| {
        let item = |(range, size): &(Range<usize>, usize)| {
            proof[range.start + i * size..][..*size].to_vec()
        };
        let claims = (0..rounds).map(|round| {
            let is_chunk = map.packing.rounds()[round].kind == Kind::Quotient;
            let of = map.claims.iter().filter(|claims| {
                let (in_round, matrix) = claims.place;
                let table = if is_chunk { chunks[matrix] } else { matrix };
                in_round == round && table == i
            });
            of.flat_map(|claims| proof[claims.range.clone()].iter().copied())
                .collect()
        });
        [item(&heights), item(&sums)]
            .into_iter()
            .chain(claims)
            .collect()
    };
    let mut parts: Vec<Vec<Vec<u8>>> = (0..map.tables.len()).map(part).collect();
    edit(&mut parts);
    let of = |which: usize| {
        parts
            .iter()
            .flat_map(move |part| part[which].iter().copied())
    };
    let first = map.claims.first().map_or(0, |claims| claims.range.start);
    let last = map.claims.last().map_or(0, |claims| claims.range.end);
    let mut out: Vec<u8> = of(0).collect();
    out.extend(&proof[heights.0.end..sums.0.start]);
    out.extend(of(1));
    assert_eq!(sums.0.end, first);
    for round in 0..rounds {
        out.extend(of(2 + round));
    }
    out.extend(&proof[last..]);
    out
}

/// Layers of FRI missing, repeated or in another order, in all lists of the proof alike, and
/// final polynomials of other lengths.
pub fn fri(visit: Visit<'_>) {
    let (honest, map) = long();
    let with = |proof: Vec<u8>| honest.with_segment(|segment| segment.proof = proof);
    let layers = map.layers.len();
    for count in [0, 1, layers - 1, layers + 1, 31] {
        let edit = |list: &mut Vec<Vec<u8>>| {
            let last = list[list.len() - 1].clone();
            list.resize(count, last);
        };
        visit(
            &format!("{count} layers"),
            with(with_layers(honest, &map, edit)),
        );
    }
    let rotated = with_layers(honest, &map, |list| list.rotate_left(1));
    visit("layers rotated", with(rotated));
    let of = map
        .sections
        .iter()
        .find(|section| section.name == "final polynomial");
    let of = of.expect("a section of the proof");
    let length = of.range.len() / of.item;
    for length in [0, 1, length - 1, length + 1, 2 * length, 1 << 16] {
        let mut proof = honest.segment().proof.clone();
        let mut coefficients = proof[of.range.clone()].to_vec();
        coefficients.resize(length * of.item, 0);
        drop(proof.splice(of.range.clone(), coefficients));
        let name = format!("final polynomial of length {length}");
        visit(&name, with(proof));
    }
}

/// The proof after the same edit of each list that has an item a layer: numbers of digests; roots with nonces; rows with
/// digests.
fn with_layers(honest: &Honest, map: &Map, edit: impl Fn(&mut Vec<Vec<u8>>)) -> Vec<u8> {
    let proof = &honest.segment().proof;
    let bytes = |range: Range<usize>| proof[range].to_vec();
    let roots = { map.sections.iter() }.filter(|section| section.name == "roots of layers");
    let with_nonce = |of: &Section| of.range.start..of.range.end + ELEMENT;
    let roots: Vec<_> = roots.map(with_nonce).collect();
    let counts = { map.layers.iter() }.map(|layer| layer.count..layer.count + COUNT);
    let rows = { map.layers.iter() }.map(|layer| layer.rows.start..layer.digests.end);
    let mut out = Vec::new();
    let mut end = 0;
    for ranges in [counts.collect(), roots, rows.collect::<Vec<_>>()] {
        let (first, last) = (ranges[0].start, ranges[ranges.len() - 1].end);
        let mut items: Vec<Vec<u8>> = ranges.into_iter().map(bytes).collect();
        edit(&mut items);
        out.extend(bytes(end..first));
        out.extend(items.concat());
        end = last;
    }
    out.extend(bytes(end..proof.len()));
    out
}

/// Encodings of elements that are not below the prime, at the first and the last of each kind.
pub fn elements(visit: Visit<'_>) {
    let sections = map().sections.into_iter();
    let sections: Vec<_> = sections.filter(|of| of.what == What::Elements).collect();
    let mut seen = Vec::new();
    for of in &sections {
        for (which, at) in [("first", of.range.start), ("last", of.range.end - ELEMENT)] {
            let name = format!("{which} of {}", of.name);
            if seen.contains(&name) {
                continue;
            }
            let number = number_at(&proof(), at);
            let mut numbers = vec![P, P + 1, u32::MAX];
            numbers.extend(number.checked_add(P).filter(|more| !numbers.contains(more)));
            for number in numbers {
                let mut proof = proof();
                put(&mut proof, at, number);
                visit(&format!("{name} as {number:#x}"), with(proof, None));
            }
            seen.push(name);
        }
    }
}

/// Claims that the honest proof does not prove.
pub fn claims(visit: Visit<'_>) {
    for length in [0, 1, 1 << 20, (1 << 20) + 1, 1 << 22] {
        visit(&format!("journal of {length} bytes"), journal(length));
    }
    let limit = MEMORY_END / 4;
    for (entry, text) in [
        (0, 0..1),
        (0, 0..0),
        (0, 0..limit),
        (limit - 1, limit - 1..limit),
        (limit, limit..limit + 1),
        (u32::MAX, 0..u32::MAX),
        (u32::MAX - 1, 0..u32::MAX),
    ] {
        let mut receipt = honest().receipt.clone();
        let name = format!("entry {entry:#x} in {text:#x?}");
        (receipt.entry, receipt.text) = (entry, text);
        visit(&name, receipt);
    }
    for pc in [1, (1 << 30) - 1, 1 << 30, u32::MAX] {
        let mut receipt = honest().receipt.clone();
        receipt.segments[0].claim.end_pc = pc;
        visit(&format!("end at {pc:#x}"), receipt);
    }
    for count in [0, 2, 100] {
        visit(&format!("{count} segments"), chain(count));
    }
    for profile in Profile::ALL {
        let mut receipt = honest().receipt.clone();
        receipt.profile = profile;
        if profile != honest().receipt.profile {
            visit(
                &format!("as {} {}", profile.name(), profile.target_bits()),
                receipt,
            );
        }
    }
}

/// Another journal, with a journal table of the height that goes with it.
fn journal(length: usize) -> Receipt {
    let mut tables = tables();
    let at = tables.iter().position(|&table| table == Table::Journal);
    let at = at.expect("the honest journal is not empty");
    let proof = with_tables(|of| match length {
        0 => drop(of.remove(at)),
        _ => of[at][0] = vec![log_height(length) as u8],
    });
    if length == 0 {
        tables.remove(at);
    }
    let mut receipt = with(proof, Some(tables));
    receipt.segments[0].claim.journal = vec![1; length];
    receipt
}

/// A chain of segments that go round and round until the last exits; only the first has a
/// proof at all.
fn chain(count: usize) -> Receipt {
    let mut receipt = honest().receipt.clone();
    let last = receipt.segments.remove(0);
    let mut round = last.clone();
    round.claim.end_pc = round.claim.start_pc;
    round.claim.end_root = round.claim.start_root;
    round.claim.exit_code = None;
    let first = round.clone();
    round.proof = vec![];
    if count > 1 {
        receipt.segments.push(first);
        receipt.segments.resize(count - 1, round);
        receipt.segments.push(last);
    }
    receipt
}
