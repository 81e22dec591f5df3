//! Whole proofs: compared with the CPU after every operation, and byte for byte.

use p3_field::extension::BinomiallyExtendable;
use vouch_air::F;
use vouch_gpu::{Gpu, GpuEngine, on};
use vouch_prover::conformance::{self, Case, prove};
use vouch_prover::{Backend, Coordinated, Cpu, CpuEngine, Dual};
use vouch_verifier::{ExtensionDegree, Profile};

use crate::check::{Check, CheckError, same};

/// Compares those of all profiles.
pub fn compare(check: &mut Check) {
    let short = match check.small {
        true => vec![conformance::commitment()],
        false => {
            let hashes = [
                conformance::commitment(),
                conformance::commitment_with_lookup_table(),
            ];
            hashes.into_iter().chain(conformance::short()).collect()
        }
    };
    let long = match check.small {
        true => Vec::new(),
        false => conformance::long(),
    };
    for profile in Profile::ALL {
        // Dozens of cosets of long runs would take the CPU minutes.
        let is_long = profile.parameters().log_blowup == 1;
        let cases = short.iter().chain(long.iter().filter(|_| is_long));
        for case in cases {
            let name = format!("proof, {}, {}", label(profile), case.name);
            check.compare(name, |gpu| proof(gpu, profile, case));
        }
    }
}

/// `fast-100`
pub fn label(profile: Profile) -> String {
    format!("{}-{}", profile.name(), profile.target_bits())
}

fn proof(gpu: &Gpu, profile: Profile, case: &Case) -> Result<(), CheckError> {
    let expected = prove(&Cpu::new(profile), case)?;
    let both = match profile.parameters().extension {
        ExtensionDegree::Four => prove(&dual::<4>(gpu, profile), case),
        ExtensionDegree::Five => prove(&dual::<5>(gpu, profile), case),
    };
    same(&both?, &expected, || "the proofs of both at once".into())?;
    let alone = prove(&*on(gpu, profile), case)?;
    same(&alone, &expected, || "the proofs".into())
}

/// The CPU and a device at once.
fn dual<const D: usize>(gpu: &Gpu, profile: Profile) -> impl Backend
where
    F: BinomiallyExtendable<D>,
{
    let parameters = profile.parameters();
    let cpu = CpuEngine::<D>::new(parameters);
    Coordinated::new(profile, Dual(cpu, GpuEngine::<D>::new(gpu, parameters)))
}
