mod crashes;

use std::sync::OnceLock;

use vouch_sdk::{Program, ProveOptions, guests, prove};

use super::*;
use crate::ProofDigest;
use crate::commitment::{CommitmentProver, Field, HashFunction};
use crate::settlement::{Check, CheckpointFile, LedgerFile};

fn result() -> JobResult {
    JobResult {
        function: HashFunction::Sha256,
        job: b"job".into(),
        model_hash: [2; 32],
        prompt: b"prompt".into(),
        response: b"response".into(),
        tokens: 42,
    }
}

fn proof_of(result: &JobResult) -> CommitmentProof {
    let prover = CommitmentProver::new(ProveOptions::default());
    prover.prove(&result.witness()).expect("a proof")
}

fn proof() -> &'static CommitmentProof {
    static PROOF: OnceLock<CommitmentProof> = OnceLock::new();
    PROOF.get_or_init(|| proof_of(&result()))
}

/// A node's files.
struct Node(tempfile::TempDir);

impl Node {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a folder"))
    }

    fn at(&self, name: &str) -> std::path::PathBuf {
        self.0.path().join(name)
    }

    fn checkpoints(&self) -> Arc<CheckpointFile> {
        Arc::new(CheckpointFile::open(&self.at("checkpoints.redb")).expect("a store"))
    }

    fn ledger(&self) -> Arc<LedgerFile> {
        Arc::new(LedgerFile::open(&self.at("ledger.redb")).expect("a ledger"))
    }

    fn artifacts(&self) -> ArtifactStore {
        ArtifactStore::folder(&self.at("receipts")).expect("a store")
    }

    /// As after a start.
    fn gate(&self) -> SettlementGate {
        SettlementGate::new(self.artifacts(), self.checkpoints(), self.ledger())
    }

    fn entries(&self) -> u64 {
        let last = self.ledger().verify().expect("a whole ledger");
        last.map_or(0, |last| last.position + 1)
    }
}

fn release(decision: Decision) -> Release {
    match decision {
        Decision::Release(release) => release,
        Decision::Block(reason) => panic!("blocked: {reason}"),
    }
}

/// Holds and settles. What is blocked is blocked for good, never released and never submitted.
fn blocked(
    result: &JobResult,
    proof: &CommitmentProof,
    verifier: CommitmentVerifier,
) -> BlockReason {
    let node = Node::new();
    let gate = node.gate().verifier(verifier);
    let job = gate.hold(result, proof).expect("it is held");
    let Decision::Block(reason) = gate.settle(&job).expect("a decision") else {
        panic!("released");
    };
    drop(gate);
    let gate = node.gate();
    let again = gate.settle(&job).expect("a decision");
    assert_eq!(again, Decision::Block(reason.clone()));
    assert!(
        again.to_string().starts_with("blocked: the proof "),
        "{again}"
    );
    assert!(matches!(
        gate.released(&job),
        Err(SettlementError::NotReleased { .. })
    ));
    assert!(gate.unfinished().expect("it answers").is_empty());
    drop(gate);
    assert_eq!(node.entries(), 0);
    reason
}

fn failed_check(reason: BlockReason) -> Check {
    match reason {
        BlockReason::Invalid { check, .. } => check,
        differs => panic!("{differs}"),
    }
}

#[test]
fn a_good_job_is_released_once_whatever_restarts() {
    let node = Node::new();
    let job = node.gate().hold(&result(), proof()).expect("it is held");
    assert_eq!(job, result().witness().job_id);
    assert_eq!(node.gate().hold(&result(), proof()).ok(), Some(job));
    assert_eq!(node.gate().unfinished().expect("it answers"), [job]);
    assert!(matches!(
        node.gate().released(&job),
        Err(SettlementError::NotReleased { .. })
    ));
    let before = now_ms();
    let first = node.gate().settle(&job).expect("a decision");
    let after = now_ms();
    assert_eq!(first.to_string(), "released at 0");
    let Release {
        checkpoint,
        submission,
    } = release(first.clone());
    assert_eq!((checkpoint.job_id, checkpoint.tokens), (job, 42));
    assert_eq!(checkpoint.proof_digest, proof().digest());
    assert!((before..=after).contains(&checkpoint.timestamp_ms));
    assert_eq!(node.ledger().check(&submission).ok(), Some(checkpoint));
    for _ in 0..3 {
        assert_eq!(node.gate().settle(&job).ok(), Some(first.clone()));
    }
    assert_eq!(node.gate().hold(&result(), proof()).ok(), Some(job));
    assert_eq!(node.entries(), 1);
    assert!(node.gate().unfinished().expect("it answers").is_empty());
    assert_eq!(node.gate().released(&job).ok(), Some(result()));
}

#[test]
fn what_is_forgotten_is_gone_and_the_decision_stays() {
    let node = Node::new();
    let gate = node.gate();
    let job = gate.hold(&result(), proof()).expect("it is held");
    assert!(matches!(
        gate.forget(&job),
        Err(SettlementError::Unfinished { .. })
    ));
    let first = gate.settle(&job).expect("a decision");
    gate.forget(&job).expect("it is settled");
    gate.forget(&job).expect("nothing is left");
    assert_eq!(gate.settle(&job).ok(), Some(first));
    for error in [
        gate.released(&job).map(drop),
        gate.hold(&result(), proof()).map(drop),
    ] {
        assert!(matches!(error, Err(SettlementError::Forgotten { .. })));
    }
}

#[test]
fn every_field_that_differs_blocks() {
    let others = [
        (
            Field::JobId,
            JobResult {
                job: b"other".into(),
                ..result()
            },
        ),
        (
            Field::ModelHash,
            JobResult {
                model_hash: [3; 32],
                ..result()
            },
        ),
        (
            Field::InputHash,
            JobResult {
                prompt: b"other".into(),
                ..result()
            },
        ),
        (
            Field::OutputHash,
            JobResult {
                response: b"other".into(),
                ..result()
            },
        ),
    ];
    for (field, other) in others {
        let reason = blocked(&other, proof(), CommitmentVerifier::new());
        let BlockReason::Differs { differences } = reason else {
            panic!("{reason}");
        };
        let [difference] = &differences[..] else {
            panic!("{differences:?}");
        };
        assert_eq!(difference.field, field);
        assert_eq!(&difference.expected, other.witness().get(field));
        assert_eq!(&difference.got, result().witness().get(field));
    }
    let function = HashFunction::Blake3;
    let other = JobResult {
        function,
        ..result()
    };
    let reason = blocked(&other, proof(), CommitmentVerifier::new());
    assert!(matches!(reason, BlockReason::Differs { differences } if differences.len() == 3));
}

#[test]
fn every_check_blocks() {
    let verifier = CommitmentVerifier::new();
    let other = |elf: &[u8], input: &[u8]| {
        let program = Program::from_elf(elf).expect("a guest");
        let options = ProveOptions {
            allow_nonzero_exit: true,
            ..ProveOptions::default()
        };
        let proven = prove(&program, input, &options).expect("a proof");
        CommitmentProof::from_receipt(proven.receipt)
    };
    let sha256 = other(guests::SHA256, &result().witness().to_bytes());
    let failed = other(guests::COMMITMENT, b"short");
    let mut receipt = proof().receipt().clone();
    receipt.segments[0].claim.journal[127] ^= 1;
    let forged = CommitmentProof::from_receipt(receipt);
    let of_sha256 = guests::ALL.iter().find(|guest| guest.name == "sha256");
    let of_sha256 = CommitmentVerifier::of_program(of_sha256.expect("a guest").image_id);
    let cases = [
        (Check::Security, proof(), verifier.security(128)),
        (Check::Program, &sha256, verifier),
        (Check::Proof, &forged, verifier),
        (Check::ExitCode, &failed, verifier),
        (Check::Journal, &sha256, of_sha256),
    ];
    for (check, proof, verifier) in cases {
        let reason = blocked(&result(), proof, verifier);
        assert_eq!(failed_check(reason), check);
    }
}

#[test]
fn an_artefact_that_is_no_receipt_blocks() {
    let node = Node::new();
    let gate = node.gate();
    let job = result().witness().job_id;
    // As a later version might have held.
    let held = Record {
        result: Some(result()),
        proof: node.artifacts().put(b"none".into()).expect("it is written"),
        state: State::Held,
    };
    let replaced = gate.checkpoints.replace(&job, None, &held);
    assert!(replaced.expect("it answers"));
    let Decision::Block(reason) = gate.settle(&job).expect("a decision") else {
        panic!("released");
    };
    assert_eq!(failed_check(reason), Check::Encoding);
}

#[test]
fn a_verifier_that_fails_decides_nothing() {
    let invalid = InvalidProof::Unchecked {
        reason: "no key".into(),
    };
    let result = blocks(Verdict::Invalid(invalid.clone()));
    assert!(matches!(result, Err(SettlementError::Unchecked(got)) if got == invalid));
}

#[test]
fn a_blocked_job_may_be_held_again() {
    let node = Node::new();
    let gate = node.gate();
    let wrong = JobResult {
        response: b"other".into(),
        ..result()
    };
    let job = gate.hold(&wrong, proof()).expect("it is held");
    for forget in [false, true] {
        let decision = gate.settle(&job).expect("a decision");
        assert!(matches!(decision, Decision::Block(_)));
        if forget {
            gate.forget(&job).expect("it is settled");
        }
        gate.hold(&wrong, proof()).expect("the same again");
    }
    // Held anew, as nothing said that it was the same.
    assert_eq!(gate.unfinished().expect("it answers"), [job]);
    let decision = gate.settle(&job).expect("a decision");
    assert!(matches!(decision, Decision::Block(_)));
    gate.hold(&result(), proof()).expect("it is held anew");
    release(gate.settle(&job).expect("a decision"));
    assert_eq!(gate.released(&job).ok(), Some(result()));
}

#[test]
fn held_jobs_are_not_replaced() {
    let node = Node::new();
    let gate = node.gate();
    let job = gate.hold(&result(), proof()).expect("it is held");
    let other = JobResult {
        tokens: 43,
        ..result()
    };
    let other_proof = CommitmentProof::from_receipt(proof().receipt().clone());
    assert_eq!(gate.hold(&result(), &other_proof).ok(), Some(job));
    let mut receipt = proof().receipt().clone();
    receipt.entry += 1;
    let other_proof = CommitmentProof::from_receipt(receipt);
    for settled in [false, true] {
        for error in [
            gate.hold(&other, proof()),
            gate.hold(&result(), &other_proof),
        ] {
            assert!(matches!(error, Err(SettlementError::Conflict { job_id }) if job_id == job));
        }
        if !settled {
            release(gate.settle(&job).expect("a decision"));
        }
    }
}

#[test]
fn unknown_jobs_are_errors() {
    let gate = Node::new();
    let gate = gate.gate();
    let job = [9; 32];
    for error in [
        gate.settle(&job).map(drop),
        gate.released(&job).map(drop),
        gate.forget(&job),
    ] {
        assert!(matches!(error, Err(SettlementError::Unknown { job_id }) if job_id == job));
    }
}

#[test]
fn another_jobs_record_is_noticed() {
    let node = Node::new();
    let gate = node.gate();
    let held = Record {
        result: Some(result()),
        proof: proof().put(&node.artifacts()).expect("it is written"),
        state: State::Held,
    };
    let job = [9; 32];
    let replaced = gate.checkpoints.replace(&job, None, &held);
    assert!(replaced.expect("it answers"));
    let error = gate.settle(&job).expect_err("another job's");
    let expected = result().witness().job_id;
    assert!(matches!(error, SettlementError::Misplaced { got, .. } if got == expected));
}

#[test]
fn a_lost_or_damaged_proof_decides_nothing_and_may_be_brought_again() {
    let node = Node::new();
    let gate = node.gate();
    let job = gate.hold(&result(), proof()).expect("it is held");
    let name = proof().digest().to_string();
    let file = node.at("receipts").join(&name[..2]).join(&name);
    std::fs::write(&file, b"damaged").expect("it is written");
    let error = gate.settle(&job).expect_err("it is damaged");
    assert!(matches!(
        error,
        SettlementError::Artifact(StoreError::Damaged { .. })
    ));
    std::fs::remove_file(&file).expect("it is there");
    let error = gate.settle(&job).expect_err("it is lost");
    assert!(matches!(
        error,
        SettlementError::Artifact(StoreError::Missing { .. })
    ));
    gate.hold(&result(), proof()).expect("the same again");
    release(gate.settle(&job).expect("a decision"));
}

#[test]
fn texts_are_in_no_error_and_no_log() {
    let node = Node::new();
    let gate = node.gate();
    let secret = JobResult {
        response: b"top secret".into(),
        ..result()
    };
    let job = gate.hold(&secret, proof()).expect("it is held");
    let record = gate.record(&job).expect("a record");
    let decision = gate.settle(&job).expect("a decision");
    let text = format!("{record:?} {decision:?} {decision}");
    assert!(!text.contains("secret") && !text.contains(&hex::encode("secret")));
    assert!(!text.contains("115, 101, 99, 114, 101, 116"), "its bytes");
    gate.forget(&job).expect("it is settled");
    let record = gate.record(&job).expect("a record");
    let json = serde_json::to_string(&record).expect("plain data");
    assert!(!json.contains(&hex::encode("secret")));
}
