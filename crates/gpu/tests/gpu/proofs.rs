//! Whole proofs by the kernels, compared with the CPU's after every operation.

use vouch_gpu::{Gpu, GpuEngine, on};
use vouch_prover::conformance::{assert_conforms, commitment};
use vouch_prover::{Backend, Coordinated, CpuEngine, Dual};
use vouch_verifier::{ExtensionDegree, Profile};

use crate::common::on_devices;

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
