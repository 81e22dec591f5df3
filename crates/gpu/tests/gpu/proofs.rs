//! Whole proofs by the kernels, compared with the CPU's after every operation.

use vouch_air::memory_tree::MemoryTree;
use vouch_emulator::testing::segments;
use vouch_emulator::{Program, SegmentLimits};
use vouch_gpu::{Gpu, GpuEngine, on};
use vouch_prover::testing::Dual;
use vouch_prover::testing::conformance::{
    assert_conforms, assert_keeps_nothing, commitment, commitment_with_lookup_table, prove, short,
};
use vouch_prover::{Backend, Coordinated, CpuEngine, ProveError, Prover};
use vouch_verifier::{ImageId, Profile, Receipt, Verifier, with_challenge_field};

use crate::common::{on_devices, on_large_devices, with_memory};

const COMMITMENT: &[u8] = include_bytes!("../../../../guest-programs/prebuilt/commitment.elf");

/// The CPU and a device at once.
fn dual(gpu: &Gpu, profile: Profile) -> Box<dyn Backend> {
    let parameters = profile.parameters();
    with_challenge_field!(parameters.extension, EF => {
        let cpu = CpuEngine::<EF>::new(parameters);
        let engines = Dual(cpu, GpuEngine::<EF>::new(gpu, parameters));
        Box::new(Coordinated::new(profile, engines))
    })
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
    on_large_devices(|gpu| {
        assert_conforms(&*dual(gpu, Profile::Fast100), &long);
        assert_keeps_nothing(&*on(gpu, Profile::Fast100), [&short, &short]);
    });
}

/// As a user would: run, proven by the kernels, and verified; and refused if it is changed.
#[test]
fn four_hashes_are_proven_and_verified() {
    let program = Program::from_elf(COMMITMENT).expect("a prebuilt guest");
    let input: Vec<u8> = (0..128).collect();
    let limits = SegmentLimits::default();
    let (_, segments) = segments(&program, &input, &limits).expect("it runs");
    let image = program.image();
    let tree = MemoryTree::new(image);
    let root = tree.root();
    let id = tree.compression().image_id(image.entry, &image.text, root);
    let id = ImageId::from_digest(&id);
    on_devices(|gpu| {
        for profile in Profile::ALL {
            let prove = |prover: Prover| {
                let proof = prover.prove_segment(&segments[0], &image.text, &mut tree.clone());
                Receipt {
                    profile,
                    entry: image.entry,
                    text: image.text.clone(),
                    segments: vec![proof.expect("it is proven").receipt],
                }
            };
            let mut receipt = prove(Prover::with_backend(on(gpu, profile)));
            assert!(receipt == prove(Prover::new(profile)));
            let verifier = Verifier::new(profile).expect("a key");
            let claim = verifier.verify(&receipt, &id).expect("it is honest");
            assert_eq!((claim.exit_code, &claim.journal), (0, &input));
            receipt.segments[0].claim.journal[0] ^= 1;
            assert!(verifier.verify(&receipt, &id).is_err());
        }
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
