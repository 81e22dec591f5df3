//! Backends give the bytes that Plonky3's prover gives.

use std::collections::BTreeSet;

use vouch_air::tables::Table;
use vouch_prover::testing::conformance::{
    Case, assert_conforms, assert_keeps_nothing, commitment, commitment_with_lookup_table, long,
    prove, short,
};
use vouch_prover::testing::{Dual, Reference};
use vouch_prover::{Backend, Coordinated, Cpu, CpuEngine, ProveError};
use vouch_verifier::{Parameters, Profile, with_challenge_field};

/// Two CPUs.
fn dual(profile: Profile, parameters: [Parameters; 2]) -> Box<dyn Backend> {
    with_challenge_field!(parameters[0].extension, EF => {
        let [a, b] = parameters.map(CpuEngine::<EF>::new);
        Box::new(Coordinated::new(profile, Dual(a, b)))
    })
}

#[test]
fn same_bytes_in_every_profile() {
    let case = commitment();
    for profile in Profile::ALL {
        let cpu = Cpu::new(profile);
        // Twice: what is kept between proofs changes nothing.
        for _ in 0..2 {
            assert_conforms(&cpu, &case);
        }
    }
}

/// Threads of a pool may share a prover.
#[test]
fn one_prover_proves_in_parallel() {
    let (short, long) = (commitment(), commitment_with_lookup_table());
    assert_keeps_nothing(&Cpu::new(Profile::Fast100), [&long, &short]);
    let reference = Reference {
        profile: Profile::Fast100,
    };
    assert_keeps_nothing(&reference, [&short, &short]);
}

#[test]
fn same_bytes_with_every_table() {
    let cpu = Cpu::new(Profile::Fast100);
    let mut seen = BTreeSet::new();
    for case in short().into_iter().chain(long()) {
        let tables = case.traces.tables.iter();
        seen.extend(tables.map(|trace| trace.instance.table));
        assert_conforms(&cpu, &case);
    }
    let all = BTreeSet::from(Table::ALL);
    let missing: Vec<_> = all.difference(&seen).map(|table| table.name()).collect();
    assert!(missing.is_empty(), "no run has rows in {missing:?}");
}

#[test]
fn two_engines_agree() {
    for profile in [Profile::Fast100, Profile::Fast128] {
        let dual = dual(profile, [profile.parameters(); 2]);
        let cases: [Case; 2] = [commitment(), commitment_with_lookup_table()];
        for case in &cases {
            assert_conforms(&*dual, case);
        }
    }
}

#[test]
fn two_engines_that_differ_are_told_apart() {
    let parameters = Profile::Fast100.parameters();
    let other = Parameters {
        log_blowup: parameters.log_blowup + 1,
        ..parameters
    };
    let proof = prove(&*dual(Profile::Fast100, [parameters, other]), &commitment());
    let differ = ProveError::Differ {
        engines: "cpu and cpu".into(),
        operation: "committing to main columns",
    };
    assert_eq!(proof, Err(differ));
}
