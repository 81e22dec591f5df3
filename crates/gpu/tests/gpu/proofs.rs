//! Whole proofs by the kernels, compared with the CPU's after every operation.

use vouch_gpu::{Gpu, GpuEngine, on};
use vouch_prover::conformance::{
    assert_conforms, assert_keeps_nothing, commitment, commitment_with_lookup_table, prove, short,
};
use vouch_prover::{Backend, Coordinated, CpuEngine, Dual, ProveError};
use vouch_verifier::{ExtensionDegree, Profile};

use crate::common::{on_devices, with_memory};

/// The CPU and a device at once.
fn dual(gpu: &Gpu, profile: Profile) -> Box<dyn Backend> {
    let parameters = profile.parameters();
    match parameters.extension {
        ExtensionDegree::Four => {
            let engines = Dual(
                CpuEngine::<4>::new(parameters),
                GpuEngine::<4>::new(gpu, parameters),
            );
            Box::new(Coordinated::new(profile, engines))
        }
        ExtensionDegree::Five => {
            let engines = Dual(
                CpuEngine::<5>::new(parameters),
                GpuEngine::<5>::new(gpu, parameters),
            );
            Box::new(Coordinated::new(profile, engines))
        }
    }
}

#[test]
fn four_hashes_in_every_profile() {
    let case = commitment();
    on_devices(|gpu| {
        for profile in Profile::ALL {
            assert_conforms(&*dual(gpu, profile), &case);
            assert_conforms(&*on(gpu, profile), &case);
        }
    });
}

#[test]
fn every_kind_of_segment() {
    on_devices(|gpu| {
        let dual = dual(gpu, Profile::Fast100);
        for case in short() {
            assert_conforms(&*dual, &case);
        }
    });
}

#[test]
fn the_lookup_table_and_proofs_at_once() {
    let (short, long) = (commitment(), commitment_with_lookup_table());
    on_devices(|gpu| {
        assert_conforms(&*dual(gpu, Profile::Fast100), &long);
        assert_keeps_nothing(&*on(gpu, Profile::Fast100), [&short, &short]);
    });
}

/// The proof fails with what is lacking, and leaves nothing behind.
#[test]
fn too_little_memory_is_said() {
    let gpu = with_memory(1 << 18);
    let proof = prove(&*on(&gpu, Profile::Fast100), &commitment());
    let lacking = proof.expect_err("it does not fit");
    let total = 4 << 18;
    assert!(
        matches!(lacking, ProveError::DeviceMemory { needed, free, total: t }
            if free < needed && t == total),
        "{lacking}"
    );
    gpu.take_peak();
    assert!(gpu.take_peak() < total / 2);
}
