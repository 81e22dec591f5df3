//! Proofs as large as they may be, and larger: what is decoded before it can be refused.

use serde::Serialize;
use vouch_air::F;
use vouch_air::machine::MAX_LOG_HEIGHT;
use vouch_air::tables::Table;
use vouch_verifier::config::Proof;
use vouch_verifier::{MAX_PROOF_BYTES, Receipt, TableShape};

use super::cases::{Visit, honest};

/// Elements of a challenge in the profile of the honest receipt.
const DEGREE: usize = 4;
/// Commitments that are opened.
const BATCHES: usize = 4;

fn with(proof: Vec<u8>) -> Receipt {
    honest().with_segment(|segment| segment.proof = proof)
}

fn encoded(value: &impl Serialize) -> Vec<u8> {
    postcard::to_allocvec(value).expect("it encodes")
}

/// The greatest lengths that a proof's lists can have.
struct Longest {
    queries: usize,
    columns: usize,
    paths: usize,
    matrices: usize,
}

fn longest() -> Longest {
    let parameters = honest().receipt.profile.parameters();
    let shapes = Table::ALL.map(TableShape::of);
    let logup = shapes.map(|shape| DEGREE * (shape.logup_columns + 1));
    let widths = shapes.map(|shape| shape.width);
    let chunks = shapes.map(|shape| shape.quotient_chunks);
    Longest {
        queries: parameters.queries,
        columns: widths.into_iter().chain(logup).fold(0, usize::max),
        paths: parameters.queries * (MAX_LOG_HEIGHT + parameters.log_blowup),
        matrices: Table::ALL.len() * chunks.into_iter().fold(0, usize::max),
    }
}

/// Proofs that take the most memory for their size: nothing but empty lists, which are a byte
/// in a proof and 24 in memory. The verifier compares lengths before it decodes any list.
pub fn empty_lists(visit: Visit<'_>) {
    let bytes = &honest().segment().proof;
    let honest: Proof<DEGREE> = postcard::from_bytes(bytes).expect("the honest proof");
    let commitments = encoded(&honest.commitments);
    let nonce = encoded(&honest.opening_proof.batch_pow_witness);
    // As many as there is room for, just over what makes a list double its room.
    let one_more = |bytes: usize, doublings: u32| (((1 << 20) / bytes) << doublings) + 1;
    let instances = one_more(8 * 24, 6);
    visit(
        "opened values of tables without end",
        with([commitments.clone(), zeros(instances, 8)].concat()),
    );
    let rows = one_more(24, 6);
    // No tables, no FRI rounds and no nonces of theirs; one batch of openings.
    let head = [commitments, vec![0], nonce, vec![0, 0, 1]].concat();
    visit(
        "queries without end",
        with([head.clone(), zeros(rows, 1)].concat()),
    );
    let one_query = [head, vec![1], zeros(rows, 1)].concat();
    visit("matrices without end", with(one_query));
}

/// The encoding of a list of items of so many zero bytes each.
fn zeros(count: usize, bytes: usize) -> Vec<u8> {
    let mut list = encoded(&count);
    list.resize(list.len() + count * bytes, 0);
    assert!(list.len() < MAX_PROOF_BYTES);
    list
}

/// Proofs in which no list is longer than in any proof, but of other lengths than in this one.
pub fn longest_lists(visit: Visit<'_>) {
    let Longest {
        queries,
        columns,
        paths,
        matrices,
    } = longest();
    let full_rows = MAX_PROOF_BYTES / (4 * columns + 2) / (BATCHES * queries);
    for (name, matrices, columns, paths) in [
        ("rows without columns", matrices, 0, 0),
        ("rows of one column", matrices, 1, 0),
        ("rows of all columns", full_rows.min(matrices), columns, 0),
        ("paths of all levels", 0, 0, paths),
        ("rows and paths", matrices, 1, paths),
    ] {
        let bytes = &honest().segment().proof;
        let mut proof: Proof<DEGREE> = postcard::from_bytes(bytes).expect("the honest proof");
        let fri = &mut proof.opening_proof;
        fri.commit_phase_openings.clear();
        fri.input_openings.truncate(1);
        for batch in &mut fri.input_openings {
            batch.opened_values = vec![vec![vec![F::default(); columns]; matrices]; queries];
            batch.opening_proof.sibling_hashes = vec![[0; 32]; paths];
        }
        if let Some(batch) = fri.input_openings.first().cloned() {
            fri.input_openings.resize(BATCHES, batch);
        }
        let proof = encoded(&proof);
        assert!(proof.len() <= MAX_PROOF_BYTES, "{name}: {}", proof.len());
        visit(name, with(proof));
    }
}

/// One list after the other is an item longer than any proof's.
pub fn too_long_lists(visit: Visit<'_>) {
    type Edit = fn(&mut Proof<DEGREE>, &Longest);
    let edits: [(&str, Edit); 9] = [
        ("tables", |p, _| {
            p.degree_bits.resize(Table::ALL.len() + 1, 6);
        }),
        ("terminals", |p, _| {
            resize(&mut p.lookup_terminals, Table::ALL.len() + 1);
        }),
        ("columns", |p, longest| {
            let values = &mut p.opened_values.instances[0];
            resize(
                &mut values.base_opened_values.trace_local,
                longest.columns + 1,
            );
        }),
        ("rounds", |p, _| {
            resize(
                &mut p.opening_proof.commit_phase_commits,
                MAX_LOG_HEIGHT + 1,
            );
        }),
        ("nonces of rounds", |p, _| {
            resize(
                &mut p.opening_proof.commit_pow_witnesses,
                MAX_LOG_HEIGHT + 1,
            );
        }),
        ("batches", |p, _| {
            resize(&mut p.opening_proof.input_openings, BATCHES + 1)
        }),
        ("queries", |p, longest| {
            let batch = &mut p.opening_proof.input_openings[0];
            resize(&mut batch.opened_values, longest.queries + 1);
        }),
        ("matrices", |p, longest| {
            let batch = &mut p.opening_proof.input_openings[0];
            resize(&mut batch.opened_values[0], longest.matrices + 1);
        }),
        ("paths", |p, longest| {
            let batch = &mut p.opening_proof.input_openings[0];
            resize(&mut batch.opening_proof.sibling_hashes, longest.paths + 1);
        }),
    ];
    for (name, edit) in edits {
        let bytes = &honest().segment().proof;
        let mut proof: Proof<DEGREE> = postcard::from_bytes(bytes).expect("the honest proof");
        edit(&mut proof, &longest());
        visit(&format!("too many {name}"), with(encoded(&proof)));
    }
}

fn resize<T: Clone>(list: &mut Vec<T>, length: usize) {
    if let Some(item) = list.first().cloned() {
        list.resize(length, item);
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

/// Other encodings of the honest proof, a part of it, or more than it.
pub fn encodings(visit: Visit<'_>) {
    let proof = &honest().segment().proof;
    let length = proof.len();
    for cut in [0, 1, 2, 32, length / 2, length - 4, length - 1] {
        visit(
            &format!("its first {cut} bytes"),
            with(proof[..cut].to_vec()),
        );
        visit(
            &format!("all but {cut} bytes of it"),
            with(proof[length - cut..].to_vec()),
        );
    }
    for more in [1, 4, 1000] {
        visit(
            &format!("followed by {more} zeros"),
            with([proof.as_slice(), &vec![0; more]].concat()),
        );
    }
    visit("twice", with([proof.as_slice(), proof].concat()));
    // After the commitments and the number of tables come the values of the first, whose number is a byte;
    // there are longer forms of that.
    let at = 102;
    let width = proof[at];
    for longer in [
        &[width | 0x80, 0][..],
        &[width | 0x80, 0x80, 0],
        &[
            width | 0x80,
            0x80,
            0x80,
            0x80,
            0x80,
            0x80,
            0x80,
            0x80,
            0x80,
            0,
        ],
    ] {
        let name = format!("a length in {} bytes", longer.len());
        visit(
            &name,
            with([&proof[..at], longer, &proof[at + 1..]].concat()),
        );
    }
}
