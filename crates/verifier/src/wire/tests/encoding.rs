//! What is no proof of a layout has no encoding.

use alloc::vec::Vec;

use p3_field::PrimeCharacteristicRing;
use p3_uni_stark::{OpenedValues, PreprocessedOpenedValues};

use super::{decoded, some};
use crate::config::{Proof, Quartic};
use crate::wire::{EncodeError, encode_proof};

fn shorten<T>(list: &mut Vec<T>) {
    list.truncate(list.len() - 1);
}

#[test]
fn other_proofs_are_not_encoded() {
    type Edit = fn(&mut Proof<Quartic>);
    let lists: [(&str, Edit); 24] = [
        ("openings", |p| shorten(&mut p.opening_proof.input_openings)),
        ("openings of layers", |p| {
            shorten(&mut p.opening_proof.commit_phase_openings)
        }),
        ("commitment of zero-knowledge proofs", |p| {
            p.commitments.random = Some(p.commitments.main.clone());
        }),
        ("commitment to LogUp columns", |p| {
            p.commitments.permutation = None
        }),
        ("roots of a tree", |p| {
            p.commitments.main = alloc::vec![[0; 32]; 2].into()
        }),
        ("nonce of the LogUp challenges", |p| {
            p.lookup_pow_witness = None
        }),
        ("terminals", |p| shorten(&mut p.lookup_terminals)),
        ("terminal", |p| p.lookup_terminals[0] = None),
        ("tables opened", |p| shorten(&mut p.opened_values.instances)),
        ("main columns", |p| shorten(&mut base(p, 0).trace_local)),
        ("next row of main columns", |p| base(p, 0).trace_next = None),
        ("next row of main columns", |p| {
            base(p, 1).trace_next = Some(Vec::new())
        }),
        ("values of zero-knowledge proofs", |p| {
            base(p, 0).random = Some(Vec::new())
        }),
        ("quotient chunks", |p| {
            shorten(&mut base(p, 0).quotient_chunks)
        }),
        ("quotient chunk", |p| {
            shorten(&mut base(p, 0).quotient_chunks[0])
        }),
        ("fixed columns", |p| {
            base(p, 0).preprocessed = Some(PreprocessedOpenedValues {
                local: Vec::new(),
                next: None,
            });
        }),
        ("LogUp columns", |p| {
            shorten(&mut p.opened_values.instances[1].permutation_next)
        }),
        ("roots of layers", |p| {
            shorten(&mut p.opening_proof.commit_phase_commits)
        }),
        ("nonces of layers", |p| {
            shorten(&mut p.opening_proof.commit_pow_witnesses)
        }),
        ("final polynomial", |p| {
            shorten(&mut p.opening_proof.final_poly)
        }),
        ("queries", |p| {
            shorten(&mut p.opening_proof.input_openings[1].opened_values)
        }),
        ("matrices", |p| {
            shorten(&mut p.opening_proof.input_openings[1].opened_values[1])
        }),
        ("row", |p| {
            shorten(&mut p.opening_proof.input_openings[1].opened_values[1][0])
        }),
        ("siblings", |p| {
            shorten(&mut p.opening_proof.commit_phase_openings[0].sibling_values[1]);
        }),
    ];
    fn base(proof: &mut Proof<Quartic>, table: usize) -> &mut OpenedValues<Quartic> {
        &mut proof.opened_values.instances[table].base_opened_values
    }
    let (packing, bytes) = some();
    let error = |edit: &dyn Fn(&mut Proof<Quartic>)| {
        let mut proof = decoded(&bytes, &packing).expect("a proof");
        edit(&mut proof);
        encode_proof(&proof, &packing).expect_err("it is no such proof")
    };
    for (name, edit) in lists {
        match error(&edit) {
            EncodeError::List {
                list,
                expected,
                got,
            } => {
                assert_eq!(list, name);
                assert_ne!(expected, got);
            }
            other => panic!("{name}: {other:?}"),
        }
    }
    assert_eq!(error(&|p| p.degree_bits[0] += 1), EncodeError::Heights);
    assert_eq!(
        error(&|p| shorten(&mut p.degree_bits)),
        EncodeError::Heights
    );
    for coordinate in 1..4 {
        let one = Quartic::ONE;
        let chunk = error(&|p| base(p, 1).quotient_chunks[0][coordinate] = one);
        let logup = error(&|p| p.opened_values.instances[0].permutation_next[4 + coordinate] = one);
        assert_eq!([chunk, logup], [EncodeError::Coordinates; 2]);
    }
}
