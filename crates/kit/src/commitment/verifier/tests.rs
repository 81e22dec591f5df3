use std::sync::OnceLock;

use proptest::prelude::*;
use vouch_sdk::{Profile, Program, ProveOptions, Receipt, guests, prove};

use super::*;
use crate::commitment::{CommitmentProver, HashFunction};

const WITNESS: CommitmentWitness = CommitmentWitness {
    job_id: [1; 32],
    model_hash: [2; 32],
    input_hash: [3; 32],
    output_hash: [4; 32],
};

fn proof() -> &'static CommitmentProof {
    static PROOF: OnceLock<CommitmentProof> = OnceLock::new();
    PROOF.get_or_init(|| {
        let prover = CommitmentProver::new(ProveOptions::default());
        prover.prove(&WITNESS).expect("a proof")
    })
}

/// What another guest proves.
fn proof_of(elf: &[u8], input: &[u8]) -> (ImageId, CommitmentProof) {
    let program = Program::from_elf(elf).expect("a guest");
    let options = ProveOptions {
        allow_nonzero_exit: true,
        ..ProveOptions::default()
    };
    let proven = prove(&program, input, &options).expect("a proof");
    let id = vouch_sdk::image_id(&program);
    (id, CommitmentProof::from_receipt(proven.receipt))
}

fn set(witness: &mut CommitmentWitness, field: Field) -> &mut [u8; 32] {
    match field {
        Field::JobId => &mut witness.job_id,
        Field::ModelHash => &mut witness.model_hash,
        Field::InputHash => &mut witness.input_hash,
        Field::OutputHash => &mut witness.output_hash,
    }
}

#[test]
fn an_honest_proof_is_accepted() {
    let verifier = CommitmentVerifier::default();
    assert_eq!(verifier.verify(proof(), &WITNESS), Verdict::Accepted);
    let bytes = proof().to_bytes();
    assert_eq!(verifier.verify_bytes(&bytes, &WITNESS), Verdict::Accepted);
    assert_eq!(verifier.proven_witness(proof()), Ok(WITNESS));
}

#[test]
fn every_bit_of_every_field_counts() {
    for field in Field::ALL {
        for bit in 0..256 {
            let mut witness = WITNESS;
            set(&mut witness, field)[bit / 8] ^= 1 << (bit % 8);
            let expected = Difference {
                field,
                expected: *witness.get(field),
                got: *WITNESS.get(field),
            };
            assert_eq!(
                compare(&witness, &WITNESS),
                Verdict::Differs(vec![expected])
            );
        }
    }
}

#[test]
fn all_fields_that_differ_are_named() {
    let verifier = CommitmentVerifier::new();
    for set_of_fields in 1..16 {
        let mut witness = WITNESS;
        let wrong = |i: &usize| set_of_fields >> i & 1 == 1;
        let wrong: Vec<_> = (0..4).filter(wrong).map(|i| Field::ALL[i]).collect();
        for &field in &wrong {
            set(&mut witness, field)[31] ^= 0x80;
        }
        let Verdict::Differs(differences) = verifier.verify(proof(), &witness) else {
            panic!("accepted or invalid");
        };
        let named: Vec<_> = differences.iter().map(|one| one.field).collect();
        assert_eq!(named, wrong);
    }
}

#[test]
fn fields_in_each_others_place_differ() {
    let swapped = CommitmentWitness {
        input_hash: WITNESS.output_hash,
        output_hash: WITNESS.input_hash,
        ..WITNESS
    };
    let verdict = CommitmentVerifier::new().verify(proof(), &swapped);
    assert!(matches!(verdict, Verdict::Differs(two) if two.len() == 2));
}

#[test]
fn another_guest_proves_no_commitment() {
    // SHA-256 of the witness, and the runtime's guest, whose journal may be anything.
    for elf in [guests::SHA256, guests::RUNTIME] {
        let (id, other) = proof_of(elf, &WITNESS.to_bytes());
        let verdict = CommitmentVerifier::new().verify(&other, &WITNESS);
        let expected = COMMITMENT_IMAGE_ID;
        assert_eq!(
            verdict,
            Verdict::Invalid(InvalidProof::Program { expected })
        );
        let Verdict::Invalid(invalid) = verdict else {
            unreachable!("compared above")
        };
        assert!(!invalid.to_string().contains(&id.to_string()));
    }
}

#[test]
fn a_journal_of_another_length_is_no_commitment() {
    let (id, other) = proof_of(guests::SHA256, b"");
    let verdict = CommitmentVerifier::of_program(id).verify(&other, &WITNESS);
    assert_eq!(verdict, Verdict::Invalid(InvalidProof::Journal { got: 32 }));
}

#[test]
fn a_failed_run_is_no_commitment() {
    let (id, other) = proof_of(guests::COMMITMENT, b"short");
    assert_eq!(id, COMMITMENT_IMAGE_ID);
    let invalid = CommitmentVerifier::new().proven_witness(&other);
    assert!(matches!(invalid, Err(InvalidProof::ExitCode { got }) if got != 0));
    // Whatever the journal is.
    let claim = Claim {
        image_id: id,
        journal: WITNESS.to_bytes().to_vec(),
        exit_code: 1,
    };
    assert_eq!(witness_of(&claim), Err(InvalidProof::ExitCode { got: 1 }));
}

#[test]
fn too_little_security_is_refused() {
    let verifier = CommitmentVerifier::new();
    assert_eq!(
        verifier.security(100).verify(proof(), &WITNESS),
        Verdict::Accepted
    );
    let (expected, got) = (128, 100);
    assert_eq!(
        verifier.security(128).verify(proof(), &WITNESS),
        Verdict::Invalid(InvalidProof::Security { expected, got })
    );
    let options = ProveOptions {
        profile: Profile::Fast128,
        ..ProveOptions::default()
    };
    let strong = CommitmentProver::new(options).prove(&WITNESS);
    let strong = strong.expect("a proof");
    assert_eq!(
        verifier.security(128).verify(&strong, &WITNESS),
        Verdict::Accepted
    );
    // A profile that the proof was not made for.
    let mut receipt = proof().receipt().clone();
    receipt.profile = Profile::Fast128;
    let dressed_up = CommitmentProof::from_receipt(receipt);
    assert!(matches!(
        verifier.security(128).verify(&dressed_up, &WITNESS),
        Verdict::Invalid(InvalidProof::Proof(_))
    ));
}

#[test]
fn a_journal_that_was_not_proven_is_not_reported() {
    let forged = CommitmentWitness {
        output_hash: HashFunction::Sha256.hash(b"another response"),
        ..WITNESS
    };
    let mut receipt = proof().receipt().clone();
    receipt.segments[0].claim.journal = forged.to_bytes().to_vec();
    let forged_proof = CommitmentProof::from_receipt(receipt);
    let verifier = CommitmentVerifier::new();
    for witness in [WITNESS, forged] {
        let verdict = verifier.verify(&forged_proof, &witness);
        assert!(
            matches!(verdict, Verdict::Invalid(InvalidProof::Proof(_))),
            "{verdict:?}"
        );
        let text = format!("{verdict:?}");
        assert!(!text.contains(&hex::encode(forged.output_hash)));
    }
    let mut receipt = proof().receipt().clone();
    receipt.segments[0].claim.exit_code = Some(1);
    let failed = CommitmentProof::from_receipt(receipt);
    assert!(matches!(
        verifier.verify(&failed, &WITNESS),
        Verdict::Invalid(InvalidProof::Proof(_))
    ));
}

#[test]
fn no_segment_is_no_proof() {
    let receipt = Receipt {
        segments: Vec::new(),
        ..proof().receipt().clone()
    };
    let empty = CommitmentProof::from_receipt(receipt);
    assert!(matches!(
        CommitmentVerifier::new().verify(&empty, &WITNESS),
        Verdict::Invalid(InvalidProof::Proof(VerifyError::NoSegments))
    ));
}

#[test]
fn a_verifier_that_fails_gives_no_verdict_on_the_proof() {
    let profile = Profile::Fast100;
    let reason = vouch_sdk::Error::NoKey { profile }.to_string();
    assert_eq!(
        invalid(vouch_sdk::Error::NoKey { profile }),
        InvalidProof::Unchecked { reason }
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn flipped_bits_are_noticed(bit in 0..8 * proof().to_bytes().len()) {
        let mut bytes = proof().to_bytes();
        bytes[bit / 8] ^= 1 << (bit % 8);
        let verdict = CommitmentVerifier::new().verify_bytes(&bytes, &WITNESS);
        prop_assert!(matches!(verdict, Verdict::Invalid(_)), "{verdict:?}");
    }

    #[test]
    fn lost_and_added_bytes_are_noticed(length in 0..proof().to_bytes().len()) {
        let bytes = proof().to_bytes();
        let verifier = CommitmentVerifier::new();
        for wrong in [&bytes[..length], &bytes[length + 1..], &[&bytes[..], &bytes[..=length]].concat()] {
            let verdict = verifier.verify_bytes(wrong, &WITNESS);
            prop_assert!(
                matches!(verdict, Verdict::Invalid(InvalidProof::Decode(_))),
                "{verdict:?}"
            );
        }
    }
}

#[test]
fn artefacts_come_back_from_a_store_and_damage_is_noticed() {
    use crate::store::{ArtifactStore, StoreError};
    let store = ArtifactStore::open("memory:///", []).expect("memory");
    let digest = proof().put(&store).expect("it is written");
    assert_eq!(digest, proof().digest());
    assert_eq!(digest, crate::ProofDigest::of_bytes(&proof().to_bytes()));
    let back = CommitmentProof::get(&store, &digest).expect("it is there");
    assert_eq!((&back, back.digest()), (proof(), digest));
    let other = store.put(b"no receipt".to_vec()).expect("it is written");
    assert!(matches!(
        CommitmentProof::get(&store, &other),
        Err(StoreError::Receipt { .. })
    ));
    let text = format!("{back:?}");
    assert!(
        text.contains(&digest.to_string()) && text.len() < 300,
        "{text}"
    );
}
