//! Hostile receipts: the honest one, changed as somebody would who attacks the verifier's
//! reading of shapes, counts and sizes. None may be accepted, whatever it is refused for.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use vouch_air::machine::{MAX_LOG_HEIGHT, MIN_LOG_HEIGHT, log_height};
use vouch_air::tables::Table;
use vouch_isa::memory::MEMORY_END;
use vouch_verifier::config::Proof;
use vouch_verifier::{MAX_PROOF_BYTES, Profile, Receipt, TableSet, max_log_height};

use crate::honest_receipt::{Honest, commitment};
use crate::proof_tree::places;
use vouch_air::testkit::P;

/// Takes a hostile receipt and its name.
pub type Visit<'a> = &'a mut dyn FnMut(&str, Receipt);

/// Heights that no table may have, log2.
pub const HEIGHTS: [u64; 6] = [0, 31, 63, 64, 1 << 32, u64::MAX];

/// The receipt that all start from.
pub fn honest() -> &'static Honest {
    commitment(false)
}

/// Its proof.
fn proof() -> Proof<4> {
    postcard::from_bytes(&honest().segment().proof).expect("the honest proof")
}

fn encoded(proof: &Proof<4>) -> Vec<u8> {
    postcard::to_allocvec(proof).expect("it encodes")
}

/// The tables of the honest proof.
pub fn tables() -> Vec<Table> {
    honest().receipt.segments[0].tables.tables().collect()
}

/// The honest receipt with another proof and, if there are some, other tables.
fn with(proof: Vec<u8>, tables: Option<Vec<Table>>) -> Receipt {
    let mut receipt = honest().receipt.clone();
    let segment = &mut receipt.segments[0];
    segment.proof = proof;
    if let Some(tables) = tables {
        segment.tables = TableSet::new(tables);
    }
    receipt
}

/// Every table with every height of [`HEIGHTS`].
pub fn heights(visit: Visit<'_>) {
    for (i, table) in tables().into_iter().enumerate() {
        for height in HEIGHTS {
            let mut proof = proof();
            proof.degree_bits[i] = usize::try_from(height).expect("64 bits");
            let name = format!("{} of 2^{height} rows", table.name());
            visit(&name, with(encoded(&proof), None));
        }
    }
}

/// All tables as high as they may be, and a little higher or lower than they are.
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
        let mut proof = proof();
        for (table, height) in tables().into_iter().zip(&mut proof.degree_bits) {
            if free(table) {
                *height = edit(*height).min(max_log_height(table));
            }
        }
        visit(name, with(encoded(&proof), None));
    }
}

/// Lists of other lengths and orders, one of each kind of list in the proof.
pub fn lists(visit: Visit<'_>) {
    let mut tree = serde_json::to_value(proof()).expect("a proof is a tree");
    for (section, paths) in places(&tree) {
        let place = tree.pointer(&paths[0]).expect("a place of the proof");
        let Value::Array(items) = place.clone() else {
            continue;
        };
        for (name, changed) in other_lists(&items) {
            *tree.pointer_mut(&paths[0]).expect("the same place") = Value::Array(changed);
            // Lists whose length the type fixes make no proof.
            if let Ok(proof) = Proof::<4>::deserialize(&tree) {
                visit(&format!("{section}: {name}"), with(encoded(&proof), None));
            }
        }
        *tree.pointer_mut(&paths[0]).expect("the same place") = Value::Array(items);
    }
}

fn other_lists(items: &[Value]) -> Vec<(&'static str, Vec<Value>)> {
    let mut lists = vec![("none", vec![])];
    if let [first, rest @ ..] = items {
        let bytes = first.to_string().len();
        // The text is never shorter than the encoding by more than half.
        let many = (MAX_PROOF_BYTES / 4 / bytes).clamp(2, 1000);
        let mut swapped = items.to_vec();
        swapped.rotate_left(1);
        let empty = match first {
            Value::Array(_) => vec![Value::Array(vec![]); items.len()],
            _ => vec![],
        };
        lists.extend([
            ("one", vec![first.clone()]),
            ("many", vec![first.clone(); many]),
            (
                "the first twice",
                [std::slice::from_ref(first), items].concat(),
            ),
            ("without the first", rest.to_vec()),
            ("rotated", swapped),
            ("twice", [items, items].concat()),
            ("of empty lists", empty),
        ]);
    }
    lists.retain(|(_, list)| list != items);
    lists
}

/// Tables missing, twice or in another order, in all lists of the proof alike.
pub fn table_lists(visit: Visit<'_>) {
    let names = tables();
    for (i, table) in names.iter().enumerate() {
        let mut visit = |what: &str, proof: &Proof<4>, tables| {
            let name = format!("{} {what}", table.name());
            visit(&name, with(encoded(proof), tables));
        };
        let mut missing = proof();
        missing.opened_values.instances.remove(i);
        missing.lookup_terminals.remove(i);
        missing.degree_bits.remove(i);
        let others = names.iter().copied().filter(|other| other != table);
        visit("missing", &missing, None);
        visit("missing, as its set says", &missing, Some(others.collect()));

        let mut twice = proof();
        let again = proof().opened_values.instances.remove(i);
        twice.opened_values.instances.insert(i, again);
        let terminal = twice.lookup_terminals[i];
        twice.lookup_terminals.insert(i, terminal);
        twice.degree_bits.insert(i, twice.degree_bits[i]);
        // Of lookup and facts there must be one.
        let is_absent = |other: &Table| !names.contains(other) && *other != Table::Lookup;
        let absent = Table::ALL.into_iter().find(is_absent);
        let more = names.iter().copied().chain(absent).collect();
        visit("twice", &twice, None);
        visit("twice, for one that is not there", &twice, Some(more));

        let next = (i + 1) % names.len();
        let mut swapped = proof();
        swapped.opened_values.instances.swap(i, next);
        swapped.lookup_terminals.swap(i, next);
        swapped.degree_bits.swap(i, next);
        visit("and the next swapped", &swapped, None);
    }
}

/// FRI rounds missing, repeated or in another order, in all lists of the proof alike, and
/// final polynomials of other lengths.
pub fn fri(visit: Visit<'_>) {
    let rounds = proof().opening_proof.commit_phase_commits.len();
    for count in [0, 1, rounds - 1, rounds + 1, 31, 1000] {
        let mut changed = proof();
        let fri = &mut changed.opening_proof;
        resize(&mut fri.commit_phase_commits, count);
        resize(&mut fri.commit_pow_witnesses, count);
        // A round's openings are large; few make the point.
        resize(&mut fri.commit_phase_openings, count.min(31));
        visit(&format!("{count} rounds"), with(encoded(&changed), None));
    }
    let mut swapped = proof();
    let fri = &mut swapped.opening_proof;
    fri.commit_phase_commits.rotate_left(1);
    fri.commit_pow_witnesses.rotate_left(1);
    fri.commit_phase_openings.rotate_left(1);
    visit("rounds rotated", with(encoded(&swapped), None));
    for length in [0, 2, 3, 4, 1 << 10, 1 << 17] {
        let mut changed = proof();
        resize(&mut changed.opening_proof.final_poly, length);
        let name = format!("final polynomial of length {length}");
        visit(&name, with(encoded(&changed), None));
    }
}

/// Cuts a list, or repeats its last item.
fn resize<T: Clone>(list: &mut Vec<T>, length: usize) {
    let last = list.last().expect("the honest list has items").clone();
    list.resize(length, last);
}

/// Encodings of elements that are not below the prime.
pub fn elements(visit: Visit<'_>) {
    type Place = fn(&mut Proof<4>) -> &mut vouch_air::F;
    let places: [(&str, Place); 5] = [
        ("point nonce", |proof| &mut proof.ood_pow_witness),
        ("query nonce", |proof| {
            &mut proof.opening_proof.query_pow_witness
        }),
        ("batch nonce", |proof| {
            &mut proof.opening_proof.batch_pow_witness
        }),
        ("fold nonce", |proof| {
            &mut proof.opening_proof.commit_pow_witnesses[0]
        }),
        ("opened row", |proof| {
            &mut proof.opening_proof.input_openings[0].opened_values[0][0][0]
        }),
    ];
    for (name, place) in places {
        let mut other = proof();
        let element = *place(&mut other);
        *place(&mut other) = element + vouch_air::F::new(1);
        let bytes = &honest().receipt.segments[0].proof;
        let at = position(bytes, &encoded(&other), &element);
        let number = u64::from(u32::from_le_bytes(std::array::from_fn(|i| bytes[at + i])));
        let p = u64::from(P);
        for number in [p, p + 1, number + p, u64::from(u32::MAX)] {
            let Ok(number) = u32::try_from(number) else {
                continue;
            };
            let mut bytes = bytes.clone();
            bytes[at..at + 4].copy_from_slice(&number.to_le_bytes());
            visit(&format!("{name} as {number:#x}"), with(bytes, None));
        }
    }
}

/// Where an element is encoded, given an encoding that differs in this element alone.
fn position(bytes: &[u8], other: &[u8], element: &impl Serialize) -> usize {
    let element = postcard::to_allocvec(element).expect("it encodes");
    assert_eq!(element.len(), 4);
    let differs = |&i: &usize| bytes[i] != other[i];
    let first = (0..bytes.len()).find(differs).expect("it differs");
    let at = (first.saturating_sub(3)..=first).find(|&i| {
        let same_after = bytes[i + 4..] == other[i + 4..];
        bytes[i..i + 4] == element && same_after
    });
    at.expect("the element is there")
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
    let mut proof = proof();
    proof.degree_bits[at] = log_height(length);
    if length == 0 {
        tables.remove(at);
        proof.opened_values.instances.remove(at);
        proof.lookup_terminals.remove(at);
        proof.degree_bits.remove(at);
    }
    let mut receipt = with(encoded(&proof), Some(tables));
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
