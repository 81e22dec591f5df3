use p3_field::PrimeCharacteristicRing;
use vouch_air::F;
use vouch_gpu::Gpu;
use vouch_gpu::field::{elements, words};
use vouch_gpu::kernels::{RATE_CHAINS, Rate, run_rate};
use vouch_verifier::config::{ChallengeField, Quartic, Quintic};

use crate::common::{numbers, on_devices};

fn run(gpu: &Gpu, rate: Rate, x: &[F], repeat: u32) -> Vec<F> {
    let uploaded = gpu.upload(words(x)).expect("there is room");
    let result = run_rate(gpu, rate, &uploaded, repeat).expect("it runs");
    elements(result.read_all().expect("it is read"))
}

/// 1 + 2 + .. + the number of chains.
fn starts() -> F {
    F::from_usize(RATE_CHAINS * (RATE_CHAINS + 1) / 2)
}

/// The first coordinate of what the chains of products of `x` add up to.
fn product<EF: ChallengeField>(x: F, repeat: u32) -> F {
    let x = EF::from_basis_coefficients_fn(|i| x * F::from_usize(i + 1));
    let sum = x.exp_u64(u64::from(repeat) + 1) * starts();
    *sum.as_basis_coefficients_slice()
        .first()
        .expect("it has coordinates")
}

#[test]
fn chains_are_what_they_are_said_to_be() {
    let x = numbers(300, 3);
    on_devices(|gpu| {
        for repeat in [0, 1, 2, 9] {
            let sums = run(gpu, Rate::Add, &x, repeat);
            let products = run(gpu, Rate::Multiply, &x, repeat);
            let of_4 = run(gpu, Rate::Multiply4, &x, repeat);
            let of_5 = run(gpu, Rate::Multiply5, &x, repeat);
            let added = F::from_usize(RATE_CHAINS) * F::from_u32(repeat);
            for (i, &x) in x.iter().enumerate() {
                assert_eq!(sums[i], x * (starts() + added));
                assert_eq!(products[i], x.exp_u64(u64::from(repeat) + 1) * starts());
                assert_eq!(of_4[i], product::<Quartic>(x, repeat));
                assert_eq!(of_5[i], product::<Quintic>(x, repeat));
            }
        }
    });
}
