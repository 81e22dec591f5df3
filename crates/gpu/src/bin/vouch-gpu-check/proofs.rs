//! Whole proofs: compared with the CPU after every operation, and byte for byte.
use vouch_gpu::{Gpu, GpuEngine, on};
use vouch_prover::testing::Dual;
use vouch_prover::testing::conformance::{self, Case, prove};
use vouch_prover::{Coordinated, Cpu, CpuEngine};
use vouch_verifier::{Profile, with_challenge_field};

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
    let parameters = profile.parameters();
    // Both at once.
    let both = with_challenge_field!(parameters.extension, EF => {
        let cpu = CpuEngine::<EF>::new(parameters);
        let engines = Dual(cpu, GpuEngine::<EF>::new(gpu, parameters));
        prove(&Coordinated::new(profile, engines), case)?
    });
    same(&both, &expected, || "the proofs of both at once".into())?;
    let alone = prove(&*on(gpu, profile), case)?;
    same(&alone, &expected, || "the proofs".into())
}
